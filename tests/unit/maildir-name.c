/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/* File names, folder names and keyword lists of a Maildir. What is expected
 * was seen with Dovecot 2.3. */
#include "maildir/name.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "maildir/folder.h"
#include "maildir/folderlist.h"
#include "maildir/keywords.h"
#include "unit/tap.h"

static void
test_names(void)
{
	static const struct {
		const char *name;
		size_t base;
		unsigned int flags, letters;
		const char *extra;
		int64_t size, vsize, seconds;
	} cases[] = {
		{ "1700000000.M1P2.host,S=65,W=70:2,FSa", 30,
		    MD_FLAGGED | MD_SEEN, 1, "", 65, 70, 1700000000 },
		{ "1.a:2,SF", 3, MD_FLAGGED | MD_SEEN, 0, "", -1, -1, 1 },
		{ "1.a", 3, 0, 0, "", -1, -1, 1 },
		{ "1.a:1,S", 3, 0, 0, "", -1, -1, 1 },
		{ "1.a:2,PS,extra", 3, MD_PASSED | MD_SEEN, 0, ",extra", -1, -1,
		    1 },
		{ "1.a:b:2,T", 3, MD_TRASHED, 0, "", -1, -1, 1 },
		{ "1.a:2,S.bak", 3, MD_SEEN, 1 | 2 | 1 << 10, "", -1, -1, 1 },
		{ "1.a;2,S", 7, 0, 0, "", -1, -1, 1 },
		{ "1.a!2,S", 7, 0, 0, "", -1, -1, 1 },
		{ "1 a:2,S", 3, MD_SEEN, 0, "", -1, -1, 1 },
		{ "1.a,U=12,FMD5=01:2,S", 16, MD_SEEN, 0, "", -1, -1, 1 },
		{ "x,S=,W=9x:2,", 9, 0, 0, "", MD_SIZE_BAD, MD_SIZE_BAD, 0 },
		{ "-10.M4P5.v:2,R", 10, MD_REPLIED, 0, "", -1, -1, 0 },
		{ "1,S=99999999999999999999", 24, 0, 0, "", MD_SIZE_BAD, -1,
		    1 },
		{ "1:2,,S=5", 1, 0, 0, ",S=5", -1, -1, 1 },
		{ "", 0, 0, 0, "", -1, -1, 0 },
		{ ":2,S", 0, MD_SEEN, 0, "", -1, -1, 0 },
	};

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct mdname n;

		mdname_parse(&n, cases[i].name);
		OK(n.base_len == cases[i].base && n.flags == cases[i].flags &&
			n.letters == cases[i].letters &&
			n.size == cases[i].size && n.vsize == cases[i].vsize &&
			n.seconds == cases[i].seconds,
		    "parse %s", cases[i].name);
		SAME(n.extra, cases[i].extra, "extra of %s", cases[i].name);
	}
	OK(mdname_ignored(".x") && mdname_ignored("a\nb") &&
		mdname_ignored("a\r") && !mdname_ignored("a.b"),
	    "names that are no message");
}

static void
test_put(void)
{
	const unsigned char digest[MD_DIGEST_LEN] = { 0, 0, 0, 7, 0xab };
	struct msgsize size = { 0 };
	struct buf b = { 0 };
	struct mdname n;

	mdname_put_info(&b, MD_FLAGS, 1 | 1 << 25);
	SAME(buf_str(&b), ":2,DFPRSTaz", "all flags");
	buf_reset(&b);
	/* Cut between CR and LF: one line end, not a bare line feed. */
	msgsize_add(&size, "a\r", 2);
	msgsize_add(&size, "\nb\n", 3);
	msgsize_add(&size, "", 0);
	msgsize_add(&size, "\n", 1);
	OK(size.bytes == 6 && msgsize_crlf(&size) == 8, "sizes");
	mdname_put_base(&b, 5, digest, 1, &size);
	SAME(buf_str(&b),
	    "5.M000007P1.ab0000000000000000000000.mailferry,S=6,W=8", "base");
	buf_reset(&b);
	mdname_put_base(&b, -5, digest, 0, &size);
	mdname_parse(&n, buf_str(&b));
	OK(n.seconds == 0 && n.size == 6 && n.vsize == 8,
	    "a date before 1970 sorts first");
	OK(mdflag_of_keyword("$SEEN") == MD_SEEN &&
		mdflag_of_keyword("\\Answered") == MD_REPLIED &&
		mdflag_of_keyword("$forwarded") == MD_PASSED &&
		mdflag_of_keyword("work") == 0,
	    "keywords that are flags");
	SAME(mdflag_keyword(MD_PASSED), "$forwarded", "and back");
	buf_free(&b);
}

static void
test_folders(void)
{
	static const struct {
		struct folder_style style;
		const char *path, *dir;
	} same[] = { { { .fs = false }, "INBOX", "." },
		{ { .fs = true }, "INBOX", "." },
		{ { .fs = false }, "Archiv/Entwürfe", ".Archiv.Entw&APw-rfe" },
		{ { .utf8 = true }, "Archiv/a&b ü", ".Archiv.a&b ü" },
		{ { .fs = true }, "A/B.c/ü", "A/B.c/&APw-" },
		{ { .fs = true, .dirname = "mAildir" }, "A/B", "A/B/mAildir" },
		{ { .fs = false }, "INBOX/sub", ".INBOX.sub" },
		{ { .fs = false }, "cur", ".cur" },
		{ { .fs = true, .utf8 = true, .unseen = true }, "a/cur",
		    "a/cur" },
		{ { .fs = true, .unseen = true, .escape = '\\' }, "~a", "~a" },
		/* As Dovecot with listescape lays them. */
		{ { .escape = '\\', .separator = '/' }, "v1.2", ".v1\\2e2" },
		{ { .escape = '\\', .separator = '/' }, "a\\2fb/~t",
		    ".a\\5c2fb.\\7et" },
		{ { .escape = '^', .separator = '/' }, "v^1.2", ".v^5e1^2e2" },
		{ { .escape = '\\', .separator = '.' }, "x\\2fy/c\\5cd",
		    ".x\\2fy.c\\5cd" },
		{ { .fs = true, .escape = '\\', .separator = '/' }, "v1.2/c\\d",
		    "v1.2/c\\5cd" },
		{ { .fs = true, .escape = '\\', .separator = '.' }, "x\\2fy/~z",
		    "x\\2fy/\\7ez" } };
	static const struct {
		struct folder_style style;
		const char *path;
	} never[] = { { { .fs = false }, "" }, { { .fs = false }, "a/" },
		{ { .fs = false }, "/a" }, { { .fs = false }, "a//b" },
		{ { .fs = false }, "v1.2" }, { { .fs = false }, "~a" },
		{ { .fs = false }, "Inbox" }, { { .fs = true }, "a/cur" },
		{ { .fs = true }, "../x" }, { { .fs = true }, ".x" },
		{ { .fs = true, .unseen = true }, "~a" },
		{ { .fs = true, .unseen = true, .escape = '\\' }, ".." },
		{ { .escape = '\\', .separator = '.' }, "v1.2" },
		{ { .fs = true, .separator = '.' }, "v1.2" },
		{ { .utf8 = true }, "\xff" } };
	const struct folder_style escaping = { .escape = '\\',
		.separator = '.' };
	struct buf b = { 0 };
	struct why why = { 0 };
	char longest[300];

	for (size_t i = 0; i < sizeof same / sizeof *same; i++) {
		buf_reset(&b);
		OK(folder_put_dir(&b, same[i].path, &same[i].style, &why) == 0,
		    "dir of %s", same[i].path);
		SAME(buf_str(&b), same[i].dir, "is %s", same[i].dir);
		buf_reset(&b);
		OK(folder_put_path(&b, same[i].dir, &same[i].style) == 0,
		    "path of %s", same[i].dir);
		SAME(buf_str(&b), same[i].path, "is %s", same[i].path);
	}
	buf_reset(&b);
	for (size_t i = 0; i < sizeof never / sizeof *never; i++)
		OK(folder_put_dir(&b, never[i].path, &never[i].style, &why) ==
			    -1 &&
			b.len == 0,
		    "no directory for %zu: %s", i, why.text);
	memset(longest, 'x', sizeof longest);
	longest[sizeof longest - 1] = '\0';
	OK(folder_put_dir(&b, longest, &same[0].style, &why) == -1, "too long");
	longest[254] = '\0';
	OK(folder_put_dir(&b, longest, &same[0].style, &why) == 0, "fits");
	buf_reset(&b);
	OK(folder_put_dir(&b, "Inbox/Work", &same[0].style, &why) == -1 &&
		folder_put_dir(&b, "inbox/a/b", &same[0].style, &why) == -1 &&
		folder_put_dir(&b, "INBOX/Work", &same[0].style, &why) == 0,
	    "a level above is INBOX in capitals, or not INBOX");
	buf_reset(&b);
	OK(folder_put_path(&b, ".a\\zz", &escaping) == -1 &&
		folder_put_path(&b, ".a\\2eb", &escaping) == -1 &&
		folder_put_path(&b, ".a\\2Fb", &escaping) == -1 && b.len == 0,
	    "an escape that Dovecot would not write leads nowhere");
	OK(folder_put_path(&b, ".INBOX", &same[0].style) == -1 &&
		folder_put_path(&b, ".R\xc3\xbc", &same[0].style) == -1 &&
		folder_put_path(&b, ".a&b", &same[0].style) == -1 &&
		folder_put_path(&b, "cur", &same[0].style) == -1 && b.len == 0,
	    "directories that Dovecot cannot open");
	OK(!folder_put_level(&b, "v1.2/x\n~", true), "something became \"_\"");
	SAME(buf_str(&b), "v1\\2e2_x_~", "escaped level");
	buf_reset(&b);
	OK(!folder_put_level(&b, "~v1.2\\", false), "and without escapes");
	SAME(buf_str(&b), "_v1_2\\", "replaced level");
	buf_free(&b);
}

static void
test_keywords(void)
{
	char text[] = "0 $Forwarded\n2 first\nx y\n26 no\n2 Work\r\n3\n4\r\n"
		      "5 Späm\n25 last";
	struct keywords k = { 0 }, again = { 0 };
	struct buf b = { 0 };
	struct why why = { 0 };
	char dir[] = "/tmp/mailferry-unit.XXXXXX";
	struct stat before = { 0 }, after = { 0 };
	int fd;

	keywords_parse(&k, text);
	OK(keywords_find(&k, "work") == 2 && keywords_find(&k, "LAST") == 25 &&
		keywords_find(&k, "first") == -1,
	    "parsed");
	OK(keywords_add(&k, "New") == 1 && keywords_add(&k, "WORK") == 2,
	    "added under the lowest free number");
	keywords_print(&k, &b);
	SAME(buf_str(&b), "0 $Forwarded\n1 New\n2 Work\n5 Späm\n25 last\n",
	    "printed");
	OK(keyword_valid("$Label1") && !keyword_valid("a b") &&
		!keyword_valid("") && !keyword_valid("Späm") &&
		!keyword_valid("a]"),
	    "valid keywords");
	OK(mkdtemp(dir) != NULL, "folder");
	fd = open(dir, O_RDONLY | O_DIRECTORY);
	OK(keywords_read(&again, fd, &why) == 0 && again.name[0] == NULL,
	    "no file is an empty list");
	OK(keywords_write(&k, fd, &why) == 0 &&
		fstatat(fd, "dovecot-keywords", &before, 0) == 0 &&
		keywords_write(&k, fd, &why) == 0 &&
		fstatat(fd, "dovecot-keywords", &after, 0) == 0,
	    "written twice");
	OK(after.st_mtim.tv_sec > before.st_mtim.tv_sec, "the time moves on");
	OK(keywords_read(&again, fd, &why) == 0 &&
		keywords_find(&again, "last") == 25,
	    "read back");
	for (int i = 0; i < 30; i++) {
		char name[16];

		(void)snprintf(name, sizeof name, "k%d", i);
		(void)keywords_add(&again, name);
	}
	OK(keywords_add(&again, "one-more") == -1, "26 and no more");
	(void)unlinkat(fd, "dovecot-keywords", 0);
	(void)close(fd);
	(void)rmdir(dir);
	keywords_free(&k);
	keywords_free(&again);
	buf_free(&b);
}

static void
test_folder_list(void)
{
	char level[] = "Sent Items", *path[] = { level, NULL };
	char dir[] = ".Sent Items", role[] = "sent";
	const struct folder_note note = { dir, path, role, true };
	char file[] = "/tmp/mailferry-unit.XXXXXX";
	const struct folder_note *found;
	struct folder_list l = { 0 };
	struct buf b = { 0 };
	struct why why = { 0 };
	int fd = mkstemp(file);

	folder_note_print(&note, &b);
	SAME(buf_str(&b),
	    "{\"v\":1,\"type\":\"folder\",\"dir\":\".Sent Items\",\"path\":"
	    "[\"Sent Items\"],\"role\":\"sent\",\"subscribed\":true}\n",
	    "a folder record");
	buf_adds(&b, "{\"type\":\"end\"}\n");
	OK(write(fd, b.data, b.len) == (ssize_t)b.len, "written");
	OK(folder_list_read(&l, file, &why) == 0 && l.n == 1, "read");
	found = folder_list_find(&l, ".Sent Items");
	OK(found != NULL && found->subscribed, "found");
	SAME(found == NULL ? NULL : found->path[0], "Sent Items", "its path");
	OK(folder_list_find(&l, ".x") == NULL, "not found");
	OK(write(fd, "{\"dir\":1}\n", 10) == 10 &&
		folder_list_read(&l, file, &why) == -1,
	    "a record of another form: %s", why.text);
	folder_list_free(&l);
	buf_free(&b);
	(void)close(fd);
	(void)unlink(file);
}

int
main(void)
{
	test_names();
	test_put();
	test_folders();
	test_keywords();
	test_folder_list();
	TAP_DONE();
}
