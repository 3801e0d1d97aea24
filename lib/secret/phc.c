/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

#include "secret/phc.h"

#include <inttypes.h>
#include <string.h>

#include "core/base64.h"
#include "core/num.h"
#include "core/str.h"

void
phc_free(struct phc *p)
{
	buf_wipe(&p->text);
	buf_wipe(&p->salt);
	buf_wipe(&p->hash);
}

bool
phc_parse(const char *s, const char *extra, struct phc *p)
{
	const char *salt, *hash;
	char *rest;

	*p = (struct phc){ 0 };
	buf_adds(&p->text, s + 1);
	rest = p->text.data;
	while (rest != NULL && p->n < PHC_PARTS)
		p->part[p->n++] = str_cut(&rest, '$');
	if (rest != NULL || p->n < 4)
		return false;
	salt = p->part[p->n - 2];
	hash = p->part[p->n - 1];
	return base64_decode(salt, strlen(salt), extra, &p->salt) &&
	       base64_decode(hash, strlen(hash), extra, &p->hash) &&
	       phc_lengths(&p->salt, &p->hash);
}

bool
phc_lengths(const struct buf *salt, const struct buf *hash)
{
	/* 4 to 64 characters of salt are 3 to 48 bytes. */
	return salt->len >= 3 && salt->len <= 48 && hash->len >= 10 &&
	       hash->len <= 64;
}

static void
phc_tail(const struct phc *p, struct buf *out)
{
	buf_addc(out, '$');
	base64_encode(p->salt.data, p->salt.len, false, out);
	buf_addc(out, '$');
	base64_encode(p->hash.data, p->hash.len, false, out);
}

bool
phc_params(char *text, const char *const *names, size_t n, bool optional,
    int64_t *values)
{
	for (size_t i = 0; i < n; i++) {
		char *item = str_cut(&text, ',');
		size_t len = strlen(names[i]);

		values[i] = -1;
		if (item == NULL)
			return optional && i == n - 1;
		if (strncmp(item, names[i], len) != 0 || item[len] != '=' ||
		    !parse_num(item + len + 1, 0, UINT32_MAX, &values[i], NULL))
			return false;
	}
	return text == NULL;
}

/* RFC 9106 forms; without a version the string is of version 16 (1.0). */
bool
phc_argon2(const char *s, struct buf *out, struct canon *c)
{
	static const char *const names[] = { "m", "t", "p" };
	const char *version;
	int64_t v[3];
	struct phc p;
	bool ok;

	ok = phc_parse(s, "+/", &p) && p.salt.len >= 8 &&
	     (strcmp(p.part[0], "argon2id") == 0 ||
		 strcmp(p.part[0], "argon2i") == 0 ||
		 strcmp(p.part[0], "argon2d") == 0);
	version = p.n == PHC_PARTS ? p.part[1] : "v=16";
	if (ok)
		ok = (strcmp(version, "v=19") == 0 ||
			 strcmp(version, "v=16") == 0) &&
		     phc_params(p.part[p.n - 3], names, 3, false, v) &&
		     v[1] >= 1 && v[2] >= 1 && v[0] >= 8 * v[2];
	if (ok) {
		if (p.n != PHC_PARTS)
			c->note = "the version v=16 written out";
		buf_addf(out, "$%s$%s$m=%" PRId64 ",t=%" PRId64 ",p=%" PRId64,
		    p.part[0], version, v[0], v[1], v[2]);
		phc_tail(&p, out);
	}
	phc_free(&p);
	return ok;
}

void
phc_write_pbkdf2(const char *digest, int64_t iterations, const struct buf *salt,
    const struct buf *hash, struct buf *out)
{
	buf_addf(out, "$pbkdf2-%s$i=%" PRId64 ",l=%zu$", digest, iterations,
	    hash->len);
	base64_encode(salt->data, salt->len, false, out);
	buf_addc(out, '$');
	base64_encode(hash->data, hash->len, false, out);
}

/*
 * passlib writes the iterations bare and "." for "+". The server takes a string
 * without l= to hold 32 bytes.
 */
bool
phc_pbkdf2(const char *s, struct buf *out, struct canon *c)
{
	static const char *const names[] = { "i", "l" };
	char first = s[strlen("$pbkdf2-sha256$")];
	bool passlib = first >= '0' && first <= '9';
	int64_t v[2] = { -1, -1 };
	struct phc p;
	bool ok;

	ok = phc_parse(s, passlib ? "./" : "+/", &p) && p.n == 4;
	if (ok && passlib)
		ok = parse_num(p.part[1], 1, UINT32_MAX, &v[0], NULL);
	else if (ok)
		ok = phc_params(p.part[1], names, 2, true, v) && v[0] >= 1;
	if (ok && v[1] == -1 && !passlib && p.hash.len == 32) {
		buf_addf(out, "$%s$i=%" PRId64, p.part[0], v[0]);
		phc_tail(&p, out);
	} else if (ok) {
		phc_write_pbkdf2(
		    p.part[0] + strlen("pbkdf2-"), v[0], &p.salt, &p.hash, out);
		if (passlib)
			c->note = "passlib's form written as a PHC string";
		else if (v[1] != (int64_t)p.hash.len)
			c->note = "the length l= written out";
	}
	phc_free(&p);
	return ok;
}

/* "pbkdf2_sha256$ITERATIONS$SALT$HASH": the salt is used as text. */
bool
phc_django(const char *s, struct buf *out, struct canon *c)
{
	struct buf text = { 0 }, salt = { 0 }, hash = { 0 };
	char *rest, *number, *word;
	int64_t n;
	bool ok;

	buf_adds(&text, s);
	rest = text.data;
	(void)str_cut(&rest, '$');
	number = str_cut(&rest, '$');
	word = str_cut(&rest, '$');
	ok = rest != NULL && parse_num(number, 1, UINT32_MAX, &n, NULL) &&
	     base64_decode(rest, strlen(rest), "+/", &hash);
	if (ok)
		buf_adds(&salt, word);
	ok = ok && phc_lengths(&salt, &hash);
	if (ok) {
		phc_write_pbkdf2("sha256", n, &salt, &hash, out);
		c->note = "Django's form written as a PHC string";
	}
	buf_wipe(&text);
	buf_wipe(&salt);
	buf_wipe(&hash);
	return ok;
}

bool
phc_scrypt(const char *s, struct buf *out, struct canon *c)
{
	static const char *const names[] = { "ln", "r", "p" };
	int64_t v[3];
	struct phc p;
	bool ok;

	(void)c;
	ok = phc_parse(s, "+/", &p) && p.n == 4 &&
	     strcmp(p.part[0], "scrypt") == 0 &&
	     phc_params(p.part[1], names, 3, false, v) && v[0] >= 1 &&
	     v[0] < 64 && v[1] >= 1 && v[2] >= 1;
	if (ok) {
		buf_addf(out, "$scrypt$ln=%" PRId64 ",r=%" PRId64 ",p=%" PRId64,
		    v[0], v[1], v[2]);
		phc_tail(&p, out);
	}
	phc_free(&p);
	return ok;
}
