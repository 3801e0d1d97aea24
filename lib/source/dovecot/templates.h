/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/*
 * How Dovecot makes fields of what a database answers: the attribute lists of
 * dovecot-ldap.conf.ext (2.3), and the "fields" blocks of 2.4.
 */
#ifndef FERRY_SOURCE_DOVECOT_TEMPLATES_H
#define FERRY_SOURCE_DOVECOT_TEMPLATES_H

#include <stdbool.h>

#include "core/arena.h"
#include "core/why.h"
#include "record/record.h"
#include "source/doveconf.h"

/* Makes one field. */
struct template
{
	const char *needs; /* an attribute without which there is no field */
	const char *field;
	const char *text; /* with variables; "%$" is the value of needs */
	struct template *next;
};

/* The zero value is empty. All texts are owned by the arena that is given. */
struct templates {
	struct template *first;
	struct strs attributes; /* that the texts name */
	bool lenient;           /* 2.3: a value that is missing is empty */
};

/*
 * Reads an attribute list of 2.3: "uid=user, mailQuota=quota_rule=*:bytes=%$,
 * =home=/var/mail/%{ldap:uid}", a last "%{ldap:NAME:TEXT}" having a default. 0;
 * or -1 and why (FATAL) for an item of another form. (Dovecot 2.3,
 * src/auth/db-ldap.c, db_ldap_set_attrs.)
 */
int templates_read(struct templates *t, struct arena *arena, const char *list,
    struct why *why);

/* Reads a block of 2.4: "home = /var/mail/%{ldap:uid}". NULL is an empty one.
 */
void templates_block(
    struct templates *t, struct arena *arena, const struct setting *block);

/* The value of an attribute or a column; NULL without one. */
typedef const char *template_value(void *ctx, const char *name);
/* A field was made. */
typedef void template_set(void *ctx, const char *field, const char *value);

/*
 * Calls set for each field of a user, whom login, as it was typed, was the name of
 * (NULL: user). A field whose text names a value that is not there, without a
 * default, is left out (by 2.4), and so is one with a variable that is not known:
 * then -1 and why (FATAL), or 1 where only fields for a userdb have one. Otherwise 0.
 */
int templates_apply(const struct templates *t, const char *user,
    const char *login, template_value *value, template_set *set, void *ctx,
    struct why *why);

void templates_free(struct templates *t);

#endif
