/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/* secret_match: is this clear password the one of that stored text? */
#include "secret/verify.h"

#include <argon2.h>
#include <crypt.h>
#include <inttypes.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"
#include "core/base64.h"
#include "core/digest.h"
#include "core/num.h"
#include "core/str.h"
#include "secret/phc.h"
#include "secret/scheme.h"
#include "secret/transcode.h"

/* More work than this is refused rather than done: a hash comes from outside.
 */
enum {
	ITERATIONS_MAX = 10000000,
	SCRYPT_MEMORY_MAX = 1 << 30
};

static enum secret_match
compare(const void *a, const void *b, size_t len)
{
	return CRYPTO_memcmp(a, b, len) == 0 ? SECRET_MATCHES : SECRET_WRONG;
}

static enum secret_match
match_digest(const struct parsed *p, const char *password)
{
	unsigned char got[EVP_MAX_MD_SIZE];
	enum secret_match m = SECRET_UNCHECKED;
	size_t size = p->scheme->size;
	struct buf raw = { 0 }, text = { 0 };

	if (scheme_raw(p, &raw)) {
		buf_adds(&text, password);
		buf_add(&text, raw.data + size, raw.len - size);
		if (digest_named(p->scheme->digest, buf_str(&text), text.len,
			got) == size)
			m = compare(got, raw.data, size);
	}
	buf_wipe(&raw);
	buf_wipe(&text);
	return m;
}

static enum secret_match
match_pbkdf2(const EVP_MD *md, int64_t iterations, const struct buf *salt,
    const struct buf *hash, const char *password)
{
	unsigned char got[EVP_MAX_MD_SIZE];

	if (iterations < 1 || iterations > ITERATIONS_MAX ||
	    hash->len > sizeof got ||
	    PKCS5_PBKDF2_HMAC(password, (int)strlen(password),
		(const unsigned char *)buf_str(salt), (int)salt->len,
		(int)iterations, md, (int)hash->len, got) != 1)
		return SECRET_UNCHECKED;
	return compare(got, hash->data, hash->len);
}

static enum secret_match
match_phc_pbkdf2(const char *s, const char *password)
{
	static const char *const names[] = { "i", "l" };
	enum secret_match m = SECRET_UNCHECKED;
	int64_t v[2];
	struct phc p;

	if (phc_parse(s, "+/", &p) && p.n == 4 &&
	    phc_params(p.part[1], names, 2, true, v))
		m = match_pbkdf2(strcmp(p.part[0], "pbkdf2-sha512") == 0
				     ? EVP_sha512()
				     : EVP_sha256(),
		    v[0], &p.salt, &p.hash, password);
	phc_free(&p);
	return m;
}

static enum secret_match
match_scrypt(const char *s, const char *password)
{
	static const char *const names[] = { "ln", "r", "p" };
	enum secret_match m = SECRET_UNCHECKED;
	unsigned char got[EVP_MAX_MD_SIZE];
	int64_t v[3];
	struct phc p;

	if (phc_parse(s, "+/", &p) && p.n == 4 &&
	    phc_params(p.part[1], names, 3, false, v) && v[0] >= 1 &&
	    v[0] < 32 &&
	    EVP_PBE_scrypt(password, strlen(password),
		(const unsigned char *)p.salt.data, p.salt.len, 1ULL << v[0],
		(uint64_t)v[1], (uint64_t)v[2], SCRYPT_MEMORY_MAX, got,
		p.hash.len) == 1)
		m = compare(got, p.hash.data, p.hash.len);
	phc_free(&p);
	return m;
}

static enum secret_match
match_argon2(const char *s, const char *password)
{
	argon2_type type = Argon2_d;

	if (str_starts(s, "$argon2id$"))
		type = Argon2_id;
	else if (str_starts(s, "$argon2i$"))
		type = Argon2_i;
	switch (argon2_verify(s, password, strlen(password), type)) {
	case ARGON2_OK:
		return SECRET_MATCHES;
	case ARGON2_VERIFY_MISMATCH:
		return SECRET_WRONG;
	default:
		return SECRET_UNCHECKED;
	}
}

static enum secret_match
match_crypt(const char *s, const char *password)
{
	struct crypt_data *data = xcalloc(1, sizeof *data);
	const char *got = crypt_r(password, s, data);
	enum secret_match m = SECRET_UNCHECKED;

	if (got != NULL && *got != '*')
		m = strlen(got) == strlen(s) ? compare(got, s, strlen(s))
					     : SECRET_WRONG;
	explicit_bzero(data, sizeof *data);
	free(data);
	return m;
}

/* A string of crypt(3) or PHC, in its canonical form where it has one. */
static enum secret_match
match_hash(const char *s, const char *password)
{
	struct buf text = { 0 };
	struct canon c;
	enum secret_match m;

	if (canon_hash(s, &text, &c)) {
		s = buf_str(&text);
	} else if (c.name == NULL || strcmp(c.name, "LOCKED") == 0) {
		buf_wipe(&text);
		return SECRET_UNCHECKED;
	}
	if (str_starts(s, "$argon2"))
		m = match_argon2(s, password);
	else if (str_starts(s, "$pbkdf2-sha256$") ||
		 str_starts(s, "$pbkdf2-sha512$"))
		m = match_phc_pbkdf2(s, password);
	else if (str_starts(s, "$scrypt$"))
		m = match_scrypt(s, password);
	else
		m = match_crypt(s, password);
	buf_wipe(&text);
	return m;
}

/* Dovecot's own PBKDF2, "$1$SALT$ROUNDS$HEX" with SHA-1; or the LDAP forms. */
static enum secret_match
match_pbkdf2_tag(const struct parsed *p, const char *password)
{
	enum secret_match m = SECRET_UNCHECKED;
	struct pbkdf2_ldap h = { 0 };
	const char *rounds, *hex;
	char number[16];

	if (str_starts(p->body, "$pbkdf2"))
		return match_hash(p->body, password);
	if (!str_starts(p->body, "$1$")) {
		const char *name = p->scheme->digest;

		if (pbkdf2_ldap_parse(p->body, &h))
			m = match_pbkdf2(
			    EVP_get_digestbyname(name == NULL ? "SHA1" : name),
			    h.iterations, &h.salt, &h.hash, password);
		goto out;
	}
	rounds = strchr(p->body + 3, '$');
	hex = rounds == NULL ? NULL : strchr(rounds + 1, '$');
	if (hex == NULL || hex - rounds > (ptrdiff_t)sizeof number)
		goto out;
	memcpy(number, rounds + 1, (size_t)(hex - rounds - 1));
	number[hex - rounds - 1] = '\0';
	buf_add(&h.salt, p->body + 3, (size_t)(rounds - p->body - 3));
	if (parse_num(number, 1, ITERATIONS_MAX, &h.iterations, NULL) &&
	    hex_decode(hex + 1, strlen(hex + 1), &h.hash))
		m = match_pbkdf2(
		    EVP_sha1(), h.iterations, &h.salt, &h.hash, password);
out:
	pbkdf2_ldap_free(&h);
	return m;
}

/* RFC 5802: "ITERATIONS,SALT,StoredKey,ServerKey", in base64. */
static enum secret_match
match_scram(const struct parsed *p, const char *password)
{
	bool sha256 = strcmp(p->scheme->name, "SCRAM-SHA-256") == 0;
	const EVP_MD *md = sha256 ? EVP_sha256() : EVP_sha1();
	unsigned char salted[EVP_MAX_MD_SIZE], key[EVP_MAX_MD_SIZE];
	unsigned int len = sha256 ? 32 : 20;
	char *text = xstrdup(p->body), *rest = text;
	const char *number = str_cut(&rest, ','), *salt = str_cut(&rest, ','),
		   *stored = str_cut(&rest, ',');
	struct buf raw_salt = { 0 }, raw_stored = { 0 };
	enum secret_match m = SECRET_UNCHECKED;
	int64_t n;

	if (stored != NULL && parse_num(number, 1, ITERATIONS_MAX, &n, NULL) &&
	    base64_decode(salt, strlen(salt), "+/", &raw_salt) &&
	    base64_decode(stored, strlen(stored), "+/", &raw_stored) &&
	    raw_stored.len == len &&
	    PKCS5_PBKDF2_HMAC(password, (int)strlen(password),
		(const unsigned char *)buf_str(&raw_salt), (int)raw_salt.len,
		(int)n, md, (int)len, salted) == 1 &&
	    HMAC(md, salted, (int)len, (const unsigned char *)"Client Key", 10,
		key, NULL) != NULL &&
	    digest_named(sha256 ? "SHA256" : "SHA1", key, len, key) == len)
		m = compare(key, raw_stored.data, len);
	free_secret(text);
	buf_wipe(&raw_salt);
	buf_wipe(&raw_stored);
	return m;
}

/* MD5 of USER:REALM:PASSWORD; Dovecot takes the domain as the realm. */
static enum secret_match
match_digest_md5(const struct parsed *p, const char *user, const char *password)
{
	struct buf text = { 0 }, raw = { 0 };
	unsigned char got[EVP_MAX_MD_SIZE];
	enum secret_match m = SECRET_UNCHECKED;
	const char *at = user == NULL ? NULL : strchr(user, '@');

	if (user != NULL && hex_decode(p->body, strlen(p->body), &raw) &&
	    raw.len == 16) {
		if (at == NULL)
			buf_addf(&text, "%s::%s", user, password);
		else
			buf_addf(&text, "%.*s:%s:%s", (int)(at - user), user,
			    at + 1, password);
		if (digest_named("MD5", text.data, text.len, got) == raw.len)
			m = compare(got, raw.data, raw.len);
	}
	buf_wipe(&text);
	buf_wipe(&raw);
	return m;
}

static enum secret_match
match_other(const struct parsed *p, const char *user, const char *password)
{
	const char *name = p->scheme->name;

	if (str_starts(name, "SCRAM-"))
		return match_scram(p, password);
	if (strcmp(name, "DIGEST-MD5") == 0)
		return match_digest_md5(p, user, password);
	return SECRET_UNCHECKED;
}

static enum secret_match
match_text(const struct parsed *p, const char *text, const char *password)
{
	size_t len = strlen(text);

	if (p->scheme->family == FAMILY_CLEAR)
		return strlen(password) == len ? compare(text, password, len)
					       : SECRET_WRONG;
	if (p->scheme->family == FAMILY_TRUNC) {
		const char *rest = strchr(text, '-');
		size_t max = (size_t)strtoul(text, NULL, 10), n;

		if (rest == NULL)
			return SECRET_UNCHECKED;
		n = strnlen(password, max);
		return n == strlen(++rest) ? compare(rest, password, n)
					   : SECRET_WRONG;
	}
	return match_hash(text, password);
}

enum secret_match
secret_match(const char *stored, const char *default_scheme, const char *user,
    const char *password)
{
	enum secret_match m = SECRET_UNCHECKED;
	struct buf text = { 0 };
	struct parsed p;

	scheme_parse(stored, default_scheme, &p);
	if (p.scheme == NULL)
		return SECRET_UNCHECKED;
	switch (p.scheme->family) {
	case FAMILY_DIGEST:
	case FAMILY_SALTED:
		return match_digest(&p, password);
	case FAMILY_PBKDF2:
		return match_pbkdf2_tag(&p, password);
	case FAMILY_OTHER:
		return match_other(&p, user, password);
	case FAMILY_MD5:
		if (scheme_text(&p, &text) && str_starts(buf_str(&text), "$1$"))
			m = match_hash(text.data, password);
		else
			m = match_digest(&p, password);
		break;
	case FAMILY_CRYPT:
	case FAMILY_METHOD:
	case FAMILY_PHC:
	case FAMILY_CLEAR:
	case FAMILY_TRUNC:
		if (scheme_text(&p, &text))
			m = match_text(&p, buf_str(&text), password);
		break;
	}
	buf_wipe(&text);
	return m;
}
