/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/* A line of a passwd-file, or of a file like one, becomes an account. */
#ifndef FERRY_SOURCE_ACCOUNT_H
#define FERRY_SOURCE_ACCOUNT_H

#include <stdbool.h>
#include <stdint.h>

#include "core/buf.h"
#include "core/map.h"
#include "record/record.h"
#include "source/aliases.h"
#include "source/emit.h"

/* The fields of a line; NULL where it has none. */
struct fields {
	char *name;
	char *secret;
	char *uid;
	char *gid;
	char *gecos;
	char *home;
	char *shell;
	char *extra;   /* with the colons in it */
	char *mail;    /* of the ninth field, where the eighth is empty */
	int64_t quota; /* in bytes, from elsewhere; 0 none, -1 not said */
	bool locked;   /* from elsewhere */
	bool pwdfile;  /* the secret may have a suffix of libpam-pwdfile */
};

/* Splits a line of a passwd-file in place. There is no way to write a colon
 * before the eighth field. */
void fields_split(struct fields *f, char *line);

/* What names in a file mean. */
struct naming {
	const char *domain; /* of bare names; NULL: they are refused */
	bool bare_login;    /* a bare name is a login name too */
	bool one_domain;    /* names in other domains are refused */
};

/* How lines become accounts; the zero value and emit are a start. */
struct account {
	struct emit *emit;
	struct naming naming;
	const char *default_scheme; /* of a secret without one */
	bool shell_quota;           /* the shell field is a quota in MiB */
	struct map deny;            /* names that may not log in */
	struct map master;          /* names that are no mailboxes */
	struct aliases *aliases;    /* where forwards are; may be NULL */

	/* What the functions below use. */
	struct record r;
	struct buf address;
	struct buf home, mail;
	struct map uids, gids; /* names of this system -> id + 1 */
	struct arena arena;
};

void account_free(struct account *a);

/* Writes the account of a line, or reports why there is none. The texts that
 * f points to are changed. */
void account_emit(struct account *a, struct fields *f);
/* The same, with extra fields that have been read. */
struct extra;
void account_emit_extra(
    struct account *a, struct fields *f, const struct extra *x);

#endif
