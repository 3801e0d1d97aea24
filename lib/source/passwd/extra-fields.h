/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/* The extra fields of a Dovecot passwd-file: "key=value key2 ...". */
#ifndef FERRY_SOURCE_PASSWD_EXTRA_FIELDS_H
#define FERRY_SOURCE_PASSWD_EXTRA_FIELDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "source/passwd/quota.h"

enum {
	EXTRA_ACL_MAX = 16,
	EXTRA_RULES_MAX = 16
};

/* A quota_rule of 2.3. */
struct extra_rule {
	bool set, bad;
	struct quota_rule is;
};

struct extra_field {
	const char *key;
	const char *value;
};

/* Texts point into what was read. */
struct extra {
	bool nologin;
	bool noauthenticate;
	bool fail;
	bool nopassword;
	const char *allow_nets, *acl_groups; /* divided by commas */
	const char *user; /* the login is one of another user */
	const char *uid, *gid;
	const char *home;
	const char *mail;
	const char *mail_path, *mail_driver; /* 2.4 */
	int64_t quota;                       /* bytes; 0 none, -1 not said */
	int64_t size;                        /* that of 2.4, likewise */
	struct extra_rule rules[EXTRA_RULES_MAX]; /* the first has no number */
	bool rules_end;     /* at the first that is missing: all are here */
	bool quota_bad;     /* one that Dovecot refuses */
	bool quota_partial; /* a mailbox or a number of messages has one too */
	/* Settings of access lists and namespaces, each key once. */
	struct extra_field acl[EXTRA_ACL_MAX];
	size_t n_acl;
	const char *other; /* a field that a record cannot hold */
};

void extra_init(struct extra *x);

/*
 * Reads the fields, which are changed; may be called again for more. A boolean
 * field is true by being there, whatever its value. (Dovecot,
 * src/auth/auth-request-fields.c.)
 */
void extra_read(struct extra *x, char *text);

/* One field; the texts are kept, and the key may be changed. */
void extra_set(struct extra *x, char *key, const char *value);

#endif
