/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

#include "secret/scheme.h"

#include <string.h>
#include <strings.h>

#include "core/base64.h"
#include "core/num.h"
#include "secret/phc.h"

#define NO_VERIFIER "the server cannot verify this scheme"
#define BOUND "it only serves its own login protocol"

static const struct scheme schemes[] = {
	{ .name = "CRYPT", .family = FAMILY_CRYPT, .tag = "CRYPT" },
	{ .name = "SHA512-CRYPT", .family = FAMILY_METHOD },
	{ .name = "SHA256-CRYPT", .family = FAMILY_METHOD },
	{ .name = "BLF-CRYPT", .family = FAMILY_METHOD },
	{ .name = "MD5-CRYPT", .family = FAMILY_METHOD },
	{ .name = "DES-CRYPT", .family = FAMILY_METHOD },
	{ .name = "ARGON2ID", .family = FAMILY_PHC, .tag = "ARGON2ID" },
	{ .name = "ARGON2I", .family = FAMILY_PHC, .tag = "ARGON2I" },
	{ .name = "ARGON2", .family = FAMILY_PHC, .tag = "ARGON2" },
	{ .name = "PBKDF2", .family = FAMILY_PBKDF2, .tag = "PBKDF2" },
	{ .name = "PBKDF2-SHA256",
	    .family = FAMILY_PBKDF2,
	    .size = 32,
	    .digest = "SHA256" },
	{ .name = "PBKDF2-SHA512",
	    .family = FAMILY_PBKDF2,
	    .size = 64,
	    .digest = "SHA512" },
	{ .name = "PBKDF2-SHA1", .family = FAMILY_PBKDF2 },
	{ .name = "SHA",
	    .family = FAMILY_DIGEST,
	    .size = 20,
	    .tag = "SHA",
	    .digest = "SHA1" },
	{ .name = "SHA1",
	    .family = FAMILY_DIGEST,
	    .size = 20,
	    .tag = "SHA",
	    .digest = "SHA1" },
	{ .name = "SHA256",
	    .family = FAMILY_DIGEST,
	    .size = 32,
	    .tag = "SHA256",
	    .digest = "SHA256" },
	{ .name = "SHA512",
	    .family = FAMILY_DIGEST,
	    .size = 64,
	    .tag = "SHA512",
	    .digest = "SHA512" },
	{ .name = "SSHA",
	    .family = FAMILY_SALTED,
	    .size = 20,
	    .tag = "SSHA",
	    .digest = "SHA1" },
	{ .name = "SSHA256",
	    .family = FAMILY_SALTED,
	    .size = 32,
	    .tag = "SSHA256",
	    .digest = "SHA256" },
	{ .name = "SSHA512",
	    .family = FAMILY_SALTED,
	    .size = 64,
	    .tag = "SSHA512",
	    .digest = "SHA512" },
	{ .name = "MD5",
	    .family = FAMILY_MD5,
	    .size = 16,
	    .tag = "MD5",
	    .digest = "MD5" },
	{ .name = "LDAP-MD5",
	    .family = FAMILY_DIGEST,
	    .size = 16,
	    .tag = "MD5",
	    .digest = "MD5" },
	{ .name = "PLAIN-MD5",
	    .family = FAMILY_DIGEST,
	    .size = 16,
	    .tag = "MD5",
	    .digest = "MD5" },
	/* Courier's name for hex MD5. */
	{ .name = "MD5RAW",
	    .family = FAMILY_DIGEST,
	    .size = 16,
	    .tag = "MD5",
	    .digest = "MD5" },
	{ .name = "PLAIN", .family = FAMILY_CLEAR },
	{ .name = "CLEAR", .family = FAMILY_CLEAR },
	{ .name = "CLEARTEXT", .family = FAMILY_CLEAR },
	{ .name = "PLAIN-TRUNC", .family = FAMILY_TRUNC },
	{ .name = "SMD5",
	    .family = FAMILY_SALTED,
	    .size = 16,
	    .digest = "MD5",
	    .reason = NO_VERIFIER },
	{ .name = "PLAIN-MD4",
	    .family = FAMILY_DIGEST,
	    .size = 16,
	    .digest = "MD4",
	    .reason = NO_VERIFIER },
	{ .name = "CRAM-MD5", .family = FAMILY_OTHER, .reason = BOUND },
	{ .name = "HMAC-MD5", .family = FAMILY_OTHER, .reason = BOUND },
	{ .name = "DIGEST-MD5", .family = FAMILY_OTHER, .reason = BOUND },
	{ .name = "SCRAM-SHA-1", .family = FAMILY_OTHER, .reason = BOUND },
	{ .name = "SCRAM-SHA-256", .family = FAMILY_OTHER, .reason = BOUND },
	{ .name = "OTP", .family = FAMILY_OTHER, .reason = BOUND },
	{ .name = "SKEY", .family = FAMILY_OTHER, .reason = BOUND },
	{ .name = "RPA", .family = FAMILY_OTHER, .reason = BOUND },
	{ .name = "NTLM", .family = FAMILY_OTHER, .reason = BOUND },
	{ .name = "LANMAN", .family = FAMILY_OTHER, .reason = BOUND },
	{ .name = "NT", .family = FAMILY_OTHER, .reason = NO_VERIFIER },
	{ .name = "SASL",
	    .family = FAMILY_OTHER,
	    .reason = "the password is in another system, not here" },
};

/* Most names differ in their first letter, whose case is bit 5. */
static const struct scheme *
find_scheme(const char *name, size_t len)
{
	for (size_t i = 0; i < sizeof schemes / sizeof *schemes; i++) {
		const char *known = schemes[i].name;

		if ((*known | 0x20) == (*name | 0x20) && strlen(known) == len &&
		    strncasecmp(known, name, len) == 0)
			return &schemes[i];
	}
	return NULL;
}

/* Takes an encoding's suffix off a scheme name. */
static enum encoding
cut_suffix(const char *name, size_t *len)
{
	static const struct {
		const char *suffix;
		enum encoding encoding;
	} suffixes[] = { { ".HEX", ENC_HEX }, { ".B64", ENC_BASE64 },
		{ ".BASE64", ENC_BASE64 } };

	if (memchr(name, '.', *len) == NULL)
		return ENC_DEFAULT;
	for (size_t i = 0; i < sizeof suffixes / sizeof *suffixes; i++) {
		size_t n = strlen(suffixes[i].suffix);

		if (*len > n &&
		    strncasecmp(name + *len - n, suffixes[i].suffix, n) == 0) {
			*len -= n;
			return suffixes[i].encoding;
		}
	}
	return ENC_DEFAULT;
}

void
scheme_parse(const char *stored, const char *default_scheme, struct parsed *p)
{
	const char *end = *stored == '{' ? strchr(stored, '}') : NULL;
	const char *name = default_scheme == NULL ? "CRYPT" : default_scheme;
	size_t len = strlen(name);

	*p = (struct parsed){ .body = stored };
	if (end != NULL) {
		name = p->tag = stored + 1;
		len = (size_t)(end - name);
		p->body = end + 1;
	} else if (strncmp(stored, "$1$", 3) == 0 &&
		   strchr(stored + 3, '$') != NULL) {
		/* Whatever the default is. */
		name = "MD5-CRYPT";
		len = strlen(name);
	}
	p->encoding = cut_suffix(name, &len);
	p->tag_len = p->tag == NULL ? 0 : len;
	p->scheme = find_scheme(name, len);
}

bool
scheme_raw(const struct parsed *p, struct buf *out)
{
	size_t len = strlen(p->body), size = p->scheme->size;
	enum encoding encoding = p->encoding;
	bool ok;

	/* Only a digest of fixed length can be told apart. */
	if (encoding == ENC_DEFAULT)
		encoding = p->scheme->family != FAMILY_SALTED && len == 2 * size
			       ? ENC_HEX
			       : ENC_BASE64;
	if (encoding == ENC_HEX)
		ok = hex_decode(p->body, len, out);
	else
		ok = base64_decode(p->body, len, "+/", out);
	if (!ok)
		return false;
	return p->scheme->family == FAMILY_SALTED ? out->len > size
						  : out->len == size;
}

bool
scheme_text(const struct parsed *p, struct buf *out)
{
	size_t len = strlen(p->body);
	bool ok = true;

	if (p->encoding == ENC_HEX)
		ok = hex_decode(p->body, len, out);
	else if (p->encoding == ENC_BASE64)
		ok = base64_decode(p->body, len, "+/", out);
	else
		buf_add(out, p->body, len);
	return ok && strlen(buf_str(out)) == out->len;
}

bool
pbkdf2_ldap_parse(const char *body, struct pbkdf2_ldap *h)
{
	const char *extra = strchr(body, '+') != NULL ? "+/" : "./";
	size_t digits = strspn(body, "0123456789");
	const char *salt = body + digits + 1, *hash;
	char number[16];

	if (digits >= sizeof number || body[digits] != '$')
		return false;
	memcpy(number, body, digits);
	number[digits] = '\0';
	hash = strchr(salt, '$');
	return hash != NULL &&
	       parse_num(number, 1, UINT32_MAX, &h->iterations, NULL) &&
	       base64_decode(salt, (size_t)(hash - salt), extra, &h->salt) &&
	       base64_decode(hash + 1, strlen(hash + 1), extra, &h->hash) &&
	       phc_lengths(&h->salt, &h->hash);
}

void
pbkdf2_ldap_free(struct pbkdf2_ldap *h)
{
	buf_wipe(&h->salt);
	buf_wipe(&h->hash);
}
