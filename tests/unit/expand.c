/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/* Dovecot's variables in a text. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "source/passwd/expand.h"
#include "unit/tap.h"

static void
test_expand(void)
{
	static const struct {
		const char *text, *want;
	} rows[] = {
		{ "/v/%d/%n", "/v/one.test/ann" },
		{ "%u %Lu %Un %%", "ann@one.test ann@one.test ANN %" },
		{ "%{user}%{username}%{domain}", "ann@one.testannone.test" },
		{ "%{user|domain}%{ user | username | upper }", "one.testANN" },
		{ "%{user|upper}", "ANN@ONE.TEST" },
		{ "plain", "plain" },
		{ "%h", NULL },
		{ "%", NULL },
		{ "%L", NULL },
		{ "%{", NULL },
		{ "%{}", NULL },
		{ "%{home}", NULL },
		{ "%{user|home}", NULL },
		{ "%{lower}", NULL },
		{ "%{domain|username}", "one.test" },
	};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct buf b = { 0 };
		bool ok = expand_user(rows[i].text, "ann@one.test", &b);

		SAME(ok ? buf_str(&b) : NULL, rows[i].want, "%s", rows[i].text);
		buf_free(&b);
	}
}

/* The variables of an entry of LDAP, as expand() asks for them. */
static bool
look_up(void *ctx, const char *name, const char **value)
{
	*value = NULL;
	if (strcmp(name, "$") == 0)
		*value = ctx;
	else if (strcmp(name, "ldap:mail") == 0)
		*value = "ann@one.test";
	else if (strcmp(name, "ldap:none") != 0)
		return false;
	return true;
}

static void
escape(void *ctx, const char *value, size_t len, struct buf *out)
{
	(void)ctx;
	for (size_t i = 0; i < len; i++) {
		if (value[i] == '\'')
			buf_addc(out, '\'');
		buf_addc(out, value[i]);
	}
}

/* Each as a running Dovecot 2.4.1 answered for this user. */
static void
test_expand_digests(void)
{
	static const struct {
		const char *text, *want;
	} rows[] = {
		{ "%{user | md5}", "3060afe4d36acb6dcfbbd986154c1afc" },
		{ "%{user | md5 | hexlify}",
		    "3060afe4d36acb6dcfbbd986154c1afc" },
		{ "%{user | md5 | hexlify(4)}", "3060" },
		{ "%{user | md5 | hexlify(40)}",
		    "000000003060afe4d36acb6dcfbbd986154c1afc" },
		{ "%{user | md5 | substr(0,2)}", "3060" },
		{ "%{user | md5 | substr(2)}", "afe4d36acb6dcfbbd986154c1afc" },
		{ "%{user | md5 | substr(-2)}", "1afc" },
		{ "%{user | md5 | substr(0,2) | substr(1,1)}", "60" },
		{ "%{user | md5 | substr(0, 2) | hexlify}", "3060" },
		{ "%{user | md5 | sha1}",
		    "2ffa5eb6b376b22d3681899ed6d7b2efea3088b3" },
		{ "%{user | sha256 | hexlify | substr(0,2)}", "c7" },
		{ "%{user | sha512|substr(0,1)}", "c3" },
		{ "%{user | md5 | hexlify | upper}",
		    "3060AFE4D36ACB6DCFBBD986154C1AFC" },
		{ "%{user | username | md5 | substr(0,1)}/%{user | domain}",
		    "7e/one.test" },
		{ "%{user | substr(0,3)}", "ann" },
		{ "%{user | substr(1,-2)}", "nn@one.te" },
		{ "%{user | username | substr(-1)}", "n" },
		/* The server finds nobody. */
		{ "%{user | substr(50,2)}", NULL },
		{ "%{user | substr(3,50)}", NULL },
		/* Not followed. */
		{ "%{user | md5 | substr}", NULL },
		{ "%{user | md5 | substr(1,2,3)}", NULL },
		{ "%{user | md5 | substr(1x)}", NULL },
		{ "%{user | md5 | hexlify(-1)}", NULL },
	};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct expansion x = { .user = "ann@one.test" };
		struct buf b = { 0 };
		bool ok = expansion_put(&x, rows[i].text, &b);

		SAME(ok ? buf_str(&b) : NULL, rows[i].want, "%s", rows[i].text);
		buf_free(&b);
	}
}

static void
test_expand_more(void)
{
	static const struct {
		const char *text, *want;
		bool missing;
	} rows[] = {
		{ "a = '%u'", "a = 'o''x@one.test'", false },
		{ "%{user | domain} %$", "one.test o''v", false },
		{ "%{ldap:mail|upper}", "ANN@ONE.TEST", false },
		{ "x%{ldap:none}", "x", true },
		{ "%{ldap:none | upper}", "", true },
		{ "%{ldap:none | concat('5')}", "5", false },
		{ "%{ldap:mail | if('eq', ldap:none, '1', '2')}", NULL, false },
		{ "%{user | substr(50) | default(ldap:mail)}", "ann@one.test",
		    false },
		{ "%{user | regexp('n', 'x')}", NULL, false },
		{ "%{user | if('~', 'a|b', '1', '2')}", NULL, false },
		{ "%{ldap:none | default('5')}", "5", false },
		{ "%{ldap:none|default(\"\")}.", ".", false },
		{ "%{ldap:mail|default('5')}", "ann@one.test", false },
		{ "%{ldap:mail|default(5)}", "ann@one.test", false },
		{ "%{ldap:other}", NULL, false },
		{ "%!", NULL, false },
	};
	char value[] = "o'v";

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct expansion x = { .user = "o'x@one.test",
			.lookup = look_up,
			.escape = escape,
			.ctx = value };
		struct buf b = { 0 };
		bool ok = expansion_put(&x, rows[i].text, &b);

		SAME(ok ? buf_str(&b) : NULL, rows[i].want, "%s", rows[i].text);
		OK(x.missing == rows[i].missing, "whether a value is missing");
		buf_free(&b);
	}
}

/* Random expressions and what a running Dovecot 2.4.1 made of each, which is nothing
 * where it found a fault (t/fixtures/real/dovecot-2.4/expressions, by
 * tests/source/expressions24.py). What is not followed is no value, never another
 * one. */
static void
test_recorded(void)
{
	FILE *f = fopen("t/fixtures/real/dovecot-2.4/expressions", "r");
	size_t size = 0, n = 0, not_followed = 0;
	char *line = NULL;

	OK(f != NULL, "the expressions are there");
	while (f != NULL && getline(&line, &size, f) != -1) {
		char *want = strchr(line, '\t');
		struct expansion x = { .user = "ann@one.test",
			.service = "doveadm" };
		struct buf b = { 0 };
		bool ok;

		line[strcspn(line, "\n")] = '\0';
		if (want != NULL)
			*want++ = '\0';
		ok = expansion_put(&x, line, &b);
		not_followed += !ok && want != NULL;
		n++;
		if (ok)
			SAME(buf_str(&b), want, "%s", line);
		buf_free(&b);
	}
	OK(n > 500 && not_followed < n / 20, "%zu of %zu are not followed",
	    not_followed, n);
	free(line);
	if (f != NULL)
		(void)fclose(f);
}

int
main(void)
{
	test_expand();
	test_expand_digests();
	test_expand_more();
	test_recorded();
	TAP_DONE();
}
