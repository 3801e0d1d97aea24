/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/*
 * Where the installers of mail systems leave the way into the database: its
 * place and the password.
 */
#ifndef FERRY_SOURCE_SUITE_CONFIG_H
#define FERRY_SOURCE_SUITE_CONFIG_H

#include "core/arena.h"
#include "core/why.h"
#include "sql/sql.h"

/* What was found; texts live in the arena. The zero value is empty. */
struct install {
	struct sql_options sql;
	struct arena arena;
};
void install_free(struct install *in);

/*
 * mailcow: path is mailcow.conf or its folder. The database is asked over its
 * socket, in the volumes below docker_root, where that can be opened, otherwise
 * over the port that mailcow.conf names. 0, or -1 and why (FATAL).
 */
int install_mailcow(struct install *in, const char *path,
    const char *docker_root, struct why *why);

/* Mail-in-a-Box: path is mailinabox.conf, the folder STORAGE_ROOT, or the file
 * users.sqlite. 0, or -1 and why (FATAL). */
int install_mail_in_a_box(
    struct install *in, const char *path, struct why *why);

/*
 * iRedMail: path is the configuration folder of its Postfix, or of the tables
 * in it; the user of those tables may read all of the database vmail. 0, or -1
 * and why (FATAL).
 */
int install_iredmail(struct install *in, const char *path, struct why *why);

/* Where iRedMail keeps its accounts in LDAP. Texts live in the install. */
struct install_ldap {
	const char *uri;
	const char *base;
	const char *bind_dn;
	const char *password;
};

/*
 * The same for an iRedMail with LDAP. 1: it is one; 0: there is no table of
 * LDAP in the folder; -1 and why (FATAL).
 */
int install_iredmail_ldap(struct install *in, const char *path,
    struct install_ldap *ldap, struct why *why);

#endif
