/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/* lib/record: addresses, and records read, refused and written. */
#include "unit/tap.h"

#include "core/buf.h"
#include "record/address.h"
#include "record/member.h"
#include "record/record.h"

static void
test_address(void)
{
	static const struct {
		const char *in;
		const char *out; /* NULL: refused */
	} cases[] = { { "Alice@Example.ORG", "alice@example.org" },
		{ "a@b@c.test", "a@b@c.test" },
		{ "\xc3\x9c"
		  "ber@B\xc3\xbc"
		  "cher.test",
		    "\xc3\xbc"
		    "ber@xn--bcher-kva.test" },
		{ "\xce\x9f\xce\xa3@one.test", "\xce\xbf\xcf\x83@one.test" },
		{ "\xc4\xb0@one.test", "i\xcc\x87@one.test" },
		{ "\xce\xbf\xff@one.test", NULL },
		{ "sp ace@one.test", "sp ace@one.test" },
		{ "a@under_score.test", "a@under_score.test" },
		{ "alice", NULL }, { "alice@", NULL }, { "@one.test", NULL },
		{ "a\tb@one.test", NULL }, { "a@one test", NULL },
		{ "a@one/test", NULL }, { "a@-\xff", NULL } };
	struct buf b = { 0 };

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct why why = { 0 };
		int r;

		buf_reset(&b);
		r = address_normalise(cases[i].in, false, &b, &why);
		if (cases[i].out != NULL)
			SAME(buf_str(&b), cases[i].out, "%s", cases[i].in);
		else
			OK(r == -1 && why.kind == FAIL_DATA && *why.text,
			    "refused: %s", cases[i].in);
	}
	buf_reset(&b);
	OK(address_normalise("@One.test", true, &b, NULL) == 0, "a catch-all");
	SAME(buf_str(&b), "@one.test", "is lower-cased");
	buf_free(&b);
}

/* Each member of the table is in the array of its kind, and absent after a reset. */
static void
test_kinds(void)
{
	static const size_t sizes[] = { [MEMBER_TEXT] = sizeof(char *),
		[MEMBER_NUMBER] = sizeof(int64_t),
		[MEMBER_FLAG] = sizeof(bool),
		[MEMBER_LIST] = sizeof(struct strs),
		[MEMBER_OBJECT] = sizeof(struct parts),
		[MEMBER_OBJECTS] = sizeof(struct parts) };
	size_t ends[] = { [MEMBER_TEXT] = offsetof(struct record, texts),
		[MEMBER_NUMBER] = offsetof(struct record, numbers),
		[MEMBER_FLAG] = offsetof(struct record, flags),
		[MEMBER_LIST] = offsetof(struct record, lists),
		[MEMBER_OBJECT] = offsetof(struct record, parts),
		[MEMBER_OBJECTS] = offsetof(struct record, parts) };
	struct record r = { 0 };

	for (size_t i = 0; i < RECORD_MEMBERS; i++) {
		const struct record_member *m = &record_members[i];
		enum member_kind kind = m->kind == MEMBER_OBJECT
					    ? MEMBER_OBJECTS
					: m->kind == MEMBER_MARK ? MEMBER_FLAG
								 : m->kind;

		memset(record_field(&r, m), 1, sizes[kind]);
		ends[kind] += sizes[kind];
	}
	OK(ends[MEMBER_TEXT] ==
		    offsetof(struct record, texts) + sizeof r.texts &&
		ends[MEMBER_NUMBER] ==
		    offsetof(struct record, numbers) + sizeof r.numbers &&
		ends[MEMBER_FLAG] ==
		    offsetof(struct record, flags) + sizeof r.flags &&
		ends[MEMBER_LIST] ==
		    offsetof(struct record, lists) + sizeof r.lists &&
		ends[MEMBER_OBJECTS] ==
		    offsetof(struct record, parts) + sizeof r.parts,
	    "there are as many members of each kind as the struct says");
	record_reset(&r, REC_ACCOUNT);
	for (size_t i = 0; i < RECORD_MEMBERS; i++) {
		const struct record_member *m = &record_members[i];

		OK(m->kind == MEMBER_FLAG ? *(bool *)record_field(&r, m)
					  : member_absent(&r, m),
		    "%s: absent after a reset", m->name);
	}
}

/* Every member of an account, in the order in which they are written. */
static const char full[] =
    "{\"v\":1,\"type\":\"account\",\"address\":\"alice@example.org\","
    "\"logins\":[\"alice\"],\"name\":\"Alice\",\"secret\":\"{CRYPT}x\","
    "\"default_scheme\":\"CRYPT\",\"otp\":\"otpauth://x\",\"active\":false,"
    "\"receive\":true,\"quota\":1073741824,\"aliases\":[\"a@example.org\"],"
    "\"groups\":[\"sales@example.org\"],\"acl_groups\":[\"staff\"],"
    "\"acl_settings\":[\"acl=vfile\"],\"forward\":[\"x@gmail.com\"],"
    "\"keep\":false,\"home\":\"/h\",\"mail\":\"maildir:~\",\"uid\":5000,"
    "\"gid\":0,\"origin\":\"t:1\"}\n";

/* Every member that says more about an account. */
static const char settings[] =
    "{\"v\":1,\"type\":\"settings\",\"address\":\"alice@example.org\","
    "\"forward\":[\"x@gmail.com\"],\"keep\":true,"
    "\"vacation\":{\"active\":false,\"subject\":\"Away\",\"text\":"
    "\"Back\\nsoon\","
    "\"html\":\"<p>Back\",\"from\":\"2026-12-01T00:00:00Z\","
    "\"until\":\"2026-12-08T00:00:00Z\"},"
    "\"identities\":[{\"name\":\"Alice\",\"address\":\"a@example.org\","
    "\"reply_to\":\"b@example.org\",\"bcc\":\"c@example.org\",\"text\":\"A\","
    "\"html\":\"<b>A\",\"default\":true},{\"address\":\"d@example.org\"}],"
    "\"scripts\":[{\"name\":\"main\",\"active\":true,\"text\":\"keep;\"},"
    "{\"name\":\"old\",\"text\":\"stop;\"}],"
    "\"app_passwords\":[{\"name\":\"Phone\"}],\"disabled\":[\"pop3\"],"
    "\"allow_nets\":[\"10.0.0.0/8\"],\"send_as\":[\"@example.net\"],"
    "\"shares\":[{\"folder\":\"Work\",\"with\":\"bob@example.org\","
    "\"rights\":\"lrs\"}],\"locale\":\"de-DE\",\"time_zone\":\"Europe/Berlin\","
    "\"admin\":\"domain\",\"origin\":\"t:3\"}\n";

static void
test_round_trip(void)
{
	static const char *const lines[] = { full,
		"{\"v\":1,\"type\":\"domain\",\"domain\":\"example.org\","
		"\"active\":true,\"aliases\":[\"example.net\"],"
		"\"origin\":\"t:2\"}\n",
		"{\"v\":1,\"type\":\"domain\",\"domain\":\"example.com\","
		"\"active\":false,\"elsewhere\":true}\n",
		"{\"v\":1,\"type\":\"alias\",\"address\":\"@example.org\","
		"\"targets\":[\"a@b\",\"c@d\"],\"active\":true}\n",
		"{\"v\":1,\"type\":\"group\",\"address\":\"s@example.org\","
		"\"name\":\"S \\\"x\\\"\"}\n",
		settings,
		"{\"v\":1,\"type\":\"dkim\",\"domain\":\"example.org\","
		"\"selector\":\"s\",\"algorithm\":\"rsa\",\"key\":\"k\"}\n",
		"{\"v\":1,\"type\":\"note\",\"what\":\"w\",\"text\":\"t\"}\n",
		"{\"v\":1,\"type\":\"note\",\"what\":\"a@b\",\"text\":\"t\","
		"\"count\":2}\n",
		"{\"v\":1,\"type\":\"end\",\"count\":3,\"failed\":1,"
		"\"source\":\"t\",\"part\":\"p\"}\n" };
	struct record r = { 0 };
	struct buf b = { 0 };

	for (size_t m = 0; m < RECORD_MEMBERS; m++) {
		bool there = false;

		for (size_t i = 0; i < sizeof lines / sizeof *lines; i++)
			if (strstr(lines[i], record_members[m].key + 1) != NULL)
				there = true;
		OK(there, "\"%s\" is in a line", record_members[m].name);
	}

	for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
		struct why why = { 0 };

		buf_reset(&b);
		OK(record_parse(&r, lines[i], strlen(lines[i]), &why) == 0,
		    "line %zu: %s", i, why.text);
		record_write(&r, &b);
		SAME(buf_str(&b), lines[i], "comes back as it was");
	}
	OK(record_parse(&r, full, strlen(full), NULL) == 0 && !r.active &&
		r.receive && r.quota == 1073741824 && r.gid == 0 && !r.keep,
	    "flags and numbers");
	SAME(r.forward.v[0], "x@gmail.com", "a list");
	OK(record_vacation(&r) == NULL, "no vacation");
	record_reset(&r, REC_SETTINGS);
	r.address = "a@example.org";
	((struct record_vacation *)record_add(&r, &r.vacation))->text = "Away";
	((struct record_script *)record_add(&r, &r.scripts))->name = "main";
	OK(record_check(&r, NULL) == -1, "a script without a text");
	((struct record_script *)r.scripts.v)->text = "keep;";
	OK(record_check(&r, NULL) == 0, "built by a source");
	buf_reset(&b);
	record_write(&r, &b);
	SAME(buf_str(&b),
	    "{\"v\":1,\"type\":\"settings\",\"address\":\"a@example.org\","
	    "\"vacation\":{\"active\":true,\"text\":\"Away\"},\"scripts\":["
	    "{\"name\":\"main\",\"text\":\"keep;\"}]}\n",
	    "written");
	record_free(&r);
	buf_free(&b);
}

static void
test_refused(void)
{
#define A "{\"v\":1,\"type\":\"account\",\"address\":\"a@b\""
	static const struct {
		const char *line, *why;
	} cases[] = { { "[]", "not a JSON object" },
		{ "", "not a JSON object" },
		{ "{\"v\":1}", "type: is missing" },
		{ "{\"type\":\"account\",\"address\":\"a@b\"}",
		    "v: is missing" },
		{ "{\"v\":2,\"type\":\"account\",\"address\":\"a@b\"}",
		    "v: a record of version 2, not 1" },
		{ "{\"v\":\"1\",\"type\":\"end\",\"count\":0}",
		    "v: a whole number is expected" },
		{ "{\"v\":1,\"type\":\"account\"}", "address: is missing" },
		{ "{\"v\":1,\"type\":\"alias\",\"address\":\"a@b\"}",
		    "targets: is missing" },
		{ "{\"v\":1,\"type\":\"end\"}", "count: is missing" },
		{ "{\"v\":1,\"type\":\"note\",\"what\":\"canonical_maps\"}",
		    "text: is missing" },
		{ "{\"v\":1,\"type\":\"note\",\"text\":\"x\"}",
		    "what: is missing" },
		{ A ",\"name\":\"\"}", "name: an empty string" },
		{ A ",\"aliases\":[\"\"]}", "aliases: an empty string" },
		{ A ",\"name\":5}", "name: a string is expected" },
		{ A ",\"name\":null}", "name: a string is expected" },
		{ A ",\"logins\":\"x\"}",
		    "logins: an array of strings is expected" },
		{ A ",\"logins\":[1]}",
		    "logins: an array of strings is expected" },
		{ A ",\"active\":1}", "active: true or false is expected" },
		{ A ",\"quota\":1.5}", "quota: a whole number is expected" },
		{ A ",\"quota\":-5}", "quota: too small" },
		{ A ",\"quota\":-1}", "quota: too small" },
		{ A ",\"uid\":-1}", "uid: too small" },
		{ "{\"v\":1,\"type\":\"end\",\"count\":-1}",
		    "count: too small" },
		{ A ",\"name\":\"a\",\"name\":\"b\"}",
		    "name: the member is there twice" },
		{ A ",\"x\":1,\"x\":2}", "x: the member is there twice" },
		{ A ",\"v\":1}", "v: the member is there twice" },
		{ A ",\"type\":\"end\"}", "type: the member is there twice" },
		{ A ",\"vacation\":{\"text\":5}}",
		    "vacation: an object is expected, with members of the "
		    "right kinds" },
		{ A ",\"vacation\":{\"text\":\"a\",\"text\":\"b\"}}",
		    "vacation: an object is expected, with members of the "
		    "right kinds" },
		{ A ",\"vacation\":[]}",
		    "vacation: an object is expected, with members of the "
		    "right kinds" },
		{ A ",\"vacation\":{\"text\":\"\"}}",
		    "vacation: text: an empty string" },
		{ A ",\"identities\":[1]}",
		    "identities: an array of objects is expected, with members "
		    "of the right kinds" },
		{ A ",\"identities\":[{\"address\":\"a@b\"},{\"name\":\"X\"}]}",
		    "identities: address: is missing" },
		{ "{\"v\":1,\"type\":\"settings\"}", "address: is missing" },
		{ A "} x", "not JSON: something follows the value" },
		{ A ",", "not JSON: a string is expected" },
		{ "{\"v\":1,\"type\":\"account\",\"address\":\"ab\"}",
		    "address: not of the form name@domain" },
		{ "{\"v\":1,\"type\":\"account\",\"address\":\"@b\"}",
		    "address: not of the form name@domain" } };
	struct record r = { 0 };

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct why why = { 0 };

		OK(record_parse(
		       &r, cases[i].line, strlen(cases[i].line), &why) == -1 &&
			why.kind == FAIL_DATA,
		    "refused: %s", cases[i].line);
		SAME(why.text, cases[i].why, "and why");
	}
	record_free(&r);
}

static void
test_unknown(void)
{
	static const char *const lines[] = {
		"{\"v\":1,\"type\":\"resource\",\"name\":5,\"address\":[1]}",
		"{\"address\":\"a@b\",\"count\":\"many\",\"targets\":7,"
		"\"type\":\"account\",\"new\":{\"a\":[{}]},\"v\":1}",
		A ",\"error\":{\"kind\":\"data\",\"text\":\"stale\"}}"
	};
	struct record r = { 0 };

	for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
		struct why why = { 0 };

		OK(record_parse(&r, lines[i], strlen(lines[i]), &why) == 0,
		    "passes: %s %s", lines[i], why.text);
	}
	OK(record_parse(&r, lines[0], strlen(lines[0]), NULL) == 0 &&
		r.type == REC_OTHER,
	    "an unknown type is one");
	record_free(&r);
}

/* A record that others write: blanks, escapes, another order, unknown members. */
static void
test_spellings(void)
{
	static const char written[] =
	    "{\"v\":1,\"type\":\"account\",\"address\":\"a@b\","
	    "\"logins\":[\"c\"],\"name\":\"N\",\"active\":true,"
	    "\"receive\":true,\"quota\":5,\"uid\":7,\"gid\":8,"
	    "\"origin\":\"o\"}\n";
	static const char *const lines[] = {
		"{\"v\":1,\"type\":\"account\",\"address\":\"a@b\","
		"\"logins\":[\"c\"],\"name\":\"N\",\"quota\":5,\"uid\":7,"
		"\"gid\":8,\"origin\":\"o\"}",
		"{\"gid\":8,\"uid\":7,\"origin\":\"o\",\"quota\":5,"
		"\"name\":\"N\",\"logins\":[\"c\"],\"address\":\"a@b\","
		"\"type\":\"account\",\"v\":1}",
		" { \"v\" : 1 , \"type\" : \"account\" , \"address\" : \"a@b\" "
		", \"logins\" : [ \"c\" ] , \"name\" :\"N\", \"quota\": "
		"5,\"uid\" "
		":7,\"gid\": 8 ,\"origin\":\"o\" } ",
		"{\"v\":1,\"type\":\"account\",\"address\":\"a@b\",\"na\":1,"
		"\"login\":{},\"logins\":[\"c\"],\"n\\u0061me\":\"N\","
		"\"quota\":5,\"names\":[],\"uid\":7,\"gid\":8,\"\":{\"gid\":9},"
		"\"origin\":\"o\"}",
	};
	struct record r = { 0 };
	struct buf out = { 0 };

	for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
		struct why why = { 0 };

		buf_reset(&out);
		OK(record_parse(&r, lines[i], strlen(lines[i]), &why) == 0,
		    "read: %s %s", lines[i], why.text);
		record_write(&r, &out);
		SAME(out.data, written, "and is the same record");
	}
	buf_free(&out);
	record_free(&r);
}

int
main(void)
{
	test_address();
	test_kinds();
	test_round_trip();
	test_refused();
	test_unknown();
	test_spellings();
	TAP_DONE();
}
