/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/*
 * Password secrets as user directories hold them: which scheme a text is in,
 * what a Stalwart server would do with it, and the loss-free rewriting that
 * lets the owner keep the password. A text that the server would take for a
 * clear password, or keep without ever verifying it, is never passed on.
 */
#ifndef FERRY_SECRET_H
#define FERRY_SECRET_H

#include <stdbool.h>

#include "core/buf.h"
#include "core/why.h"

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

/*
 * Whether a clear password is the one of a stored text, by crypt(3), OpenSSL
 * and libargon2. user is for schemes that hash the login name (DIGEST-MD5).
 */
enum secret_match {
	SECRET_WRONG,
	SECRET_MATCHES,
	SECRET_UNCHECKED
};
enum secret_match secret_match(const char *stored, const char *default_scheme,
    const char *user, const char *password);

/* A random password of 20 characters that are not easily confused (more than
 * 100 bits); it passes the server's policy. NUL-terminated. -1 and why
 * (FATAL) without randomness. */
enum {
	TEMPORARY_LEN = 20
};
int secret_temporary(char out[TEMPORARY_LEN + 1], struct why *why);

/* Appends the "$6$" hash of a password; salt_seed as above, NULL: random. */
int secret_hash(const char *password, const char *salt_seed, struct buf *out,
    struct why *why);

#endif
