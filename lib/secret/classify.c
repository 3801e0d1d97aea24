/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/* secret_judge: each family of schemes makes the text that the server verifies;
 * if that is the stored text, it goes verbatim. */
#include "secret/classify.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "core/alloc.h"
#include "core/base64.h"
#include "core/num.h"
#include "core/str.h"
#include "secret/hash.h"
#include "secret/phc.h"
#include "secret/scheme.h"
#include "secret/transcode.h"

const char *
verdict_name(enum verdict v)
{
	switch (v) {
	case SECRET_NONE:
		return "none";
	case SECRET_VERBATIM:
		return "verbatim";
	case SECRET_TRANSCODED:
		return "transcoded";
	case SECRET_UNUSABLE:
		return "unusable";
	}
	return "unknown";
}

void
secret_free(struct secret *s)
{
	buf_wipe(&s->text);
	*s = (struct secret){ 0 };
}

static const char damaged[] = "the hash is not complete, or damaged";

static bool
refuse(struct secret *s, const char *reason)
{
	s->reason = reason;
	return false;
}

static void
set_scheme(struct secret *s, const char *name)
{
	size_t len = strnlen(name, sizeof s->scheme - 1);

	memcpy(s->scheme, name, len);
	s->scheme[len] = '\0';
}

/* "{TAG}", in the spelling of the stored text where that has the same tag. */
static void
add_tag(struct secret *s, const struct parsed *p, const char *tag)
{
	buf_addc(&s->text, '{');
	if (p->tag != NULL && p->tag_len == strlen(tag) &&
	    p->encoding == ENC_DEFAULT &&
	    strncasecmp(p->tag, tag, p->tag_len) == 0)
		buf_add(&s->text, p->tag, p->tag_len);
	else
		buf_adds(&s->text, tag);
	buf_addc(&s->text, '}');
}

/*
 * A string of crypt(3) or PHC. The server's own tag stays in front of it
 * where it was there and nothing else is changed, so that the text is the
 * stored one; DES needs the tag.
 */
static bool
judge_hash(struct secret *s, const struct parsed *p, const char *hash)
{
	bool keep_tag = p->tag != NULL && p->encoding == ENC_DEFAULT &&
			p->scheme->tag != NULL &&
			p->scheme->family != FAMILY_MD5;
	struct canon c;
	size_t start;

	if (keep_tag)
		add_tag(s, p, p->scheme->tag);
	start = s->text.len;
	if (!canon_hash(hash, &s->text, &c)) {
		if (c.name != NULL)
			set_scheme(s, c.name);
		return refuse(s, c.reason);
	}
	set_scheme(s, c.name);
	s->reason = c.note;
	if (strcmp(c.name, "DES-CRYPT") == 0) {
		buf_reset(&s->text);
		add_tag(s, p, "CRYPT");
		buf_adds(&s->text, hash);
	} else if (keep_tag && c.note != NULL) {
		/* A rewritten string is sent bare. */
		size_t len = s->text.len - start;

		memmove(s->text.data, s->text.data + start, len + 1);
		s->text.len = len;
	}
	return true;
}

static bool
judge_digest(struct secret *s, const struct parsed *p)
{
	struct buf raw = { 0 };
	bool ok;

	if (p->scheme->tag == NULL)
		return refuse(s, p->scheme->reason);
	ok = scheme_raw(p, &raw);
	if (ok) {
		add_tag(s, p, p->scheme->tag);
		base64_encode(raw.data, raw.len, true, &s->text);
	} else {
		refuse(s, damaged);
	}
	buf_wipe(&raw);
	return ok;
}

/* Dovecot's {MD5} is md5crypt or a digest; so is Courier's and OpenLDAP's, the
 * digest only. */
static bool
judge_crypt(struct secret *s, const struct parsed *p)
{
	bool md5 = p->scheme->family == FAMILY_MD5;
	struct buf text = { 0 };
	bool ok, decoded;

	if (p->encoding == ENC_DEFAULT && !md5)
		return judge_hash(s, p, p->body);
	decoded = scheme_text(p, &text);
	if (md5 && !(decoded && str_starts(buf_str(&text), "$1$")))
		ok = judge_digest(s, p);
	else if (decoded)
		ok = judge_hash(s, p, buf_str(&text));
	else
		ok = refuse(s, "damaged hex or base64");
	buf_wipe(&text);
	return ok;
}

static bool
judge_pbkdf2_ldap(struct secret *s, const struct parsed *p)
{
	struct pbkdf2_ldap h = { 0 };
	bool ok = pbkdf2_ldap_parse(p->body, &h);

	if (ok) {
		phc_write_pbkdf2(strcmp(p->scheme->digest, "SHA256") == 0
				     ? "sha256"
				     : "sha512",
		    h.iterations, &h.salt, &h.hash, &s->text);
		s->reason = "written as a PHC string";
	}
	pbkdf2_ldap_free(&h);
	return ok || refuse(s, damaged);
}

/* {PBKDF2} has four meanings: Dovecot's own, OpenLDAP's (both SHA-1), and a
 * string of passlib or PHC after the tag. */
static bool
judge_pbkdf2(struct secret *s, const struct parsed *p)
{
	if (str_starts(p->body, "$pbkdf2"))
		return judge_hash(s, p, p->body);
	if (p->scheme->digest != NULL)
		return judge_pbkdf2_ldap(s, p);
	return refuse(s, "the server does not verify PBKDF2 with SHA-1");
}

/*
 * The server takes a login password of this form for an app password: "app",
 * one character, 22 characters of base32
 * (crates/common/src/auth/credential.rs).
 */
static bool
looks_like_app_password(const char *password)
{
	return strlen(password) == 26 && str_starts(password, "app") &&
	       strspn(password + 4, "abcdefghijklmnopqrstuvwxyz"
				    "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567") == 22;
}

static bool
judge_clear(struct secret *s, const char *password, const char *salt_seed)
{
	struct why why = { 0 };

	if (*password == '\0')
		return refuse(s, "the clear password is empty");
	if (looks_like_app_password(password))
		return refuse(s,
		    "the server takes a password of this form for an app "
		    "password");
	if (secret_hash(password, salt_seed == NULL ? "" : salt_seed, &s->text,
		&why) == -1)
		return refuse(s, "the clear password cannot be hashed");
	s->reason = "the clear password hashed";
	return true;
}

/* The stored text is the whole password only if it is shorter than the length
 * that it may have been cut to. */
static bool
judge_trunc(struct secret *s, const char *text, const char *salt_seed)
{
	size_t digits = strspn(text, "0123456789");
	int64_t max;
	char *number;
	bool ok;

	if (digits == 0 || text[digits] != '-')
		return refuse(s, "not of the form LENGTH-PASSWORD");
	number = xmemdup(text, digits);
	ok = parse_num(number, 1, INT64_MAX, &max, NULL);
	free(number);
	text += digits + 1;
	if (!ok || (int64_t)strlen(text) >= max)
		return refuse(s, "the stored password may have been cut off");
	return judge_clear(s, text, salt_seed);
}

static bool
judge_text(struct secret *s, const struct parsed *p, const char *salt_seed)
{
	struct buf text = { 0 };
	bool ok;

	if (!scheme_text(p, &text))
		ok = refuse(s, "damaged hex or base64");
	else if (p->scheme->family == FAMILY_TRUNC)
		ok = judge_trunc(s, buf_str(&text), salt_seed);
	else
		ok = judge_clear(s, buf_str(&text), salt_seed);
	buf_wipe(&text);
	return ok;
}

static bool
judge_family(struct secret *s, const struct parsed *p, const char *salt_seed)
{
	switch (p->scheme->family) {
	case FAMILY_CRYPT:
	case FAMILY_METHOD:
	case FAMILY_MD5:
	case FAMILY_PHC:
		return judge_crypt(s, p);
	case FAMILY_DIGEST:
	case FAMILY_SALTED:
		return judge_digest(s, p);
	case FAMILY_PBKDF2:
		return judge_pbkdf2(s, p);
	case FAMILY_CLEAR:
	case FAMILY_TRUNC:
		return judge_text(s, p, salt_seed);
	case FAMILY_OTHER:
		break;
	}
	return refuse(s, p->scheme->reason);
}

/* What was done to a text that is not sent as it was stored. */
static const char *
rewriting(const struct parsed *p)
{
	if (p->tag == NULL)
		return "given the tag that the server knows";
	if (p->encoding != ENC_DEFAULT)
		return "decoded, and written in the form that the server knows";
	if (p->scheme->family == FAMILY_DIGEST ||
	    p->scheme->family == FAMILY_SALTED ||
	    p->scheme->family == FAMILY_MD5)
		return "tag or encoding written as the server knows it";
	return "the tag taken off";
}

void
secret_judge(struct secret *s, const char *stored, const char *default_scheme,
    const char *salt_seed)
{
	struct parsed p;

	buf_reset(&s->text);
	s->reason = NULL;
	*s->scheme = '\0';
	if (stored == NULL) {
		s->verdict = SECRET_NONE;
		return;
	}
	s->verdict = SECRET_UNUSABLE;
	scheme_parse(stored, default_scheme, &p);
	if (p.scheme == NULL) {
		set_scheme(s, "UNKNOWN");
		refuse(s, "nobody knows the scheme in the tag");
		return;
	}
	set_scheme(s, p.scheme->name);
	if (!judge_family(s, &p, salt_seed)) {
		buf_reset(&s->text);
		return;
	}
	if (strcmp(buf_str(&s->text), stored) == 0) {
		s->verdict = SECRET_VERBATIM;
		s->reason = NULL;
	} else {
		s->verdict = SECRET_TRANSCODED;
		if (s->reason == NULL)
			s->reason = rewriting(&p);
	}
}
