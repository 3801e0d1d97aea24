/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/*
 * Passwords as the Stalwart server has them: which strings it takes for hashes,
 * and how it verifies one. Written from the reference and the recordings alone,
 * and not with lib/secret, which it is there to judge.
 */
#ifndef STANDIN_HASH_H
#define STANDIN_HASH_H

#include <stdbool.h>

/* Whether a string has the complete shape of a hash, and is stored as it is. */
bool hash_accepted(const char *s);

/* Whether a clear password belongs to a hash that was stored. */
bool hash_verify(const char *hash, const char *password);

/* Why the policy refuses a clear password; NULL if it does not. The strength of
 * the real server is zxcvbn's; here it is a crude rule that agrees with all
 * passwords that were recorded. */
const char *password_refused(const char *password);

#endif
