/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/*
 * Which scheme a stored text is in: the tag in braces or the default, the
 * encoding, and what is left. The rules are Dovecot's (src/lib-auth/
 * password-scheme.c), with the tags of OpenLDAP, passlib and others added.
 */
#ifndef FERRY_SECRET_SCHEME_H
#define FERRY_SECRET_SCHEME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/buf.h"

enum family {
	FAMILY_CRYPT, /* crypt(3), any method, or a string that begins with $ */
	FAMILY_METHOD, /* one method of crypt(3) */
	FAMILY_MD5,    /* Dovecot's {MD5}: md5crypt, or a digest */
	FAMILY_DIGEST, /* an unsalted digest */
	FAMILY_SALTED, /* digest of password and salt, then the salt */
	FAMILY_PHC,    /* a PHC string */
	FAMILY_PBKDF2, /* {PBKDF2...}: four grammars */
	FAMILY_CLEAR,  /* the password itself */
	FAMILY_TRUNC,  /* LENGTH-PASSWORD */
	FAMILY_OTHER   /* nothing that the server could verify */
};

struct scheme {
	const char *name; /* as Dovecot writes it */
	enum family family;
	size_t size;        /* of the digest, in bytes */
	const char *tag;    /* the server's tag for it, NULL if it has none */
	const char *digest; /* what OpenSSL calls the digest */
	const char *reason; /* why it cannot be carried */
};

enum encoding {
	ENC_DEFAULT,
	ENC_HEX,
	ENC_BASE64
};

/* A stored text taken apart; the pointers lead into it. */
struct parsed {
	const struct scheme *scheme; /* NULL: a tag that nobody knows */
	const char *tag;             /* after the brace; NULL: no brace */
	size_t tag_len;              /* without the suffix */
	enum encoding encoding;
	const char *body;
};

/* stored: not NULL. default_scheme: NULL means CRYPT; it may have a suffix. */
void scheme_parse(
    const char *stored, const char *default_scheme, struct parsed *p);

/*
 * The raw bytes of a DIGEST or SALTED text: from hex or base64 by the suffix;
 * without one, hex if it is exactly twice as long as the digest, otherwise
 * base64. False if it is neither, or has a wrong length.
 */
bool scheme_raw(const struct parsed *p, struct buf *out);

/* The text after the tag, decoded where the suffix says so; false where it
 * cannot be. For the schemes whose text is not a digest. */
bool scheme_text(const struct parsed *p, struct buf *out);

/*
 * "ITERATIONS$SALT$HASH", the LDAP form of PBKDF2: passlib and OpenLDAP write
 * "." for "+" in base64, 389 Directory Server and FreeIPA do not. False if it
 * is none; pbkdf2_ldap_free in any case.
 */
struct pbkdf2_ldap {
	int64_t iterations;
	struct buf salt;
	struct buf hash;
};
bool pbkdf2_ldap_parse(const char *body, struct pbkdf2_ldap *h);
void pbkdf2_ldap_free(struct pbkdf2_ldap *h);

#endif
