/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

#include "jmap/download.h"

#include <string.h>

static const char id_characters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				    "abcdefghijklmnopqrstuvwxyz0123456789-_";

/* What a variable of the server's template (RFC 6570, level 1) stands for here. */
static const char *
value_of(const char *name, size_t len, const char *account, const char *blob)
{
	if (len == strlen("accountId") && strncmp(name, "accountId", len) == 0)
		return account;
	if (len == strlen("blobId") && strncmp(name, "blobId", len) == 0)
		return blob;
	if (len == strlen("type") && strncmp(name, "type", len) == 0)
		return "application%2Foctet-stream";
	return "blob"; /* the name of the file */
}

/* The template with its variables replaced; ids (RFC 8620, 1.2) go as they are. */
static void
add_path(struct buf *path, const char *template, const char *account,
    const char *blob)
{
	while (*template != '\0') {
		size_t len = strcspn(template, "{"), name;

		buf_add(path, template, len);
		template += len;
		if (*template == '\0')
			return;
		name = strcspn(++template, "}");
		buf_adds(path, value_of(template, name, account, blob));
		template += name + (template[name] == '}');
	}
}

int
jmap_download(struct jmap *j, const char *account, const char *blob,
    struct buf *out, struct why *why)
{
	struct buf path = { 0 };
	int r;

	if (j->download_path == NULL)
		return why_set(why, FAIL_DATA, "the server names no downloads");
	if (blob[strspn(blob, id_characters)] != '\0')
		return why_set(why, FAIL_DATA, "not the id of a blob");
	add_path(&path, j->download_path, account, blob);
	r = jmap_get(j, buf_str(&path), out, NULL, why);
	buf_free(&path);
	return r;
}
