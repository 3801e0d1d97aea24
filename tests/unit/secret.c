/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/*
 * lib/secret against what a running server made of 264 secrets
 * (t/fixtures/real/stalwart-secrets.ndjson), and against hashes that other
 * programs made (t/fixtures/secrets.ndjson, by tests/fixtures-gen/secrets).
 */
#include "unit/tap.h"

#include <jansson.h>

#include "core/base64.h"
#include "core/buf.h"
#include "secret/classify.h"
#include "secret/hash.h"
#include "secret/verify.h"

static const char *
member(const json_t *row, const char *name)
{
	return json_string_value(json_object_get(row, name));
}

/* Calls test for each row of a file. */
static void
each_row(const char *path, void (*test)(const json_t *row))
{
	FILE *f = fopen(path, "r");
	size_t n = 0;

	OK(f != NULL, "%s is there", path);
	if (f == NULL)
		return;
	for (;; n++) {
		json_t *row = json_loadf(
		    f, JSON_DISABLE_EOF_CHECK | JSON_REJECT_DUPLICATES, NULL);

		if (row == NULL)
			break;
		test(row);
		json_decref(row);
	}
	(void)fclose(f);
	OK(n > 50, "%zu rows were read", n);
}

/* A verdict by what the server did, and a rewriting that is the row's text. */
static void
test_recorded(const json_t *row)
{
	const char *id = member(row, "id"), *stored = member(row, "secret");
	const char *from = member(row, "rewritten_from");
	bool verified = strcmp(member(row, "server"), "verified") == 0;
	struct secret s = { 0 };

	secret_judge(&s, stored, NULL, "alice@example.org");
	if (verified) {
		OK(s.verdict == SECRET_VERBATIM, "%s: %s: %s is kept (%s)", id,
		    member(row, "note"), s.scheme,
		    s.reason == NULL ? "" : s.reason);
		SAME(buf_str(&s.text), stored, "as it is");
		OK(secret_match(stored, NULL, NULL, member(row, "clear")) ==
			SECRET_MATCHES,
		    "and its password matches");
	} else {
		OK(s.verdict == SECRET_TRANSCODED ||
			s.verdict == SECRET_UNUSABLE,
		    "%s: %s: %s is not sent as it is", id, member(row, "note"),
		    s.scheme);
		OK(s.reason != NULL, "and says why: %s", s.reason);
	}
	if (from != NULL && verified) {
		secret_judge(&s, from, NULL, "alice@example.org");
		OK(s.verdict == SECRET_TRANSCODED, "%s: rewritten", id);
		SAME(buf_str(&s.text), stored, "into the text that verified");
	} else if (from != NULL && strcmp(from, stored) != 0) {
		secret_judge(&s, from, NULL, "alice@example.org");
		OK(s.verdict == SECRET_UNUSABLE,
		    "%s: no rewriting of it verifies", id);
	}
	secret_free(&s);
}

/* What is rewritten is in turn kept as it is, and is the same password. */
static void
test_made(const json_t *row)
{
	const char *stored = member(row, "secret"),
		   *scheme = member(row, "default_scheme"),
		   *user = member(row, "user"), *clear = member(row, "clear"),
		   *want = member(row, "verdict"),
		   *match = member(row, "match");
	struct secret s = { 0 }, again = { 0 };

	secret_judge(&s, stored, scheme, "alice@example.org");
	SAME(verdict_name(s.verdict), want, "%s: %s", member(row, "made_by"),
	    member(row, "note"));
	if (match == NULL || strcmp(match, "unchecked") != 0) {
		OK(secret_match(stored, scheme, user, clear) == SECRET_MATCHES,
		    "its password matches");
		OK(secret_match(stored, scheme, user, "Another one 7!") ==
			SECRET_WRONG,
		    "another is wrong");
	} else {
		OK(secret_match(stored, scheme, user, clear) ==
			SECRET_UNCHECKED,
		    "cannot be checked");
	}
	if (s.verdict != SECRET_UNUSABLE) {
		secret_judge(&again, buf_str(&s.text), NULL, NULL);
		OK(again.verdict == SECRET_VERBATIM, "what is sent is kept");
		OK(secret_match(buf_str(&s.text), NULL, NULL, clear) ==
			SECRET_MATCHES,
		    "and is the same password");
	}
	secret_free(&s);
	secret_free(&again);
}

static void
test_by_hand(void)
{
	static const struct {
		const char *stored, *scheme;
		enum verdict verdict;
		const char *name;
		const char *text; /* NULL: not compared */
	} cases[] = { { NULL, NULL, SECRET_NONE, "", "" },
		{ "", NULL, SECRET_UNUSABLE, "CRYPT", "" },
		{ "{SHA512-CRYPT}garbage", NULL, SECRET_UNUSABLE,
		    "SHA512-CRYPT", "" },
		{ "!", NULL, SECRET_UNUSABLE, "LOCKED", "" },
		{ "SUSPENDED", NULL, SECRET_UNUSABLE, "LOCKED", "" },
		{ "*LOCKED*$2b$", NULL, SECRET_UNUSABLE, "LOCKED", "" },
		{ "{SASL}a@b", NULL, SECRET_UNUSABLE, "SASL", "" },
		{ "{FOO}x", NULL, SECRET_UNUSABLE, "UNKNOWN", "" },
		{ "{}x", NULL, SECRET_UNUSABLE, "UNKNOWN", "" },
		{ "{nobrace", NULL, SECRET_UNUSABLE, "CRYPT", "" },
		{ "secret", "PLAIN", SECRET_TRANSCODED, "PLAIN", NULL },
		{ "{PLAIN}", NULL, SECRET_UNUSABLE, "PLAIN", "" },
		{ "{PLAIN}app1abcdefghijklmnopqrstuv", NULL, SECRET_UNUSABLE,
		    "PLAIN", "" },
		{ "{PLAIN-TRUNC}8-short", NULL, SECRET_TRANSCODED,
		    "PLAIN-TRUNC", NULL },
		{ "{PLAIN-TRUNC}5-short", NULL, SECRET_UNUSABLE, "PLAIN-TRUNC",
		    "" },
		{ "b84081b4d023fde28d6b30cf2e29d4ff", "PLAIN-MD5",
		    SECRET_TRANSCODED, "PLAIN-MD5",
		    "{MD5}uECBtNAj/eKNazDPLinU/w==" },
		{ "b84081b4d023fde28d6b30cf2e29d4ff", "MD5", SECRET_TRANSCODED,
		    "MD5", "{MD5}uECBtNAj/eKNazDPLinU/w==" },
		{ "b84081b4d023fde28d6b30cf2e29d4ff", NULL, SECRET_UNUSABLE,
		    "CRYPT", "" },
		{ "{MD5}$1$12345678$1Q3fU0rHsUBtuk8PHuokx0", NULL,
		    SECRET_TRANSCODED, "MD5-CRYPT",
		    "$1$12345678$1Q3fU0rHsUBtuk8PHuokx0" },
		{ "$1$12345678$1Q3fU0rHsUBtuk8PHuokx0$junk", "PLAIN",
		    SECRET_TRANSCODED, "MD5-CRYPT",
		    "$1$12345678$1Q3fU0rHsUBtuk8PHuokx0" },
		{ "{CRYPT}$6$rounds=05000$abcdefgh$"
		  "/XCiCfTM0UGraA4Ts4u/apdyzqmUv7c1jaAAFEpP3KKxX4",
		    NULL, SECRET_UNUSABLE, "SHA512-CRYPT", "" },
		{ "$2x$05$iCzryUkAB5q8aLa3tPhtB."
		  "jjbAPF8Sko1w9a1eyCU5t2AS3MUTBzW",
		    NULL, SECRET_UNUSABLE, "BLF-CRYPT", "" },
		{ "{CRYPT}EU6UIir8aS.LU", "PLAIN", SECRET_VERBATIM, "DES-CRYPT",
		    "{CRYPT}EU6UIir8aS.LU" },
		{ "EU6UIir8aS.LU", NULL, SECRET_TRANSCODED, "DES-CRYPT",
		    "{CRYPT}EU6UIir8aS.LU" } };
	struct secret s = { 0 };

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		const char *stored = cases[i].stored;

		secret_judge(&s, stored, cases[i].scheme, "a@b");
		SAME(verdict_name(s.verdict), verdict_name(cases[i].verdict),
		    "%s", stored == NULL ? "none" : stored);
		SAME(s.scheme, cases[i].name, "its scheme");
		if (cases[i].text != NULL)
			SAME(buf_str(&s.text), cases[i].text, "its text");
	}
	secret_free(&s);
}

static void
test_own(void)
{
	struct secret a = { 0 }, b = { 0 };
	char one[TEMPORARY_LEN + 1], two[TEMPORARY_LEN + 1];

	secret_judge(&a, "{PLAIN}Some pass 7", NULL, "a@b.test");
	secret_judge(&b, "{CLEARTEXT}Some pass 7", NULL, "a@b.test");
	SAME(buf_str(&a.text), buf_str(&b.text),
	    "a clear password is hashed in the same way each time");
	OK(secret_match(buf_str(&a.text), NULL, NULL, "Some pass 7") ==
		SECRET_MATCHES,
	    "and matches");
	secret_judge(&b, "{PLAIN}Some pass 7", NULL, "b@b.test");
	OK(strcmp(buf_str(&a.text), buf_str(&b.text)) != 0,
	    "with a salt of its own for each account");
	secret_judge(&b, "{PLAIN}Other pass 8", NULL, "a@b.test");
	OK(strncmp(buf_str(&a.text), buf_str(&b.text), 20) == 0,
	    "that tells nothing about the password");
	secret_free(&a);
	secret_free(&b);
	OK(secret_temporary(one, NULL) == 0 && secret_temporary(two, NULL) == 0,
	    "temporary passwords");
	OK(strlen(one) == TEMPORARY_LEN && strcmp(one, two) != 0,
	    "differ from each other");
}

static void
test_base64(void)
{
	static const struct {
		const char *text, *extra;
		const char *bytes; /* NULL: refused */
	} cases[] = { { "", "+/", "" }, { "TQ==", "+/", "M" },
		{ "TQ", "+/", "M" }, { "TWE=", "+/", "Ma" },
		{ "TWFu", "+/", "Man" }, { "TWFuTQ", "+/", "ManM" },
		{ "T", "+/", NULL }, { "TQ=", "+/", NULL },
		{ "TWE==", "+/", NULL }, { "TQ==TQ==", "+/", NULL },
		{ "TW u", "+/", NULL }, { "TW\nu", "+/", NULL },
		{ "TW-u", "+/", NULL }, { "====", "+/", NULL },
		{ "Pj4+", "+/", ">>>" }, { "Pj4.", "./", ">>>" },
		{ "Pj4.", "+/", NULL } };
	struct buf b = { 0 };

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		bool ok;

		buf_reset(&b);
		ok = base64_decode(
		    cases[i].text, strlen(cases[i].text), cases[i].extra, &b);
		OK(ok == (cases[i].bytes != NULL), "base64 '%s'",
		    cases[i].text);
		if (cases[i].bytes != NULL)
			SAME(buf_str(&b), cases[i].bytes, "its bytes");
	}
	buf_free(&b);
}

int
main(void)
{
	each_row("t/fixtures/real/stalwart-secrets.ndjson", test_recorded);
	each_row("t/fixtures/secrets.ndjson", test_made);
	test_by_hand();
	test_own();
	test_base64();
	TAP_DONE();
}
