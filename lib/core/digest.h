/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/* SHA-256 (FIPS 180-4), piece by piece; and any digest of a whole text. */
#ifndef FERRY_DIGEST_H
#define FERRY_DIGEST_H

#include <stddef.h>

enum {
	SHA256_LEN = 32,
	DIGEST_MAX = 64 /* of any */
};

/* The zero value is ready for digest_start. */
struct digest {
	void *state;
};

/* Begins a new digest; the storage of an earlier one is used again. Ends the
 * process, as core/alloc does, where there is no memory. */
void digest_start(struct digest *d);
void digest_add(struct digest *d, const void *p, size_t len);
/* After it, only digest_start or digest_free. */
void digest_end(struct digest *d, unsigned char out[SHA256_LEN]);
void digest_free(struct digest *d);

/* The digest of some bytes. */
void digest_of(const void *p, size_t len, unsigned char out[SHA256_LEN]);

/* The same by the digest of this name: "MD5", "SHA512". Returns its length; 0
 * where libcrypto offers none of the name. */
size_t digest_named(
    const char *name, const void *p, size_t len, unsigned char out[DIGEST_MAX]);

#endif
