/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/*
 * The databases of a Dovecot: "passdb" blocks, which know passwords, and
 * "userdb" blocks, which know homes and quotas. Each kind, in a file
 * userdb-KIND.c, can say what it has of a user, and some can list.
 */
#ifndef FERRY_SOURCE_DOVECOT_USERDB_H
#define FERRY_SOURCE_DOVECOT_USERDB_H

#include <stdbool.h>

#include "core/arena.h"
#include "core/map.h"
#include "source/doveconf.h"
#include "source/dovecot/answer.h"
#include "source/dovecot/other-names.h"
#include "source/dovecot/rules.h"
#include "source/emit.h"

struct userdb;

/* What the databases of one configuration share. */
struct userdbs {
	struct emit *emit;
	const struct doveconf *conf;
	bool v24;                   /* Dovecot 2.4 */
	bool saved;                 /* conf is a text: doveconf is not asked */
	const char *conf_file;      /* for doveconf; NULL: its own */
	const char *default_scheme; /* NULL: that of the configuration */
	struct place at;            /* the configuration */
	struct userdb *v;
	size_t n, cap;
	struct map files;        /* passwd-files, by their path */
	struct name_forms forms; /* of the names in the entries of LDAP */
	/* While a name is listed: others that its entry has, ended by NULL;
	 * NULL: there are none. */
	const char *const *others;
	/* A name is only tried: what is wrong with it is worth a note. */
	bool trying;
	bool several;        /* it is refused, because it is that of several */
	const char *service; /* that they are asked for; NULL: imap */
	bool by_service;     /* what one of them says depends on it */
	struct arena arena;
};

/* Called for each user that a database lists, with the domain where that
 * is in the path of a file only. */
typedef void userdb_listed(void *ctx, const char *name, const char *domain);

/*
 * A database driver. Drivers report their own errors. A NULL function means
 * that the driver does not support the operation.
 */
struct userdb_driver {
	const char *name;
	/* Reads the settings of the block. */
	void (*open)(struct userdbs *all, struct userdb *db);
	/* Fills in the answer, which is zero at first; the arena owns it. */
	void (*lookup)(struct userdbs *all, struct userdb *db,
	    const struct asked *who, struct arena *arena, struct answer *a);
	/* Calls user for each name in it; false where it cannot be listed,
	 * which is reported if it is needed. */
	bool (*list)(struct userdbs *all, struct userdb *db, bool needed,
	    userdb_listed *user, void *ctx);
	void (*close)(struct userdb *db);
	bool own_fields; /* lookup also does the "fields" of 2.4 */
};

struct userdb {
	const struct setting *block;
	const char *name;    /* of the driver, in the configuration */
	const char *label;   /* "passdb 2 (sql)", for messages */
	const char *service; /* of the protocol whose block holds it, or NULL */
	const struct userdb_driver *driver; /* NULL: not one that is known */
	bool is_passdb;
	bool out; /* it cannot be read, which has been reported */
	bool prefetch, is_static;
	bool asked, answered; /* for any user */
	/* Of passdbs: an answer has made another name of the one that was asked
	 * for, and one has not. */
	bool has_renamed, has_kept;
	const char *cut; /* what was left of the last one without its domain */
	bool renames;    /* of passdbs: it may know users by other names */
	bool listed;     /* its names are known */
	bool told; /* of a passdb in LDAP: other names are in its entries */
	bool said_silent;
	bool said_field; /* that a field of it is not known */
	bool blocking;   /* it is asked in another process */
	struct rules rules;
	/* Fields that the block sets before and after a lookup. */
	struct pairs before, after;
	const char *args;   /* of 2.3; never NULL */
	const char *scheme; /* of passwords without one */
	void *own;          /* the driver's */
};

/* Opens a database by each block of the configuration. */
void userdbs_open(struct userdbs *all);
void userdbs_close(struct userdbs *all);

/* True when there is no point in going on: a database is out of reach, or the
 * output is. */
bool userdbs_stop(const struct userdbs *all);

/* Whether a database is one of a service: in the block of its protocol, or in
 * none. */
bool userdb_serves(const struct userdb *db, const char *service);

/* Reports that there is no point in going on. where is a file, or the name of
 * the kind of block. */
void userdb_fatal(struct userdbs *all, const char *where, const char *text);

/* Reports, once, that a database cannot be read: a setting of it has a variable
 * that the user's name does not decide. */
void userdb_out(struct userdbs *all, struct userdb *db, const char *setting,
    const char *variable);

/* Reports, once, a field that cannot be worked out: one that decides who may log in
 * puts a passdb out, any other is left out. Whether the answer is good. */
bool userdb_lacks_field(struct userdbs *all, struct userdb *db, bool decides,
    const struct why *why);

/* Reports something about a database that is not followed, with its label, and
 * writes a note record of it. */
void userdb_refused(
    struct userdbs *all, const struct userdb *db, const char *text);

/* Only the note record. */
void userdb_note(
    struct userdbs *all, const struct userdb *db, const char *text);

/* "passdb" or "userdb". */
const char *userdb_kind(const struct userdb *db);

/* A setting of 2.4: of the block, under either name, or of the top. NULL where
 * it is not set. */
const char *userdb_setting(const struct userdbs *all, const struct userdb *db,
    const char *in_block, const char *full);

/* Adds the settings of a block of 2.4; NULL has none. */
void pairs_add_block(
    struct pairs *p, struct arena *arena, const struct setting *block);

#endif
