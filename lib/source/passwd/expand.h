/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/* Dovecot's variables in a text, as far as a user's name decides them. */
#ifndef FERRY_SOURCE_PASSWD_EXPAND_H
#define FERRY_SOURCE_PASSWD_EXPAND_H

#include <stdbool.h>
#include <stddef.h>

#include "core/buf.h"

/* What a text with variables is expanded for. */
struct expansion {
	const char *user;
	const char *login;   /* as it was typed; NULL: as user */
	const char *service; /* that the login is for; NULL: imap */
	/*
	 * A variable that the user's name does not decide, such as "ldap:mail":
	 * false if there is none of that name; *value is NULL where it has no
	 * value. May be NULL.
	 */
	bool (*lookup)(void *ctx, const char *name, const char **value);
	/* Appends a value as the query language wants it written. May be NULL:
	 * as it is. */
	void (*escape)(
	    void *ctx, const char *value, size_t len, struct buf *out);
	void *ctx;
	bool missing;    /* set where a variable had no value, and no default */
	bool by_service; /* set where the text has a variable of the service */
	char unknown[48]; /* the variable at which expansion_put failed */
};

/*
 * Appends text with the variables of both releases replaced, and %% by a
 * percent sign: those of the user's name (%u, %n, %d, %{user | domain}), which
 * may have no domain, of the name as it was typed (%{orig_user}), and those
 * that say what a login with TLS from this host is (%s, %r, %c). The
 * modifiers and functions of 2.3 (L U R T D M H N X, offset and width, %{sha1:user},
 * %{if;...}) and the functions of 2.4 in source/passwd/filters.h are known. False at
 * another variable or modifier, which x->unknown then names: out is then of no use.
 */
bool expansion_put(struct expansion *x, const char *text, struct buf *out);

/* The same for a user alone. */
bool expand_user(const char *text, const char *user, struct buf *out);

#endif
