/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/* A line of a passwd-file, or of a file like one, becomes an account. */
#ifndef FERRY_SOURCE_PASSWD_ACCOUNT_H
#define FERRY_SOURCE_PASSWD_ACCOUNT_H

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
	char *extra; /* with the colons in it */
	char *mail;  /* of the ninth field, where the eighth is empty */
	char *login; /* another login name of the account */
	const char *const *logins; /* more, ended by NULL; may be NULL */
	const char *disabled;      /* protocols that are off, from elsewhere */
	int64_t quota; /* in bytes, from elsewhere; 0 none, -1 not said */
	bool locked;   /* from elsewhere */
	bool refuses;  /* mail, from elsewhere */
	bool pwdfile;  /* the secret may have a suffix of libpam-pwdfile */
};

/* Splits a line of a passwd-file in place. There is no way to write a colon
 * before the eighth field. */
void fields_split(struct fields *f, char *line);

/*
 * Whether the third and the fourth field look like the rest of a password with a
 * colon in it, where the third is not a user id nor known as a name: the name
 * of a user goes with that of a group.
 */
bool fields_are_moved(const char *uid, const char *gid);

/*
 * Cuts the suffix of libpam-pwdfile off a password, "[34]" and the like, and
 * returns the scheme that it means; NULL where there is none.
 */
const char *secret_cut_suffix(char *secret);

/* Whether any password fits a stored text: not a locked hash, nor a word such
 * as SUSPENDED. scheme: of a text without one. */
bool secret_has_password(const char *secret, const char *scheme);

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
	struct map master;          /* names that are not mailboxes */
	struct aliases *aliases;    /* where forwards are; may be NULL */
	/* May be NULL: changes a record before it is written. */
	void (*judge)(void *ctx, struct emit *e, struct record *r);
	void *judge_ctx;
	/* May be NULL: writes what else there is of an account that was
	 * written. */
	void (*more)(void *ctx, struct emit *e, const char *address);
	void *more_ctx;

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
/* The same, with extra fields that have been read. False if there is none. */
struct extra;
bool account_emit_extra(
    struct account *a, struct fields *f, const struct extra *x);

#endif
