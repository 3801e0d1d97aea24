/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/* Field maps: the language, its errors, and what becomes of rows. */
#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"
#include "core/str.h"
#include "record/member.h"
#include "source/fieldmap/fieldmap.h"
#include "source/fieldmap/file.h"
#include "source/fieldmap/parse.h"
#include "source/fieldmap/row.h"
#include "sql/sql.h"
#include "unit/tap.h"

/* --- the reader --- */

static void
test_errors(void)
{
	static const struct {
		const char *map, *error;
	} rows[] = {
		{ "", "m:1: there are no sections" },
		{ "# nothing\n\n", "m:1: there are no sections" },
		{ "address = a\n", "m:1: a line before the first [section]" },
		{ "[accounts]\n", "m:1: no section is named [accounts]" },
		{ "[account\n", "m:1: not of the form [section]" },
		{ "[account] x\n", "m:1: not of the form [section]" },
		{ "\n[account]\naddress = a\n",
		    "m:2: [account] has no table, query or filter" },
		{ "[account]\ntable = t\n", "m:1: [account] has no address" },
		{ "[account]\ntable = t\n\n[note]\ntable = t\n",
		    "m:1: [account] has no address" },
		{ "[alias]\ntable = t\naddress = a\n",
		    "m:1: [alias] has no targets" },
		{ "[note]\ntable = t\n", "m:1: [note] has no note" },
		{ "[account]\ntable = t\nfilter = (a=b)\n",
		    "m:3: a section has one table, query or filter" },
		{ "[account]\ntable =\n", "m:2: table is empty" },
		{ "[account]\ntable = t\nadress = a\n",
		    "m:3: no member is named \"adress\"" },
		{ "[account]\ntable = t\ntargets = a\n",
		    "m:3: a section [account] has no targets" },
		{ "[account]\ntable = t\naddress\n",
		    "m:3: not of the form \"name = value\"" },
		{ "[account]\ntable = t\naddress =\n",
		    "m:3: a column or a text in quotes is missing" },
		{ "[account]\ntable = t\naddress = \"a\n",
		    "m:3: a column or a text in quotes is missing" },
		{ "[account]\ntable = t\naddress = a b\n",
		    "m:3: too much after the value: only \"if\" and \"and\" "
		    "may follow" },
		{ "[account]\ntable = t\naddress = a | upper\n",
		    "m:3: no transform is named \"upper\"" },
		{ "[account]\ntable = t\naddress = a |\n",
		    "m:3: a transform is missing after \"|\"" },
		{ "[account]\ntable = t\naddress = \"{a|x}\"\n",
		    "m:3: no transform is named \"x\"" },
		{ "[account]\ntable = t\n"
		  "address = a|lower|lower|lower|lower|lower\n",
		    "m:3: more than 4 transforms" },
		{ "[account]\ntable = t\naddress = \"{a\"\n",
		    "m:3: a \"{\" without its \"}\"" },
		{ "[account]\ntable = t\naddress = \"{}\"\n",
		    "m:3: not the name of a column: " },
		{ "[account]\ntable = t\naddress = a*\n",
		    "m:3: not the name of a column: a*" },
		{ "[account]\ntable = t\naddress = a if\n",
		    "m:3: a column is missing in the condition" },
		{ "[account]\ntable = t\naddress = a if b =\n",
		    "m:3: a value is missing in the condition" },
		{ "[account]\ntable = t\naddress = a if b = c or d\n",
		    "m:3: too much after the value: only \"if\" and \"and\" "
		    "may follow" },
		{ "[account]\ntable = t\naddress = a if b ! c\n",
		    "m:3: not understood: ! c" },
		{ "[account]\ntable = t\naddress = $target\n",
		    "m:3: $target may only follow \"if\"" },
		{ "[account]\ntable = t\naddress = a if $target = b\n",
		    "m:3: $target is for drop, fail and note" },
		{ "[alias]\ntable = t\naddress = a\n"
		  "targets = \"{$target}\"\n",
		    "m:4: $target cannot be a part of a text" },
		{ "[alias]\ntable = t\naddress = a\n"
		  "drop = \"x\" if not $target\n",
		    "m:4: $target is neither yes nor no: compare it with "
		    "\"=\"" },
		{ "[domain]\ntable = t\ndomain = a\n"
		  "drop = \"x\" if $target = b\n",
		    "m:4: there are no targets in a section [domain]" },
		{ "[account]\ntable = t\naddress = a\ndrop = \"x\"\n",
		    "m:4: drop needs a condition" },
		{ "[account]\ntable = t\naddress = a\ndrop = b if c\n",
		    "m:4: drop needs a text without columns" },
		{ "[account]\ntable = t\naddress = a\ndrop = \"{b}\" if c\n",
		    "m:4: drop needs a text without columns" },
		{ "[account]\ntable = t\naddress = a\nweak = yes\n",
		    "m:4: weak is yes or no, in an [alias]" },
		{ "[account]\nquery = SELECT 1\n FROM t\n\t  WHERE 1\n"
		  "address = a\nuid =\n",
		    "m:6: a column or a text in quotes is missing" },
	};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct fieldmap map = { 0 };
		struct why why = { 0 };
		char *text = xstrdup(rows[i].map);

		OK(fieldmap_parse(&map, "m", text, &why) == -1, "refused");
		SAME(why.text, rows[i].error, "the error names the line");
		OK(why.kind == FAIL_FATAL, "nothing is read");
		fieldmap_free(&map);
		free(text);
	}
}

static void
test_reader(void)
{
	char text[] = "\xef\xbb\xbf";
	char good[] = "# comment\r\n"
		      "  \n"
		      "[account]\r\n"
		      "query = SELECT a, b\r\n"
		      "	FROM t\r\n"
		      "needs =  t   u \n"
		      "address = A\n"
		      "name = b?\n"
		      "logins = a?\n"
		      "[alias]\n"
		      "filter = (mail=*)\n"
		      "address = mail\n"
		      "targets = maildrop\n"
		      "weak = yes";
	struct fieldmap map = { 0 };
	const struct fieldmap_section *s;
	struct why why = { 0 };

	OK(fieldmap_parse(&map, "m", good, &why) == 0, "a map: %s", why.text);
	s = fieldmap_next(&map, FIELDMAP_ACCOUNT, NULL);
	SAME(s->query, "SELECT a, b  \tFROM t", "a query of two lines");
	OK(s->needs.n == 2 && strcmp(s->needs.v[1], "u") == 0, "needs");
	OK(s->ncolumns == 2, "a column is one whatever its case");
	OK(s->columns[0].required && !s->columns[1].required,
	    "a column is required unless each use says that it is not");
	OK(fieldmap_next(&map, FIELDMAP_ACCOUNT, s) == NULL, "one of a kind");
	s = fieldmap_next(&map, FIELDMAP_ALIAS, NULL);
	SAME(s->filter, "(mail=*)", "a filter");
	OK(s->weak, "weak, on a last line without an end");
	fieldmap_free(&map);
	OK(fieldmap_parse(&map, "m", text, &why) == -1, "not a map");
	fieldmap_free(&map);
	(void)setenv("MAILFERRY_SHARE", "/own/share", 1);
	OK(fieldmap_read(&map, "no-such-map", &why) == -1, "no such map");
	OK(str_starts(why.text,
	       "no field map \"no-such-map\" in /own/share/fieldmap, "),
	    "says where it looked: %s", why.text);
	OK(strstr(why.text, FERRY_SHAREDIR "/fieldmap; give a path") != NULL,
	    "and what to do: %s", why.text);
	fieldmap_free(&map);
}

/* --- rows --- */

/* The cells of "name=value;name=value;...", several values of one name being
 * several pairs. A "~" is the end of a line. */
static void
set_cells(const struct fieldmap_section *s, char *row, struct strs *cells)
{
	char *pair;

	while ((pair = str_cut(&row, ';')) != NULL) {
		char *value = pair, *name = str_cut(&value, '=');

		for (char *p = value; p != NULL && *p != '\0'; p++)
			if (*p == '~')
				*p = '\n';
		for (size_t i = 0; i < s->ncolumns && value != NULL; i++)
			if (str_eq_nocase(s->columns[i].name, name))
				strs_add(&cells[i], value);
	}
}

static void
add_row(struct rows *m, const struct fieldmap_section *s, const char *text)
{
	struct strs *cells = xcalloc(s->ncolumns + 1, sizeof *cells);
	char *row = xstrdup(text);

	m->emit->at.line++;
	set_cells(s, row, cells);
	rows_add(m, s, cells);
	for (size_t i = 0; i < s->ncolumns; i++)
		free(cells[i].v);
	free(cells);
	free(row);
}

/* What a map makes of rows, one for each section, or all for the last one.
 * The records, and the number of rows that failed. */
static char *
records(const char *map_text, const char *const *rows, size_t *failed)
{
	struct fieldmap map = { 0 };
	struct tally tally = { 0 };
	struct emit e;
	struct rows m;
	struct why why = { 0 };
	char *text = xstrdup(map_text), *out;

	emit_init(&e, "test", &tally);
	emit_file(&e, "t");
	if (fieldmap_parse(&map, "m", text, &why) == -1)
		OK(false, "the map is good: %s", why.text);
	rows_init(&m, &e, "bare.test", NULL);
	for (int kind = 0; kind <= FIELDMAP_NOTE; kind++) {
		const struct fieldmap_section *s = NULL;

		while ((s = fieldmap_next(&map, (enum fieldmap_kind)kind, s)) !=
		       NULL)
			for (size_t i = 0; rows[i] != NULL; i++)
				if (map.nsections == 1 ||
				    i == (size_t)(s - map.sections))
					add_row(&m, s, rows[i]);
		rows_end_kind(&m, (enum fieldmap_kind)kind);
	}
	out = xstrdup(buf_str(&e.out));
	if (failed != NULL)
		*failed = tally.failed;
	rows_free(&m);
	emit_free(&e);
	fieldmap_free(&map);
	free(text);
	return out;
}

/* One row of accounts: what stands in its record for a member; NULL where the
 * record or the member is not there. */
static char *
member(const char *lines, const char *row, const char *name)
{
	char *map = xasprintf("[account]\ntable = t\naddress = a\n%s\n", lines),
	     *full = xasprintf("a=x@x.test;%s", row),
	     *key = xasprintf("\"%s\":", name), *out, *at, *result = NULL;
	const char *rows[] = { full, NULL };

	out = records(map, rows, NULL);
	at = strstr(out, "\"account\"");
	at = at == NULL ? NULL : strstr(at, key);
	if (at != NULL) {
		size_t len;

		at += strlen(key);
		len = *at == '['   ? strcspn(at, "]") + 1
		      : *at == '"' ? strcspn(at + 1, "\"") + 2
				   : strcspn(at, ",}");
		result = xmemdup(at, len);
	}
	free(out);
	free(key);
	free(full);
	free(map);
	return result;
}

struct member_row {
	const char *lines, *row, *name, *want;
};

static void
check_members(const struct member_row *rows, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		char *got = member(rows[i].lines, rows[i].row, rows[i].name);

		SAME(got, rows[i].want, "%s | %s", rows[i].lines, rows[i].row);
		free(got);
	}
}
#define CHECK_MEMBERS(rows) check_members((rows), sizeof(rows) / sizeof *(rows))

/* The units of all systems that have a map. */
static void
test_quota(void)
{
	static const struct member_row rows[] = {
		/* bytes: mailcow, PostfixAdmin, Mailu, iRedMail LDAP, qmail */
		{ "quota = q", "q=3221225472", "quota", "3221225472" },
		{ "quota = q", "q=1024000000", "quota", "1024000000" },
		{ "quota = q", "q=0", "quota", NULL },
		/* ISPConfig, PostfixAdmin: none at all */
		{ "quota = q", "q=-1", "quota", NULL },
		{ "quota = q", "q=", "quota", NULL },
		{ "quota = q", "", "quota", NULL },
		/* MB: iRedMail SQL, Modoboa, Froxlor, GOsa */
		{ "quota = q | MiB", "q=1024", "quota", "1073741824" },
		{ "quota = q | MiB", "q=0", "quota", NULL },
		{ "quota = q | MiB", "q=-1", "quota", NULL },
		/* KB: PostfixBook, Mandriva */
		{ "quota = q | KiB", "q=10240", "quota", "10485760" },
		{ "quota = q | GiB", "q=2", "quota", "2147483648" },
		/* text: Mail-in-a-Box, YunoHost */
		{ "quota = q", "q=2G", "quota", "2147483648" },
		{ "quota = q", "q=500M", "quota", "524288000" },
		{ "quota = q | KiB", "q=500M", "quota", "524288000" },
		/* the row is refused */
		{ "quota = q", "q=lots", "address", NULL },
		{ "quota = q", "q=1.5G", "address", NULL },
		{ "quota = q", "q=99999999999999999999", "address", NULL },
		{ "quota = q | MiB", "q=9223372036854775807", "address", NULL },
		/* of the domain, where the account has none of its own */
		{ "quota = q | MiB if not own\nquota = d", "own=1;q=5;d=7",
		    "quota", "7" },
		{ "quota = q | MiB if not own\nquota = d", "own=0;q=5;d=7",
		    "quota", "5242880" },
	};

	CHECK_MEMBERS(rows);
}

static void
test_flags(void)
{
	static const char *const yes[] = { "1", "t", "y", "Y", "true", "TRUE",
		"yes", "on", "active", "enabled", "OK", "Ok" };
	static const char *const no[] = { "0", "f", "n", "N", "false", "FALSE",
		"no", "off", "inactive", "disabled", "Disabled" };
	static const struct member_row rows[] = {
		{ "active = f", "f=2", "address", NULL },
		{ "active = f", "f=SUSPENDED", "address", NULL },
		{ "active = f", "f=", "active", "true" },
		{ "active = f", "", "active", "true" },
		{ "active = f | not", "f=0", "active", "true" },
		{ "active = f | not", "f=y", "active", "false" },
		{ "active = f | not", "f=maybe", "address", NULL },
		/* mailcow: 2 is mail without login */
		{ "active = \"no\" if f = 2\nactive = f", "f=2", "active",
		    "false" },
		{ "receive = \"yes\" if f = 2\nreceive = f", "f=2", "receive",
		    "true" },
		{ "receive = \"yes\" if f = 2\nreceive = f", "f=0", "receive",
		    "false" },
		/* qmail: noaccess is mail without login */
		{ "active = \"no\" if s != active", "s=noaccess", "active",
		    "false" },
		{ "active = \"no\" if s != active", "s=Active", "active",
		    "true" },
		/* true by being there */
		{ "active = \"no\" if nologin = \"?*\"", "nologin=no", "active",
		    "false" },
		{ "active = \"no\" if nologin? = \"?*\"", "", "active",
		    "true" },
		/* two flags */
		{ "active = \"no\" if imap and not post", "imap=y;post=n",
		    "active", "false" },
		{ "active = \"no\" if imap and not post", "imap=y;post=y",
		    "active", "true" },
		/* locked */
		{ "secret = s", "s=!$6$a$b", "active", "false" },
		{ "secret = s", "s={CRYPT}*", "active", "false" },
		{ "secret = s\nactive = f", "s=*;f=1", "active", "false" },
		/* times */
		{ "until = u", "u=2001-01-01 00:00:00", "active", "false" },
		{ "until = u", "u=2001-01-01", "receive", "false" },
		{ "until = u", "u=9999-12-31 01:01:01", "active", "true" },
		{ "until = u", "u=20010101000000Z", "active", "false" },
		{ "until = u", "u=1000000000", "active", "false" },
		{ "until = u", "u=99999999999", "active", "true" },
		{ "until = u", "u=0", "active", "true" },
		{ "until = u", "u=0000-00-00 00:00:00", "active", "true" },
		{ "until = u", "u=infinity", "active", "true" },
		{ "until = u", "u=-infinity", "active", "false" },
		{ "until = u", "u=10000-01-01 00:00:00", "active", "true" },
		{ "until = u", "u=soon", "address", NULL },
		{ "until = u | days", "u=11000", "active", "false" },
		{ "until = u | days", "u=99999", "active", "true" },
		{ "until = u if not forever", "u=1;forever=1", "active",
		    "true" },
	};

	for (size_t i = 0; i < sizeof yes / sizeof *yes; i++)
		OK(fieldmap_flag(yes[i]) == 1, "%s is yes", yes[i]);
	for (size_t i = 0; i < sizeof no / sizeof *no; i++)
		OK(fieldmap_flag(no[i]) == 0, "%s is no", no[i]);
	OK(fieldmap_flag("2") == -1 && fieldmap_flag("") == -1, "neither");
	CHECK_MEMBERS(rows);
}

static void
test_values(void)
{
	static const struct member_row rows[] = {
		{ "name = \"{f} {l}\"\nname = l", "f=Ann;l=Lee", "name",
		    "\"Ann Lee\"" },
		{ "name = \"{f} {l}\"\nname = l", "l=Lee", "name", "\"Lee\"" },
		{ "name = \"{f} {l}\"\nname = l", "f=;l=Lee", "name",
		    "\"Lee\"" },
		{ "name = \"{f} {l}\"\nname = l", "f=Ann", "name", NULL },
		{ "home = \"{p?}{a|domain}/{a|local}/\"", "p=/v/", "home",
		    "\"/v/x.test/x/\"" },
		{ "home = \"{b}/{m}\" | lower", "b=/V;m=X/Y", "home",
		    "\"/v/x/y\"" },
		{ "mail = \"maildir:~/{f}\"", "f=Mail", "mail",
		    "\"maildir:~/Mail\"" },
		{ "name = \"a\\\"b\\\\c\\{d}\"", "", "name",
		    "\"a\\\"" }, /* member() ends at the quote */
		{ "uid = u\ngid = g", "u=5000;g=8", "uid", "5000" },
		{ "uid = u\ngid = g", "u=vmail;g=8", "uid", NULL },
		{ "uid = u\ngid = g", "u=vmail;g=8", "gid", "8" },
		{ "otp = o", "o=otpauth://totp/x?secret=A", "otp",
		    "\"otpauth://totp/x?secret=A\"" },
		/* passwords */
		{ "secret = s", "s={SSHA}abc", "secret", "\"{SSHA}abc\"" },
		{ "secret = s", "s={SSHA}abc", "default_scheme", NULL },
		{ "secret = s", "s=abc", "default_scheme", "\"CRYPT\"" },
		{ "secret = s\ndefault_scheme = \"PLAIN-MD5\"", "s=abc",
		    "default_scheme", "\"PLAIN-MD5\"" },
		{ "secret = s", "s=", "secret", NULL },
		{ "secret = \"\\{SSHA}{s}\"", "s=abc", "secret",
		    "\"{SSHA}abc\"" },
		/* logins and addresses */
		{ "logins = l", "l=joe;l=jim;l=x@x.test;l=joe", "logins",
		    "[\"joe\",\"jim\"]" },
		{ "aliases = l", "l=B@X.test, c@x.test;l=x@x.test", "aliases",
		    "[\"b@x.test\",\"c@x.test\"]" },
		{ "aliases = l", "l=bare~two", "aliases",
		    "[\"bare@bare.test\",\"two@bare.test\"]" },
		{ "groups = g", "g=sales@x.test", "groups",
		    "[\"sales@x.test\"]" },
		/* conditions on several values, and on none */
		{ "name = \"in\" if g = sales", "g=it;g=SALES", "name",
		    "\"in\"" },
		{ "name = \"out\" if g != sales", "g=it;g=sales", "name",
		    NULL },
		{ "name = \"out\" if g != sales", "", "name", "\"out\"" },
		{ "name = \"none\" if g = \"\"", "", "name", "\"none\"" },
		{ "name = \"none\" if g = \"\"", "g=", "name", "\"none\"" },
		{ "name = \"none\" if g = \"\"", "g=x", "name", NULL },
		{ "name = \"some\" if g != \"\"", "g=x", "name", "\"some\"" },
		/* a column in a pattern is taken as it is */
		{ "name = \"same\" if g = \"{h}\"", "g=a*b;h=a*b", "name",
		    "\"same\"" },
		{ "name = \"same\" if g = \"{h}\"", "g=axb;h=a*b", "name",
		    NULL },
		{ "name = \"same\" if g = \"{h}*\"", "g=a[1]x;h=a[1]", "name",
		    "\"same\"" },
		{ "name = \"same\" if g = \"{h}\"", "g=", "name", NULL },
	};

	CHECK_MEMBERS(rows);
}

static void
test_forwards(void)
{
	static const struct member_row rows[] = {
		{ "forward = f", "f=e@e.test, F@e.test", "forward",
		    "[\"e@e.test\",\"f@e.test\"]" },
		{ "forward = f", "f=e@e.test", "keep", "false" },
		{ "forward = f", "f=e@e.test,x@x.test", "keep", "true" },
		{ "forward = f", "f=e@e.test,x@x.test", "forward",
		    "[\"e@e.test\"]" },
		/* YunoHost: the own login stands for the account */
		{ "logins = l\nforward = f", "l=joe;f=joe;f=e@e.test", "keep",
		    "true" },
		{ "logins = l\nforward = f", "l=joe;f=joe", "forward", NULL },
		/* Mailu */
		{ "forward = f if on\nkeep = k", "f=e@e.test;on=0;k=1",
		    "forward", NULL },
		{ "forward = f if on\nkeep = k", "f=e@e.test;on=1;k=1", "keep",
		    "true" },
		{ "forward = f if on\nkeep = k", "f=e@e.test;on=1;k=0", "keep",
		    "false" },
		/* ISPConfig: lines */
		{ "forward = f\nkeep = \"yes\"", "f=e@e.test~g@e.test",
		    "forward", "[\"e@e.test\",\"g@e.test\"]" },
		{ "forward = f\nkeep = k", "f=e@e.test;k=maybe", "address",
		    NULL },
		{ "forward = f\ndrop = \"no\" if $target = \"*@e.test\"",
		    "f=e@e.test,g@g.test", "forward", "[\"g@g.test\"]" },
	};

	CHECK_MEMBERS(rows);
}

/* The forms of catch-alls. */
static void
test_catch_all(void)
{
	static const struct {
		const char *address, *row;
	} rows[] = {
		{ "s", "s=@x.test" },
		{ "s", "s=*@x.test" },
		/* iRedMail: the domain alone */
		{ "\"@{s}\" if s != \"*@*\"", "s=x.test" },
		/* Mailu: a pattern */
		{ "\"@{d}\" if l = \"%\" and w", "l=%;d=x.test;w=1" },
		/* Leister: NULL */
		{ "\"@{d}\" if l = \"\"", "d=X.test" },
		/* Froxlor: a flag */
		{ "\"@{s|domain}\" if c", "s=any@x.test;c=1" },
	};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		char *map = xasprintf("[alias]\ntable = t\naddress = %s\n"
				      "address = never\ntargets = \"t@t.test\"",
		    rows[i].address);
		const char *table[] = { rows[i].row, NULL };
		char *out = records(map, table, NULL);

		OK(strstr(out, "\"alias\",\"address\":\"@x.test\","
			       "\"targets\":[\"t@t.test\"]") != NULL,
		    "%s: %s", rows[i].row, out);
		free(out);
		free(map);
	}
}

/* Records in short: "type:address:targets..." of alias and domain lines. */
static bool
has_record(const char *out, const char *text)
{
	if (strstr(out, text) != NULL)
		return true;
	(void)printf("# lacks %s:\n# %s\n", text, out);
	return false;
}

static void
test_aliases(void)
{
	static const char map[] =
	    "[alias]\ntable = t\naddress = a\ntargets = g\nactive = f\n"
	    "until = u\n"
	    "drop = \"self\" if g = \"{a}\"\n"
	    "drop = \"vacation\" if "
	    "$target = \"{a|local}#{a|domain}@*\"\n"
	    "fail = \"learns\" if $target = \"*@localhost\"\n"
	    "note = \"inner\" if i\n";
	static const char *const rows[] = { "a=one@x.test;g=b@x.test",
		"a=one@x.test;g=c@x.test;i=1", "a=me@x.test;g=ME@x.test",
		"a=off@x.test;g=b@x.test;f=0", "a=one@x.test;g=d@x.test;f=0",
		"a=old@x.test;g=b@x.test;u=1",
		"a=v@x.test;g=v#x.test@away.test,b@x.test",
		"a=w@x.test;g=w#x.test@away.test",
		"a=spam@x.test;g=spam@localhost, b@x.test",
		"a=n@x.test;g=", "a=;g=b@x.test", "a=@net.test;g=@x.test",
		"a=two@x.test;a=three@x.test;g=b@x.test;g=c@x.test",
		"a=bad@x.test;g=b@x.test;f=2", NULL };
	size_t failed;
	char *out = records(map, rows, &failed);

	OK(has_record(out, "\"address\":\"one@x.test\",\"targets\":"
			   "[\"b@x.test\",\"c@x.test\"],\"active\":true"),
	    "one row a target, the one that is off left out");
	OK(strstr(out, "me@x.test") == NULL, "to itself");
	OK(has_record(out, "\"address\":\"off@x.test\",\"targets\":"
			   "[\"b@x.test\"],\"active\":false"),
	    "not active");
	OK(strstr(out, "old@x.test") == NULL, "over");
	OK(has_record(out, "\"address\":\"v@x.test\",\"targets\":"
			   "[\"b@x.test\"]"),
	    "a target that is left out");
	OK(strstr(out, "\"w@x.test\"") == NULL, "all targets left out");
	OK(has_record(out, "\"address\":\"spam@x.test\",\"targets\":"
			   "[\"b@x.test\"]"),
	    "a special target");
	OK(strstr(out, "n@x.test") == NULL, "no target");
	OK(has_record(out, "\"address\":\"two@x.test\",\"targets\":"
			   "[\"b@x.test\",\"c@x.test\"]") &&
		has_record(out, "\"address\":\"three@x.test\""),
	    "several addresses of one row");
	OK(strstr(out, "net.test") == NULL ||
		has_record(out, "\"aliases\":[\"net.test\"]"),
	    "another name of a domain");
	OK(failed == 3, "special, no address, no flag: %zu", failed);
	free(out);
}

/* Mail-in-a-Box: aliases, then users, then aliases that were made by it. */
static void
test_weak(void)
{
	static const char map[] =
	    "[alias]\ntable = w\naddress = a\ntargets = g\nweak = yes\n"
	    "[alias]\ntable = w2\naddress = a\ntargets = g\nweak = yes\n"
	    "[alias]\ntable = w3\naddress = a\ntargets = g\nweak = yes\n"
	    "[alias]\ntable = s\naddress = a\ntargets = g\n"
	    "[account]\ntable = u\naddress = a\n";
	static const char *const rows[] = { "a=user@x.test;g=x@x.test",
		"a=alias@x.test;g=x@x.test", "a=none@x.test;g=x@x.test",
		"a=alias@x.test;g=y@x.test", "a=user@x.test", NULL };
	size_t failed;
	char *out = records(map, rows, &failed);

	OK(has_record(out, "\"address\":\"user@x.test\",\"active\""),
	    "an account goes before");
	OK(has_record(out, "\"address\":\"alias@x.test\",\"targets\":"
			   "[\"y@x.test\"]"),
	    "an alias goes before");
	OK(has_record(out, "\"address\":\"none@x.test\",\"targets\":"
			   "[\"x@x.test\"]"),
	    "where nothing else has the address");
	OK(failed == 0, "nothing is reported");
	free(out);
}

static void
test_domains(void)
{
	static const char map[] =
	    "[domain-alias]\ntable = da\ndomain = t\naliases = a\nactive = f\n"
	    "[domain-alias]\ntable = da\ndomain = t\naliases = a\nactive = f\n"
	    "[domain]\ntable = d\ndomain = d\naliases = a\nactive = f\n"
	    "[domain]\ntable = d\ndomain = d\nactive = f\n"
	    "[group]\ntable = g\naddress = a\nname = n\nquota = q|MiB\n"
	    "aliases = l\n";
	static const char *const rows[] = { "t=X.test;a=net.test;f=1",
		"t=x.test;a=dead.test;f=0",
		"d=x.test;a=bücher.test;a=x.test;f=t", "d=off.test;f=0",
		"a=G@x.test;n=Sales;q=5;l=shop@x.test", NULL };
	size_t failed;
	char *out = records(map, rows, &failed);

	SAME(out,
	    "{\"v\":1,\"type\":\"domain\",\"domain\":\"x.test\","
	    "\"active\":true,\"aliases\":[\"net.test\","
	    "\"xn--bcher-kva.test\"],\"origin\":\"test:t:3\"}\n"
	    "{\"v\":1,\"type\":\"domain\",\"domain\":\"off.test\","
	    "\"active\":false,\"origin\":\"test:t:4\"}\n"
	    "{\"v\":1,\"type\":\"group\",\"address\":\"g@x.test\","
	    "\"name\":\"Sales\",\"quota\":5242880,"
	    "\"aliases\":[\"shop@x.test\"],\"origin\":\"test:t:5\"}\n",
	    "domains and groups");
	OK(failed == 0, "nothing is reported");
	free(out);
}

static void
test_accounts(void)
{
	static const char map[] =
	    "[account]\ntable = t\naddress = a\nname = n\naliases = l\n"
	    "drop = \"a resource\" if k != \"\"\n"
	    "fail = \"odd\" if n = odd\n"
	    "note = \"elsewhere\" if n = note\n";
	static const char *const rows[] = { "a=bare;n=x", "a= A@x.test ",
		"a=not an address;k=location", "a=not an address", "n=x",
		"a=o@x.test;n=odd", "a=n@x.test;n=note", "a=a@x.test",
		"a=c@x.test;l=@x.test", NULL };
	size_t failed;
	char *out = records(map, rows, &failed);

	OK(has_record(out, "\"address\":\"bare@bare.test\",\"name\""),
	    "a bare name");
	OK(has_record(out, "\"address\":\"a@x.test\",\"logins\":"
			   "[\"A@x.test\"]"),
	    "another spelling is a login");
	OK(has_record(out, "\"address\":\"n@x.test\""), "a note");
	OK(has_record(out, "\"alias\",\"address\":\"@x.test\",\"targets\":"
			   "[\"c@x.test\"]"),
	    "a catch-all among the aliases");
	OK(failed == 4, "no address, none at all, fail, the same twice: %zu",
	    failed);
	free(out);
}

/* --- SQL --- */

static void
test_reads(void)
{
	static const struct {
		const char *query;
		bool good;
	} rows[] = {
		{ "SELECT 1", true },
		{ " ( select 1 ) ;  ", true },
		{ "-- a comment\n/* and */ SELECT 1 -- ;\n", true },
		{ "WITH x AS (SELECT 1) SELECT * FROM x", true },
		{ "SELECT 'into', \"into\", `into`, intox FROM t", true },
		{ "SELECT 'it''s; DROP TABLE t'", true },
		{ "SHOW TABLES", true },
		{ "VALUES (1)", true },
		{ "TABLE mailbox", true },
		{ "", false },
		{ "DELETE FROM t", false },
		{ "UPDATE t SET a = 1", false },
		{ "SELECTED", false },
		{ "SELECT 1; DELETE FROM t", false },
		{ "SELECT 1 INTO OUTFILE '/tmp/x'", false },
		{ "SELECT 'a\\'', 1 INTO OUTFILE '/tmp/x'", false },
		{ "SELECT '\\', 1 INTO OUTFILE '/tmp/x' -- '", false },
		{ "SELECT * INTO t2 FROM t", false },
		{ "SELECT * FROM t FOR /* */ UPDATE", false },
		{ "SELECT * FROM t LOCK IN SHARE MODE", false },
		{ "SELECT 1 /*!50000 INTO OUTFILE 'x' */", false },
		{ "SELECT 1 /*M! INTO OUTFILE 'x' */", false },
		{ "COMMIT", false },
		{ "SET SESSION x = 1", false },
		{ "/* open", false },
	};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		OK((sql_check_read(rows[i].query, NULL) == 0) == rows[i].good,
		    "%s: %s", rows[i].good ? "run" : "not run", rows[i].query);
}

static void
test_url(void)
{
	static const struct {
		const char *url, *host, *user, *database, *socket;
		unsigned int port;
	} good[] = {
		{ "mysql://u@h:3307/d", "h", "u", "d", NULL, 3307 },
		{ "mariadb:///d?socket=/run/my%2Fsock", NULL, NULL, "d",
		    "/run/my/sock", 0 },
		{ "mysql://u%40x@[::1]:3306/d%2Fx", "::1", "u@x", "d/x", NULL,
		    3306 },
		{ "mysql://[::1]/d", "::1", NULL, "d", NULL, 0 },
		{ "mysql://h", "h", NULL, NULL, NULL, 0 },
		{ "sqlite:/a/b", NULL, NULL, "/a/b", NULL, 0 },
		{ "sqlite:x%20y", NULL, NULL, "x%20y", NULL, 0 },
	};
	static const char *const bad[] = { "mysql://u:p@h/d",
		"mysql://h/d?password=p", "postgresql://u:p@h/d",
		"postgresql://h/d?password=p", "postgres://h/d?%70assword=p",
		"mysql://h:x/d", "mysql://h:99999/d", "mysql://[::1/d",
		"mysql://h/%zz", "mysql://h/%00", "mysql://h/d?x=y",
		"mysql://h/d?socket", "sqlite:", "http://h/", "d" };

	for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
		struct sql_options o = { 0 };

		OK(sql_options_url(&o, good[i].url, NULL) == 0, "%s",
		    good[i].url);
		SAME(o.host, good[i].host, "host");
		SAME(o.user, good[i].user, "user");
		SAME(o.database, good[i].database, "database");
		SAME(o.socket, good[i].socket, "socket");
		OK(o.port == good[i].port, "port");
		sql_options_free(&o);
	}
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		struct sql_options o = { 0 };
		struct why why = { 0 };

		OK(sql_options_url(&o, bad[i], &why) == -1, "not %s", bad[i]);
		OK(i > 4 || strstr(why.text, "--password-file") != NULL,
		    "says what to use: %s", why.text);
		sql_options_free(&o);
	}
}

/* The kinds of section that make a record of a type. */
static bool
makes(enum field field, unsigned int types)
{
	static const struct {
		enum record_type type;
		enum fieldmap_kind kind;
	} made[] = {
		{ REC_DOMAIN, FIELDMAP_DOMAIN },
		{ REC_ACCOUNT, FIELDMAP_ACCOUNT },
		{ REC_ALIAS, FIELDMAP_ALIAS },
		{ REC_GROUP, FIELDMAP_GROUP },
	};

	for (size_t i = 0; i < sizeof made / sizeof *made; i++)
		if (((types & MEMBER_OF(made[i].type)) != 0) !=
		    fieldmap_has(made[i].kind, field))
			return false;
	return true;
}

/* A member of records that maps cannot set would be missed by every source that
 * has one: only the origin is made by the reader, objects are no cells, and that
 * the mail for a domain goes elsewhere the lists of a Postfix show. */
static void
test_members(void)
{
	const unsigned int types = MEMBER_OF(REC_DOMAIN) |
				   MEMBER_OF(REC_ACCOUNT) |
				   MEMBER_OF(REC_ALIAS) | MEMBER_OF(REC_GROUP);

	for (size_t i = 0; i < RECORD_MEMBERS; i++) {
		const struct record_member *m = &record_members[i];
		int field = 0;

		if ((m->types & types) == 0 || m->part != NULL ||
		    strcmp(m->name, "origin") == 0 ||
		    strcmp(m->name, "elsewhere") == 0)
			continue;
		while (field < FIELD_DROP &&
		       strcmp(fieldmap_word((enum field)field), m->name) != 0)
			field++;
		OK(field < FIELD_DROP && makes((enum field)field, m->types),
		    "maps set %s where records have it", m->name);
	}
	for (int f = 0; f < FIELD_DROP; f++)
		OK(f == FIELD_UNTIL || f >= FIELD_VACATION_ACTIVE ||
			record_member(fieldmap_word((enum field)f)) != NULL,
		    "%s is a member of records", fieldmap_word((enum field)f));
}

int
main(void)
{
	test_members();
	/* Rows that are refused are reported there. */
	if (freopen("/dev/null", "w", stderr) == NULL)
		return 2;
	tool_init("unit");
	test_errors();
	test_reader();
	test_quota();
	test_flags();
	test_values();
	test_forwards();
	test_catch_all();
	test_aliases();
	test_weak();
	test_domains();
	test_accounts();
	test_reads();
	test_url();
	TAP_DONE();
}
