/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/* The files that say where a directory is. */
#include "source/conf-file.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/buf.h"
#include "unit/tap.h"

static char folder[] = "/tmp/mailferry-u.XXXXXX";

static const char *
put(const char *name, const char *text)
{
	static char path[128];
	FILE *f;

	(void)snprintf(path, sizeof path, "%s/%s", folder, name);
	f = fopen(path, "w");
	if (f == NULL || fputs(text, f) == EOF || fclose(f) == EOF)
		abort();
	return path;
}

/* All settings as "key=value;", or what is wrong, without the folder. */
static void
show(const struct setting *top, int r, const struct why *why, struct buf *out)
{
	if (r == -1)
		buf_adds(out, strrchr(why->text, '/') + 1);
	for (const struct setting *s = top->child; r == 0 && s != NULL;
	     s = s->next)
		buf_addf(out, "%s=%s;", s->key, s->value);
}

static const struct {
	const char *text, *want;
	bool table;
} rows[] = {
	{ "a = b\n  # note\n\nc=d", "a=b;c=d;", false },
	{ "a = b # note\nc = d#note\r\n", "a=b;c=d;", false },
	{ "q = SELECT '#' FROM \"x#\"\n", "q=SELECT '#' FROM \"x#\";", false },
	{ "q = SELECT a \\\n   FROM b \\\nWHERE c\nd = e\n",
	    "q=SELECT a FROM b WHERE c;d=e;", false },
	{ "p = \"a \\\"b\\\" #c\"\ns = 'x'\n", "p=a \"b\" #c;s=x;", false },
	{ "p = $ENV:MAILFERRY_UNIT\n", "p=from there;", false },
	{ "p = $ENV:MAILFERRY_NONE\n", "p=;", false },
	{ "!include_try none*\na = b\n", "a=b;", false },
	{ "!include one\na = b\n", "in=side;a=b;", false },
	{ "\n!include none\n", "file:2: the file to include is not there",
	    false },
	{ "a = b\nwords\n", "file:2: not a setting (key = value)", false },
	{ "!include file\n", "file:1: too many files within files", false },
	{ "", "", false },
	{ "hosts = a\n  b\n# note\n\tc\nq = 'x#y' # z\n",
	    "hosts=a b c;q='x#y' # z;", true },
	{ "a = b\r\nc =\n", "a=b;c=;", true },
	{ "words\n", "file:1: not a setting (key = value)", true },
	{ "", "", true },
};

int
main(void)
{
	struct setting top = { 0 };
	struct arena arena = { 0 };
	struct why why = { 0 };

	if (mkdtemp(folder) == NULL)
		abort();
	(void)setenv("MAILFERRY_UNIT", "from there", 1);
	(void)put("one", "in = side\n");
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		const char *path = put("file", rows[i].text);
		struct buf out = { 0 };
		int r;

		top = (struct setting){ 0 };
		r = rows[i].table ? conf_read_table(&top, &arena, path, &why)
				  : conf_read_ext(&top, &arena, path, &why);
		show(&top, r, &why, &out);
		SAME(buf_str(&out), rows[i].want, "text %zu", i);
		buf_free(&out);
	}
	OK(conf_read_ext(&top, &arena, "/nowhere/at/all", &why) == -1,
	    "a file that is not there");
	arena_free(&arena);
	(void)unlink(put("one", ""));
	(void)unlink(put("file", ""));
	(void)rmdir(folder);
	TAP_DONE();
}
