/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/* Headers, Message-IDs, digests, variants and journals. */
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "maildir/content.h"
#include "maildir/header.h"
#include "maildir/index.h"
#include "merge/journal.h"
#include "merge/variant.h"
#include "unit/tap.h"

static int
file_of(const char *text, size_t len)
{
	int fd = memfd_create("unit", MFD_CLOEXEC);

	if (fd == -1 || write(fd, text, len) != (ssize_t)len ||
	    lseek(fd, 0, SEEK_SET) != 0)
		abort();
	return fd;
}

/* Forms of one id that are seen in the wild, and what an id is not. */
static void
test_msgids(void)
{
	static const struct {
		const char *value, *id;
	} cases[] = { { " <A@x>", "A@x" }, { "\n <A@x>", "A@x" },
		{ " <A@x> \t", "A@x" }, { " (c) <A@x> (d)", "A@x" },
		{ " (a (b) c) <A@x>", "A@x" }, { " (\\) <n@n>) <A@x>", "A@x" },
		{ " A@x", "A@x" }, { " A@x (c)", "A@x" }, { " <[A@x]>", "A@x" },
		{ " [<A@x>]", "A@x" }, { " <A@\r\n x>", "A@x" },
		{ " <A@x> <B@x>", "A@x" }, { " <A@x", "A@x" },
		{ " <a(b)c@x>", "a(b)c@x" }, { " (open <A@x>", "A@x" },
		{ " \"q <b> \"@x", "\"q <b> \"@x" },
		{ " <a@X.TEST>", "a@X.TEST" }, { "", "" }, { "  \t", "" },
		{ " <>", "" }, { " (only)", "" }, { " <[]>", "" } };
	struct buf b = { 0 };

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		buf_reset(&b);
		msgid_put(&b, cases[i].value, strlen(cases[i].value));
		SAME(buf_str(&b), cases[i].id, "id %zu", i);
	}
	buf_free(&b);
}

/* The id of a whole message; NULL if it has none. */
static const char *
id_of(struct reader *r, const char *text, size_t len)
{
	unsigned char id[DIGEST_LEN];
	int fd = file_of(text, len);
	int n = read_msgid(r, fd, id, NULL);

	(void)close(fd);
	return n == 1 ? buf_str(&r->text) : NULL;
}

static void
test_headers(void)
{
	static const struct {
		const char *text, *id;
	} cases[] = { { "Message-ID: <a@x>\n\nbody", "a@x" },
		{ "message-id : <a@x>\r\n\r\n", "a@x" },
		{ "From a@x Mon\nMESSAGE-ID:<a@x>\n\n", "a@x" },
		{ ">From a@x Mon\r\nMessage-Id:\r\n\t<a@x>\r\n\r\n", "a@x" },
		{ "\nMessage-ID: <a@x>\n\n", NULL },
		{ "Subject: x\n\nMessage-ID: <a@x>\n", NULL },
		{ "X-Message-ID: <b@x>\nno colon\nMessage-ID: <a@x>\n", "a@x" },
		{ "Message-ID: <a@x>\nMessage-ID: <b@x>\n\n", "a@x" },
		{ "\xef\xbb\xbf"
		  "Message-ID: <a@x>\n\n",
		    NULL },
		{ "Resent-Message-ID: <b@x>\nMessage-ID: <a@x>\n\n", "a@x" },
		{ "Message-ID: <a@x>\rSubject: s\r\rbody\r", "a@x" },
		{ "Subject: s\rMessage-ID: <a@x>\r\rbody\r", NULL },
		{ "Subject: s\n \nMessage-ID: <a@x>\n\n", "a@x" },
		{ "Message-ID:\n\n <a@x>\n", NULL },
		{ "Message-ID\n: <a@x>\n\n", NULL },
		{ "X:1\n:\nMessage-ID: <a@x>\n\n", "a@x" },
		{ "Message-ID: <a@x>", "a@x" }, { "Message-ID:", NULL },
		{ "", NULL }, { "From x", NULL }, { ":\n\n", NULL } };
	struct reader r = { 0 };
	struct buf b = { 0 };
	unsigned char id[DIGEST_LEN];
	int fd;

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		SAME(id_of(&r, cases[i].text, strlen(cases[i].text)),
		    cases[i].id, "header %zu", i);
	/* Wherever the first read ends, the field is found whole. */
	for (size_t pad = 4080; pad < 4110; pad++) {
		buf_reset(&b);
		buf_adds(&b, "X: ");
		for (size_t i = 0; i < pad; i++)
			buf_addc(&b, 'x');
		buf_adds(&b, "\nMessage-ID:\n <far@x>\n\n");
		if (id_of(&r, b.data, b.len) == NULL ||
		    strcmp(buf_str(&r.text), "far@x") != 0)
			OK(false, "padding of %zu", pad);
	}
	/* Ten megabytes of header. */
	buf_reset(&b);
	for (int i = 0; i < 100000; i++)
		buf_addf(&b, "X-%06d: %090d\n", i, i);
	buf_adds(&b, "Message-ID: <deep@x>\n\n");
	SAME(id_of(&r, b.data, b.len), "deep@x", "behind 10 MB of header");
	fd = file_of("\x1f\x8b gzip", 7);
	OK(read_msgid(&r, fd, id, NULL) == -1, "a compressed file");
	(void)close(fd);
	reader_free(&r);
	buf_free(&b);
}

static bool
same_content(const char *a, const char *b)
{
	unsigned char x[DIGEST_LEN], y[DIGEST_LEN];
	struct reader r = { 0 };
	int fa = file_of(a, strlen(a)), fb = file_of(b, strlen(b));
	bool good = read_content(&r, fa, x, NULL) == 0 &&
		    read_content(&r, fb, y, NULL) == 0 &&
		    memcmp(x, y, sizeof x) == 0;

	(void)close(fa);
	(void)close(fb);
	reader_free(&r);
	return good;
}

#define HEAD "From: a\nTo: b\nSubject: s\nDate: d\n"

static void
test_contents(void)
{
	OK(same_content(HEAD "\nbody\n", HEAD "\nbody"), "line end at the end");
	OK(same_content(HEAD "\nb\n\nc\n\n\n", HEAD "\r\nb\r\n\r\nc"),
	    "CRLF and LF, blank lines at the end");
	OK(same_content(HEAD "\nb\r\r\nc\n\r", HEAD "\nb\nc"),
	    "CRs before a line end, which Dovecot drops");
	OK(same_content("From: a\r\r\n\r\r\nb\r\r\n", "From: a\n\nb\n"),
	    "CRs before each line end");
	OK(!same_content(HEAD "\nb\rc", HEAD "\nbc"), "a CR in a line");
	OK(same_content(HEAD "\nx", "Received: r\nSubject:\n s\nDate: d\n"
				    "X-Spam: no\nTo: b\nFrom:   a\n\nx"),
	    "other transport fields, other order, a fold");
	OK(!same_content(HEAD "\nbody 1\n", HEAD "\nbody 2\n"), "other body");
	OK(!same_content(HEAD "\na\rb", HEAD "\na\nb"), "a lone CR is text");
	OK(same_content(HEAD "\nab\r", HEAD "\nab"),
	    "a CR at the end, which Dovecot drops, too");
	OK(!same_content(HEAD "\n\n\nx", HEAD "\nx"), "blank lines before");
	OK(!same_content(HEAD "\n.x\n", HEAD "\n..x\n"), "a dot more");
	OK(!same_content(HEAD "\nFrom x\n", HEAD "\n>From x\n"),
	    "what an mbox does to From");
	OK(!same_content(HEAD "\nx", "From: a\nTo: b\nSubject: [l] s\n"
				     "Date: d\n\nx"),
	    "a prefix in the subject");
	OK(!same_content(
	       HEAD "\nx", "Subject: t\nFrom: a\nTo: b\nDate: d\n\nx"),
	    "other subject");
	OK(!same_content(HEAD "Content-Type: text/html\n\nx", HEAD "\nx"),
	    "other type");
	OK(same_content("X: 1\n\nx", "X: 2\n\nx"), "no fields, one size");
	OK(!same_content("X: 1\n\nx", "X: 12\n\nx"), "no fields, other size");
	OK(!same_content("X: 1\n\n\n", "X: 2\n\n\n"), "no fields, no body");
	OK(!same_content("disk sda failed\n", "disk sdb failed\n"),
	    "no header");
	OK(!same_content("Subject: s\nX: 1\n", "Subject: s\nX: 2\n"),
	    "one field, no body");
	OK(same_content("X: 1\r\n\r\n", "X: 1\n\n"), "the same, CRLF");
	OK(same_content("Date: d\nFrom: f\nX: 1\n", "Date: d\nFrom: f\nX: 2\n"),
	    "two fields, no body");
}

/* What the source's message is to the target's. */
static enum variant
variant_of(const char *target, const char *source)
{
	int ft = file_of(target, strlen(target));
	int fs = file_of(source, strlen(source));
	struct variant_facts t, s;
	enum variant v = VARIANT_NONE;

	if (variant_read(&t, ft, NULL) == 0 && variant_read(&s, fs, NULL) == 0)
		v = variant_relate(&s, &t);
	(void)close(ft);
	(void)close(fs);
	return v;
}

static void
test_variant(void)
{
	const char *plain = HEAD "\ntext\n";

	OK(variant_of(plain, HEAD "List-Id: l\n\ntext\n____\nlist\n") ==
		VARIANT_FOOTER,
	    "a list's footer");
	OK(variant_of(HEAD "List-Post: l\r\n\r\ntext\r\n-- \r\nlist\r\n",
	       plain) == VARIANT_FOOTER,
	    "the other way round");
	OK(variant_of(plain, HEAD "\ntext\n____\nlist\n") == VARIANT_NONE,
	    "a footer without a list");
	OK(variant_of(plain, HEAD "List-Id: l\n\ntext\nand pay me\n") ==
		VARIANT_NONE,
	    "more text is no footer");
	OK(variant_of(plain, HEAD "List-Id: l\n\ntext____\nlist\n") ==
		VARIANT_NONE,
	    "a rule in the middle of a line");
	OK(variant_of(plain,
	       HEAD "Content-Type: multipart/encrypted; "
		    "protocol=\"application/pgp-encrypted\"\n\nqx") ==
		VARIANT_ENCRYPTED,
	    "encrypted at rest");
	OK(variant_of(plain,
	       "From: a\nTo: b\nSubject: t\nDate: d\nContent-Type: "
	       "multipart/encrypted\n\nqx") == VARIANT_NONE,
	    "encrypted, of another subject");
	OK(variant_of(plain, HEAD "\nother\n") == VARIANT_NONE, "another body");
	OK(variant_of(plain,
	       HEAD "Content-Type: application/pkcs7-mime; "
		    "smime-type=enveloped-data\n\nqx") == VARIANT_ENCRYPTED,
	    "encrypted as S/MIME");
	OK(variant_of(plain,
	       HEAD "Content-Type: application/pkcs7-mime; "
		    "smime-type=signed-data\n\nqx") == VARIANT_NONE,
	    "signed is not encrypted");
	OK(variant_of(HEAD "Content-Type: multipart/encrypted; "
			   "protocol=\"application/pgp-encrypted\"\n\nqx",
	       plain) == VARIANT_NONE,
	    "the target's is encrypted, the source's is not");
	OK(variant_of(plain, HEAD
	       "List-Id: l\n\ntext\n____\none\n____\ntwo\n") == VARIANT_FOOTER,
	    "a footer with a rule in it");
}

static void
test_journal(void)
{
	char path[] = "/tmp/mailferry-unit.XXXXXX";
	char dir[] = ".Sent", name[] = "1.x", info[] = ":2,S", target[] = "/t";
	struct journal_record run = { .kind = JOURNAL_RUN,
		.target = target,
		.identity = 1ULL << 63 | 5 };
	struct journal_record add = { .kind = JOURNAL_ADD,
		.dir = dir,
		.name = name,
		.info = info,
		.size = 7,
		.date = -5 };
	struct journal_text t = { 0 };
	struct journal j;
	struct why why = { 0 };
	int fd = mkstemp(path);

	memset(add.sha, 0xab, sizeof add.sha);
	OK(journal_append(&j, path, &why) == 0, "opened");
	journal_put(&j, &run);
	journal_put(&j, &add);
	OK(journal_close(&j, &why) == 0 && journal_read(&t, path, &why) == 0 &&
		t.n == 2,
	    "written and read");
	OK(t.n == 2 && t.records[0].identity == run.identity &&
		t.records[1].kind == JOURNAL_ADD && t.records[1].size == 7 &&
		t.records[1].date == -5 &&
		memcmp(t.records[1].sha, add.sha, sizeof add.sha) == 0 &&
		strcmp(t.records[1].dir, ".Sent") == 0 &&
		strcmp(t.records[1].info, ":2,S") == 0,
	    "the same records");
	journal_free(&t);
	OK(lseek(fd, 0, SEEK_END) > 0 && write(fd, "1234", 4) == 4 &&
		journal_read(&t, path, &why) == 0 && t.n == 2,
	    "a last line that was cut off");
	journal_free(&t);
	OK(write(fd, "\n", 1) == 1 && journal_read(&t, path, &why) == 0 &&
		t.n == 2 && t.damaged == 1,
	    "a damaged line is counted");
	journal_free(&t);
	OK(write(fd, "half", 4) == 4 && journal_append(&j, path, &why) == 0,
	    "opened again");
	journal_put(&j, &add);
	OK(journal_close(&j, &why) == 0 && journal_read(&t, path, &why) == 0 &&
		t.n == 3 && t.damaged == 1,
	    "what is appended begins a line of its own");
	journal_free(&t);
	OK(ftruncate(fd, 9) == 0 && journal_read(&t, path, &why) == -1,
	    "without its first line it is none: %s", why.text);
	journal_free(&t);
	(void)close(fd);
	(void)unlink(path);
}

int
main(void)
{
	test_msgids();
	test_headers();
	test_contents();
	test_variant();
	test_journal();
	TAP_DONE();
}
