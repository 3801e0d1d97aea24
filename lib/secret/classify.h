/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/*
 * Password secrets as user directories hold them: which scheme a text is in,
 * what a Stalwart server would do with it, and the loss-free rewriting that
 * lets the owner keep the password. A text that the server would take for a
 * clear password, or keep without ever verifying it, is never passed on.
 */
#ifndef FERRY_SECRET_CLASSIFY_H
#define FERRY_SECRET_CLASSIFY_H

#include <stdbool.h>

#include "core/buf.h"

enum verdict {
	SECRET_NONE,       /* the directory holds no secret */
	SECRET_VERBATIM,   /* the server keeps this text and verifies it */
	SECRET_TRANSCODED, /* a rewriting of it is kept and verified */
	SECRET_UNUSABLE    /* no rewriting exists: a new password is needed */
};

/* The zero value is ready for use; secret_free wipes it. */
struct secret {
	enum verdict verdict;
	char scheme[32];    /* as Dovecot names it: "SHA512-CRYPT" */
	const char *reason; /* what was rewritten, or why it is unusable */
	struct buf text;    /* what to send; VERBATIM and TRANSCODED only */
};

/*
 * Judges a stored text. default_scheme is what the source applies to a text
 * without a brace; NULL means CRYPT. salt_seed (the account's address) makes
 * the salt of a clear password that has to be hashed, so that the same input
 * gives the same text; the salt tells nothing about the password. stored may be
 * NULL. Cannot fail.
 */
void secret_judge(struct secret *s, const char *stored,
    const char *default_scheme, const char *salt_seed);
void secret_free(struct secret *s);

/* "none", "verbatim", "transcoded", "unusable". */
const char *verdict_name(enum verdict v);

#endif
