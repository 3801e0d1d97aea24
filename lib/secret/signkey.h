/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/*
 * Keys that mail is signed with (DKIM, RFC 6376): the forms in which signers
 * keep them become one, and are looked at for sense.
 */
#ifndef FERRY_SECRET_SIGNKEY_H
#define FERRY_SECRET_SIGNKEY_H

#include <stdbool.h>
#include <stddef.h>

#include "core/buf.h"
#include "core/why.h"

/* The algorithms of RFC 6376, 3.3, and RFC 8463 that are still in use. */
enum sign_algorithm {
	SIGN_RSA_SHA256,
	SIGN_ED25519_SHA256
};
extern const char *const sign_algorithm_words[SIGN_ED25519_SHA256 + 1];

enum {
	SIGNKEY_FILE_MAX = 65536 /* an RSA key of 16384 bits has 13 KiB */
};

/* The zero value is empty. */
struct signkey {
	enum sign_algorithm algorithm;
	int bits;
	struct buf pem; /* PKCS #8 (RFC 5958), a secret */
	struct buf dns; /* the record for SELECTOR._domainkey.DOMAIN */
};

/*
 * Reads a private key: PEM (PKCS #1 or #8), or base64 of DER, of an Ed25519
 * seed (dkimpy) or of a seed with its public key (rspamd). The key must be
 * usable: not encrypted, RSA of 1024 to 8192 bits (RFC 8301, 3.2), its public
 * part one that its signatures verify with. 0; or -1 and why (DATA), which
 * holds nothing of the text. To be given to signkey_free in either case, which
 * overwrites it.
 */
int signkey_read(
    struct signkey *k, const char *text, size_t len, struct why *why);
void signkey_free(struct signkey *k);

/* Whether a selector can be part of a domain name (RFC 6376, 3.1). */
bool signkey_selector(const char *selector);

#endif
