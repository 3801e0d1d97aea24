/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/* The grammars of the sources: quotas, extra fields, Postfix tables. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/alloc.h"
#include "core/io.h"
#include "source/address-list.h"
#include "source/passwd/account.h"
#include "source/passwd/extra-fields.h"
#include "source/passwd/quota.h"
#include "source/targets.h"
#include "unit/tap.h"

/* What Dovecot 2.3.19 says through "doveadm quota get" (t/34-dovecot.t asks it
 * again). -2: refused. */
static void
test_quota_rule(void)
{
	static const struct {
		const char *rule;
		int64_t bytes;
		bool whole, messages;
	} rows[] = {
		{ "*:storage=1000", 1024000, true, false },
		{ "*:storage=1000B", 1000, true, false },
		{ "*:storage=2Gigabytes", 2147483648, true, false },
		{ "?:storage=2g", 2147483648, true, false },
		{ "*:bytes=2Kx", 2048, true, false },
		{ "*:storage=1500B:messages=100", 1500, true, true },
		{ "*:messages=5", -1, true, true },
		{ "*:messages=0", -1, true, false },
		{ "*:storage=1:bytes=7", 7, true, false },
		{ "*:ignore", -1, true, false },
		{ "*:backend=x", -1, true, false },
		{ "*:bytes=9223372036854775807", INT64_MAX, true, false },
		{ "Trash:storage=+10", -1, false, false },
		{ "Trash:storage=+10%", -1, false, false },
		{ "Trash:storage=-5M", -1, false, false },
		{ "INBOX.*:ignore", -1, false, false },
		{ "*:storage=", -2, false, false },
		{ "*:storage=+5", -2, false, false },
		{ "*:storage=-1", -2, false, false },
		{ "*:storage=5X", -2, false, false },
		{ "*:storage=10%", -2, false, false },
		{ "*:storage=99999999999999999999", -2, false, false },
		{ "*:storage=9007199254740993", -2, false, false },
		{ "*:size=5", -2, false, false },
		{ "*:", -2, false, false },
		{ "*", -2, false, false },
		{ "", -2, false, false },
	};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct quota_rule r;
		bool ok = quota_rule_read(rows[i].rule, &r);

		if (rows[i].bytes == -2)
			OK(!ok, "\"%s\" is refused", rows[i].rule);
		else
			OK(ok && r.bytes == rows[i].bytes &&
				r.whole == rows[i].whole &&
				r.messages == rows[i].messages,
			    "\"%s\" is %lld bytes", rows[i].rule,
			    (long long)rows[i].bytes);
	}
}

static void
test_quota_size(void)
{
	int64_t n = -1;

	OK(quota_size_read("1000", &n) && n == 1000, "2.4 counts in bytes");
	OK(quota_size_read("1 MiB", &n) && n == 1048576, "a unit");
	OK(quota_size_read("Unlimited", &n) && n == 0, "unlimited");
	OK(!quota_size_read("1000%", &n), "no percent");
}

static void
test_extra(void)
{
	char text[] = "  nologin=no  allow_nets=::1/128,10.0.0.0/8 user=u "
		      "userdb_uid=1 userdb_uid:protected=2 userdb_gid=3 "
		      "userdb_gid:remove userdb_home= userdb_quota_rule2=*:"
		      "bytes=2 userdb_quota_rule=*:bytes=1 odd=x=y "
		      "userdb_acl=vfile:/a userdb_plugin/acl:protected=b "
		      "userdb_acl_user=u userdb_acl_user:remove "
		      "userdb_acl_groups=g userdb_namespace/n/prefix=p =z";
	char more[] = "nologin:remove userdb_quota_rule2:remove";
	struct extra x;

	extra_init(&x);
	extra_read(&x, text);
	OK(x.nologin && x.allow_nets && !x.nopassword, "flags by presence");
	SAME(x.user, "u", "a text");
	SAME(x.uid, "1", ":protected does not replace");
	OK(x.gid == NULL, ":remove removes");
	OK(x.home == NULL, "an empty text is none");
	OK(x.quota == 2, "the rule with the higher number holds");
	OK(x.n_acl == 2, "settings of access lists, each once");
	SAME(x.acl[0].value, "vfile:/a", "one with and without \"plugin/\"");
	SAME(x.acl[1].key, "namespace/n/prefix", "a namespace's");
	SAME(x.other, "", "the last field that a record cannot hold");
	extra_read(&x, more);
	OK(!x.nologin && x.quota == 1, "more fields go on");
}

static void
test_fields(void)
{
	char line[] = "n:s:1:2:g:h:sh:a=b:c=d", old[] = "n:s:1:2:g:h:sh::m:b",
	     few[] = "n:s", alone[] = "n";
	struct fields f;

	fields_split(&f, line);
	SAME(f.shell, "sh", "the seventh field");
	SAME(f.extra, "a=b:c=d", "the eighth keeps its colons");
	OK(f.mail == NULL && f.quota == -1, "and there is nothing more");
	fields_split(&f, old);
	OK(f.extra == NULL, "an empty eighth field");
	SAME(f.mail, "m:b", "makes the ninth the mail");
	fields_split(&f, few);
	OK(strcmp(f.secret, "s") == 0 && f.uid == NULL && f.extra == NULL,
	    "missing fields");
	fields_split(&f, alone);
	OK(strcmp(f.name, "n") == 0 && f.secret == NULL, "a name alone");
}

/* Opens a text as a map. */
static void
open_text(struct postfix_map *m, const char *text, enum map_style style)
{
	int ends[2];

	if (pipe(ends) == -1 || write_all(ends[1], text, strlen(text)) == -1)
		abort();
	(void)close(ends[1]);
	postfix_map_init(m, ends[0], style);
}

static void
test_table(void)
{
	static const char text[] = "# c\nA@One value  one \n"
				   "  two\n\n  # c\n\tthree\r\n"
				   "\"a b\"@c d\nx\\ y z\nlast v";
	struct postfix_map m;
	struct why why;
	char *key = NULL, *value = NULL;

	open_text(&m, text, MAP_TABLE);
	OK(postfix_map_next(&m, &key, &value, &why) == 1 && m.line == 2,
	    "the first entry begins on line 2");
	SAME(key, "a@one", "its key is folded");
	SAME(value, "value  one   two\tthree", "its value goes on");
	OK(postfix_map_next(&m, &key, &value, &why) == 1 && m.line == 7,
	    "a quoted key");
	SAME(key, "\"a b\"@c", "holds blanks");
	OK(postfix_map_next(&m, &key, &value, &why) == 1, "a backslash");
	SAME(key, "x\\ y", "too");
	OK(postfix_map_next(&m, &key, &value, &why) == 1 &&
		strcmp(value, "v") == 0,
	    "a last line without a newline");
	OK(postfix_map_next(&m, &key, &value, &why) == 0, "the end");
	OK(postfix_map_next(&m, &key, &value, &why) == 0, "stays the end");
	postfix_map_close(&m);
}

static void
test_table_errors(void)
{
	static const char text[] = " lead v\nonly\n\"open v\nok v\nbad\xff v\n"
				   "good v\n go\xff on\n more\nend v\n";
	static const int results[] = { -1, -1, -1, 1, -1, -1, 1, 0 };
	static const size_t lines[] = { 1, 2, 3, 4, 5, 6, 9, 0 };
	struct postfix_map m;
	struct why why;
	char *key, *value;

	open_text(&m, text, MAP_TABLE);
	for (size_t i = 0; i < sizeof results / sizeof *results; i++) {
		int n = postfix_map_next(&m, &key, &value, &why);

		OK(n == results[i] && (n == 0 || m.line == lines[i]),
		    "entry %zu: %d on line %zu", i, n, m.line);
		if (n == 0)
			break;
	}
	postfix_map_close(&m);
}

static void
test_aliases(void)
{
	static const char text[] = "Root: a, b\n\"Odd Name\" : \"|prog x\"\n"
				   "*: :fail: no\nnocolon a\nc:d\n";
	struct postfix_map m;
	struct why why;
	char *key = NULL, *value = NULL;

	open_text(&m, text, MAP_ALIASES);
	OK(postfix_map_next(&m, &key, &value, &why) == 1, "an alias");
	SAME(key, "root", "its name");
	SAME(value, "a, b", "its targets");
	OK(postfix_map_next(&m, &key, &value, &why) == 1, "in quotes");
	SAME(key, "odd name", "without them");
	SAME(value, "\"|prog x\"", "a command keeps its own");
	OK(postfix_map_next(&m, &key, &value, &why) == 1, "Exim's default");
	SAME(value, ":fail: no", "and refusal");
	OK(postfix_map_next(&m, &key, &value, &why) == -1, "no colon");
	OK(postfix_map_next(&m, &key, &value, &why) == 1 &&
		strcmp(value, "d") == 0,
	    "no blank behind the colon");
	postfix_map_close(&m);
}

/* What Postfix makes of a list: its own parser decides. */
static void
test_targets(void)
{
	static const struct {
		const char *list, *want;
	} cases[] = {
		{ " a@b,c@d\t e@f ,,\"x, y\"@z <g h@i>", "a@b|c@d|e@f|gh@i|" },
		{ "Bob Jones <bob@e.t>", "bob@e.t|" },
		{ "bob@e.t (Bob J)", "bob@e.t|" },
		{ "ann, Bob J. Jones <bob@e.t>, carl", "ann|bob@e.t|carl|" },
		{ "Ann: a@b, c@d;, e@f", "a@b|c@d|e@f|" },
		{ "\"Jones, Bob\" <bob@e.t> (work (old)) ann", "bob@e.t|ann|" },
		{ "\\ann, ann@e.t", "ann|ann@e.t|" },
		{ "\"ann\"@e.t", "ann@e.t|" },
		{ "\"ann@e.t\"", "ann@e.t|" },
		{ "<@relay.t,@two.t:ann@e.t>", "ann@e.t|" },
		{ "\"|/bin/p a, b\", ann", "|/bin/p a, b|ann|" },
		{ ":include:/etc/list, /var/box",
		    ":include:/etc/list|/var/box|" },
		{ "ann @ e.t", "ann@e.t|" },
		{ "ann@[10.0.0.1]", "ann@[10.0.0.1]|" },
		{ "\\,j", "\",j\"|" },
		{ "(only)", "" },
		{ "<", "<|" },
		{ ">", "" },
		{ "a (open", "a|" },
		{ "\"open", "open|" },
	};

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct buf out = { 0 };

		address_list_read(cases[i].list, &out);
		for (size_t j = 0; j < out.len; j++)
			if (out.data[j] == '\n')
				out.data[j] = '|';
		SAME(buf_str(&out), cases[i].want, "%s", cases[i].list);
		buf_free(&out);
	}
}

int
main(void)
{
	test_quota_rule();
	test_quota_size();
	test_extra();
	test_fields();
	test_table();
	test_table_errors();
	test_aliases();
	test_targets();
	TAP_DONE();
}
