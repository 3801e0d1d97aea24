/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

#include "dav/tree.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/alloc.h"
#include "core/io.h"
#include "core/json.h"
#include "core/ndjson.h"
#include "core/str.h"
#include "dav/answer.h"
#include "dav/name.h"
#include "mailbox/unfinished.h"

enum {
	/* Servers take a megabyte or ten. */
	ITEM_MAX = 64 << 20,
	ACCOUNT_LINE_MAX = 256 << 20
};

static const char *const folders[] = { "calendars", "contacts" };
static const char *const endings[] = { ".ics", ".vcf" };

/* --- UIDs --- */

bool
dav_next_line(const char **at, const char *end, struct buf *line)
{
	if (*at >= end)
		return false;
	buf_reset(line);
	for (;;) {
		const char *stop = memchr(*at, '\n', (size_t)(end - *at));
		size_t n = (size_t)((stop == NULL ? end : stop) - *at);
		size_t cr = n > 0 && (*at)[n - 1] == '\r';

		buf_add(line, *at, n - cr);
		*at = stop == NULL ? end : stop + 1;
		if (*at >= end || (**at != ' ' && **at != '\t'))
			return true;
		++*at;
	}
}

/* The value of a TEXT, unescaped; blanks at its ends are not kept by every
 * server. */
static char *
text_value(const char *s)
{
	struct buf out = { 0 };
	char *value;

	for (; *s != '\0'; s++) {
		if (*s == '\\' && s[1] != '\0') {
			s++;
			buf_addc(&out, *s == 'n' || *s == 'N' ? '\n' : *s);
		} else {
			buf_addc(&out, *s);
		}
	}
	value = out.data == NULL ? xstrdup("") : xstrdup(str_trim(out.data));
	buf_free(&out);
	return value;
}

/* "UID:..." or "UID;X=Y:...", perhaps in a group; NULL if it is another line.
 */
static const char *
uid_line(const char *line)
{
	const char *dot = strpbrk(line, ".;:");

	if (dot != NULL && *dot == '.')
		line = dot + 1;
	if (!str_starts_nocase(line, "uid") ||
	    (line[3] != ':' && line[3] != ';'))
		return NULL;
	line = strchr(line, ':');
	return line == NULL ? NULL : line + 1;
}

/* Components that hold the UID of an object; an alarm has one of its own. */
static bool
is_object(const char *name, enum dav_kind kind, unsigned int *components)
{
	unsigned int bit;

	if (kind == DAV_ADDRESSBOOK)
		return str_eq_nocase(name, "vcard");
	bit = dav_component(name);
	if (bit == DAV_OTHER)
		return false;
	*components |= bit;
	return true;
}

/* Keeps the UID of a line; false if it is another one than before. */
static bool
keep_uid(char **uid, const char *line)
{
	const char *value = uid_line(line);
	char *text;
	bool same;

	if (value == NULL)
		return true;
	text = text_value(value);
	same = *uid == NULL || strcmp(*uid, text) == 0;
	if (*uid == NULL)
		*uid = text;
	else
		free(text);
	return same;
}

char *
dav_uid(const char *text, size_t len, enum dav_kind kind,
    unsigned int *components, struct why *why)
{
	const char *at = text, *end = text + len;
	struct buf line = { 0 };
	char *uid = NULL;
	size_t depth = 0, inside = 0;
	unsigned int found = 0;
	bool same = true;

	while (dav_next_line(&at, end, &line)) {
		char *s = line.data;

		if (s == NULL)
			continue;
		if (str_starts_nocase(s, "begin:")) {
			depth++;
			if (inside == 0 &&
			    is_object(str_trim(s + 6), kind, &found))
				inside = depth;
		} else if (str_starts_nocase(s, "end:")) {
			if (depth == inside)
				inside = 0;
			depth -= depth > 0;
		} else if (inside != 0 && depth == inside) {
			same = keep_uid(&uid, s) && same;
		}
	}
	buf_free(&line);
	if (components != NULL)
		*components = found;
	if (uid != NULL && *uid != '\0' && same)
		return uid;
	(void)why_set(why, FAIL_DATA, "%s",
	    uid == NULL || *uid == '\0' ? "it has no UID"
					: "it has objects of several UIDs");
	free(uid);
	return NULL;
}

static size_t
line_number(const char *text, size_t at)
{
	size_t n = 1;

	while (at > 0)
		n += text[--at] == '\n';
	return n;
}

/* XML 1.0, 2.2 */
int
dav_text_check(const char *text, size_t len, struct why *why)
{
	if (!utf8_valid(text, len))
		return why_set(why, FAIL_DATA, "it is not UTF-8");
	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)text[i];

		if ((c < 0x20 && strchr("\t\r\n", c) == NULL) || c == 0 ||
		    (len - i >= 3 && memcmp(text + i, "\xef\xbf", 2) == 0 &&
			(unsigned char)text[i + 2] >= 0xbe))
			return why_set(why, FAIL_DATA,
			    "it has a character that no answer of a server can "
			    "have: take it out of the text (line %zu)",
			    line_number(text, i));
	}
	return 0;
}

/* --- files --- */

static int
compare_names(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

struct names {
	char **v;
	size_t n, cap;
};

static void
names_free(struct names *l)
{
	for (size_t i = 0; i < l->n; i++)
		free(l->v[i]);
	free(l->v);
}

/* A folder, not a link to one: its descriptor; -1, and why where it is one that
 * cannot be opened. */
static int
open_folder(int at, const char *name, struct why *why)
{
	int fd =
	    openat(at, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	if (fd == -1 && errno != ENOENT && errno != ENOTDIR && errno != ELOOP)
		(void)why_errno(why, fail_of_errno(errno), "cannot be opened");
	return fd;
}

/* The names in a folder, sorted; fd is closed. 0, or -1 and why where some may be
 * missing. */
static int
list_folder(int fd, struct names *l, struct why *why)
{
	DIR *d = fdopendir(fd);
	struct dirent *e;
	int r = 0;

	if (d == NULL) {
		r = why_errno(why, fail_of_errno(errno), "cannot be read");
		(void)close(fd);
		return r;
	}
	while ((errno = 0, e = readdir(d)) != NULL) {
		if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0)
			continue;
		l->v = xgrow(l->v, l->n, &l->cap, sizeof *l->v);
		l->v[l->n++] = xstrdup(e->d_name);
	}
	if (errno != 0)
		r = why_errno(
		    why, fail_of_errno(errno), "cannot be read to its end");
	(void)closedir(d);
	if (l->n > 0)
		qsort(l->v, l->n, sizeof *l->v, compare_names);
	return r;
}

int
dav_tree_read(const struct dav_tree *t, const struct dav_item *item,
    struct buf *out, struct why *why)
{
	int fd = openat(
	    t->fd, item->file, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	struct stat st;
	int r;

	if (fd == -1)
		return why_errno(why, fail_of_errno(errno), "cannot be opened");
	buf_init(out, ITEM_MAX);
	if (fstat(fd, &st) == -1)
		r = why_errno(why, FAIL_DATA, "cannot be read");
	else if (!S_ISREG(st.st_mode))
		r = why_set(why, FAIL_DATA, "not a file");
	else
		r = read_fd(fd, item->file, out, why);
	(void)close(fd);
	if (r == -1)
		why->kind = FAIL_DATA;
	return r;
}

void
dav_tree_add(struct dav_tree *t, enum dav_kind kind, const char *dir)
{
	char *name = dav_name(dir);

	if (name == NULL)
		name = xstrdup(dav_no_name(kind));
	t->collections =
	    xgrow(t->collections, t->n, &t->cap, sizeof *t->collections);
	t->collections[t->n++] = (struct dav_collection){ kind, xstrdup(dir),
		name, xstrdup(name), 0 };
}

/* The collection of these components in the folder that was added last. */
static size_t
part_of_last(struct dav_tree *t, unsigned int components)
{
	const struct dav_collection last = t->collections[t->n - 1];

	if (last.components == 0)
		t->collections[t->n - 1].components = components;
	for (size_t i = t->n; i-- > 0;) {
		const struct dav_collection *c = &t->collections[i];

		if (c->kind != last.kind || strcmp(c->dir, last.dir) != 0)
			break;
		if (c->components == components)
			return i;
	}
	dav_tree_add(t, last.kind, last.dir);
	t->collections[t->n - 1].components = components;
	return t->n - 1;
}

void
dav_tree_add_item(struct dav_tree *t, const char *file, const char *uid,
    unsigned int components)
{
	size_t collection = part_of_last(t, components);

	t->items = xgrow(t->items, t->n_items, &t->cap_items, sizeof *t->items);
	t->items[t->n_items++] =
	    (struct dav_item){ xstrdup(file), xstrdup(uid), collection };
}

static void
add_item(struct dav_tree *t, enum dav_kind kind, const char *path,
    const struct dav_told *told)
{
	struct dav_item item = { .file = xstrdup(path) };
	unsigned int components = 0;
	struct buf text = { 0 };
	struct why why = { 0 };

	if (dav_tree_read(t, &item, &text, &why) == 0 &&
	    dav_text_check(buf_str(&text), text.len, &why) == 0)
		item.uid =
		    dav_uid(buf_str(&text), text.len, kind, &components, &why);
	if (item.uid == NULL)
		told->bad(told->arg, kind, path, &why);
	else
		dav_tree_add_item(t, path, item.uid, components);
	buf_free(&text);
	free(item.file);
	free(item.uid);
}

static bool
has_ending(const char *name, const char *ending)
{
	size_t n = strlen(name), m = strlen(ending);

	return n > m && str_eq_nocase(name + n - m, ending);
}

/* Tells of what is neither a collection nor an item, unless it is a file that has
 * nothing to do with either. */
static void
pass_over(struct dav_tree *t, enum dav_kind kind, const char *path,
    const char *reason, const struct dav_told *told)
{
	struct why why = { 0 };
	struct stat st;

	if (fstatat(t->fd, path, &st, AT_SYMLINK_NOFOLLOW) == -1) {
		if (errno == ENOENT)
			return;
		(void)why_errno(&why, fail_of_errno(errno), "cannot be read");
		told->bad(told->arg, kind, path, &why);
	} else if (S_ISLNK(st.st_mode)) {
		told->skipped(told->arg, path, "a symbolic link");
	} else if (S_ISDIR(st.st_mode) || has_ending(path, endings[kind])) {
		told->skipped(told->arg, path, reason);
	}
}

#define HIDDEN "its name begins with a dot"

/* One folder of a collection. */
static void
add_collection(struct dav_tree *t, int at, enum dav_kind kind,
    const char *folder, const struct dav_told *told)
{
	char *path = xasprintf("%s/%s", folders[kind], folder);
	struct names files = { 0 };
	struct why why = { 0 };
	int fd = *folder == '.' ? -1 : open_folder(at, folder, &why);

	if (fd != -1) {
		dav_tree_add(t, kind, folder);
		(void)list_folder(fd, &files, &why);
	} else if (why.kind == FAIL_NONE) {
		pass_over(t, kind, path,
		    *folder == '.' ? HIDDEN : "it is in no folder", told);
	}
	if (why.kind != FAIL_NONE)
		told->bad(told->arg, kind, path, &why);
	for (size_t i = 0; i < files.n; i++) {
		const char *name = files.v[i];
		char *file = xasprintf("%s/%s", path, name);

		if (*name == '.')
			pass_over(t, kind, file, HIDDEN, told);
		else if (has_ending(name, endings[kind]))
			add_item(t, kind, file, told);
		else
			pass_over(
			    t, kind, file, "a folder below a collection", told);
		free(file);
	}
	names_free(&files);
	free(path);
}

/* The calendars, or the address books. False if the tree has no folder of them. */
static bool
add_kind(struct dav_tree *t, enum dav_kind kind, const struct dav_told *told)
{
	struct names found = { 0 };
	struct why why = { 0 };
	int fd = open_folder(t->fd, folders[kind], &why), list = -1;
	bool any = fd != -1 || why.kind != FAIL_NONE;

	if (fd != -1)
		list = open_folder(fd, ".", &why);
	else if (!any)
		pass_over(t, kind, folders[kind], "it is no folder", told);
	if (list != -1)
		(void)list_folder(list, &found, &why);
	if (why.kind != FAIL_NONE)
		told->bad(told->arg, kind, folders[kind], &why);
	for (size_t i = 0; i < found.n; i++)
		add_collection(t, fd, kind, found.v[i], told);
	names_free(&found);
	if (fd != -1)
		(void)close(fd);
	return any;
}

/* --- names --- */

/* A line of account.ndjson: "dir" and "name", where it has them. False if it is
 * not JSON. */
static bool
read_names(char *line, char **dir, char **name)
{
	struct json_reader s;
	char *member;

	jr_init(&s, line);
	if (!jr_enter(&s, '{'))
		return false;
	while (jr_member(&s, &member)) {
		char **to = strcmp(member, "dir") == 0    ? dir
			    : strcmp(member, "name") == 0 ? name
							  : NULL;

		if (to == NULL || *to != NULL ? !jr_skip(&s) : !jr_copy(&s, to))
			return false;
	}
	return jr_done(&s);
}

static void
set_name(struct dav_tree *t, const char *dir, const char *name)
{
	for (size_t i = 0; i < t->n; i++) {
		struct dav_collection *c = &t->collections[i];
		size_t n = strlen(folders[c->kind]);

		if (strncmp(dir, folders[c->kind], n) == 0 && dir[n] == '/' &&
		    strcmp(dir + n + 1, c->dir) == 0) {
			free(c->name);
			c->name = xstrdup(name);
		}
	}
}

static bool
take_name(struct dav_tree *t, char *line)
{
	char *dir = NULL, *name = NULL;
	bool good = read_names(line, &dir, &name);
	char *kept = name == NULL ? NULL : dav_name(name);

	if (good && dir != NULL && kept != NULL)
		set_name(t, dir, kept);
	free(kept);
	free(dir);
	free(name);
	return good;
}

/* The names that folders could not have. A tree that was made by hand has no
 * account.ndjson. */
static int
name_collections(struct dav_tree *t, const char *path, struct why *why)
{
	char *file = xasprintf("%s/account.ndjson", path);
	char *files[] = { file, NULL };
	struct ndjson in;
	int r = 0;

	ndjson_init(&in, files, ACCOUNT_LINE_MAX);
	/* What cannot be looked at is there, and cannot be read. */
	if (faccessat(t->fd, "account.ndjson", F_OK, 0) == 0 || errno != ENOENT)
		while (
		    (r = ndjson_next(&in, why)) == 1 && take_name(t, in.line))
			;
	if (r == 1)
		r = why_set(why, FAIL_FATAL, "%s: not JSON", ndjson_where(&in));
	ndjson_free(&in);
	free(file);
	return r;
}

int
dav_tree_open(struct dav_tree *t, const char *path, const struct dav_told *told,
    struct why *why)
{
	bool any = false;

	*t = (struct dav_tree){ .fd = -1 };
	if (tree_is_finished(path, why) == -1)
		return -1;
	t->fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (t->fd == -1)
		return why_errno(why, FAIL_FATAL, "%s", path);
	for (int kind = DAV_CALENDAR; kind <= DAV_ADDRESSBOOK; kind++)
		any = add_kind(t, (enum dav_kind)kind, told) || any;
	if (!any)
		return why_set(why, FAIL_FATAL,
		    "%s: neither calendars nor contacts are in it", path);
	return name_collections(t, path, why);
}

void
dav_tree_free(struct dav_tree *t)
{
	for (size_t i = 0; i < t->n; i++) {
		free(t->collections[i].dir);
		free(t->collections[i].folder);
		free(t->collections[i].name);
	}
	for (size_t i = 0; i < t->n_items; i++) {
		free(t->items[i].file);
		free(t->items[i].uid);
	}
	free(t->collections);
	free(t->items);
	if (t->fd != -1)
		(void)close(t->fd);
}
