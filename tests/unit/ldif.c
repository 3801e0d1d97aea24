/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/* Entries of a directory: LDIF, attribute names, search filters. */
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "core/alloc.h"
#include "core/io.h"
#include "ldap/filter.h"
#include "ldap/ldif.h"
#include "unit/tap.h"

/* A reader of a text. */
static int
open_text(struct ldif *in, const char *text, size_t len)
{
	int fd = memfd_create("ldif", MFD_CLOEXEC);

	if (fd == -1 || write_all(fd, text, len) == -1 ||
	    lseek(fd, 0, SEEK_SET) == -1)
		exit(2);
	ldif_init(in, fd);
	return fd;
}

/* An entry as one text: "LINE DN|name=value|...". */
static void
show(struct buf *out, const struct ldif *in, const struct ldap_entry *e,
    const char *const *names)
{
	struct value v;

	buf_addf(out, "%zu %s", in->line, entry_dn(e));
	for (; *names != NULL; names++)
		for (size_t at = 0; entry_next(e, *names, &at, &v);) {
			buf_addf(out, "|%s=", *names);
			buf_add(out, v.data, v.len);
		}
	buf_addc(out, '\n');
}

/* All that a text holds, failures included. */
static char *
read_all(const char *text, size_t len)
{
	static const char *const names[] = { "cn", "mail", "sn;lang-de", "x",
		NULL };
	struct ldif in;
	struct ldap_entry e;
	struct buf out = { 0 };
	struct why why;
	int fd = open_text(&in, text, len), r;

	entry_init(&e);
	while ((r = ldif_next(&in, &e, &why)) != 0) {
		if (r == 1) {
			show(&out, &in, &e, names);
			continue;
		}
		buf_addf(&out, "%zu %s: %s: %s\n", in.line, entry_dn(&e),
		    fail_name(why.kind), why.text);
		if (why.kind == FAIL_FATAL)
			break;
	}
	if (in.unended)
		buf_adds(&out, "unended\n");
	if (in.references != 0)
		buf_addf(&out, "%zu references\n", in.references);
	ldif_free(&in);
	entry_free(&e);
	(void)close(fd);
	return out.data == NULL ? xstrdup("") : out.data;
}

static void
reads(const char *name, const char *text, const char *want)
{
	char *got = read_all(text, strlen(text));

	SAME(got, want, "%s", name);
	free(got);
}

static void
test_ldif(void)
{
	reads("nothing", "", "");
	reads("nothing but comments", "# a\n b\n\n\n#\n", "");
	reads("an entry", "version: 1\ndn: cn=A\ncn: A\nmail: a@b\n\n",
	    "2 cn=A|cn=A|mail=a@b\n");
	reads("two, and blank lines",
	    "version: 1\n\n\ndn: cn=A\ncn: A\n\n\ndn:cn=B\ncn:B\n",
	    "4 cn=A|cn=A\n8 cn=B|cn=B\n");
	reads("names have no case, values stay apart",
	    "DN: cn=A\nMAIL: 1\ncn: A\nMail: 2\n",
	    "1 cn=A|cn=A|mail=1|mail=2\n");
	reads("options are part of a name, binary is not",
	    "dn: cn=A\ncn;lang-de: A\nsn;Lang-DE: B\ncn;binary: C\n",
	    "1 cn=A|cn=C|sn;lang-de=B\n");
	reads("folded: name, value, base64, DN, comment",
	    "dn: cn\n =A\n# c\n n: no\nc\n n: A\n  B\nmail:: YU\n Bi\n",
	    "1 cn=A|cn=A B|mail=a@b\n");
	reads("a line that folds to nothing", "dn: cn=A\ncn: A\n \n",
	    "1 cn=A|cn=A\n");
	reads("carriage returns", "dn: cn=A\r\ncn: A\r\n B\r\n\r\ndn: cn=B\r\n",
	    "1 cn=A|cn=AB\n5 cn=B\n");
	reads("no last newline", "dn: cn=A\ncn: A", "1 cn=A|cn=A\nunended\n");
	reads("empty values, blanks before and behind",
	    "dn:   cn=A\ncn:\nmail::\nx:  y \n", "1 cn=A|cn=|mail=|x=y \n");
	reads("base64: DN in UTF-8, any bytes",
	    "dn:: Y249w4Q=\ncn:: w4Q=\nx:: \nmail:: YQ\n",
	    "1 cn=\303\204|cn=\303\204|mail=a|x=\n");
	reads("a colon and a smaller sign in a value",
	    "dn: cn=A\ncn: a:b\nx: <y\n", "1 cn=A|cn=a:b|x=<y\n");
	reads("what ldapsearch writes at the end",
	    "dn: cn=A\n\n# search result\nsearch: 2\nresult: 0 Success\n\n"
	    "# numResponses: 2\n",
	    "1 cn=A\n");
	reads("a search that was cut off",
	    "dn: cn=A\n\nsearch: 2\nresult: 4 Size limit exceeded\n",
	    "1 cn=A\n4 : fatal: the search ended early, the entries are not "
	    "all: 4 Size limit exceeded\n");
	reads("references to other servers",
	    "ref: ldap://x/dc=y\n\ndn: cn=A\n\nref: ldap://z\n",
	    "3 cn=A\n2 references\n");
}

static void
test_ldif_errors(void)
{
	reads("an attribute without a colon: the next entry is read",
	    "dn: cn=A\ncn A\nx: y\n\ndn: cn=B\n",
	    "2 cn=A: data: not a line of an LDIF entry\n5 cn=B\n");
	reads("a name with a blank", "dn: cn=A\nc n: A\n",
	    "2 cn=A: data: not a line of an LDIF entry\n");
	reads("no name", "dn: cn=A\n: A\n",
	    "2 cn=A: data: not a line of an LDIF entry\n");
	reads("a URL", "dn: cn=A\ncn: A\nx:< file:///etc/passwd\n\ndn: cn=B\n",
	    "3 cn=A: data: the value of x is at a URL, which is not read\n"
	    "5 cn=B\n");
	reads("no base64", "dn: cn=A\ncn:: A=B\n\n",
	    "2 cn=A: data: the value of cn is not base64\n");
	reads("no DN", "cn: A\n\ndn: cn=B\n",
	    "1 : data: an entry that does not begin with a DN\n3 cn=B\n");
	reads("version in the wrong place", "dn: cn=A\n\nversion: 1\n",
	    "1 cn=A\n3 : data: an entry that does not begin with a DN\n");
	reads("another version", "version: 2\ndn: cn=A\n",
	    "1 : fatal: LDIF of another version than 1\n");
	reads("two entries in one", "dn: cn=A\ncn: A\ndn: cn=B\n\ndn: cn=C\n",
	    "3 cn=A: data: two entries without an empty line between them\n"
	    "5 cn=C\n");
	reads("a change record", "dn: cn=A\nchangetype: add\ncn: A\n",
	    "1 cn=A: fatal: a change record: only the entries of a directory "
	    "are read, as slapcat and ldapsearch write them\n");
	reads("a control", "dn: cn=A\ncontrol: 1.2.3\nchangetype: delete\n",
	    "1 cn=A: fatal: a change record: only the entries of a directory "
	    "are read, as slapcat and ldapsearch write them\n");
	reads("a continuation of nothing", "\n x\n\ndn: cn=A\n",
	    "2 : data: a line that continues no other\n4 cn=A\n");
	reads("a DN that is not UTF-8", "dn:: Y249/w==\n",
	    "1 : data: a DN that is not UTF-8\n");
}

static void
test_ldif_bytes(void)
{
	static const char nul[] = "dn: cn=A\ncn: A\0B\n\ndn: cn=B\n";
	size_t len = (size_t)ENTRY_MAX + 10;
	struct buf b = { 0 };
	char *big = xmalloc(len), *got;

	got = read_all(nul, sizeof nul - 1);
	SAME(got, "2 cn=A: data: a NUL byte\n4 cn=B\n", "a NUL");
	free(got);
	memset(big, 'x', len);
	buf_adds(&b, "dn: cn=A\ncn: ");
	buf_add(&b, big, len);
	buf_adds(&b, "\ncn: B\n\ndn: cn=B\n");
	got = read_all(b.data, b.len);
	SAME(got,
	    "2 cn=A: data: more than 16777216 bytes in one line\n5 cn=B\n",
	    "a huge line");
	free(got);
	buf_reset(&b);
	buf_adds(&b, "dn: cn=A\ncn: ");
	for (size_t i = 0; i < len / 70; i++) {
		buf_add(&b, big, 71);
		buf_adds(&b, "\n ");
	}
	buf_adds(&b, "\n\ndn: cn=B\n");
	got = read_all(b.data, b.len);
	OK(strstr(got, "cn=A: data: more than 16777216 bytes in one line\n") !=
		NULL,
	    "a huge folded line");
	free(got);
	buf_reset(&b);
	buf_adds(&b, "dn: cn=A\n");
	for (size_t i = 0; i < 17; i++) {
		buf_adds(&b, "x: ");
		buf_add(&b, big, 1 << 20);
		buf_adds(&b, "\n");
	}
	buf_adds(&b, "\ndn: cn=B\ncn: B\n");
	got = read_all(b.data, b.len);
	SAME(got,
	    "17 cn=A: data: an entry of more than 16777216 bytes\n"
	    "20 cn=B|cn=B\n",
	    "a huge entry");
	free(got);
	free(big);
	buf_free(&b);
}

static void
test_entry(void)
{
	struct ldap_entry e;
	struct value v;
	size_t at = 0;

	entry_init(&e);
	entry_reset(&e, "cn=A", 4);
	entry_add(&e, "userPassword", 12, "a\0b", 3);
	entry_add(&e, "userpassword;binary", 19, "", 0);
	OK(entry_count(&e, "USERPASSWORD") == 2, "two values");
	OK(entry_next(&e, "userPassword", &at, &v) && v.len == 3 &&
		memcmp(v.data, "a\0b", 4) == 0,
	    "any bytes, and a NUL behind");
	OK(entry_next(&e, "userPassword", &at, &v) && v.len == 0,
	    "an empty one");
	OK(!entry_next(&e, "userPassword", &at, &v), "and no more");
	OK(entry_count(&e, "userPasswor") == 0, "whole names only");
	entry_free(&e);
}

/* RFC 4515, 3 and 4. */
static void
test_escape(void)
{
	struct buf b = { 0 };

	filter_escape(&b, "*)(uid=*))(|(uid=*", 18);
	SAME(b.data, "\\2a\\29\\28uid=\\2a\\29\\29\\28|\\28uid=\\2a",
	    "what would change the filter");
	buf_reset(&b);
	filter_escape(&b, "a\0\\b", 4);
	SAME(b.data, "a\\00\\5cb", "NUL and backslash");
	buf_reset(&b);
	filter_escape(&b, "Lu\304\215i\304\207@b\303\274cher.test", 20);
	SAME(b.data, "Lu\304\215i\304\207@b\303\274cher.test",
	    "UTF-8 stays as it is");
	buf_free(&b);
}

static void
matches(const struct ldap_entry *e, const char *text, bool want)
{
	struct why why;
	struct filter *f = filter_parse(text, &why);

	OK(f != NULL && filter_match(f, e) == want, "%s is %s", text,
	    want ? "true" : "false");
	filter_free(f);
}

static void
splits(const char *text, const char *server, const char *rest, const char *name)
{
	struct buf a = { 0 }, b = { 0 }, names = { 0 };

	filter_split(text, &a, &b, &names);
	OK(strcmp(buf_str(&a), server) == 0 && strcmp(buf_str(&b), rest) == 0 &&
		strcmp(buf_str(&names), name) == 0,
	    "%s: %s, %s", text, buf_str(&a), buf_str(&b));
	buf_free(&a);
	buf_free(&b);
	buf_free(&names);
}

static void
test_split(void)
{
	splits("(a=b)", "(a=b)", "", "");
	splits("(&(a=b)(c=*))", "(&(a=b)(c=*))", "", "");
	splits("(&(a=b)(!(c=*)))", "(&(a=b))", "(&(!(c=*)))", "c");
	splits("(&(!(c;x=\\28\\29))(!(d=e)))", "(&(objectClass=*))",
	    "(&(!(c;x=\\28\\29))(!(d=e)))", "c;x");
	splits("(&(a=b)(!(|(c=d)(e=f))))", "(&(a=b)(!(|(c=d)(e=f))))", "", "");
	splits("(&(a=b)(!(c>=d))(!(e:dn:=f)))", "(&(a=b)(!(c>=d))(!(e:dn:=f)))",
	    "", "");
	splits("(|(a=b)(!(c=d)))", "(|(a=b)(!(c=d)))", "", "");
	splits("(&(!(c=d))(a=b", "(&(objectClass=*)(a=b", "(&(!(c=d)))", "c");
	splits("(&(!(c=d", "(&(objectClass=*)(!(c=d", "", "");
}

static void
test_filter(void)
{
	struct ldap_entry e;

	entry_init(&e);
	entry_reset(&e, "cn=A", 4);
	entry_add(&e, "objectClass", 11, "inetOrgPerson", 13);
	entry_add(&e, "objectClass", 11, "top", 3);
	entry_add(&e, "cn", 2, "Ann (the * one)", 15);
	entry_add(&e, "uidNumber", 9, "1000", 4);
	entry_add(&e, "x", 1, "a\0b", 3);
	matches(&e, "(objectClass=*)", true);
	matches(&e, "objectclass=TOP", true);
	matches(&e, "(objectClass=person)", false);
	matches(&e, "(mail=*)", false);
	matches(&e, "(!(mail=*))", true);
	matches(&e, "(&(objectClass=top)(objectClass=inetOrgPerson))", true);
	matches(&e, "(&(objectClass=top)(mail=*))", false);
	matches(&e, "(|(mail=*)(objectClass=top))", true);
	matches(&e, "(|(mail=*)(objectClass=x))", false);
	matches(&e, "(&)", true);
	matches(&e, "(|)", false);
	matches(&e, "(cn=ann \\28the \\2a one\\29)", true);
	matches(&e, "(cn=ann*)", true);
	matches(&e, "(cn=*one\\29)", true);
	matches(&e, "(cn=*the*one*)", true);
	matches(&e, "(cn=*one*the*)", false);
	matches(&e, "(cn=a*n*n*)", true);
	matches(&e, "(cn=Ann \\28*\\28the \\2a one\\29)", false);
	matches(&e, "(cn=nn*)", false);
	matches(&e, "(cn~=ANN \\28the \\2a one\\29)", true);
	matches(&e, "(uidNumber>=999)", true);
	matches(&e, "(uidNumber>=1001)", false);
	matches(&e, "(uidNumber<=1000)", true);
	matches(&e, "(uidNumber<=999)", false);
	matches(&e, "(x=a\\00b)", true);
	matches(&e, "(x=a\\00c)", false);
	entry_free(&e);
}

static void
test_filter_errors(void)
{
	static const char *const wrong[] = { "", "(", "()", "(cn)", "(cn=a",
		"(cn=a))", "(cn=a)(cn=b)", "(cn=(a))", "(!(a=b)(c=d))", "(!)",
		"(cn=\\2)", "(cn=\\zz)", "(cn:caseExactMatch:=a)", "(=a)",
		"(cn>=*)", "(&(cn=a)", "(&cn=a)", "(cn>a)", "(c n=a)" };
	struct buf deep = { 0 };
	struct why why;

	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
		OK(filter_parse(wrong[i], &why) == NULL, "refused: %s",
		    wrong[i]);
	for (int i = 0; i < 100000; i++)
		buf_adds(&deep, "(!");
	OK(filter_parse(deep.data, &why) == NULL, "nested too deep");
	buf_free(&deep);
}

int
main(void)
{
	test_ldif();
	test_ldif_errors();
	test_ldif_bytes();
	test_entry();
	test_escape();
	test_filter();
	test_split();
	test_filter_errors();
	TAP_DONE();
}
