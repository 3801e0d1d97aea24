/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/*
 * Files of addresses and clear passwords, one a line: the address, a tab or a
 * colon, and the password to the end of the line (a CR before the newline is
 * no part of it). Empty lines and lines that begin with "#" are skipped.
 */
#ifndef FERRY_SECRET_PASSWORDS_H
#define FERRY_SECRET_PASSWORDS_H

#include <stdbool.h>
#include <stddef.h>

#include "core/arena.h"
#include "core/map.h"
#include "core/why.h"

/* The zero value is empty. */
struct passwords {
	struct map map;
	struct arena arena;
};

/*
 * Reads a file into the map, under the lower-cased addresses. It must be a
 * file that only we or root can read (as cred_file has it). FAIL_FATAL for a
 * line that is neither, or an address that is there twice; why names the line,
 * never the password. 0 or -1.
 */
int passwords_read(struct passwords *p, const char *path, struct why *why);

/*
 * Reads what mkaccounts wrote, len bytes that end in a newline; they are
 * changed. Addresses may begin with "#" there: such a line is a comment only if
 * it has no tab. 0 or -1, as above.
 */
int passwords_parse(struct passwords *p, char *text, size_t len,
    const char *path, struct why *why);

/* Adds a lower-cased address and its password, which are copied: false where it
 * has one already, which stays. */
bool passwords_add(
    struct passwords *p, const char *address, const char *password);

/* The password of an address, which counts as used from then on; NULL if there
 * is none. Owned by p. */
const char *passwords_get(struct passwords *p, const char *address);

/* Steps through the addresses whose password was never asked for; *at begins
 * as 0. NULL at the end. */
const char *passwords_unused(const struct passwords *p, size_t *at);

/* Overwrites and gives back all of it. */
void passwords_free(struct passwords *p);

#endif
