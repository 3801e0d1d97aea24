/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/* The file of temporary passwords. */
#include "plan/temporary.h"

#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/buf.h"
#include "core/io.h"
#include "secret/hash.h"
#include "unit/tap.h"

static char dir[] = "/tmp/temporary.XXXXXX";
static char file[sizeof dir + 16];

static void
put(const char *text)
{
	FILE *f = fopen(file, "w");

	if (f == NULL || fputs(text, f) == EOF || fclose(f) != 0)
		abort();
	(void)chmod(file, 0600);
}

/* The content; good until the next call. */
static const char *
content(void)
{
	static struct buf text;
	static struct why why;

	buf_reset(&text);
	if (read_file(file, &text, &why) == -1)
		return why.text;
	return buf_str(&text);
}

static void
test_new_file(void)
{
	struct temporary t;
	struct why mended = { 0 }, why = { 0 };
	char first[TEMPORARY_LEN + 1], want[256];
	struct stat st;

	(void)unlink(file);
	OK(temporary_open(&t, file, &mended, &why) == 0, "a new file");
	OK(mended.kind == FAIL_NONE, "in which nothing is to be mended");
	OK(stat(file, &st) == 0 && (st.st_mode & 07777) == 0600,
	    "nobody else reads it");
	(void)snprintf(
	    first, sizeof first, "%s", temporary_get(&t, "a@b.test", &why));
	OK(strlen(first) == TEMPORARY_LEN, "a password is made");
	OK(strcmp(first, temporary_get(&t, "c@b.test", &why)) != 0,
	    "and another one for the next account");
	SAME(temporary_get(&t, "a@b.test", &why), first,
	    "asked again, it gives the first account the same");
	OK(temporary_sync(&t, &why) == 0, "both are on the disk");
	(void)snprintf(want, sizeof want, "a@b.test\t%s\n", first);
	OK(strncmp(content(), want, strlen(want)) == 0, "one a line");
	OK(strstr(content() + 1, "a@b.test") == NULL, "each once");
	temporary_close(&t);
	OK(temporary_open(&t, file, &mended, &why) == 0, "the next run");
	SAME(temporary_get(&t, "a@b.test", &why), first,
	    "gives an account the same password");
	temporary_close(&t);
}

static void
test_lock(void)
{
	struct temporary t, other;
	struct why mended = { 0 }, why = { 0 };

	put("");
	OK(temporary_open(&t, file, &mended, &why) == 0, "a run");
	OK(temporary_open(&other, file, &mended, &why) == -1 &&
		why.kind == FAIL_TEMP && strstr(why.text, file) != NULL,
	    "keeps another one out: %s", why.text);
	temporary_close(&other);
	temporary_close(&t);
	OK(temporary_open(&t, file, &mended, &why) == 0, "until its end");
	temporary_close(&t);
}

/* What a full disk or a kill leaves of the last line. */
static void
test_cut_line(void)
{
#define WHOLE "a@b.test\tabcdefghijklmnopqrst\n"
	static const struct {
		const char *text, *after, *said;
	} rows[] = {
		{ WHOLE "c@b.test\tabc", WHOLE, "c@b.test gets" },
		{ WHOLE "c@b.test\t", WHOLE, "c@b.test gets" },
		{ WHOLE "c@b.te", WHOLE, "c@b.te gets" },
		{ WHOLE "\tabc", WHOLE, "its account gets" },
		{ "c@b.test\tabc", "", "c@b.test gets" },
		{ WHOLE "c@b.test\tabcdefghijklmnopqrsT",
		    WHOLE "c@b.test\tabcdefghijklmnopqrsT\n", NULL },
		{ WHOLE, WHOLE, NULL },
		{ "", "", NULL },
	};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct temporary t;
		struct why mended = { 0 }, why = { 0 };

		put(rows[i].text);
		OK(temporary_open(&t, file, &mended, &why) == 0, "file %zu", i);
		OK((mended.kind == FAIL_NONE) == (rows[i].said == NULL) &&
			(rows[i].said == NULL ||
			    strstr(mended.text, rows[i].said) != NULL),
		    "file %zu: what is said: %s", i, mended.text);
		OK(strstr(mended.text, "\tabc") == NULL,
		    "file %zu: no password is shown", i);
		SAME(content(), rows[i].after, "file %zu: what is left", i);
		temporary_close(&t);
	}
#undef WHOLE
}

static void
test_refused(void)
{
	struct temporary t;
	struct why mended = { 0 }, why = { 0 };

	put("no tab at all\n");
	OK(temporary_open(&t, file, &mended, &why) == -1 &&
		why.kind == FAIL_FATAL,
	    "a file of another kind is left alone: %s", why.text);
	temporary_close(&t);
	SAME(content(), "no tab at all\n", "as it was");
	OK(temporary_open(&t, dir, &mended, &why) == -1, "a folder: %s",
	    why.text);
	temporary_close(&t);
	OK(temporary_open(&t, "/dev/full", &mended, &why) == -1, "a device: %s",
	    why.text);
	temporary_close(&t);
}

int
main(void)
{
	if (mkdtemp(dir) == NULL)
		return 1;
	(void)snprintf(file, sizeof file, "%s/passwords", dir);
	test_new_file();
	test_lock();
	test_cut_line();
	test_refused();
	(void)unlink(file);
	(void)rmdir(dir);
	TAP_DONE();
}
