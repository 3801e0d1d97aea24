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
	bool missing; /* looked up, and not there */
	bool bytes;   /* of 2.4: shown as hex digits at the end */
};

void value_reset(struct var_value *v);

/* Sets the value of a variable: one letter (2.3), or a name of either release.
 * False where there is none. */
bool value_set(
    struct var_value *v, struct expansion *x, const char *name, size_t len);

#endif
