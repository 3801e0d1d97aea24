/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/* Dates, file names, folder names and lists of numbers as an archive has
 * them. */
#include <stdlib.h>

#include "convert/stamp.h"
#include "extract/filename.h"
#include "extract/idlist.h"
#include "extract/mailboxes.h"
#include "extract/parents.h"
#include "unit/tap.h"

/* The seconds are those of GNU date(1). */
static void
test_stamps(void)
{
	static const struct {
		const char *text;
		int64_t seconds;
	} good[] = { { "1970-01-01T00:00:00Z", 0 },
		{ "2025-05-12T10:00:00+02:00", 1747036800 },
		{ "2025-05-12T08:00:00Z", 1747036800 },
		{ "2025-05-12t08:00:00z", 1747036800 },
		{ "2025-05-12 08:00:00", 1747036800 },
		{ "2025-05-12T08:00:00.123456789Z", 1747036800 },
		{ "2025-05-12T08:00:00.1-00:30", 1747038600 },
		{ "2025-05-12T08:00:00+0530", 1747017000 },
		{ "1969-12-31T23:59:50.5Z", -10 },
		{ "1965-03-01T00:00:00Z", -152668800 },
		{ "2038-02-01T00:00:00Z", 2148595200 },
		{ "2024-02-29", 1709164800 },
		{ "9999-12-31T23:59:59Z", 253402300799 },
		{ "2016-12-31T23:59:60Z", 1483228800 } };
	static const char *const bad[] = { "", "2025", "2025-05-12T",
		"2025-13-01T00:00:00Z", "2023-02-29T00:00:00Z",
		"2025-05-12T24:00:00Z", "2025-05-12T08:00:00.Z",
		"2025-05-12T08:00:00+2:00", "2025-05-12T08:00:00Zx",
		"2025-05-12T08:00Z", "+2025-05-12T08:00:00Z",
		"2025-05-12T08:00:00+24:00", "now" };
	int64_t seconds;

	for (size_t i = 0; i < sizeof good / sizeof *good; i++)
		OK(stamp_parse(good[i].text, strlen(good[i].text), &seconds) &&
			seconds == good[i].seconds,
		    "date %s", good[i].text);
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		OK(!stamp_parse(bad[i], strlen(bad[i]), &seconds),
		    "no date: %s", bad[i]);
	OK(!stamp_parse("2025-05-12\0", 11, &seconds), "no date: a NUL");
}

static void
test_labels(void)
{
	static const struct {
		const char *text, *name, *hidden;
	} cases[] = { { "Work", "Work", "Work" },
		{ "a/b\\c", "a_b_c", "a_b_c" }, { "..", "", "" },
		{ ".", "", "" }, { "", "", "" }, { " . ", "", "" },
		{ "../../etc", "_._.._etc", ".._.._etc" },
		{ ".hidden", "_hidden", ".hidden" }, { " x. ", "x", "x" },
		{ "a\nb\x7f", "a_b_", "a_b_" }, { "\xff\xc3", "__", "__" },
		{ "Gr\xc3\xbc\xc3\x9f"
		  "e",
		    "Gr\xc3\xbc\xc3\x9f"
		    "e",
		    "Gr\xc3\xbc\xc3\x9f"
		    "e" } };
	struct buf out = { 0 };
	char longest[301] = { 0 };

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		const char *text = cases[i].text;

		filename_put(&out, text, strlen(text), false);
		SAME(buf_str(&out), cases[i].name, "name %zu", i);
		buf_reset(&out);
		filename_put(&out, text, strlen(text), true);
		SAME(buf_str(&out), cases[i].hidden, "hidden name %zu", i);
		buf_reset(&out);
	}
	filename_put(&out, "a\0b", 3, false);
	SAME(buf_str(&out), "a_b", "a NUL in a name");
	buf_reset(&out);
	memset(longest, 'x', 300);
	longest[186] = '\xc3'; /* on the edge */
	longest[187] = '\xa4';
	filename_put(&out, longest, 300, false);
	OK(out.len == 199 && out.data[186] == '-', "a long name is cut");
	buf_free(&out);
}

static void
test_unique(void)
{
	static const char *const wanted[] = { "a.ics", "a-1.ics", "a-2.ics",
		"a-1-1.ics", "a-3.ics" };
	static const char *const names[] = { "a", "a", "a", "a-1", "a" };
	struct labels l = { 0 };

	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		struct buf out = { 0 };

		labels_take(&l, names[i], ".ics", &out);
		SAME(buf_str(&out), wanted[i], "unique name %zu", i);
		buf_free(&out);
	}
	labels_free(&l);
}

static void
test_ids(void)
{
	static const struct {
		const char *json;
		int result;
		size_t n, odd, count;
	} cases[] = { { "[1,2]", 0, 2, 0, 2 }, { "[]", 0, 0, 0, 1 },
		{ " [ 1 , -5 ] ", 0, 2, 0, 2 },
		{ "[1,9223372036854775808]", 0, 1, 1, 2 },
		{ "[9223372036854775807]", 0, 1, 0, 1 },
		{ "[\"1\",1.5,1e2,null,[1],{\"a\":2}]", 0, 0, 6, 6 },
		{ "", -1, 0, 0, 1 }, { "[1", -1, 0, 0, 1 },
		{ "{\"1\":true}", -1, 0, 0, 1 }, { "[1]x", -1, 0, 0, 1 },
		{ "[1,]", -1, 0, 0, 1 }, { "\xff", -1, 0, 0, 1 } };
	struct ids l = { 0 };

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		OK(ids_read(&l, cases[i].json, strlen(cases[i].json)) ==
			    cases[i].result &&
			l.n == cases[i].n && l.odd == cases[i].odd &&
			ids_count(&l) == cases[i].count,
		    "numbers %s", cases[i].json);
	free(l.all);
}

static void
test_forest(void)
{
	/* 0 - 1 - 2 are a circle, 3 hangs on it; 5 is its own parent. */
	ssize_t up[] = { 2, 0, 1, 1, -1, 5, 4 };
	bool cut[7] = { false };
	size_t *order, place[7];
	bool sorted = true;

	parents_cut_circles(up, cut, 7);
	OK(up[0] == -1 && cut[0] && up[1] == 0 && up[2] == 1 && up[3] == 1 &&
		up[5] == -1 && cut[5] && !cut[1] && !cut[4],
	    "circles are cut at their lowest number");
	order = parents_order(up, 7);
	for (size_t i = 0; i < 7; i++)
		place[order[i]] = i;
	for (size_t i = 0; i < 7; i++)
		sorted = sorted && (up[i] == -1 || place[up[i]] < place[i]);
	OK(sorted, "parents come before their children");
	free(order);
}

/* The directories of mailboxes that are added in this order, by id from 1. */
struct given {
	int64_t parent;
	const char *name, *role, *dir;
};

static void
check_boxes(const char *what, const struct given *g, size_t n,
    const struct box_style *style)
{
	struct boxes b = { 0 };

	for (size_t i = 0; i < n; i++)
		boxes_add(&b, (int64_t)i + 1, g[i].name, g[i].role,
		    g[i].parent != 0, g[i].parent);
	boxes_name(&b, style);
	for (size_t i = 0; i < n; i++)
		SAME(b.all[i].dir, g[i].dir, "%s: mailbox %zu", what, i + 1);
	boxes_free(&b);
}

static void
test_boxes(void)
{
	static const struct box_style plain = { false, false },
				      utf8 = { true, false },
				      disk = { false, true };
	static const struct given clash[] = { { 0, "Inbox", "inbox", "." },
		{ 1, "Work", NULL, ".INBOX.Work" },
		{ 0, "Work", NULL, ".Work" },
		{ 2, "Deep", NULL, ".INBOX.Work.Deep" },
		{ 3, "Deep", NULL, ".Work.Deep" }, { 0, "Dup", NULL, ".Dup" },
		{ 0, "Dup", NULL, ".Dup-2" }, { 0, "Dup", NULL, ".Dup-3" },
		{ 6, "x", NULL, ".Dup.x" }, { 7, "x", NULL, ".Dup-2.x" },
		{ 1, "Dup", NULL, ".INBOX.Dup" }, { 1, "Own", NULL, ".Own" } };
	static const struct given odd[] = { { 0, "Inbox", "inbox", "." },
		{ 0, "inbox", NULL, ".inbox-2" },
		{ 0, "INBOX", "inbox", ".INBOX-2" },
		{ 0, "v1.2", NULL, ".v1\\2e2" }, { 0, "a/b", NULL, ".a_b" },
		{ 0, "a_b", NULL, ".a_b-2" }, { 0, "~x\\", NULL, ".\\7ex\\5c" },
		{ 0, "", NULL, "._" }, { 0, "..", NULL, ".\\2e\\2e" },
		{ 0, "Entw\xc3\xbcrfe & co", NULL, ".Entw&APw-rfe &- co" },
		{ 0, "Entw&APw-rfe", NULL, ".Entw&-APw-rfe" },
		{ 99, "lost", NULL, ".lost" },
		{ 14, "circle", NULL, ".circle" },
		{ 13, "other", NULL, ".circle.other" },
		{ 4, "Inbox", "inbox", ".v1\\2e2.Inbox" } };
	static const struct given stood[] = { { 0, "INBOX", NULL, "." },
		{ 0, "Entw&APw-rfe", NULL, ".Entw&APw-rfe" },
		{ 0, "A &- B", NULL, ".A &- B" },
		{ 0, "A & B", NULL, ".A &- B-2" },
		{ 0, "v1\\2e2", NULL, ".v1\\2e2" } };
	static const struct given raw[] = { { 0, "Entw\xc3\xbcrfe & co", NULL,
	    ".Entw\xc3\xbcrfe & co" } };

	check_boxes(
	    "names that clash", clash, sizeof clash / sizeof *clash, &plain);
	check_boxes("odd names", odd, sizeof odd / sizeof *odd, &plain);
	check_boxes(
	    "names from a disk", stood, sizeof stood / sizeof *stood, &disk);
	check_boxes("UTF-8", raw, 1, &utf8);
}

/* Long names and deep trees: everything fits, and nothing is twice. */
static void
test_long_boxes(void)
{
	static const struct box_style plain = { false, false };
	struct boxes b = { 0 };
	struct map seen = { 0 };
	char name[601] = { 0 };
	bool good = true;

	for (size_t i = 0; i < 600; i++)
		name[i] = "\xe6\x97\xa5"[i % 3];
	for (int64_t i = 1; i <= 300; i++)
		boxes_add(&b, i, i % 3 == 0 ? name : "some level", NULL, i > 1,
		    i - 1);
	boxes_name(&b, &plain);
	for (size_t i = 0; i < b.n; i++) {
		bool added;

		(void)map_put(&seen, b.all[i].dir, &added);
		good = good && added && strlen(b.all[i].dir) <= 240;
	}
	OK(good, "300 levels with long names");
	map_free(&seen);
	boxes_free(&b);
}

int
main(void)
{
	test_stamps();
	test_labels();
	test_unique();
	test_ids();
	test_forest();
	test_boxes();
	test_long_boxes();
	TAP_DONE();
}
