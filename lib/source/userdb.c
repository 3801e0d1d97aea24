/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

#include "source/userdb.h"

#include <string.h>

#include "core/str.h"
#include "source/expand.h"
#include "source/lines.h"
#include "source/passwd-file.h"

struct entry {
	const char *line; /* as it was read */
	const char *name;
	struct place at;
	bool bad;    /* not UTF-8 */
	bool listed; /* it has a second colon */
	struct entry *next;
};

struct file {
	struct map by_name; /* -> struct entry; the first of a name */
	struct entry *first, **tail;
	bool missing;
};

void
passwd_cache_free(struct passwd_cache *c)
{
	size_t at = 0;
	const char *key;
	void *value;

	while (map_next(&c->by_path, &at, &key, &value))
		map_free(&((struct file *)value)->by_name);
	map_free(&c->by_path);
	arena_free(&c->arena);
}

static void
add_line(struct passwd_cache *c, struct file *file, struct emit *e,
    const char *line, bool utf8)
{
	size_t len = strcspn(line, ":");
	struct entry *entry = arena_alloc(&c->arena, sizeof *entry);
	const char *colon = line[len] == '\0' ? NULL : line + len;
	bool added;
	void **value;

	entry->line = arena_adds(&c->arena, line);
	entry->name = arena_add(&c->arena, line, len);
	entry->at = e->at;
	entry->bad = !utf8;
	entry->listed = colon != NULL && strchr(colon + 1, ':') != NULL;
	value = map_put(&file->by_name, entry->name, &added);
	if (!added) {
		emit_note(e, NULL,
		    "a name that stands in the file twice: Dovecot takes the "
		    "first",
		    NULL);
		return;
	}
	*value = entry;
	*file->tail = entry;
	file->tail = &entry->next;
}

static struct file *
load(struct passwd_cache *c, struct emit *e, const char *path, bool required)
{
	struct source_lines in;
	struct file *file;
	bool added;
	void **value = map_put_copy(&c->by_path, &c->arena, path, &added);
	char *line;
	size_t len;

	if (!added)
		return *value;
	file = *value = arena_alloc(&c->arena, sizeof *file);
	file->tail = &file->first;
	if (!source_lines_open(&in, e, path, required)) {
		file->missing = true;
		return file;
	}
	while (source_lines_next(&in, &line, &len))
		if (*line != '\0' && *line != '#' && *line != ':')
			add_line(c, file, e, line, in.utf8);
	source_lines_close(&in);
	return file;
}

/* --- fields --- */

void
lookup_set(struct lookup *l, bool is_passdb, bool v24, const char *key,
    const char *value)
{
	struct buf full = { 0 };
	bool of_userdb = !is_passdb;

	if (is_passdb && str_starts(key, "userdb_")) {
		struct found_field *f = arena_alloc(&l->arena, sizeof *f);

		f->key = arena_adds(&l->arena, key + strlen("userdb_"));
		f->value = arena_adds(&l->arena, value);
		f->next = l->prefetch;
		l->prefetch = f;
		return;
	}
	/* Each release knows quotas by another name, and ignores the other. */
	if (of_userdb && str_starts(key, v24 ? "quota_rule" : "quota_storage_"))
		return;
	if (of_userdb)
		buf_adds(&full, "userdb_");
	buf_adds(&full, key);
	extra_set(&l->extra, arena_adds(&l->arena, buf_str(&full)),
	    arena_adds(&l->arena, value));
	buf_free(&full);
}

/* The extra fields of a line. A passdb takes all, a userdb its own. */
static void
set_extra(struct lookup *l, const struct userdb *db, char *text)
{
	char *field;

	while ((field = str_cut(&text, ' ')) != NULL) {
		char *value = strchr(field, '=');

		if (*field == '\0')
			continue;
		if (value != NULL)
			*value++ = '\0';
		if (db->is_passdb)
			lookup_set(l, true, db->v24, field,
			    value == NULL ? "" : value);
		else if (str_starts(field, "userdb_"))
			lookup_set(l, false, db->v24, field + strlen("userdb_"),
			    value == NULL ? "" : value);
	}
}

/* --- looking up, listing --- */

static bool
set_found(struct lookup *l, const struct userdb *db, struct entry *entry)
{
	struct fields f;

	fields_split(&f, arena_adds(&l->arena, entry->line));
	if (!db->is_passdb && f.gid == NULL)
		return false;
	l->at = entry->at;
	if (db->is_passdb) {
		l->fields.secret = f.secret;
		l->fields.pwdfile = true;
		l->scheme = db->scheme;
	} else {
		l->fields.uid = f.uid;
		l->fields.gid = f.gid;
		l->fields.home = f.home;
		l->fields.mail = db->v24 ? NULL : f.mail;
	}
	if (f.gecos != NULL && *f.gecos != '\0')
		l->fields.gecos = f.gecos;
	if (f.extra != NULL)
		set_extra(l, db, f.extra);
	return true;
}

bool
passwd_lookup(struct passwd_cache *c, struct emit *e, const struct userdb *db,
    struct lookup *l)
{
	struct buf path = { 0 }, name = { 0 };
	struct why why = { 0 };
	void **value = NULL;
	bool found = false;

	if (!expand_user(db->path, l->user, &path) ||
	    !expand_user(db->format, l->user, &name)) {
		why_set(&why, FAIL_FATAL,
		    "a variable that the user's name does not decide");
		tally_fail(e->tally, db->path, NULL, NULL, &why);
	} else {
		struct file *file = load(
		    c, e, buf_str(&path), !passwd_file_is_pattern(db->path));

		value = map_get(&file->by_name, buf_str(&name));
	}
	if (value != NULL) {
		struct entry *entry = *value;

		e->at = entry->at;
		if (entry->bad)
			emit_bad(e, NULL, "not UTF-8");
		else
			found = set_found(l, db, entry);
	}
	buf_free(&path);
	buf_free(&name);
	return found;
}

struct list {
	struct passwd_cache *cache;
	struct emit *emit;
	userdb_listed *user;
	void *ctx;
	bool is_passdb;
};

static void
list_file(void *ctx, const char *path, const char *domain)
{
	struct list *list = ctx;
	struct file *file = load(list->cache, list->emit, path, true);

	for (struct entry *e = file->first; e != NULL && !emit_stop(list->emit);
	     e = e->next) {
		list->emit->at = e->at;
		if (e->bad)
			emit_bad(list->emit, NULL, "not UTF-8");
		else if (!list->is_passdb && !e->listed)
			emit_drop(list->emit, NULL,
			    "a line without the fields of a userdb");
		else
			list->user(list->ctx, e->name, domain);
	}
}

void
passwd_list(struct passwd_cache *c, struct emit *e, const struct userdb *db,
    userdb_listed *user, void *ctx)
{
	struct list list = { c, e, user, ctx, db->is_passdb };
	struct why why = { 0 };

	if (passwd_file_each(db->path, list_file, &list, &why) == -1)
		tally_fail(e->tally, db->path, NULL, NULL, &why);
}
