/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

#include "maildir/folderlist.h"

#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"
#include "core/json.h"
#include "core/ndjson.h"

void
folder_note_print(const struct folder_note *note, struct buf *out)
{
	jw_open(out, '{');
	jw_kint(out, "v", 1);
	jw_kstr(out, "type", "folder");
	jw_kstr(out, "dir", note->dir);
	jw_key(out, "path");
	jw_open(out, '[');
	for (char **level = note->path; *level != NULL; level++)
		jw_str(out, *level);
	jw_close(out, ']');
	jw_kstr(out, "role", note->role);
	jw_kbool(out, "subscribed", note->subscribed);
	jw_close(out, '}');
	buf_addc(out, '\n');
}

static void
note_free(struct folder_note *n)
{
	for (char **level = n->path; level != NULL && *level != NULL; level++)
		free(*level);
	free(n->path);
	free(n->dir);
	free(n->role);
}

static bool
read_path(struct json_reader *s, struct folder_note *n)
{
	size_t levels = 0, cap = 0;

	if (n->path != NULL || !jr_enter(s, '['))
		return false;
	while (jr_element(s)) {
		/* Always room for the NULL at the end. */
		n->path = xgrow(n->path, levels + 1, &cap, sizeof *n->path);
		n->path[levels] = n->path[levels + 1] = NULL;
		if (!jr_copy(s, &n->path[levels++]))
			return false;
	}
	return s->error == NULL;
}

/* Reads one line. False if it is not an object of the right form. */
static bool
read_note(struct folder_note *n, char *line, char **type)
{
	struct json_reader s;
	char *member;

	jr_init(&s, line);
	if (!jr_enter(&s, '{'))
		return false;
	while (jr_member(&s, &member)) {
		bool good;

		if (strcmp(member, "type") == 0)
			good = jr_copy(&s, type);
		else if (strcmp(member, "dir") == 0)
			good = jr_copy(&s, &n->dir);
		else if (strcmp(member, "path") == 0)
			good = read_path(&s, n);
		else if (strcmp(member, "role") == 0)
			good = jr_copy(&s, &n->role);
		else if (strcmp(member, "subscribed") == 0)
			good = jr_bool(&s, &n->subscribed);
		else
			good = jr_skip(&s);
		if (!good)
			return false;
	}
	return jr_done(&s);
}

int
folder_list_read(struct folder_list *l, const char *file, struct why *why)
{
	char *copy = xstrdup(file), *files[] = { copy, NULL };
	struct ndjson in;
	int r;

	ndjson_init(&in, files, RECORD_LINE_MAX);
	while ((r = ndjson_next(&in, why)) == 1) {
		struct folder_note n = { 0 };
		char *type = NULL;
		bool good = read_note(&n, in.line, &type);
		bool mine = type == NULL || strcmp(type, "folder") == 0;

		free(type);
		if (good && mine && n.dir != NULL && n.path != NULL) {
			l->notes =
			    xgrow(l->notes, l->n, &l->cap, sizeof *l->notes);
			l->notes[l->n++] = n;
			continue;
		}
		note_free(&n);
		if (good && !mine)
			continue;
		r = why_set(why, FAIL_FATAL, "%s: not a folder record",
		    ndjson_where(&in));
		break;
	}
	ndjson_free(&in);
	free(copy);
	return r;
}

const struct folder_note *
folder_list_find(const struct folder_list *l, const char *dir)
{
	for (size_t i = 0; i < l->n; i++)
		if (strcmp(l->notes[i].dir, dir) == 0)
			return &l->notes[i];
	return NULL;
}

void
folder_list_free(struct folder_list *l)
{
	for (size_t i = 0; i < l->n; i++)
		note_free(&l->notes[i]);
	free(l->notes);
	*l = (struct folder_list){ 0 };
}
