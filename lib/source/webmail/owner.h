/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/* What the readers of webmail databases share: whose row it is. */
#ifndef FERRY_SOURCE_WEBMAIL_OWNER_H
#define FERRY_SOURCE_WEBMAIL_OWNER_H

#include "source/emit.h"
#include "sql/sql.h"

struct webmail_options {
	struct sql_options sql;
	const char
	    *domain; /* of login names without one; NULL: none is known */
	const char *prefix; /* of the names of tables; NULL: none */
	const char *table;  /* SOGo's; NULL: the usual one */
};

/* A text column of the row by its name, copied; NULL where there is none, where
 * it is NULL or empty, and, which is reported, where it is not UTF-8. */
const char *webmail_text(
    struct emit *e, struct sql *db, const char *column, struct arena *arena);

/* Whether the part before the "@" is the login name. */
bool webmail_is_local_part(const char *address, const char *login);

/*
 * Appends the address of a login name: itself, or with the domain. candidate is
 * an address that the owner writes with (NULL: none), which is taken where its
 * local part is the login name. 0; or -1, which is reported.
 */
int webmail_address(struct emit *e, const struct webmail_options *o,
    const char *login, const char *candidate, struct buf *out);

/* Appends whom a note about a login name is about: its address, or, where that is
 * not known, the login name. */
void webmail_owner(
    const struct webmail_options *o, const char *login, struct buf *out);

/* "de_DE" as "de-DE", in the arena; NULL for what is not a language. */
const char *webmail_language(const char *text, struct arena *arena);

#endif
