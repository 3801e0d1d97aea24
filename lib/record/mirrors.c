/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

#include "record/mirrors.h"

#include <string.h>

#include "core/json.h"

/* The array that comes next, without what is owned. */
static void
copy_names(struct json_reader *s, struct buf *to,
    bool (*owned)(void *ctx, const char *domain), void *ctx)
{
	char *name;

	jw_open(to, '[');
	if (jr_enter(s, '['))
		while (jr_element(s) && jr_string(s, &name))
			if (!owned(ctx, name))
				jw_str(to, name);
	jw_close(to, ']');
}

void
mirrors_cut(
    struct buf *line, bool (*owned)(void *ctx, const char *domain), void *ctx)
{
	struct buf text = { 0 }, out = { 0 };
	struct json_reader s;
	char *name;

	/* What is read is changed on the way. */
	buf_adds(&text, buf_str(line));
	jr_init(&s, text.data);
	if (jr_enter(&s, '{'))
		while (jr_member(&s, &name)) {
			size_t from = (size_t)(s.at - text.data);

			if (strcmp(name, "aliases") != 0) {
				(void)jr_skip(&s);
				continue;
			}
			buf_add(&out, line->data, from);
			copy_names(&s, &out, owned, ctx);
			buf_adds(&out, line->data + (s.at - text.data));
			break;
		}
	if (s.error == NULL && out.len != 0) {
		buf_reset(line);
		buf_adds(line, out.data);
	}
	buf_free(&text);
	buf_free(&out);
}
