/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

#include "settings/ledger.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include "core/buf.h"
#include "core/io.h"
#include "core/output.h"
#include "core/str.h"

enum {
	LISTED_KEYS = 4
};

/* Fields as they are in a line, without its end. */
static void
add_fields(struct buf *line, const char *const *fields, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (i > 0)
			buf_addc(line, '\t');
		for (const char *c = fields[i]; *c != '\0'; c++)
			buf_addc(line,
			    (unsigned char)*c < ' ' || *c == 127 ? '?' : *c);
	}
}

/* Keeps what follows the keys, which line is. */
static void
keep_rest(struct ledger *l, const char *line, const char *rest)
{
	if (l->more)
		*map_put_copy(&l->rest, &l->arena, line, NULL) =
		    rest == NULL ? NULL : arena_adds(&l->arena, rest);
}

/* The name of a list. */
static void
name_list(struct buf *name, const char *first, const char *third)
{
	add_fields(name, (const char *const[]){ first, third }, 2);
}

/* Puts a line, of which these are the keys, into its list. */
static void
enlist(struct ledger *l, const char *keys)
{
	struct ledger_entry *e = arena_alloc(&l->arena, sizeof *e);
	char *rest = arena_adds(&l->arena, keys), *first, *third;
	struct buf name = { 0 };
	void **list;

	first = str_cut(&rest, '\t');
	e->second = str_cut(&rest, '\t');
	third = str_cut(&rest, '\t');
	e->fourth = rest;
	name_list(&name, first, third);
	list = map_put_copy(&l->lists, &l->arena, name.data, NULL);
	e->next = *list;
	*list = e;
	buf_free(&name);
}

/* Keeps each beginning of the line that ends with a field. */
static void
learn(struct ledger *l, char *line)
{
	char *at = line;
	bool added;

	l->lines++;
	for (size_t i = 0; i < l->keys; i++) {
		char *tab = strchr(at, '\t');

		if (tab != NULL)
			*tab = '\0';
		*map_put_copy(&l->known, &l->arena, line, &added) =
		    (void *)(uintptr_t)l->lines;
		if (i + 1 == LISTED_KEYS && added)
			enlist(l, line);
		if (i + 1 == l->keys)
			keep_rest(l, line, tab == NULL ? NULL : tab + 1);
		if (tab == NULL)
			return;
		*tab = '\t';
		at = tab + 1;
	}
}

static int
read_lines(struct ledger *l, struct why *why)
{
	struct buf text = { 0 };
	int r = read_fd(l->fd, l->path, &text, why);
	size_t start = 0;

	while (r == 0 && start < text.len) {
		char *line = text.data + start,
		     *end = memchr(line, '\n', text.len - start);

		if (end == NULL)
			break;
		*end = '\0';
		learn(l, line);
		start = (size_t)(end - text.data) + 1;
	}
	if (r == 0 && start < text.len && ftruncate(l->fd, (off_t)start) == -1)
		r = why_errno(why, FAIL_FATAL, "%s", l->path);
	buf_wipe(&text);
	return r;
}

static int
read_old(struct ledger *l, struct why *why)
{
	struct buf text = { 0 };
	char *rest, *line;

	if (access(l->path, F_OK) == -1 && errno == ENOENT)
		return 0;
	if (read_file(l->path, &text, why) == -1)
		return -1;
	rest = text.data;
	while (rest != NULL && *rest != '\0') {
		line = rest;
		rest = strchr(line, '\n');
		if (rest != NULL)
			*rest++ = '\0';
		learn(l, line);
	}
	buf_wipe(&text);
	return 0;
}

int
ledger_open(struct ledger *l, const char *path, size_t keys, bool more,
    bool read_only, struct why *why)
{
	*l = (struct ledger){
		.path = path, .fd = -1, .keys = keys, .more = more
	};
	if (read_only)
		return read_old(l, why);
	l->fd = output_open_own(path, why);
	return l->fd == -1 ? -1 : read_lines(l, why);
}

size_t
ledger_line(const struct ledger *l, const char *const *fields, size_t n)
{
	struct buf line = { 0 };
	void **at;

	add_fields(&line, fields, n);
	at = map_get(&l->known, buf_str(&line));
	buf_free(&line);
	return at == NULL ? 0 : (size_t)(uintptr_t)*at;
}

bool
ledger_has(const struct ledger *l, const char *const *fields, size_t n)
{
	return ledger_line(l, fields, n) != 0;
}

const char *
ledger_more(const struct ledger *l, const char *const *fields)
{
	struct buf line = { 0 };
	void **at;

	add_fields(&line, fields, l->keys);
	at = map_get(&l->rest, buf_str(&line));
	buf_free(&line);
	return at == NULL ? NULL : *at;
}

const struct ledger_entry *
ledger_entries(const struct ledger *l, const char *first, const char *third)
{
	struct buf name = { 0 };
	void **list;

	name_list(&name, first, third);
	list = map_get(&l->lists, buf_str(&name));
	buf_free(&name);
	return list == NULL ? NULL : *list;
}

int
ledger_add(struct ledger *l, const char *const *fields, size_t n, bool durable,
    struct why *why)
{
	struct buf line = { 0 };
	off_t end;
	int r = 0;

	add_fields(&line, fields, n);
	buf_addc(&line, '\n');
	end = lseek(l->fd, 0, SEEK_END);
	if (end == -1 || write_all(l->fd, line.data, line.len) == -1 ||
	    (durable && fsync(l->fd) == -1)) {
		r = why_errno(why, FAIL_FATAL, "%s", l->path);
		/* A line that does not fit leaves nothing behind. */
		if (end != -1)
			(void)!ftruncate(l->fd, end);
	} else {
		line.data[line.len - 1] = '\0';
		learn(l, line.data);
	}
	buf_wipe(&line);
	return r;
}

void
ledger_close(struct ledger *l)
{
	if (l->path != NULL && l->fd != -1)
		output_close_own(l->fd);
	map_free(&l->known);
	map_free(&l->rest);
	map_free(&l->lists);
	arena_free(&l->arena);
	*l = (struct ledger){ .fd = -1 };
}
