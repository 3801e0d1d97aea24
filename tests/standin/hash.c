/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

#include "standin/hash.h"

#include <argon2.h>
#include <crypt.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "core/alloc.h"
#include "core/str.h"

static bool
crypt_digits(const char *s, size_t len)
{
	static const char digits[] =
	    "./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

	return strlen(s) == len && strspn(s, digits) == len && len > 0;
}

/* --- base64, by OpenSSL, with or without padding --- */

/* The decoded length, or -1. */
static int
decode(const char *s, bool padded, unsigned char *out, size_t max)
{
	size_t len = strlen(s), full = (len + 3) / 4 * 4, pad = 0;
	char text[2048];
	int n;

	if (full >= sizeof text || full > max || len % 4 == 1 || len == 0)
		return -1;
	if (s[strspn(s, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
			"0123456789+/=")] != '\0')
		return -1;
	while (pad < len && s[len - 1 - pad] == '=')
		pad++;
	if (pad > 2 || strcspn(s, "=") != len - pad)
		return -1;
	if (pad != 0 && (!padded || len % 4 != 0))
		return -1;
	(void)snprintf(text, sizeof text, "%s%.*s", s, (int)(full - len), "==");
	n = EVP_DecodeBlock(out, (unsigned char *)text, (int)full);
	return n < 0 ? -1 : n - (int)pad - (int)(full - len);
}

static int
decoded_len(const char *s)
{
	unsigned char out[2048];

	return decode(s, true, out, sizeof out);
}

/* --- shapes --- */

static bool
salt_hash(char *s, size_t salt_max, size_t hash_len)
{
	const char *salt = str_cut(&s, '$');

	return s != NULL && strlen(salt) <= salt_max &&
	       crypt_digits(salt, strlen(salt)) && crypt_digits(s, hash_len);
}

static bool
is_sha_crypt(char *s, size_t hash_len)
{
	if (str_starts(s, "rounds=")) {
		s += strlen("rounds=");
		if (!is_digits(str_cut(&s, '$')) || s == NULL)
			return false;
	}
	return salt_hash(s, 16, hash_len);
}

static bool
is_sha1_crypt(char *s)
{
	const char *rounds = str_cut(&s, '$');

	return s != NULL && is_digits(rounds) && salt_hash(s, 64, 28);
}

/* A PHC string with salt and hash. The text is cut up. */
static bool
is_phc(char *s)
{
	char *part[6];
	unsigned char out[256];
	size_t n = 0, at = 1;
	int len;

	s++;
	while (s != NULL && n < 6)
		part[n++] = str_cut(&s, '$');
	if (s != NULL || n < 3)
		return false;
	if (at < n && str_starts(part[at], "v=")) {
		if (!is_digits(part[at] + 2))
			return false;
		at++;
	}
	if (at < n && strchr(part[at], '=') != NULL &&
	    part[at][strlen(part[at]) - 1] != '=')
		at++;
	if (n - at != 2 || strlen(part[at]) < 4 || strlen(part[at]) > 64)
		return false;
	if (strspn(part[at], "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvw"
			     "xyz0123456789+/.-") != strlen(part[at]))
		return false;
	len = decode(part[at + 1], false, out, sizeof out);
	return len >= 10 && len <= 64;
}

static bool
is_ldap(const char *scheme, char *body)
{
	static const struct {
		const char *name;
		int size; /* negative: at least that, without the sign */
	} digests[] = { { "SHA", 20 }, { "SSHA", -21 }, { "SHA256", 32 },
		{ "SSHA256", -33 }, { "SHA512", 64 }, { "SSHA512", -65 },
		{ "MD5", 16 } };
	static const char *const phc[] = { "ARGON2", "ARGON2I", "ARGON2ID",
		"PBKDF2" };

	for (size_t i = 0; i < sizeof digests / sizeof *digests; i++)
		if (strcasecmp(scheme, digests[i].name) == 0)
			return digests[i].size > 0
				   ? decoded_len(body) == digests[i].size
				   : decoded_len(body) >= -digests[i].size;
	for (size_t i = 0; i < sizeof phc / sizeof *phc; i++)
		if (strcasecmp(scheme, phc[i]) == 0)
			return *body == '$' && is_phc(body);
	if (strcasecmp(scheme, "CRYPT") == 0)
		return hash_accepted(body) || crypt_digits(body, 13) ||
		       (*body == '_' && crypt_digits(body + 1, 19));
	return false;
}

static bool
accepted(char *s)
{
	if (str_starts(s, "$argon2") || str_starts(s, "$pbkdf2") ||
	    str_starts(s, "$scrypt"))
		return is_phc(s);
	if (str_starts(s, "$2"))
		return strlen(s) == 60 && strchr("abxy", s[2]) != NULL &&
		       s[3] == '$' && strspn(s + 4, "0123456789") == 2 &&
		       s[6] == '$' && crypt_digits(s + 7, 53);
	if (str_starts(s, "$1$"))
		return salt_hash(s + 3, 8, 22);
	if (str_starts(s, "$5$"))
		return is_sha_crypt(s + 3, 43);
	if (str_starts(s, "$6$"))
		return is_sha_crypt(s + 3, 86);
	if (str_starts(s, "$sha1$"))
		return is_sha1_crypt(s + 6);
	if (*s == '{') {
		char *body = strchr(s, '}');

		if (body == NULL)
			return false;
		*body = '\0';
		return is_ldap(s + 1, body + 1);
	}
	return false;
}

bool
hash_accepted(const char *s)
{
	char *copy;
	bool ok;

	if (*s != '$' && *s != '{')
		return false;
	copy = xstrdup(s);
	ok = accepted(copy);
	free_secret(copy);
	return ok;
}

/* --- verification --- */

static bool
verify_crypt(const char *hash, const char *password)
{
	struct crypt_data *data = xcalloc(1, sizeof *data);
	const char *got = crypt_r(password, hash, data);
	bool ok = got != NULL && strcmp(got, hash) == 0;

	explicit_bzero(data, sizeof *data);
	free(data);
	return ok;
}

/* A string without a version counts as version 19. */
static bool
verify_argon2(const char *hash, const char *password)
{
	const char *rest = strchr(hash + 1, '$');
	argon2_type type = str_starts(hash, "$argon2id")  ? Argon2_id
			   : str_starts(hash, "$argon2i") ? Argon2_i
							  : Argon2_d;
	char *text;
	bool ok;

	if (rest == NULL)
		return false;
	text = str_starts(rest, "$v=")
		   ? xstrdup(hash)
		   : xasprintf("%.*s$v=19%s", (int)(rest - hash), hash, rest);
	ok = argon2_verify(text, password, strlen(password), type) == ARGON2_OK;
	free_secret(text);
	return ok;
}

/* The value of a parameter in "a=1,b=2". */
static unsigned long
param(const char *text, const char *name, unsigned long otherwise)
{
	size_t len = strlen(name);

	for (const char *p = text; p != NULL; p = strchr(p, ',')) {
		p += *p == ',';
		if (strncmp(p, name, len) == 0 && p[len] == '=')
			return strtoul(p + len + 1, NULL, 10);
	}
	return otherwise;
}

/* PBKDF2 and scrypt. */
static bool
verify_kdf(const char *hash, const char *password)
{
	char *copy = xstrdup(hash + 1), *rest = copy;
	const char *id = str_cut(&rest, '$'), *params = str_cut(&rest, '$'),
		   *salt = str_cut(&rest, '$');
	unsigned char s[256], want[256], got[256] = { 0 };
	unsigned long len = 0;
	int n_salt, n_want;
	bool ok = false;

	if (rest == NULL)
		goto out;
	n_salt = decode(salt, false, s, sizeof s);
	n_want = decode(rest, false, want, sizeof want);
	if (n_salt < 0 || n_want < 0)
		goto out;
	if (strcmp(id, "scrypt") == 0) {
		len = (unsigned long)n_want;
		ok = EVP_PBE_scrypt(password, strlen(password), s,
			 (size_t)n_salt, 1ULL << param(params, "ln", 0),
			 param(params, "r", 8), param(params, "p", 1),
			 1ULL << 30, got, len) == 1;
	} else if (strcmp(id, "pbkdf2-sha256") == 0 ||
		   strcmp(id, "pbkdf2-sha512") == 0) {
		len = param(params, "l", 32);
		ok = len <= sizeof got &&
		     PKCS5_PBKDF2_HMAC(password, (int)strlen(password), s,
			 n_salt, (int)param(params, "i", 1),
			 id[10] == '5' ? EVP_sha512() : EVP_sha256(), (int)len,
			 got) == 1;
	}
	ok = ok && len == (unsigned long)n_want && memcmp(got, want, len) == 0;
out:
	free_secret(copy);
	return ok;
}

static bool
verify_dollar(const char *hash, const char *password)
{
	if (str_starts(hash, "$argon2"))
		return verify_argon2(hash, password);
	if (str_starts(hash, "$pbkdf2") || str_starts(hash, "$scrypt"))
		return verify_kdf(hash, password);
	if (str_starts(hash, "$2x$"))
		return false;
	return verify_crypt(hash, password);
}

/* Unsalted: the texts are compared. Salted: what is decoded, without a last
 * group that has no padding. */
static bool
verify_digest(const char *scheme, const char *body, const char *password)
{
	bool salted = strncasecmp(scheme, "SS", 2) == 0;
	const char *name = scheme + salted;
	const EVP_MD *md = strcasecmp(name, "SHA") == 0      ? EVP_sha1()
			   : strcasecmp(name, "SHA256") == 0 ? EVP_sha256()
			   : strcasecmp(name, "SHA512") == 0 ? EVP_sha512()
			   : strcasecmp(name, "MD5") == 0    ? EVP_md5()
							     : NULL;
	unsigned char got[EVP_MAX_MD_SIZE], raw[2048], text[128];
	size_t size;
	struct buf b = { 0 };
	char *cut;
	int n;

	if (md == NULL)
		return false;
	size = (size_t)EVP_MD_get_size(md);
	if (!salted) {
		if (EVP_Digest(
			password, strlen(password), got, NULL, md, NULL) != 1)
			return false;
		(void)EVP_EncodeBlock(text, got, (int)size);
		return strcmp((char *)text, body) == 0;
	}
	cut = xstrdup(body);
	cut[strlen(cut) / 4 * 4] = '\0';
	n = decode(cut, true, raw, sizeof raw);
	free_secret(cut);
	if (n < 0 || (size_t)n < size)
		return false;
	buf_adds(&b, password);
	buf_add(&b, raw + size, (size_t)n - size);
	n = EVP_Digest(b.data, b.len, got, NULL, md, NULL);
	buf_wipe(&b);
	return n == 1 && memcmp(got, raw, size) == 0;
}

bool
hash_verify(const char *hash, const char *password)
{
	const char *end;
	char scheme[16];

	if (*hash == '$')
		return verify_dollar(hash, password);
	end = strchr(hash, '}');
	if (*hash != '{' || end == NULL || end - hash > 12)
		return false;
	(void)snprintf(
	    scheme, sizeof scheme, "%.*s", (int)(end - hash - 1), hash + 1);
	end++;
	if (*end == '$')
		return verify_dollar(end, password);
	if (strcasecmp(scheme, "CRYPT") == 0)
		return *end != '_' && verify_crypt(end, password);
	return verify_digest(scheme, end, password);
}

/* More than half of it in a row, as "abcdefgh". */
static bool
is_sequence(const char *s)
{
	size_t len = strlen(s), run = 1;

	for (; s[0] != '\0' && s[1] != '\0'; s++) {
		run = s[1] == s[0] + 1 ? run + 1 : 1;
		if (run > len / 2)
			return true;
	}
	return false;
}

const char *
password_refused(const char *password)
{
	size_t len = strlen(password);

	if (len < 8)
		return "Password must be at least 8 characters long.";
	if (len > 128)
		return "Password must be at most 128 characters long.";
	if (len < 10 || is_sequence(password))
		return "Password is too weak. Add another word or two.";
	return NULL;
}
