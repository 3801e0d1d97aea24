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
};

/* A database. */
struct passwd {
	const char *path;   /* with variables */
	const char *format; /* of the names in it */
};

void
userdb_passwd_files_free(struct userdbs *all)
{
	size_t at = 0;
	const char *key;
	void *value;

	while (map_next(&all->files, &at, &key, &value))
		map_free(&((struct file *)value)->by_name);
	map_free(&all->files);
}

static void
add_line(struct userdbs *all, struct file *file, const char *line, bool utf8)
{
	size_t len = strcspn(line, ":");
	struct entry *entry = arena_alloc(&all->arena, sizeof *entry);
	const char *colon = line[len] == '\0' ? NULL : line + len;
	bool added;
	void **value;

	entry->line = arena_adds(&all->arena, line);
	entry->name = arena_add(&all->arena, line, len);
	entry->at = all->emit->at;
	entry->bad = !utf8;
	entry->listed = colon != NULL && strchr(colon + 1, ':') != NULL;
	value = map_put(&file->by_name, entry->name, &added);
	if (!added) {
		emit_note(all->emit, NULL,
		    "a name that stands in the file twice: Dovecot takes the "
		    "first",
		    NULL);
		return;
	}
	*value = entry;
	*file->tail = entry;
	file->tail = &entry->next;
}

/* The lines of a file, which is read once; a file that is not required may be
 * missing. */
static struct file *
load(struct userdbs *all, const char *path, bool required)
{
	struct source_lines in;
	struct file *file;
	bool added;
	void **value = map_put_copy(&all->files, &all->arena, path, &added);
	char *line;
	size_t len;

	if (!added)
		return *value;
	file = *value = arena_alloc(&all->arena, sizeof *file);
	file->tail = &file->first;
	if (!source_lines_open(&in, all->emit, path, required))
		return file;
	while (source_lines_next(&in, &line, &len))
		if (*line != '\0' && *line != '#' && *line != ':')
			add_line(all, file, line, in.utf8);
	source_lines_close(&in);
	return file;
}

/* --- fields --- */

/* The extra fields of a line. A passdb takes all, a userdb its own. */
static void
set_extra(struct lookup *l, bool is_passdb, bool v24, char *text)
{
	char *field;

	while ((field = str_cut(&text, ' ')) != NULL) {
		char *value = strchr(field, '=');

		if (*field == '\0')
			continue;
		if (value != NULL)
			*value++ = '\0';
		if (is_passdb)
			lookup_set(
			    l, true, v24, field, value == NULL ? "" : value);
		else if (str_starts(field, "userdb_"))
			lookup_set(l, false, v24, field + strlen("userdb_"),
			    value == NULL ? "" : value);
	}
}

static bool
set_found(struct userdbs *all, const struct userdb *db, struct lookup *l,
    const struct entry *entry)
{
	struct fields f;

	fields_split(&f, arena_adds(&l->arena, entry->line));
	if (!db->is_passdb && f.gid == NULL)
		return false;
	if (db->is_passdb) {
		l->fields.secret = f.secret;
		l->fields.pwdfile = true;
		l->scheme = db->scheme;
	} else {
		l->fields.uid = f.uid;
		l->fields.gid = f.gid;
		l->fields.home = f.home;
		l->fields.mail = all->v24 ? NULL : f.mail;
	}
	if (f.gecos != NULL && *f.gecos != '\0')
		l->fields.gecos = f.gecos;
	if (f.extra != NULL)
		set_extra(l, db->is_passdb, all->v24, f.extra);
	return true;
}

/* --- the driver --- */

/* "scheme=CRYPT username_format=%n /etc/dovecot/users" of 2.3. */
static void
read_args(struct userdbs *all, struct userdb *db, struct passwd *own)
{
	char *rest = arena_adds(&all->arena, db->args), *word;

	while (rest != NULL) {
		rest += strspn(rest, " ");
		if (str_starts(rest, "scheme=")) {
			word = str_cut(&rest, ' ');
			db->scheme = word + strlen("scheme=");
		} else if (str_starts(rest, "username_format=")) {
			word = str_cut(&rest, ' ');
			own->format = word + strlen("username_format=");
		} else {
			break;
		}
	}
	own->path = rest;
}

static void
passwd_open(struct userdbs *all, struct userdb *db)
{
	struct passwd *own = arena_alloc(&all->arena, sizeof *own);

	db->own = own;
	if (all->v24) {
		own->path = setting_value(db->block, "passwd_file_path");
		own->format = setting_value(db->block, "auth_username_format");
		if (own->format == NULL)
			own->format = "%{user}";
	} else {
		own->format = "%u";
		db->scheme = "CRYPT";
		read_args(all, db, own);
	}
	if (own->path == NULL || *own->path == '\0')
		userdb_fatal(
		    all, userdb_kind(db), "a passwd-file without a path");
}

static bool
passwd_lookup(struct userdbs *all, struct userdb *db, struct lookup *l)
{
	const struct passwd *own = db->own;
	struct buf path = { 0 }, name = { 0 };
	void **value = NULL;
	bool found = false;

	if (!expand_user(own->path, l->user, &path) ||
	    !expand_user(own->format, l->user, &name)) {
		userdb_fatal(all, own->path,
		    "a variable that the user's name does not decide");
	} else {
		struct file *file = load(
		    all, buf_str(&path), !passwd_file_is_pattern(own->path));

		value = map_get(&file->by_name, buf_str(&name));
	}
	if (value != NULL) {
		const struct entry *entry = *value;

		all->emit->at = entry->at;
		if (entry->bad)
			emit_bad(all->emit, NULL, "not UTF-8");
		else
			found = set_found(all, db, l, entry);
	}
	buf_free(&path);
	buf_free(&name);
	return found;
}

struct list {
	struct userdbs *all;
	userdb_listed *user;
	void *ctx;
	bool is_passdb;
};

static void
list_file(void *ctx, const char *path, const char *domain)
{
	struct list *list = ctx;
	struct emit *emit = list->all->emit;
	struct file *file = load(list->all, path, true);

	for (struct entry *e = file->first;
	     e != NULL && !userdbs_stop(list->all); e = e->next) {
		emit->at = e->at;
		if (e->bad)
			emit_bad(emit, NULL, "not UTF-8");
		else if (!list->is_passdb && !e->listed)
			emit_drop(emit, NULL,
			    "a line without the fields of a userdb");
		else
			list->user(list->ctx, e->name, domain);
	}
}

static void
passwd_list(
    struct userdbs *all, struct userdb *db, userdb_listed *user, void *ctx)
{
	const struct passwd *own = db->own;
	struct list list = { all, user, ctx, db->is_passdb };
	struct why why = { 0 };

	if (passwd_file_each(own->path, list_file, &list, &why) == -1)
		tally_fail(all->emit->tally, own->path, NULL, NULL, &why);
}

const struct userdb_driver userdb_passwd_file = { .name = "passwd-file",
	.open = passwd_open,
	.lookup = passwd_lookup,
	.list = passwd_list };
