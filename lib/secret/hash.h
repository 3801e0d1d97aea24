/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/* New passwords, and the hashes of clear ones. */
#ifndef FERRY_SECRET_HASH_H
#define FERRY_SECRET_HASH_H

#include "core/buf.h"
#include "core/why.h"

/* A random password of 20 characters that are not easily confused (more than
 * 100 bits); it passes the server's policy. NUL-terminated. -1 and why
 * (FATAL) without randomness. */
enum {
	TEMPORARY_LEN = 20
};
int secret_temporary(char out[TEMPORARY_LEN + 1], struct why *why);

/* Appends the "$6$" hash of a password; salt_seed as above, NULL: random. */
int secret_hash(const char *password, const char *salt_seed, struct buf *out,
    struct why *why);

#endif
