/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

#include "source/acl/acl.h"

#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"
#include "core/buf.h"
#include "core/str.h"
#include "record/address.h"
#include "source/acl/folders.h"
#include "source/acl/rights.h"
#include "source/acl/views.h"

struct dump {
	struct emit *emit;
	const struct people *people;
	const struct acl_options *options;
	struct acl_views views;
	/* Of one owner. */
	const struct person *owner;
	struct arena mine;
	struct record r;
};

/* --- one folder --- */

/* Adds the lines of a file; an empty or a comment line is passed over. Whether
 * it is said what is wrong. */
static void
add_lines(struct dump *d, struct acl_list *list, char *text, const char *name,
    bool say)
{
	struct why why = { 0 };
	struct buf where = { 0 };
	char *line;

	buf_addf(&where, "%s/%s", d->owner->address, name);
	while ((line = str_cut(&text, '\n')) != NULL) {
		line[strcspn(line, "\r")] = '\0';
		if (*line == '\0' || *line == '#')
			continue;
		if (!utf8_valid(line, strlen(line)))
			why_set(&why, FAIL_DATA, "a line is not UTF-8");
		else if (acl_add(list, &d->mine, line, false, &why) == 0)
			continue;
		if (say)
			emit_fail(d->emit, where.data, &why);
	}
	buf_free(&where);
}

/* "%d" and the like, and "~" at the beginning of a path. */
static void
expand(const struct person *p, const char *template, struct buf *out)
{
	const char *at = strchr(p->address, '@');
	size_t local = (size_t)(at - p->address);

	for (; *template != '\0'; template ++) {
		bool home = *template == '~' && out->len > 0 &&
			    strchr(":=", out->data[out->len - 1]) != NULL;

		if (*template == '%' && template[1] != '\0') {
			template ++;
			if (*template == 'u')
				buf_adds(out, p->address);
			else if (*template == 'n')
				buf_add(out, p->address, local);
			else if (*template == 'd')
				buf_adds(out, at + 1);
			else if (*template == 'h' && p->home != NULL)
				buf_adds(out, p->home);
		} else if (home && p->home != NULL) {
			buf_adds(out, p->home);
		} else {
			buf_addc(out, *template);
		}
	}
}

/* Patterns are those of the names that others see: the prefix ends with the
 * separator, and alone and without it is the name of INBOX. */
static void
add_globals(struct dump *d, const struct acl_view *view, struct acl_list *list,
    const char *folder)
{
	struct buf name = { 0 };
	char sep;

	expand(d->owner, d->options->prefix, &name);
	sep = name.len == 0 ? '/' : name.data[name.len - 1];
	if (strcmp(folder, "INBOX") != 0)
		for (; *folder != '\0'; folder++)
			buf_addc(&name, *folder == '/' ? sep : *folder);
	else if (name.len > 0)
		name.data[name.len - 1] = '\0';
	/* What is wrong was said when the file was read. */
	for (const struct acl_global *g = view->globals; g != NULL; g = g->next)
		if (acl_pattern_is(g->pattern, buf_str(&name)))
			(void)acl_add(list, &d->mine, g->line, true, NULL);
	buf_free(&name);
}

/* What no share with one person says. */
static void
note_others(struct dump *d, const struct acl_view *view,
    const struct acl_list *list, const char *folder)
{
	unsigned int all = (1U << strlen(ACL_LETTERS)) - 1;

	for (size_t i = 0; i < list->n; i++) {
		const struct acl_entry *e = &list->v[i];

		/* The folder's own lines are the same in all views. */
		if (view != d->views.first && !e->global)
			continue;
		if (e->id <= ACL_AUTHENTICATED && e->rights != 0)
			emit_note_behind(d->emit, d->owner->address,
			    "a folder that everybody may use: shares are with "
			    "persons only",
			    folder);
		else if (e->id == ACL_OWNER &&
			 ((e->grants && e->rights != all) || e->negative != 0))
			emit_note_behind(d->emit, d->owner->address,
			    "a folder whose owner has fewer rights: an owner "
			    "has all of them on the new server",
			    folder);
		else if ((e->id == ACL_GROUP || e->id == ACL_GROUP_OVERRIDE) &&
			 people_of_group(d->people, e->name) == NULL)
			emit_note_behind(d->emit, d->owner->address,
			    "a folder for a group of which no member is known",
			    e->name);
	}
}

static void
add_share(struct dump *d, const char *folder, const char *with,
    const struct strs *groups, unsigned int rights)
{
	struct record_share *s = record_add(&d->r, &d->r.shares);
	struct buf letters = { 0 };

	acl_letters(rights, &letters);
	s->folder = arena_adds(&d->mine, folder);
	s->with = arena_adds(&d->mine, with);
	s->rights = arena_adds(&d->mine, letters.data);
	buf_free(&letters);
	if (d->options->dict != NULL &&
	    !shared_dict_has(d->options->dict, d->owner->address, with, groups))
		emit_note(d->emit, d->owner->address,
		    "a share that the other was not shown: it is not in the "
		    "shared dictionary",
		    with);
}

/* Somebody whom a list names; once a folder. */
static void
consider(struct dump *d, const struct acl_view *view,
    const struct acl_list *list, const char *folder, const char *name,
    struct map *done)
{
	static const struct strs none;
	const struct person *one = people_named(d->people, name);
	const struct strs alone = { .v = &name, .n = 1 },
			  *groups = one == NULL ? &none : &one->groups,
			  *names = one == NULL ? &alone : &one->names;
	struct buf address = { 0 };
	unsigned int rights;
	bool added;

	if (one == d->owner || acl_view_of(&d->views, one) != view)
		return;
	/* Names are compared letter by letter: "Bob@..." is not bob. */
	if (one != NULL)
		buf_adds(&address, one->address);
	else if (address_normalise(name, false, &address, NULL) == -1 ||
		 people_has(d->people, address.data)) {
		emit_note_behind(d->emit, d->owner->address,
		    "a share with somebody who is not among the records", name);
		buf_free(&address);
		return;
	}
	(void)map_put(done, arena_adds(&d->mine, address.data), &added);
	if (!acl_effective(list, names, groups, &rights))
		(void)acl_effective(&view->defaults, names, groups, &rights);
	if (added && rights != 0)
		add_share(d, folder, address.data, groups, rights);
	buf_free(&address);
}

/* All whom a list names: named is list, or INBOX's. */
static void
consider_all(struct dump *d, const struct acl_view *view,
    const struct acl_list *named, const struct acl_list *list,
    const char *folder, struct map *done)
{
	for (size_t i = 0; i < named->n; i++) {
		const struct acl_entry *e = &named->v[i];
		const struct strs *members =
		    e->id == ACL_GROUP || e->id == ACL_GROUP_OVERRIDE
			? people_of_group(d->people, e->name)
			: NULL;

		if (e->id == ACL_USER)
			consider(d, view, list, folder, e->name, done);
		for (size_t m = 0; members != NULL && m < members->n; m++)
			consider(d, view, list, folder, members->v[m], done);
	}
}

static void
put_shares(struct dump *d, const struct acl_view *view,
    const struct acl_list *list, const char *folder)
{
	struct map done = { 0 };

	consider_all(d, view, list, list, folder, &done);
	consider_all(d, view, &view->defaults, list, folder, &done);
	note_others(d, view, list, folder);
	if (strcmp(folder, "INBOX") != 0)
		note_others(d, view, &view->defaults, folder);
	map_free(&done);
}

/* The list of a folder: the entries of the settings, its file, and the lines for
 * all folders. */
static void
make_list(struct dump *d, const struct acl_view *view,
    const struct acl_folder *f, struct acl_list *list, bool say)
{
	struct buf text = { 0 };
	const struct acl_settings *set = d->options->settings;

	/* They were found to be right when they were read. */
	for (size_t i = 0; i < set->n; i++)
		(void)acl_add(list, &d->mine, set->v[i].line, false, NULL);
	if (f->file != NULL && !view->scope.globals_only) {
		buf_add(&text, f->file->data, f->file->len);
		add_lines(d, list, text.data, f->name, say);
	}
	add_globals(d, view, list, f->name);
	acl_sort(list);
	buf_free(&text);
}

static void
take_folder(void *arg, const struct acl_folder *f)
{
	struct dump *d = arg;
	const struct acl_view *first = d->views.first;

	if (f->file != NULL && first->scope.globals_only)
		emit_note(d->emit, d->owner->address,
		    "a list that Dovecot does not look at "
		    "(acl_globals_only): left out",
		    f->name);
	else if (f->file != NULL && first->scope.ignored)
		emit_note(d->emit, d->owner->address,
		    "a list that Dovecot does not look at, by its settings "
		    "(acl, acl_driver, acl_ignore): carried all the same",
		    f->name);
	if (f->courier)
		emit_note_behind(d->emit, d->owner->address,
		    "a folder that others may use by a list of Courier "
		    "(courierimapacl): not carried",
		    f->name);
	for (const struct acl_view *v = first; v != NULL; v = v->next) {
		struct acl_list list = { 0 };

		make_list(
		    d, v, f, &list, v == first || first->scope.globals_only);
		put_shares(d, v, &list, f->name);
		acl_list_free(&list);
	}
}

/* INBOX's list, which the others need. What is wrong in it is said when its turn
 * comes. */
static void
take_inbox(void *arg, const struct acl_folder *f)
{
	struct dump *d = arg;

	if (strcmp(f->name, "INBOX") != 0)
		return;
	for (struct acl_view *v = d->views.first; v != NULL; v = v->next)
		if (v->scope.inbox_defaults)
			make_list(d, v, f, &v->defaults, false);
}

static void
pass_over(void *arg, const char *name, const struct why *why)
{
	(void)arg;
	(void)name;
	(void)why;
}

static void
bad_folder(void *arg, const char *name, const struct why *why)
{
	struct dump *d = arg;
	struct buf id = { 0 };

	buf_addf(&id, "%s/%s", d->owner->address, name);
	emit_fail(d->emit, id.data, why);
	buf_free(&id);
}

/* --- owners --- */

static bool
inbox_defaults(const struct dump *d)
{
	for (const struct acl_view *v = d->views.first; v != NULL; v = v->next)
		if (v->scope.inbox_defaults)
			return true;
	return false;
}

/* Whom a folder's list does not name has the rights that the lists for all folders
 * give to INBOX, or those of INBOX's own list too. (Seen with "doveadm acl
 * rights".) */
static void
set_defaults(struct dump *d, const char *location)
{
	for (struct acl_view *v = d->views.first; v != NULL; v = v->next)
		if (!v->scope.inbox_defaults) {
			add_globals(d, v, &v->defaults, "INBOX");
			acl_sort(&v->defaults);
		}
	if (inbox_defaults(d))
		(void)acl_folders(location, take_inbox, pass_over, d, NULL);
}

static void
take_owner(struct dump *d, const struct person *owner)
{
	const char *mail = owner->mail == NULL ? d->options->mail : owner->mail;
	struct buf location = { 0 };
	struct why why = { 0 };
	int r;

	d->owner = owner;
	record_reset(&d->r, REC_SETTINGS);
	d->r.address = owner->address;
	expand(owner, mail, &location);
	emit_file(d->emit, buf_str(&location));
	if (d->options->settings->places != NULL)
		expand(owner, d->options->settings->places, &location);
	set_defaults(d, buf_str(&location));
	r = acl_folders(buf_str(&location), take_folder, bad_folder, d, &why);
	if (r == -1)
		emit_fail(d->emit, owner->address, &why);
	else if (r == ACL_FOLDERS_NONE)
		emit_note(d->emit, owner->address,
		    "an account without mail on this machine", NULL);
	else if (r == ACL_FOLDERS_CYRUS)
		emit_note_behind(d->emit, owner->address,
		    "a mailbox of Cyrus: its access lists are not carried",
		    NULL);
	if (d->r.shares.n != 0)
		(void)emit_plain(d->emit, &d->r);
	for (struct acl_view *v = d->views.first; v != NULL; v = v->next)
		acl_list_free(&v->defaults);
	arena_reset(&d->mine);
	buf_free(&location);
}

void
acl_dump(
    struct emit *e, const struct people *people, const struct acl_options *o)
{
	struct dump d = { .emit = e, .people = people, .options = o };

	if (acl_views_make(&d.views, e, people, o->settings))
		for (size_t i = 0; i < people->n && !emit_stop(e); i++)
			take_owner(&d, people->v[i]);
	record_free(&d.r);
	arena_free(&d.mine);
	acl_views_free(&d.views);
}
