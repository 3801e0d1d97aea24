/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

#include "source/postfix/domains.h"

#include <stdlib.h>
#include <string.h>

#include "core/buf.h"
#include "core/str.h"
#include "record/address.h"
#include "source/lines.h"
#include "source/postfix/config.h"
#include "source/postfix/tables.h"

enum {
	DEPTH_MAX = 10 /* of files that name files */
};

void
postfix_domains_free(struct postfix_domains *d)
{
	free(d->names.v);
	map_free(&d->seen);
	arena_free(&d->arena);
}

bool
postfix_domains_has(const struct postfix_domains *d, const char *name)
{
	return map_get(&d->seen, name) != NULL;
}

int
postfix_domains_lists(const struct postfix_domains *d, const char *name)
{
	void **value = map_get(&d->seen, name);

	return value == NULL ? 0 : (int)(intptr_t)*value;
}

static void
add(struct postfix_domains *d, struct emit *e, const char *text)
{
	struct buf name = { 0 };
	struct why why = { 0 };
	const char *copy;
	void **lists;
	bool added;

	if (domain_normalise(text, &name, &why) == -1) {
		emit_fail(e, NULL, &why);
	} else {
		copy = arena_adds(&d->arena, buf_str(&name));
		lists = map_put(&d->seen, copy, &added);
		*lists = (void *)((intptr_t)*lists | d->list);
		if (added)
			strs_add(&d->names, copy);
	}
	buf_free(&name);
}

/* An entry of a table; the same table may hold addresses and local names. */
static void
add_key(void *ctx, struct emit *e, const char *key, char *value)
{
	struct postfix_domains *d = ctx;

	if (strchr(key, '@') != NULL || strchr(key, '.') == NULL)
		return;
	if (d->is_domain == NULL || d->is_domain(d->ctx, key, value))
		add(d, e, key);
}

static void read_list(struct postfix_domains *d, struct emit *e,
    const char *dir, char *list, const char *where, int depth);

/* A file holds a list of the same kind, with comments. */
static void
read_file_of(struct postfix_domains *d, struct emit *e, const char *dir,
    const char *path, int depth)
{
	struct source_lines in;
	char *line;

	if (depth == DEPTH_MAX) {
		emit_bad(e, NULL, "a list of domains that leads to itself");
		return;
	}
	if (!source_lines_open(&in, e, path, true))
		return;
	while (source_lines_content(&in, &line))
		read_list(d, e, dir, line, path, depth + 1);
	source_lines_close(&in);
}

static void
read_word(struct postfix_domains *d, struct emit *e, const char *dir,
    const char *word, const char *where, int depth)
{
	const struct postfix_reader reader = {
		.dir = dir, .emit = e, .entry = add_key, .ctx = d
	};
	struct place before = e->at;
	size_t failed = e->tally->failed;

	d->partial |= *word == '!' || *word == '.';
	if (*word == '!') {
		emit_note(
		    e, NULL, "a domain that a list of Postfix excludes", word);
	} else if (*word == '/') {
		read_file_of(d, e, dir, word, depth);
	} else if (postfix_is_table(word)) {
		postfix_table(&reader, word, where);
	} else if (*word == '.') {
		/* Postfix, match_parent_style. */
		emit_note(e, NULL, "all domains below another cannot be listed",
		    word);
	} else if (depth > 0 && strchr(word, '.') == NULL) {
		emit_note(e, NULL,
		    "a word in a list of domains that is not one", word);
	} else {
		if (depth == 0)
			emit_file(e, where);
		add(d, e, word);
	}
	d->partial |= e->tally->failed != failed;
	e->at = before;
}

static void
read_list(struct postfix_domains *d, struct emit *e, const char *dir,
    char *list, const char *where, int depth)
{
	char *word;

	while ((word = postfix_word(&list)) != NULL && !emit_stop(e)) {
		/* It ends the list, with a warning. (src/util/match_list.c.) */
		if (*word == '#') {
			emit_note(e, NULL,
			    "a comment at the end of a list: Postfix leaves "
			    "out what is in it",
			    NULL);
			break;
		}
		read_word(d, e, dir, word, where, depth);
	}
}

void
postfix_domains_read(struct postfix_domains *d, struct emit *e, const char *dir,
    char *list, const char *where)
{
	read_list(d, e, dir, list, where, 0);
}
