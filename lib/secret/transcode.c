/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

#include "secret/transcode.h"

#include <stdint.h>
#include <string.h>
#include <strings.h>

#include "core/base64.h"
#include "core/num.h"
#include "core/str.h"
#include "secret/crypt64.h"
#include "secret/phc.h"

/* Salt, "$" and a hash of exactly hash_len digits at the end of the string. */
static bool
salt_and_hash(const char *s, size_t salt_max, size_t hash_len)
{
	size_t salt = crypt64_span(s);

	return salt >= 1 && salt <= salt_max && s[salt] == '$' &&
	       crypt64_span(s + salt + 1) == hash_len &&
	       s[salt + 1 + hash_len] == '\0';
}

/*
 * sha256crypt and sha512crypt. The server compares the rounds as text after it
 * has read them as a number: leading zeros never verify.
 */
static bool
canon_sha2(const char *s, size_t hash_len, struct buf *out, struct canon *c)
{
	static const char mark[] = "rounds=";
	const char *rest = s + 3;
	size_t digits = 0;

	if (str_starts(rest, mark)) {
		char number[16];
		int64_t rounds;

		rest += strlen(mark);
		buf_add(out, s, (size_t)(rest - s));
		digits = strspn(rest, "0123456789");
		if (digits == 0 || digits >= sizeof number ||
		    rest[digits] != '$')
			return false;
		memcpy(number, rest, digits);
		number[digits] = '\0';
		if (!parse_num(number, 1000, 999999999, &rounds, NULL))
			return false;
		if (*rest == '0')
			c->note = "the number of rounds written without zeros";
		buf_adds(out, rest + strspn(rest, "0"));
		rest += digits + 1;
	} else {
		buf_adds(out, s);
	}
	return salt_and_hash(rest, 16, hash_len);
}

static bool
canon_sha512(const char *s, struct buf *out, struct canon *c)
{
	return canon_sha2(s, 86, out, c);
}

static bool
canon_sha256(const char *s, struct buf *out, struct canon *c)
{
	return canon_sha2(s, 43, out, c);
}

/* Dovecot ignores what follows a fourth "$" (password_get_scheme). */
static bool
canon_md5(const char *s, struct buf *out, struct canon *c)
{
	const char *hash = strchr(s + 3, '$');
	const char *end = hash == NULL ? NULL : strchr(hash + 1, '$');
	size_t start = out->len;

	if (end != NULL) {
		c->note = "the text after the hash cut off";
		buf_add(out, s, (size_t)(end - s));
	} else {
		buf_adds(out, s);
	}
	return salt_and_hash(out->data + start + 3, 8, 22);
}

/*
 * bcrypt: 22 digits of salt are 132 bits, of which 128 count. The server wants
 * the last four to be zero, crypt(3) ignores them. The digits are bcrypt's own
 * order "./A-Za-z0-9", so that four of them end in zeros.
 */
static bool
canon_bcrypt(const char *s, struct buf *out, struct canon *c)
{
	static const char order[] =
	    "./ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
	enum {
		SALT_END = 28,
		LEN = 60
	};
	size_t value;
	char end;

	if (strlen(s) != LEN || strchr("aby", s[2]) == NULL || s[3] != '$' ||
	    s[6] != '$' || crypt64_span(s + 7) != LEN - 7 ||
	    strspn(s + 4, "0123456789") != 2)
		return false;
	if (memcmp(s + 4, "04", 2) < 0 || memcmp(s + 4, "31", 2) > 0)
		return false;
	value = (size_t)(strchr(order, s[SALT_END]) - order);
	end = order[value & 0x30];
	buf_add(out, s, SALT_END);
	buf_addc(out, end);
	buf_adds(out, s + SALT_END + 1);
	if (end != s[SALT_END])
		c->note = "the last character of the salt made canonical";
	return true;
}

static bool
canon_sha1crypt(const char *s, struct buf *out, struct canon *c)
{
	const char *rounds = s + 6;
	size_t digits = strspn(rounds, "0123456789");

	(void)c;
	buf_adds(out, s);
	return digits >= 1 && digits <= 10 && *rounds != '0' &&
	       rounds[digits] == '$' &&
	       salt_and_hash(rounds + digits + 1, 64, 28);
}

/* A number of n digits of crypt(3), the least significant first. */
static uint32_t
crypt64_number(const char *s, size_t n)
{
	uint32_t value = 0;

	for (size_t i = n; i-- > 0;)
		value = value << 6 | (uint32_t)crypt64_value(s[i]);
	return value;
}

/* The bytes of digits that hold 24 bits in four, the lowest byte first. */
static void
crypt64_bytes(const char *s, size_t digits, struct buf *out)
{
	for (size_t i = 0; i < digits; i += 4) {
		size_t n = digits - i < 4 ? digits - i : 4;
		uint32_t bits = crypt64_number(s + i, n);

		for (size_t b = 0; b < n * 6 / 8; b++)
			buf_addc(out, (char)(bits >> (8 * b) & 0xff));
	}
}

/*
 * libxcrypt's "$7$" (crypt(5)): one digit for log2 N, five each for r and p,
 * the salt, which is used as text, "$", and 32 bytes in 43 digits.
 */
static bool
canon_scrypt7(const char *s, struct buf *out, struct canon *c)
{
	const char *number = s + 3, *salt = s + 14, *hash = strrchr(s, '$');
	struct buf raw = { 0 };
	uint32_t r, p;
	int log2n;

	if (crypt64_span(number) < 11 || hash <= salt ||
	    crypt64_span(salt) != (size_t)(hash - salt) ||
	    crypt64_span(hash + 1) != 43 || hash[44] != '\0')
		return false;
	log2n = crypt64_value(*number);
	r = crypt64_number(number + 1, 5);
	p = crypt64_number(number + 6, 5);
	/* A PHC salt has 4 to 64 characters. */
	if (hash - salt < 3 || hash - salt > 48 || log2n < 1 || r < 1 || p < 1)
		return false;
	buf_addf(out, "$scrypt$ln=%d,r=%u,p=%u$", log2n, r, p);
	base64_encode(salt, (size_t)(hash - salt), false, out);
	buf_addc(out, '$');
	crypt64_bytes(hash + 1, 43, &raw);
	base64_encode(raw.data, raw.len, false, out);
	buf_wipe(&raw);
	c->note = "$7$ written as a PHC string of scrypt";
	return true;
}

static const char no_verifier[] = "the server cannot verify this method";

/* The first prefix that fits counts. A method without a function has none on
 * the server. */
static const struct method {
	const char *prefix;
	const char *name;
	bool (*canon)(const char *, struct buf *, struct canon *);
	const char *reason;
} methods[] = {
	{ "$6$", "SHA512-CRYPT", canon_sha512, NULL },
	{ "$5$", "SHA256-CRYPT", canon_sha256, NULL },
	{ "$1$", "MD5-CRYPT", canon_md5, NULL },
	{ "$2x$", "BLF-CRYPT", NULL,
	    "the server keeps $2x$ but never verifies it" },
	{ "$2$", "BLF-CRYPT", NULL, "the server does not know $2$" },
	{ "$2", "BLF-CRYPT", canon_bcrypt, NULL },
	{ "$sha1$", "SHA1-CRYPT", canon_sha1crypt, NULL },
	{ "$argon2id$", "ARGON2ID", phc_argon2, NULL },
	{ "$argon2i$", "ARGON2I", phc_argon2, NULL },
	{ "$argon2", "ARGON2", phc_argon2, NULL },
	{ "$pbkdf2-sha256$", "PBKDF2-SHA256", phc_pbkdf2, NULL },
	{ "$pbkdf2-sha512$", "PBKDF2-SHA512", phc_pbkdf2, NULL },
	{ "$pbkdf2", "PBKDF2-SHA1", NULL,
	    "the server does not verify PBKDF2 with SHA-1" },
	{ "pbkdf2_sha256$", "PBKDF2-SHA256", phc_django, NULL },
	{ "$scrypt$", "SCRYPT", phc_scrypt, NULL },
	{ "$7$", "SCRYPT", canon_scrypt7, NULL },
	{ "$y$", "YESCRYPT", NULL, no_verifier },
	{ "$gy$", "GOST-YESCRYPT", NULL, no_verifier },
	{ "$sm3$", "SM3-CRYPT", NULL, no_verifier },
	{ "$md5", "SUN-MD5", NULL, no_verifier },
	{ "$3$", "NT", NULL, no_verifier },
	{ "$apr1$", "APR1-MD5", NULL, no_verifier },
	{ "$P$", "PHPASS", NULL, no_verifier },
	{ "$H$", "PHPASS", NULL, no_verifier },
	{ "$bcrypt-sha256$", "BCRYPT-SHA256", NULL, no_verifier },
};

static bool
refuse(struct canon *c, const char *name, const char *reason)
{
	c->name = name;
	c->reason = reason;
	return false;
}

/* What is not a hash of crypt(3), named as well as it can be. */
static bool
refuse_text(const char *s, struct canon *c)
{
	if (*s == '\0')
		return refuse(c, NULL, "it is empty");
	if (*s == '!' || *s == '*')
		return refuse(
		    c, "LOCKED", "the account is locked in the directory");
	if (strcmp(s, "x") == 0 || strcasecmp(s, "SUSPENDED") == 0)
		return refuse(c, "LOCKED", "a marker, not a hash");
	if (strlen(s) == 32 && strspn(s, "0123456789abcdefABCDEF") == 32)
		return refuse(c, NULL,
		    "32 hex digits, of MD5, MD4 or NT: name the default "
		    "scheme");
	return refuse(c, NULL, "not a hash of any known form");
}

bool
canon_hash(const char *hash, struct buf *out, struct canon *c)
{
	size_t start = out->len, len = strlen(hash);

	*c = (struct canon){ 0 };
	if (*hash == '_' && len == 20 && crypt64_span(hash + 1) == 19)
		return refuse(c, "BSDI-CRYPT",
		    "the server keeps it but never verifies it");
	if (len == 13 && crypt64_span(hash) == 13) {
		c->name = "DES-CRYPT";
		buf_add(out, hash, len);
		return true;
	}
	for (size_t i = 0; i < sizeof methods / sizeof *methods; i++) {
		const struct method *m = &methods[i];

		if (!str_starts(hash, m->prefix))
			continue;
		if (m->canon == NULL)
			return refuse(c, m->name, m->reason);
		c->name = m->name;
		if (!m->canon(hash, out, c))
			return refuse(
			    c, m->name, "the hash is not complete, or damaged");
		if (c->note == NULL && strcmp(out->data + start, hash) != 0)
			c->note = "the padding of base64 taken off";
		return true;
	}
	return refuse_text(hash, c);
}
