/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/* The users of a system as mail accounts: passwd(5) joined with shadow(5), or
 * the master.passwd of a BSD system. */
#ifndef FERRY_SOURCE_PASSWD_SHADOW_H
#define FERRY_SOURCE_PASSWD_SHADOW_H

#include "source/passwd/account.h"
#include "source/passwd/virtual-users.h"

struct shadow {
	struct account account;      /* its domain is set, or users is */
	struct virtual_users *users; /* addresses of users; may be NULL */
	bool homes; /* they are those of the host that is read */
	/* -1: the usual one; who is beyond that and has a password, as a user of a
	 * directory service may, is reported. */
	int64_t min_uid, max_uid;
	int64_t today;     /* days since 1970-01-01, for shadow(5) */
	int64_t now;       /* seconds, for master.passwd */
	struct map hashes; /* name -> struct shadow_entry */
	struct arena arena;
};

/* shadow may be NULL, where passwd holds the hashes. */
void shadow_read(struct shadow *s, const char *passwd, const char *shadow);
void shadow_free(struct shadow *s);

#endif
