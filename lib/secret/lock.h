/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/* Stored texts that no password fits: what directories write to lock an
 * account. */
#ifndef FERRY_SECRET_LOCK_H
#define FERRY_SECRET_LOCK_H

enum secret_lock {
	SECRET_OPEN,   /* a password may fit */
	SECRET_LOCKED, /* marked so: "!" or "*" before what would be a hash */
	SECRET_NO_HASH /* no hash of its scheme: "SUSPENDED", "x", cut off */
};

/*
 * Whether a password can fit the stored text at all. default_scheme is what the
 * source applies to a text without a brace; NULL means CRYPT. Every reader of a
 * directory takes an account whose secret is not SECRET_OPEN as inactive,
 * because nobody can log in to it on the old server. A clear password may be
 * any text; a scheme that nobody knows is open unless it is marked. (Dovecot,
 * src/auth/passdb.h, IS_VALID_PASSWD; crypt(3).)
 */
enum secret_lock secret_locked(const char *stored, const char *default_scheme);

#endif
