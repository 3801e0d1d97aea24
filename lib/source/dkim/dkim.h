/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/* The keys that a mail system signs with, as dkim records. */
#ifndef FERRY_SOURCE_DKIM_DKIM_H
#define FERRY_SOURCE_DKIM_DKIM_H

#include "source/emit.h"

/* The systems that are known; ANY looks for all of them in their usual places. */
enum dkim_system {
	DKIM_ANY,
	DKIM_OPENDKIM,
	DKIM_RSPAMD,
	DKIM_DMS,
	DKIM_MAILCOW,
	DKIM_MAIL_IN_A_BOX,
	DKIM_IREDMAIL,
	DKIM_MAILU,
	DKIM_MODOBOA,
	DKIM_ISPCONFIG,
	DKIM_HESTIA,
	DKIM_CPANEL
};
extern const char *const dkim_system_words[DKIM_CPANEL + 1];

struct dkim_options {
	enum dkim_system system;
	const char *place;    /* NULL: the usual one */
	const char *root;     /* what "/" is in the system's files; NULL: "/" */
	const char *redis;    /* the program redis-cli */
	const char *password; /* of the database, or NULL */
	/* For which a key is carried that signs the mail of any domain. */
	char *const *domains;
	size_t n_domains;
	struct buf *dns; /* lines of a zone file go there, and no records */
};

/*
 * Reads the keys and gives each to the emitter, once; what cannot be used is
 * reported there. 0; or -1 and why (FATAL), where there is nothing to read.
 */
int dkim_dump(
    struct emit *emit, const struct dkim_options *options, struct why *why);

#endif
