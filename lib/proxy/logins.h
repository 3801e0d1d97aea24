/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/* Whose routes are meant: accounts with their logins, from records, or login
 * names. */
#ifndef FERRY_PROXY_LOGINS_H
#define FERRY_PROXY_LOGINS_H

#include <stdbool.h>
#include <stddef.h>

#include "core/arena.h"
#include "core/buf.h"
#include "core/map.h"
#include "core/why.h"
#include "record/record.h"

struct subject {
	const char **ids; /* the address or name first */
	size_t n;
	const char *where; /* of the input; NULL: the command line */
	const char *line;  /* as it was read; NULL likewise */
	struct why why;    /* kind NONE, or why it is refused */
};

struct subjects {
	struct subject *v;
	size_t n, cap;
	struct map owner; /* identifier -> number of its subject + 1 */
	struct arena texts;
	bool logins; /* take the logins of records too */
	bool shared; /* two accounts may have one login */
	bool both;   /* each login in lower case, too */
};
/* Takes all of them out; and gives everything back. */
void subjects_reset(struct subjects *s);
void subjects_free(struct subjects *s);

/* What a proxy that lowers names looks for: name, or b's text. */
const char *login_lower(const char *name, struct buf *b);

/* The proxy turned out to lower names: a login that an account has in two forms
 * is left once, and one that is another account's in another form is refused. */
void subjects_lower(struct subjects *s);

/* Adds a login name. where and line are copied. What no proxy could hold is
 * refused: see struct subject. */
void subjects_add_name(
    struct subjects *s, const char *name, const char *where, const char *line);
/* Adds an account record. */
void subjects_add_record(struct subjects *s, const struct record *r,
    const char *where, const char *line);

#endif
