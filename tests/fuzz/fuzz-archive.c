/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/*
 * What archive2maildir reads from the rows of an archive: dates, lists of
 * numbers and keywords, names of files, and mailboxes with their parents. The
 * first byte chooses the reader.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "convert/stamp.h"
#include "core/alloc.h"
#include "core/str.h"
#include "extract/filename.h"
#include "extract/idlist.h"
#include "extract/mailboxes.h"
#include "extract/mailplan.h"
#include "fuzz/fuzz.h"
#include "maildir/folder.h"
#include "maildir/keywords.h"

static void
fuzz_stamp(const char *text, size_t len)
{
	int64_t seconds;

	/* From the year 0 to the year 9999, and a day for the zone. */
	if (stamp_parse(text, len, &seconds))
		must(seconds >= -62167305600 && seconds <= 253402387200);
}

static void
each_keyword(void *arg, const char *keyword)
{
	size_t *n = arg;

	must(*keyword != '\0');
	++*n;
}

static void
fuzz_lists(const char *text, size_t len)
{
	struct ids ids = { 0 };
	size_t n = 0;

	if (ids_read(&ids, text, len) == -1)
		must(ids.n == 0 && ids.odd == 0);
	must(ids_count(&ids) > 0);
	(void)keywords_each(text, len, each_keyword, &n);
	must(n <= len);
	free(ids.all);
}

static void
fuzz_label(const char *text, size_t len)
{
	struct buf out = { 0 };
	struct labels labels = { 0 };

	for (int hidden = 0; hidden < 2; hidden++) {
		buf_reset(&out);
		filename_put(&out, text, len, hidden == 1);
		must(out.len <= 200 && utf8_valid(buf_str(&out), out.len));
		must(strlen(buf_str(&out)) == out.len);
		must(strpbrk(buf_str(&out), "/\\\n") == NULL);
		must(strcmp(buf_str(&out), ".") != 0 &&
		     strcmp(buf_str(&out), "..") != 0);
		must(hidden == 1 || out.len == 0 || out.data[0] != '.');
	}
	labels_take(&labels, buf_str(&out), "", &out);
	labels_free(&labels);
	buf_free(&out);
}

/* A line is a mailbox: a byte for its parent, one for its role, the name. */
static void
add_boxes(struct boxes *b, char *text)
{
	for (int64_t id = 1; text != NULL && id < 60; id++) {
		char *line = str_cut(&text, '\n');
		size_t n = strlen(line);
		struct buf name = { 0 };

		if (n < 2)
			continue;
		filename_put_utf8(&name, line + 2, n - 2);
		boxes_add(b, id, buf_str(&name),
		    line[1] == 'i'   ? "inbox"
		    : line[1] == 's' ? "sent"
				     : NULL,
		    line[0] > '0', line[0] - '0');
		buf_free(&name);
	}
}

static void
fuzz_boxes(char *text, const struct box_style *style)
{
	const struct folder_style folders = { .utf8 = style->utf8 };
	struct boxes b = { 0 };
	struct map seen = { 0 };
	struct buf out = { 0 };

	add_boxes(&b, text);
	boxes_name(&b, style);
	for (size_t i = 0; i < b.n; i++) {
		const char *dir = b.all[i].dir;
		bool added;

		(void)map_put(&seen, dir, &added);
		must(added && strlen(dir) <= 240 && strchr(dir, '/') == NULL);
		/* Dovecot can open it. */
		buf_reset(&out);
		must(folder_put_path(&out, dir, &folders) == 0);
	}
	buf_reset(&out);
	boxes_print(&b, &out);
	map_free(&seen);
	buf_free(&out);
	boxes_free(&b);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct box_style style;
	char *text;

	if (len == 0)
		return 0;
	text = xmemdup(data + 1, len - 1);
	style = (struct box_style){ (data[0] & 8) != 0, (data[0] & 16) != 0 };
	switch (data[0] % 8) {
	case 0:
		fuzz_stamp(text, len - 1);
		break;
	case 1:
		fuzz_lists(text, len - 1);
		break;
	case 2:
		fuzz_label(text, len - 1);
		break;
	default:
		fuzz_boxes(text, &style);
		break;
	}
	free(text);
	return 0;
}
