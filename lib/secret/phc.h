/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/*
 * PHC strings, "$ID$[v=VERSION$]PARAMETERS$SALT$HASH" (the PHC string format,
 * github.com/P-H-C/phc-string-format), as the server reads them: base64
 * without padding, a hash of 10 to 64 bytes, a salt of at most 64 characters.
 */
#ifndef FERRY_SECRET_PHC_H
#define FERRY_SECRET_PHC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/buf.h"
#include "secret/transcode.h"

enum {
	PHC_PARTS = 5
};

struct phc {
	char *part[PHC_PARTS]; /* id, [version,] parameters, salt, hash */
	size_t n;
	struct buf text;
	struct buf salt; /* decoded */
	struct buf hash;
};

/* Takes a string apart; padding is accepted. extra: as of base64_decode. False
 * if it is none; p is freed with phc_free in any case. */
bool phc_parse(const char *s, const char *extra, struct phc *p);
void phc_free(struct phc *p);

/*
 * The decimal values of named parameters, "m=65536,t=3,p=1". False if a name or
 * a number is another; the last may be absent (-1) if optional.
 */
bool phc_params(char *text, const char *const *names, size_t n, bool optional,
    int64_t *values);

/* A salt and a hash of lengths that the server takes. */
bool phc_lengths(const struct buf *salt, const struct buf *hash);

/*
 * For canon_hash: append the string that the server verifies. False if s is
 * damaged.
 */
bool phc_argon2(const char *s, struct buf *out, struct canon *c);
bool phc_pbkdf2(const char *s, struct buf *out, struct canon *c);
bool phc_scrypt(const char *s, struct buf *out, struct canon *c);
bool phc_django(const char *s, struct buf *out, struct canon *c);

/* Appends the string of PBKDF2. digest: "sha256" or "sha512". */
void phc_write_pbkdf2(const char *digest, int64_t iterations,
    const struct buf *salt, const struct buf *hash, struct buf *out);

#endif
