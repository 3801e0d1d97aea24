/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/* The comparison of folders, and the verdict on an account. */
#include "acct/check.h"

#include <stdlib.h>

#include "core/alloc.h"
#include "core/str.h"
#include "unit/tap.h"

/* --- folders --- */

/* Adds folders, "NAME[:ROLE]=COUNT" each, levels by "/"; "?" for a count that
 * is not known. The role is one that the server states. */
static void
add(struct mailboxes *list, const char *const *specs)
{
	for (; *specs != NULL; specs++) {
		char *spec = xstrdup(*specs), *count = strrchr(spec, '='),
		     *role = strchr(spec, ':');

		*count++ = '\0';
		if (role != NULL)
			*role++ = '\0';
		for (char *s = spec; *s != '\0'; s++)
			if (*s == '/')
				*s = MAILBOX_SEP;
		(void)mailboxes_add(list, spec, role, NULL,
		    *count == '?' ? -1 : strtoll(count, NULL, 10));
		free(spec);
	}
}

static void
put_pair(struct buf *out, const struct folder_pair *p)
{
	static const char verdicts[] = "=-~!+*?"; /* as the enum has them */

	if (p->source != NULL)
		mailbox_put_name(out, p->source);
	buf_addc(out, verdicts[p->verdict]);
	if (p->target != NULL)
		mailbox_put_name(out, p->target);
	buf_addc(out, ' ');
}

static char *
compared(const char *const *source, const char *const *target,
    const struct compare_options *o)
{
	struct mailboxes s = { 0 }, t = { 0 };
	struct compare_options none = { 0 };
	struct comparison c;
	struct buf out = { 0 };

	add(&s, source);
	add(&t, target);
	folders_compare(&s, &t, o == NULL ? &none : o, &c);
	for (size_t i = 0; i < c.n; i++)
		put_pair(&out, &c.v[i]);
	if (out.len > 0)
		out.data[--out.len] = '\0';
	comparison_free(&c);
	mailboxes_free(&s);
	mailboxes_free(&t);
	return out.data == NULL ? xstrdup("") : out.data;
}

#define LIST(...) ((const char *const[]){ __VA_ARGS__, NULL })

/* What is compared to what. */
static void
pairs(const char *const *source, const char *const *target,
    const struct compare_options *o, const char *want, const char *name)
{
	char *got = compared(source, target, o);

	SAME(got, want, "%s", name);
	free(got);
}

static void
test_counts(void)
{
	pairs(LIST("INBOX:inbox=3", "a=5"), LIST("Inbox:inbox=3", "a=5"), NULL,
	    "INBOX=Inbox a=a", "all is there");
	pairs(LIST("INBOX:inbox=3", "a=5", "b=1", "c=0"),
	    LIST("Inbox:inbox=2", "a=6", "d=1"), NULL,
	    "INBOX-Inbox a+a b! c! *d", "short, more, missing, extra");
	pairs(LIST("a=?", "b=1"), LIST("a=1", "b=?"), NULL, "a?a b?b",
	    "a count that is not known is not taken for right");
	pairs(LIST("a=?"), LIST("b=?"), NULL, "a? *b",
	    "nor that of a missing folder for none");
	pairs(LIST("INBOX:inbox=0"), LIST("x=1"), NULL, "INBOX= *x",
	    "an INBOX that was never used");
	pairs(LIST("INBOX:inbox=1"), LIST("x=1"), NULL, "INBOX! *x",
	    "one that was");
	pairs(LIST("a=1"), LIST("a=1", "Drafts:drafts=0", "Junk:junk=2"), NULL,
	    "a=a *Junk", "empty folders that the server made are not extra");
}

static void
test_tolerance(void)
{
	struct compare_options two = { .tolerance = { .n = 2 } },
			       percent = { .tolerance = { 10, true } },
			       empty = { .ignore_empty = true };
	struct tolerance t;

	pairs(LIST("a=10", "b=10", "c=2"), LIST("a=8", "b=7"), &two,
	    "a~a b-b c!", "two messages; a missing folder is missing");
	pairs(LIST("a=10", "b=10", "c=9"), LIST("a=9", "b=8", "c=8"), &percent,
	    "a~a b-b c-c", "ten percent, rounded down");
	pairs(LIST("a=9007199254740993"), LIST("a=0"), &percent, "a-a",
	    "percent of a number past all others");
	pairs(LIST("a=0", "b=1"), LIST("x=0"), &empty, "a= b! *x",
	    "empty folders are not missed");
	OK(tolerance_parse("0", &t) && t.n == 0 && !t.percent &&
		tolerance_parse("5%", &t) && t.n == 5 && t.percent &&
		tolerance_parse("100%", &t),
	    "tolerances");
	OK(!tolerance_parse("", &t) && !tolerance_parse("%", &t) &&
		!tolerance_parse("101%", &t) && !tolerance_parse("-1", &t) &&
		!tolerance_parse("1.5%", &t) && !tolerance_parse("a", &t),
	    "no tolerances");
}

static void
test_roles(void)
{
	pairs(LIST("Sent:sent=2", "Trash=1", "Spam=4"),
	    LIST("Sent Items:sent=2", "Deleted Items:trash=1",
		"Junk Mail:junk=4"),
	    NULL, "Sent=Sent Items Trash=Deleted Items Spam=Junk Mail",
	    "by role, stated or by the name");
	pairs(LIST("Gesendete Objekte=2", "Entw\xc3\xbcrfe=1"),
	    LIST("Drafts:drafts=1", "Sent Items:sent=2"), NULL,
	    "Gesendete Objekte=Sent Items Entw\xc3\xbcrfe=Drafts",
	    "in other languages");
	pairs(LIST("Sent=7", "Sent Messages:sent=2"),
	    LIST("Sent Items:sent=2", "Sent=7"), NULL,
	    "Sent=Sent Sent Messages=Sent Items",
	    "what a server states counts before a name");
	pairs(LIST("Spam=1", "Junk=2"), LIST("Junk=2", "Spam=1"), NULL,
	    "Spam=Spam Junk=Junk", "two of one role go by their names");
	pairs(LIST("Junk=2", "Spam=1"), LIST("Junk Mail:junk=2", "Spam=1"),
	    NULL, "Junk=Junk Mail Spam=Spam",
	    "the second of one role goes by its name");
	pairs(LIST("Work/Sent=3"), LIST("Sent Items:sent=0", "Work/Sent=3"),
	    NULL, "Work/Sent=Work/Sent", "a name deep in the tree is a name");
	pairs(LIST("INBOX/Sent=3"), LIST("Sent Items:sent=3"), NULL,
	    "INBOX/Sent=Sent Items", "below the INBOX it says the role");
	pairs(LIST("x:all=3"), LIST("y:all=3"), NULL, "x! *y",
	    "a view is no role");
}

static void
test_names(void)
{
	pairs(LIST("Caf\xc3\xa9=1"), LIST("Cafe\xcc\x81=1"), NULL,
	    "Caf\xc3\xa9=Caf\xc3\xa9", "two spellings of one name");
	pairs(LIST("\xc3\x9c/\xc3\xa4=1", "A & B=2"),
	    LIST("&ANw-/&AOQ-=1", "A &- B=2"), NULL,
	    "\xc3\x9c/\xc3\xa4=&ANw-/&AOQ- A & B=A &- B",
	    "a Maildir that was imported as it stood on disk");
	pairs(LIST("&ANw-=1"), LIST("\xc3\x9c=1"), NULL, "&ANw-=\xc3\x9c",
	    "and the way back");
	pairs(LIST("&ANw-=1", "\xc3\x9c=2"), LIST("&ANw-=1", "\xc3\x9c=2"),
	    NULL, "&ANw-=&ANw- \xc3\x9c=\xc3\x9c",
	    "where both are there, each is itself");
	pairs(LIST("INBOX/Work=1", "Work=2"), LIST("Inbox/Work=1", "Work=2"),
	    NULL, "INBOX/Work=INBOX/Work Work=Work",
	    "below the INBOX, spelt another way");
	pairs(LIST("INBOX/Work=1"), LIST("Work=1"), NULL, "INBOX/Work=Work",
	    "a prefix that is no level");
	pairs(LIST("Work=1"), LIST("Inbox/Work=1"), NULL, "Work=INBOX/Work",
	    "and the way back");
	pairs(
	    LIST("a=1"), LIST("A=1"), NULL, "a! *A", "letters have their case");
}

static void
test_ignore(void)
{
	static const char *const patterns[] = { "Shared/*", "Trash", NULL };
	struct compare_options o = { .ignore = patterns };

	pairs(LIST("Shared/a=1", "Trash=2", "b=1"),
	    LIST("b=1", "Shared/c=1", "Deleted Items:trash=0"), &o, "b=b",
	    "folders that do not count");
}

/* --- accounts --- */

static struct acct_subject subject;

static struct acct_subject *
fresh(void)
{
	side_account_free(&subject.source);
	side_account_free(&subject.target);
	subject =
	    (struct acct_subject){ .address = "a@one.test", .active = true };
	subject.source.done = subject.target.done = true;
	subject.source.master = true;
	(void)mailboxes_add(
	    &subject.source.data.mailboxes, "INBOX", "inbox", NULL, 5);
	(void)mailboxes_add(
	    &subject.target.data.mailboxes, "Inbox", "inbox", NULL, 5);
	subject.target.data.id[0] = 'b';
	return &subject;
}

static void
verdict(enum acct_check status, const char *what, const char *name)
{
	struct check_options o = { 0 };
	struct verification v;
	const struct acct_finding *worst;

	check_account(&subject, &o, &v);
	OK(v.status == status, "%s: %s", name, check_name(v.status));
	worst = verification_worst(&v);
	SAME(worst == NULL ? "" : worst->what, what, "%s: why", name);
	verification_free(&v);
}

static void
test_logins(void)
{
	fresh()->target.login = LOGIN_OK;
	verdict(CHECK_OK, "", "let in");
	fresh()->target.login = LOGIN_REFUSED;
	verdict(CHECK_SHORT, "login-refused", "refused");
	fresh()->target.login = LOGIN_FORBIDDEN;
	verdict(CHECK_SHORT, "login-forbidden", "not allowed");
	fresh()->target.login = LOGIN_SKIPPED;
	verdict(CHECK_SHORT, "login-skipped", "not tried");
	fresh()->target.login = LOGIN_SECOND_FACTOR;
	verdict(CHECK_OK, "", "a second factor");
	fresh()->active = false;
	subject.target.login = LOGIN_FORBIDDEN;
	verdict(CHECK_OK, "", "disabled, and not allowed");
	fresh()->active = false;
	subject.target.login = LOGIN_OK;
	verdict(CHECK_SHORT, "login-allowed", "disabled, and let in");
	fresh()->source.login = LOGIN_REFUSED;
	verdict(CHECK_OK, "", "refused by the old server only");
}

static void
test_sides(void)
{
	fresh()->target.absent = true;
	verdict(CHECK_SHORT, "account-missing", "not on the target");
	fresh()->source.absent = true;
	verdict(CHECK_FAILED, "source-missing", "not on the source");
	fresh()->source.absent = true;
	subject.active = false;
	verdict(CHECK_SKIPPED, "source-disabled", "disabled on the source");
	fresh();
	why_set(&subject.source.data.why, FAIL_TEMP, "gone");
	verdict(CHECK_UNREACHABLE, "unreachable", "the source is away");
	subject.target.login = LOGIN_REFUSED;
	verdict(CHECK_SHORT, "login-refused",
	    "the source is away, and a password is wrong");
	fresh();
	why_set(&subject.target.data.why, FAIL_DATA, "odd");
	verdict(CHECK_FAILED, "target-failed", "the target does not tell");
	fresh()->target.done = false;
	verdict(CHECK_UNREACHABLE, "unreachable", "not asked any more");
	fresh()->target.login = LOGIN_FAILED;
	why_set(&subject.target.login_why, FAIL_TEMP, "gone");
	verdict(CHECK_UNREACHABLE, "unreachable", "no answer to the login");
	fresh()->target.login = LOGIN_REFUSED;
	why_set(&subject.target.login_why, FAIL_DATA, "wrong");
	subject.target.data.why = subject.target.login_why;
	verdict(CHECK_SHORT, "login-refused", "the only way in is shut");
	subject.active = false;
	verdict(CHECK_SKIPPED, "", "the same of a disabled account");
}

static void
test_texts(void)
{
	struct check_options o = { 0 };
	struct verification v;

	fresh();
	(void)mailboxes_add(
	    &subject.source.data.mailboxes, "a", NULL, NULL, -1);
	(void)mailboxes_add(
	    &subject.target.data.mailboxes, "b", NULL, NULL, -1);
	check_account(&subject, &o, &v);
	SAME(v.v[0].text,
	    "a: the folder is missing, and the old server does not tell how "
	    "many messages",
	    "a missing folder that nobody has counted");
	SAME(v.v[1].text,
	    "b: only on the new server, and the new server does not tell how "
	    "many messages",
	    "an extra one");
	verification_free(&v);
	o.back = true;
	subject.target.login = LOGIN_REFUSED;
	why_set(&subject.target.login_why, FAIL_DATA, "wrong");
	check_account(&subject, &o, &v);
	SAME(v.v[0].text, "login on the old server: wrong", "on the way back");
	SAME(v.v[1].text,
	    "a: the folder is missing, and the new server does not tell how "
	    "many messages",
	    "a folder that did not come back");
	SAME(v.v[2].text,
	    "b: only on the old server, and the old server does not tell how "
	    "many messages",
	    "one that was there before");
	verification_free(&v);
}

static void
test_record(void)
{
	struct check_options o = {
		.counted = { [DATA_EVENTS] = true, [DATA_SCRIPTS] = true }
	};
	struct verification v;
	struct buf out = { 0 }, name = { 0 };

	buf_adds(&name, "a\x01");
	for (int i = 0; i < 200; i++)
		buf_adds(&name, "\xc3\xa9");
	fresh()->target.login = LOGIN_OK;
	subject.target.known[DATA_EVENTS] = true;
	subject.target.known[DATA_SCRIPTS] = true;
	subject.target.data.counts[DATA_EVENTS] = 7;
	(void)mailboxes_add(
	    &subject.source.data.mailboxes, name.data, NULL, NULL, 1);
	check_account(&subject, &o, &v);
	verification_put(&v, &subject, &o, &out);
	OK(utf8_valid(out.data, out.len), "a record is UTF-8");
	OK(strstr(out.data,
	       "\"what\":\"not-comparable\",\"short\":false,\"text\":\"events: "
	       "the old server cannot tell how many\"") != NULL,
	    "what one side cannot count is said");
	OK(strstr(out.data, "\"source\":\"master\",\"target\":\"ok\"") != NULL,
	    "the logins");
	OK(strstr(out.data,
	       "\"target\":{\"folders\":1,\"messages\":5,\"events\":7,"
	       "\"scripts\":0}") != NULL,
	    "the counts");
	verification_free(&v);
	subject.source.known[DATA_EVENTS] = true;
	subject.source.known[DATA_SCRIPTS] = true;
	subject.source.data.counts[DATA_EVENTS] = 8;
	check_account(&subject, &o, &v);
	OK(v.status == CHECK_SHORT, "an event is missing");
	verification_free(&v);
	buf_free(&out);
	buf_free(&name);
}

int
main(void)
{
	test_counts();
	test_tolerance();
	test_roles();
	test_names();
	test_ignore();
	test_logins();
	test_sides();
	test_texts();
	test_record();
	side_account_free(&subject.source);
	side_account_free(&subject.target);
	TAP_DONE();
}
