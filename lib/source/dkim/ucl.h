/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/* The configuration language of rspamd (libucl), as much of it as signing needs. */
#ifndef FERRY_SOURCE_DKIM_UCL_H
#define FERRY_SOURCE_DKIM_UCL_H

#include <stdbool.h>

#include "core/arena.h"
#include "core/why.h"

/* A member of an object, or an element of an array (key ""). */
struct ucl {
	const char *key;
	const char *value; /* NULL: an object or array, whose members follow */
	struct ucl *first, *last;
	struct ucl *next;
};

/*
 * Parses a text, which is changed, into the members of top (zeroed before the
 * first); all lives in the arena. Macros (".include") are members with the
 * macro as key and its argument as value. Quoted and bare values, comments,
 * nested keys ("domain example.org {") are known. 0; or -1 and why (DATA).
 */
int ucl_parse(
    struct ucl *top, struct arena *arena, char *text, struct why *why);

/* The last value, or the last object or array, of that key; NULL without. */
const char *ucl_value(const struct ucl *object, const char *key);
struct ucl *ucl_object(const struct ucl *object, const char *key);
/* The last of that key, whatever it is; NULL without. */
const struct ucl *ucl_member(const struct ucl *object, const char *key);

#endif
