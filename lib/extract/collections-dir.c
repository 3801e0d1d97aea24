/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/* The folders of calendars and address books. */
#include "extract/collections-dir.h"

#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"
#include "extract/filename.h"

static void
add_shelf(
    struct collection_dirs *s, int64_t id, const char *part, const char *label)
{
	s->all = xgrow(s->all, s->n, &s->cap, sizeof *s->all);
	s->all[s->n++] = (struct collection_dir){ .id = id,
		.path = xasprintf("%s/%s", part, label) };
}

static void
add_row(struct collection_dirs *s, struct labels *labels,
    const struct archive_rows *r, enum extract_part part)
{
	struct buf clean = { 0 }, label = { 0 };
	size_t len;
	const char *name = rows_text(r, 1, &len);
	int64_t id = rows_int(r, 0);

	filename_put(&clean, name, len, false);
	if (clean.len == 0)
		buf_addf(&clean, "%s-%lld",
		    part == PART_CALENDARS ? "calendar" : "addressbook",
		    (long long)id);
	labels_take(labels, buf_str(&clean), "", &label);
	add_shelf(s, id, extract_part_names[part], buf_str(&label));
	buf_free(&clean);
	buf_free(&label);
}

int
collection_dirs_read(struct collection_dirs *s, struct archive *a,
    enum extract_part part, struct why *why)
{
	struct archive_rows r = { 0 };
	struct labels labels = { 0 };
	struct buf orphans = { 0 };
	int more = rows_open(&r, a,
	    part == PART_CALENDARS
		? "SELECT id, name FROM calendars ORDER BY id"
		: "SELECT id, name FROM address_books ORDER BY id",
	    why);

	while (more != -1 && (more = rows_next(&r, why)) == 1)
		add_row(s, &labels, &r, part);
	/* The last folder is for objects that belong to none. */
	labels_take(&labels, "_orphans", "", &orphans);
	add_shelf(s, 0, extract_part_names[part], buf_str(&orphans));
	rows_close(&r);
	labels_free(&labels);
	buf_free(&orphans);
	return more;
}

struct collection_dir *
collection_dirs_find(const struct collection_dirs *s, int64_t id)
{
	size_t low = 0, high = s->n - 1;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (s->all[mid].id < id)
			low = mid + 1;
		else
			high = mid;
	}
	return low < s->n - 1 && s->all[low].id == id ? &s->all[low] : NULL;
}

void
collection_dirs_free(struct collection_dirs *s)
{
	for (size_t i = 0; i < s->n; i++)
		free(s->all[i].path);
	free(s->all);
	*s = (struct collection_dirs){ 0 };
}
