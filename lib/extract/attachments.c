/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

#include "extract/attachments.h"

#include <stdlib.h>

#include "core/alloc.h"

/* A larger one becomes a file of its own: servers take a megabyte or ten. */
enum {
	BLOB_MAX = 16 << 20
};

int
attachments_get(void *arg, int64_t id, struct buf *bytes, struct why *why)
{
	struct attachments *a = arg;
	struct blob b = { 0 };
	char chunk[16384];
	ssize_t n;
	int r = blob_open(&b, a->run->archive, id, why);

	if (r == 0 && b.size > BLOB_MAX) {
		a->large.all = xgrow(a->large.all, a->large.n, &a->large.cap,
		    sizeof *a->large.all);
		a->large.all[a->large.n++] = id;
		r = why_set(why, FAIL_DATA, "too large");
	}
	while (r == 0 && (n = blob_read(&b, chunk, sizeof chunk, why)) != 0) {
		if (n == -1)
			r = -1;
		else
			buf_add(bytes, chunk, (size_t)n);
	}
	blob_close(&b);
	if (r == -1)
		run_note(a->run, a->what, a->id,
		    "its attachment, blob %lld, is not in the file: %s",
		    (long long)id, why->text);
	return r;
}

static char *
attachment_name(int64_t blob)
{
	return xasprintf("blob-%lld.bin", (long long)blob);
}

int
attachments_put(struct attachments *a, const struct collection_dir *dir,
    int64_t blob, struct why *why)
{
	char *path = xasprintf("%s/_attachments", dir->path);
	char *name = attachment_name(blob);
	int r = target_dir(&a->run->target, path, why);

	if (r == 0)
		r = run_put_blob(a->run, blob, path, name, NULL, NULL, why);
	free(path);
	free(name);
	return r;
}

int
attachments_write(struct attachments *a, const struct collection_dir *dir,
    json_t *value, struct why *why)
{
	json_t *blob = json_object_get(value, "@blob"), *child;
	const char *key;
	size_t i;
	int r = 0;

	if (json_is_integer(blob)) {
		int64_t id = json_integer_value(blob);
		char *name = attachment_name(id);
		char *path = xasprintf("_attachments/%s", name);

		r = attachments_put(a, dir, id, why);
		if (r == 0)
			(void)json_object_set_new(
			    value, "@blob", json_string(path));
		else if (why->kind == FAIL_DATA) {
			run_note(a->run, a->what, a->id,
			    "its attachment, blob %lld, is not next to it: %s",
			    (long long)id, why->text);
			r = 0;
		}
		free(name);
		free(path);
	}
	json_object_foreach (value, key, child)
		if (r == 0)
			r = attachments_write(a, dir, child, why);
	json_array_foreach (value, i, child)
		if (r == 0)
			r = attachments_write(a, dir, child, why);
	return r;
}
