/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/* A clear password against a stored text. */
#ifndef FERRY_SECRET_VERIFY_H
#define FERRY_SECRET_VERIFY_H

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

#endif
