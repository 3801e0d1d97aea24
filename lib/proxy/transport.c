/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

#include "proxy/transport.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"
#include "core/command.h"
#include "core/str.h"

enum {
	FILE_MAX = 1 << 30
};
static const char BLANKS[] = " \t\r\n\v\f";

static const char *const change_names[] = {
	[TRANSPORT_SET] = "set",
	[TRANSPORT_EXISTS] = "exists",
	[TRANSPORT_UNSET] = "unset",
	[TRANSPORT_ABSENT] = "absent",
};

const char *
transport_change_name(enum transport_change c)
{
	return change_names[c];
}

/* --- reading --- */

static struct transport_line *
add_line(struct transport *t, const char *raw, size_t len)
{
	t->lines = xgrow(t->lines, t->n, &t->cap, sizeof *t->lines);
	t->lines[t->n] =
	    (struct transport_line){ .raw = arena_add(&t->texts, raw, len) };
	return &t->lines[t->n++];
}

static void
index_line(struct transport *t)
{
	struct transport_line *line = &t->lines[t->n - 1];
	void **at = map_put(&t->index, line->key, NULL);

	line->earlier = (uintptr_t)*at;
	*at = (void *)(uintptr_t)t->n;
}

/* A line that begins with a key. */
static void
add_entry(struct transport *t, const char *raw, size_t len)
{
	struct transport_line *line = add_line(t, raw, len);
	size_t key = strcspn(line->raw, BLANKS),
	       from = key + strspn(line->raw + key, BLANKS), to = len;

	while (to > from && strchr(BLANKS, line->raw[to - 1]) != NULL)
		to--;
	line->key = str_lower(arena_add(&t->texts, line->raw, key));
	line->value = arena_add(&t->texts, line->raw + from, to - from);
	index_line(t);
}

/* A line that continues the last one with a key, comments in between too: all
 * of it is one line then, whose value is nothing that we write. */
static bool
continue_entry(struct transport *t, const char *raw, size_t len)
{
	struct buf all = { 0 };
	size_t i = t->n;

	while (i > 0 && t->lines[i - 1].key == NULL)
		i--;
	if (i == 0)
		return false;
	for (size_t k = i - 1; k < t->n; k++)
		buf_adds(&all, t->lines[k].raw);
	buf_add(&all, raw, len);
	t->n = i;
	t->lines[i - 1].raw = arena_add(&t->texts, all.data, all.len);
	t->lines[i - 1].value = NULL;
	buf_free(&all);
	return true;
}

void
transport_parse(struct transport *t, const char *text, size_t len)
{
	const char *end = text + len, *next;

	for (; text < end; text = next) {
		const char *newline = memchr(text, '\n', (size_t)(end - text));
		size_t n, blank;

		next = newline == NULL ? end : newline + 1;
		n = (size_t)(next - text);
		for (blank = 0;
		     blank < n && strchr(BLANKS, text[blank]) != NULL;)
			blank++;
		if (blank == 0 && *text != '#')
			add_entry(t, text, n);
		else if (blank == n || text[blank] == '#' ||
			 !continue_entry(t, text, n))
			(void)add_line(t, text, n);
	}
}

int
transport_open(struct transport *t, const char *path, struct why *why)
{
	*t = (struct transport){ .file.fd = -1 };
	if (locked_open(&t->file, path, FILE_MAX, 0644, why) == -1)
		return -1;
	if (memchr(buf_str(&t->file.old), '\0', t->file.old.len) != NULL)
		return why_set(why, FAIL_FATAL,
		    "%s: not a text; the table is meant, not its database",
		    path);
	transport_parse(t, buf_str(&t->file.old), t->file.old.len);
	return 0;
}

void
transport_close(struct transport *t)
{
	locked_close(&t->file);
	free(t->lines);
	map_free(&t->index);
	arena_free(&t->texts);
	*t = (struct transport){ .file.fd = -1 };
}

/* --- changing --- */

/* Whether a value is what we write for one of the hosts. */
static bool
is_ours(const struct export_options *o, const char *value)
{
	struct buf one = { 0 };
	bool found = false;

	for (size_t i = 0; value != NULL && i < o->n_hosts && !found; i++) {
		buf_reset(&one);
		found = export_transport(
			    o, o->hosts[i].destination, &one, NULL) == 0 &&
			one.len != 0 && strcmp(one.data, value) == 0;
	}
	buf_free(&one);
	return found;
}

static int
refuse(const char *address, const struct transport_line *line, struct why *why)
{
	return why_set(why, FAIL_DATA,
	    "%s has a line in the table that is not ours (%.200s): take it "
	    "out, "
	    "or name its host with --host",
	    address, line->value == NULL ? "of several lines" : line->value);
}

/* Takes out all lines of a key but the first that counts, which gets a new text
 * or goes too. */
static void
replace(struct transport *t, size_t last, const char *raw)
{
	for (size_t i = last; i != 0; i = t->lines[i - 1].earlier) {
		struct transport_line *line = &t->lines[i - 1];

		line->raw = line->earlier == 0 ? raw : NULL;
	}
	t->changed = true;
}

static void
append(struct transport *t, const char *raw)
{
	struct transport_line *last = t->n == 0 ? NULL : &t->lines[t->n - 1];
	size_t len = last == NULL || last->raw == NULL ? 0 : strlen(last->raw);

	if (len != 0 && last->raw[len - 1] != '\n') {
		char *whole = xasprintf("%s\n", last->raw);

		last->raw = arena_adds(&t->texts, whole);
		free(whole);
	}
	add_entry(t, raw, strlen(raw));
	t->changed = true;
}

/* The lines of a key, as they should be: raw NULL for none. 0, or -1 and why. */
static int
put(struct transport *t, const struct export_options *o, const char *address,
    const char *value, const char *raw, enum transport_change *change,
    struct why *why)
{
	char *key = str_lower(xstrdup(address));
	void **at = map_get(&t->index, key);
	size_t last = at == NULL ? 0 : (uintptr_t)*at, n = 0;
	bool same = value != NULL;

	free(key);
	for (size_t i = last; i != 0; i = t->lines[i - 1].earlier) {
		const struct transport_line *line = &t->lines[i - 1];

		if (line->raw == NULL)
			continue;
		if (!is_ours(o, line->value))
			return refuse(address, line, why);
		same = same && strcmp(line->value, value) == 0;
		n++;
	}
	if (value == NULL)
		*change = n != 0 ? TRANSPORT_UNSET : TRANSPORT_ABSENT;
	else
		*change = n != 1 || !same ? TRANSPORT_SET : TRANSPORT_EXISTS;
	if (*change == TRANSPORT_ABSENT || *change == TRANSPORT_EXISTS)
		return 0;
	/* What was taken out keeps its place in the index only. */
	if (n == 0)
		append(t, raw);
	else
		replace(t, last, raw);
	return 0;
}

int
transport_set(struct transport *t, const struct export_options *o,
    const char *address, const char *destination, enum transport_change *change,
    struct why *why)
{
	struct buf value = { 0 }, raw = { 0 };
	const char *text = NULL;
	int r = -1;

	if (export_transport_key(address, why) == 0 &&
	    export_transport(o, destination, &value, why) == 0) {
		buf_addf(&raw, "%s\t%s\n", address, buf_str(&value));
		if (value.len != 0)
			text = arena_adds(&t->texts, raw.data);
		r = put(t, o, address, text == NULL ? NULL : value.data, text,
		    change, why);
	}
	buf_free(&value);
	buf_free(&raw);
	return r;
}

/* --- writing --- */

void
transport_text(const struct transport *t, struct buf *out)
{
	for (size_t i = 0; i < t->n; i++)
		if (t->lines[i].raw != NULL)
			buf_adds(out, t->lines[i].raw);
}

/* Runs a line of the shell with one argument. The programs of Postfix lie where
 * the PATH of cron does not lead. */
static int
run_shell(
    const char *name, const char *line, const char *argument, struct why *why)
{
	char *whole = xasprintf("PATH=$PATH:/usr/sbin; %s", line);
	const char *argv[] = { "sh", "-c", whole, name, argument, NULL };
	struct command c;
	int r = command_open(&c, argv, why);

	if (r == 0) {
		c.name = name;
		r = command_close(&c, why);
	}
	free(whole);
	return r;
}

static int
postmap(const char *path, const char *type, struct why *why)
{
	char *table =
	    type == NULL ? xstrdup(path) : xasprintf("%s:%s", type, path);
	int r = run_shell("postmap", "postmap \"$1\"", table, why);

	free(table);
	return r;
}

/* A Postfix that does not run reads the table when it is started. */
static int
reload_postfix(struct why *why)
{
	/* It leaves a postsuper(1) behind that holds what it writes to, and a
	 * master(8) that hangs would keep us and the lock. */
	return run_shell("postfix reload",
	    "timeout 60 postfix status >/dev/null 2>&1 || exit 0; "
	    "exec timeout 60 postfix reload >/dev/null 2>&1",
	    "", why);
}

int
transport_commit(
    struct transport *t, const char *type, bool reload, struct why *why)
{
	bool database = type == NULL || strcmp(type, "none") != 0;
	struct buf text = { 0 };
	struct why late = { 0 };
	int r;

	transport_text(t, &text);
	r = t->changed ? locked_replace(&t->file, &text, why) : 0;
	buf_free(&text);
	/* Database and reload also when nothing was changed: a run before may
	 * have ended here. */
	if (r == 0 && database && postmap(t->file.path, type, why) == -1) {
		r = -1;
		if (t->changed &&
		    locked_replace(&t->file, &t->file.old, &late) == -1)
			*why = late;
		else if (t->changed)
			(void)why_set(why, FAIL_FATAL,
			    "postmap could not make the database: the old "
			    "table "
			    "is in its place again");
	}
	if (r == 0 && reload)
		r = reload_postfix(why);
	return r;
}
