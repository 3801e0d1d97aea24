/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

#include "source/dovecot/userdb-passwd-file.h"

#include <string.h>
#include <sys/stat.h>

#include "core/num.h"
#include "core/str.h"
#include "source/host.h"
#include "source/lines.h"
#include "source/passwd/account.h"
#include "source/passwd/expand.h"
#include "source/passwd/passwd-file.h"

struct passwd_entry {
	const char *line; /* as it was read */
	const char *name;
	struct place at;
	bool bad;    /* not UTF-8 */
	bool listed; /* it has a second colon */
	struct passwd_entry *next;
};

struct file {
	struct map by_name; /* -> struct passwd_entry; the first of a name */
	struct passwd_entry *first, **tail;
};

/* A database. */
struct passwd_db {
	const char *path;    /* with variables */
	const char *format;  /* of the names in it */
	bool is_userdb;      /* some userdb reads the same file */
	bool import_all;     /* what a line says counts */
	struct pairs fields; /* of the block (2.4) */
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
	struct passwd_entry *entry = arena_alloc(&all->arena, sizeof *entry);
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
		    "a name that is in the file twice: Dovecot takes the "
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
	struct stat st;
	char *line;
	size_t len;

	if (!added)
		return *value;
	file = *value = arena_alloc(&all->arena, sizeof *file);
	file->tail = &file->first;
	if (host_stat(path, &st) == 0 && !S_ISREG(st.st_mode)) {
		userdb_fatal(all, path, "not a regular file");
		return file;
	}
	if (!source_lines_open(&in, all->emit, path, required))
		return file;
	while (source_lines_next(&in, &line, &len))
		if (*line != '\0' && *line != '#' && *line != ':')
			add_line(all, file, line, in.utf8);
	source_lines_close(&in);
	return file;
}

/* --- fields --- */

/* The extra fields of a line: a passdb takes all, a userdb its own. */
static void
add_extra(struct answer *a, struct arena *arena, bool is_passdb, char *text)
{
	char *field;

	while ((field = str_cut(&text, ' ')) != NULL) {
		char *value = strchr(field, '=');

		if (*field == '\0')
			continue;
		if (value != NULL)
			*value++ = '\0';
		if (!is_passdb && !str_starts(field, "userdb_"))
			continue;
		pairs_add(&a->fields, arena,
		    is_passdb ? field : field + strlen("userdb_"),
		    value == NULL ? "" : value);
	}
}

/* Whether the server takes a uid or gid: a number but 0, or a name of the
 * system. */
static bool
is_id(const char *text, bool group)
{
	struct host_user user;
	int64_t id;

	if (text == NULL || *text == '\0')
		return true;
	if (is_digits(text))
		return parse_num(text, 1, UINT32_MAX - 1, &id, NULL);
	if (group ? host_group(text) != -1 : host_user(text, &user))
		return strcmp(text, "root") != 0;
	return false;
}

/* Whether the ids of a line are good; of a saved configuration they may be
 * names of another system. */
static bool
has_ids(const struct userdbs *all, const struct fields *f)
{
	bool uid = is_id(f->uid, false), gid = is_id(f->gid, true);

	if (all->saved && !uid && !is_digits(f->uid))
		return !fields_are_moved(f->uid, f->gid);
	return uid && (gid || (all->saved && !is_digits(f->gid)));
}

/* An id, a home: as they are, without variables. */
static void
add_plain(
    struct answer *a, struct arena *arena, const char *key, const char *value)
{
	struct buf text = { 0 };

	if (value == NULL || *value == '\0')
		return;
	for (; *value != '\0'; value++) {
		if (*value == '%')
			buf_addc(&text, '%');
		buf_addc(&text, *value);
	}
	pairs_add(&a->fields, arena, key, text.data);
	buf_free(&text);
}

/* Whether the server keeps the line at all. A file that a userdb reads too has
 * no users without good ids; a bad suffix leaves a user out, too.
 * (src/auth/db-passwd-file.c, passwd_file_add.) */
static bool
is_kept(const struct userdbs *all, const struct passwd_db *own,
    const struct fields *f, const char *scheme)
{
	if (scheme != NULL && strcmp(scheme, "DIGEST-MD5") == 0 &&
	    strlen(f->secret) != 32)
		return false;
	return !own->is_userdb || has_ids(all, f);
}

static void
take_line(struct userdbs *all, const struct userdb *db, struct arena *arena,
    const struct passwd_entry *entry, struct answer *a)
{
	const struct passwd_db *own = db->own;
	const char *scheme = NULL;
	struct fields f;

	fields_split(&f, arena_adds(arena, entry->line));
	if (f.secret != NULL)
		scheme = secret_cut_suffix(f.secret);
	if (!is_kept(all, own, &f, scheme) || (!db->is_passdb && f.gid == NULL))
		return;
	a->found = FOUND_YES;
	a->variables = true;
	a->at = entry->at;
	a->gecos = f.gecos;
	if (db->is_passdb) {
		a->secret = f.secret;
		a->scheme = scheme == NULL ? db->scheme : scheme;
	} else if (own->import_all) {
		add_plain(a, arena, "uid", f.uid);
		add_plain(a, arena, "gid", f.gid);
		add_plain(a, arena, "home", f.home);
		if (!all->v24 && f.mail != NULL)
			pairs_add(&a->fields, arena, "mail", f.mail);
	}
	if (f.extra != NULL && own->import_all)
		add_extra(a, arena, db->is_passdb, f.extra);
	a->block_from = a->fields.n;
	for (size_t i = 0; i < own->fields.n; i++)
		pairs_add(&a->fields, arena, own->fields.v[i].key,
		    own->fields.v[i].value);
}

/* --- the driver --- */

/* "scheme=CRYPT username_format=%n /etc/dovecot/users" of 2.3. */
static void
read_args(struct userdbs *all, struct userdb *db, struct passwd_db *own)
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

/* Whether a userdb reads the file of a passdb too; then the server looks at the
 * ids of its lines. Those of the passdbs are opened first. */
static void
share(struct userdbs *all, const struct userdb *db, struct passwd_db *own)
{
	own->is_userdb = !db->is_passdb;
	for (size_t i = 0; i < all->n; i++) {
		struct passwd_db *other = all->v[i].own;

		if (&all->v[i] == db || other == NULL ||
		    all->v[i].driver != db->driver || own->path == NULL ||
		    other->path == NULL || strcmp(other->path, own->path) != 0)
			continue;
		own->is_userdb |= other->is_userdb;
		other->is_userdb |= own->is_userdb;
	}
}

static void
passwd_open(struct userdbs *all, struct userdb *db)
{
	struct passwd_db *own = arena_alloc(&all->arena, sizeof *own);

	db->own = own;
	own->import_all = true;
	if (all->v24) {
		own->path = setting_value(db->block, "passwd_file_path");
		own->import_all =
		    !setting_is_no(userdb_setting(all, db, "fields_import_all",
			db->is_passdb ? "passdb_fields_import_all"
				      : "userdb_fields_import_all"));
		pairs_add_block(&own->fields, &all->arena,
		    setting_block(db->block, "fields", NULL));
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
	share(all, db, own);
}

/* Letters that have a backslash before them in the name by which a line is looked
 * for, whatever the form of names (lib/strescape.c, str_escape, in both
 * releases): "o\'neil" in the file is o'neil, and "o'neil" there is nobody. */
static const char escaped[] = "\"\\'";

static void
escape_name(void *ctx, const char *value, size_t len, struct buf *out)
{
	(void)ctx;
	for (size_t i = 0; i < len; i++) {
		if (value[i] != '\0' && strchr(escaped, value[i]) != NULL)
			buf_addc(out, '\\');
		buf_addc(out, value[i]);
	}
}

/* The user whose name a line has; as it is where it is that of nobody. */
static const char *
name_of_line(struct userdbs *all, const char *name)
{
	char *user, *to;

	if (strpbrk(name, escaped) == NULL)
		return name;
	to = user = arena_adds(&all->arena, name);
	for (const char *at = name; *at != '\0'; at++) {
		bool special = strchr(escaped, *at) != NULL;

		if (special && *at++ != '\\')
			return name;
		if (special && (*at == '\0' || strchr(escaped, *at) == NULL))
			return name;
		*to++ = *at;
	}
	*to = '\0';
	return user;
}

/* Expands a setting for a user; false where it cannot be, which is reported. */
static bool
expand(struct userdbs *all, struct userdb *db, const struct asked *who,
    const char *setting, const char *text, bool is_name, struct buf *out)
{
	struct expansion x = { .user = who->user,
		.login = who->login,
		.service = who->service,
		.escape = is_name ? escape_name : NULL };
	bool known = expansion_put(&x, text, out);

	all->by_service |= x.by_service;
	if (known)
		return true;
	userdb_out(all, db, setting, x.unknown);
	return false;
}

static void
passwd_lookup(struct userdbs *all, struct userdb *db, const struct asked *who,
    struct arena *arena, struct answer *a)
{
	const struct passwd_db *own = db->own;
	struct buf path = { 0 }, name = { 0 };
	void **value = NULL;

	if (!expand(all, db, who, "the path", own->path, false, &path) ||
	    !expand(
		all, db, who, "the form of names", own->format, true, &name)) {
		a->found = FOUND_UNSURE;
	} else {
		struct file *file = load(
		    all, buf_str(&path), !passwd_file_is_pattern(own->path));

		value = map_get(&file->by_name, buf_str(&name));
	}
	if (value != NULL) {
		const struct passwd_entry *entry = *value;

		all->emit->at = entry->at;
		if (entry->bad)
			emit_bad(all->emit, NULL, "not UTF-8");
		else
			take_line(all, db, arena, entry, a);
	}
	buf_free(&path);
	buf_free(&name);
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

	for (struct passwd_entry *e = file->first;
	     e != NULL && !userdbs_stop(list->all); e = e->next) {
		emit->at = e->at;
		if (e->bad)
			emit_bad(emit, NULL, "not UTF-8");
		else if (!list->is_passdb && !e->listed)
			emit_drop(emit, NULL,
			    "a line without the fields of a userdb");
		else
			list->user(list->ctx, name_of_line(list->all, e->name),
			    domain);
	}
}

static bool
passwd_list(struct userdbs *all, struct userdb *db, bool needed,
    userdb_listed *user, void *ctx)
{
	const struct passwd_db *own = db->own;
	struct list list = { all, user, ctx, db->is_passdb };
	struct why why = { 0 };

	(void)needed;
	if (passwd_file_each(own->path, list_file, &list, &why) == 0)
		return true;
	emit_fail_at(all->emit, own->path, NULL, &why);
	return false;
}

const struct userdb_driver userdb_passwd_file = { .name = "passwd-file",
	.open = passwd_open,
	.lookup = passwd_lookup,
	.list = passwd_list };
