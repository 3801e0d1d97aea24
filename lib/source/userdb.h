/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/*
 * The databases of a Dovecot: "passdb" blocks, which know passwords, and
 * "userdb" blocks, which know homes and quotas. Each kind, in a file
 * userdb-KIND.c, can look a user up as the server does, and some can list.
 */
#ifndef FERRY_SOURCE_USERDB_H
#define FERRY_SOURCE_USERDB_H

#include <stdbool.h>

#include "core/arena.h"
#include "core/map.h"
#include "source/account.h"
#include "source/doveconf.h"
#include "source/emit.h"
#include "source/extra.h"

/* A field that a lookup found. */
struct found_field {
	char *key; /* without "userdb_" */
	const char *value;
	struct found_field *next;
};

/* What the databases say of one user. */
struct lookup {
	const char *user; /* as the databases are asked for it; a passdb may
			   * change it */
	struct place at;  /* where it was found last; file 0: nowhere */
	bool in_passdb, in_userdb;
	struct fields fields;
	const char *scheme;
	struct extra extra;
	struct found_field *prefetch; /* "userdb_..." of a passdb */
	struct arena arena;           /* what the texts above live in */
};

struct userdb;

/* What the databases of one configuration share. */
struct userdbs {
	struct emit *emit;
	const struct doveconf *conf;
	bool v24;                   /* Dovecot 2.4 */
	bool saved;                 /* conf is a file: doveconf is not asked */
	const char *default_scheme; /* NULL: that of the configuration */
	struct userdb *v;
	size_t n, cap;
	struct map files; /* passwd-files, by their path */
	struct arena arena;
};

/* Called for each user that a database lists, with the domain where that
 * stands in the path of a file only. */
typedef void userdb_listed(void *ctx, const char *name, const char *domain);

/*
 * A kind of database. What goes wrong is reported. A driver without a function
 * does not do that.
 */
struct userdb_driver {
	const char *name;
	/* Reads the settings of the block. */
	void (*open)(struct userdbs *all, struct userdb *db);
	/* Looks l->user up, and sets what the database has of it; false where
	 * the user is not in it. */
	bool (*lookup)(
	    struct userdbs *all, struct userdb *db, struct lookup *l);
	/* Calls user for each name in it. */
	void (*list)(struct userdbs *all, struct userdb *db,
	    userdb_listed *user, void *ctx);
	void (*close)(struct userdb *db);
	bool own_fields; /* lookup also does the "fields" of 2.4 */
};
extern const struct userdb_driver userdb_passwd_file, userdb_sql, userdb_ldap;
void userdb_passwd_files_free(struct userdbs *all);

struct userdb {
	const struct setting *block;
	const char *name; /* of the driver, in the configuration */
	const struct userdb_driver *driver; /* NULL: not one that is known */
	bool is_passdb;
	bool deny, master;
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

/* Reports that there is no point in going on. where is a file, or the name of
 * the kind of block. */
void userdb_fatal(struct userdbs *all, const char *where, const char *text);

/* "passdb" or "userdb". */
const char *userdb_kind(const struct userdb *db);

/* A setting of 2.4: of the block, under either name, or of the top. NULL where
 * it is not set. */
const char *userdb_setting(const struct userdbs *all, const struct userdb *db,
    const char *in_block, const char *full);

/* Adds a field that a passdb or a userdb found to l. */
void lookup_set(struct lookup *l, bool is_passdb, bool v24, const char *key,
    const char *value);
/*
 * The same for a column or an attribute of a database, which may also be the
 * password or another name of the user.
 */
void lookup_answer(struct lookup *l, const struct userdb *db, bool v24,
    const char *key, const char *value);
/* The same as lookup_set for words "uid=vmail gid=vmail" of 2.3; NULL has none. */
void lookup_set_words(struct lookup *l, bool is_passdb, const char *words);

#endif
