/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/* The values of Dovecot's variables. */
#ifndef FERRY_SOURCE_PASSWD_VARIABLES_H
#define FERRY_SOURCE_PASSWD_VARIABLES_H

#include <stdbool.h>
#include <stddef.h>

#include "core/buf.h"
#include "source/passwd/expand.h"

/* A value on its way into a text. */
struct var_value {
	struct buf text;
	bool whole;   /* a user's name, which has parts */
	bool missing; /* looked up, and not there */
	bool bytes;   /* a digest of 2.4, in hex digits */
};

/* Which part of a user's name. */
enum name_part {
	PART_USER,
	PART_USERNAME,
	PART_DOMAIN,
	PART_DOMAIN_LAST
};

/* Appends a part of a name. */
void value_set_part(struct var_value *v, const char *user, enum name_part part);

/* Sets the value of a variable: one letter (2.3), or a name of either release.
 * False where there is none. */
bool value_set(
    struct var_value *v, struct expansion *x, const char *name, size_t len);

#endif
