/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/* Events and cards: a file for each in the folder of every calendar or address
 * book that has it. */
#include "extract/collections.h"

#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "convert/contentline.h"
#include "convert/ical/icalendar.h"
#include "convert/vcard/vcard.h"
#include "core/alloc.h"
#include "core/str.h"
#include "extract/attachments.h"
#include "extract/collections-dir.h"
#include "extract/filename.h"
#include "extract/idlist.h"

enum {
	/* No real event is longer; refuse it. */
	DATA_MAX = 32 << 20
};

/* What calendars and address books differ in. */
struct craft {
	enum extract_part part;
	const char *table, *sql;
	const char *what;   /* "event" */
	const char *type;   /* "@type" of an object without one */
	const char *ending; /* ".ics" */
};

static const struct craft crafts[] = {
	{ PART_CALENDARS, "calendar_events",
	    "SELECT id, calendar_ids, data, NULL, is_draft, "
	    "use_default_alerts, data_type FROM calendar_events ORDER BY id",
	    "event", "Event", ".ics" },
	{ PART_CALENDARS, "calendar_events",
	    "SELECT id, calendar_ids, data, NULL, is_draft, "
	    "use_default_alerts, NULL FROM calendar_events ORDER BY id",
	    "event", "Event", ".ics" },
	{ PART_CONTACTS, "contact_cards",
	    "SELECT id, address_book_ids, data, uid, 0, 0, NULL FROM "
	    "contact_cards ORDER BY id",
	    "card", "Card", ".vcf" }
};

struct collections {
	struct extract_run *j;
	const struct craft *craft;
	struct collection_dirs dirs;
	struct labels *labels; /* one for each dir */
	struct ids ids;
	char *owner; /* "mailto:" and an address; or NULL */
};

/* One event or card. */
struct object {
	struct collections *c;
	int64_t id;
	json_t *json;
	char *uid;       /* of the archive; or NULL */
	int made;        /* what the writer said; -2: not called yet */
	struct buf text; /* in the target format */
	struct why why;  /* why not */
	struct attachments attachments;
};

/* --- one object --- */

/* The text with U+FFFD instead of every "\\u0000": no property can hold a
 * NUL. */
static void
put_without_nul(struct buf *out, const char *text, size_t len)
{
	static const char nul[] = "\\u0000";
	const char *end = text + len;

	while (text < end) {
		size_t n = end - text < 2 || *text != '\\' ? 1 : 2;

		if ((size_t)(end - text) >= sizeof nul - 1 &&
		    memcmp(text, nul, sizeof nul - 1) == 0) {
			buf_adds(out, "\\ufffd");
			n = sizeof nul - 1;
		} else {
			buf_add(out, text, n);
		}
		text += n;
	}
}

/* Reads the JSON, and adds what the archive keeps in other columns. */
static int
read_object(struct object *o, const struct archive_rows *r, const char *text,
    size_t len, struct why *why)
{
	const struct craft *craft = o->c->craft;
	const char *type = craft->type;
	struct buf clean = { 0 };
	json_error_t e;

	if (len > DATA_MAX)
		return why_set(
		    why, FAIL_DATA, "longer than %d bytes", DATA_MAX);
	put_without_nul(&clean, text, len);
	o->json =
	    json_loadb(buf_str(&clean), clean.len, JSON_REJECT_DUPLICATES, &e);
	if (memcmp(buf_str(&clean), text, clean.len) != 0)
		run_note(
		    o->c->j, craft->what, o->id, "a NUL in it is U+FFFD now");
	buf_free(&clean);
	if (o->json == NULL)
		return why_set(why, FAIL_DATA, "not valid JSON: %s", e.text);
	if (!json_is_object(o->json))
		return why_set(why, FAIL_DATA, "not a JSON object");
	if (!rows_is_null(r, 6))
		type = rows_text(r, 6, NULL);
	if (json_object_get(o->json, "@type") == NULL)
		(void)json_object_set_new(o->json, "@type", json_string(type));
	if (rows_int(r, 4) != 0)
		(void)json_object_set_new(o->json, "isDraft", json_true());
	if (rows_int(r, 5) != 0)
		(void)json_object_set_new(
		    o->json, "useDefaultAlerts", json_true());
	return 0;
}

/* "event-9": the name of an object that has none of its own; followed by a
 * digest of the object, its UID, the same in every run. */
static void
put_stem(const struct object *o, struct buf *out)
{
	buf_addf(out, "%s-%lld", o->c->craft->what, (long long)o->id);
}

static int
get_blob(void *arg, int64_t id, struct buf *bytes, struct why *why)
{
	struct object *o = arg;

	return attachments_get(&o->attachments, id, bytes, why);
}

static void
note(void *arg, const char *text)
{
	struct object *o = arg;

	run_note(o->c->j, o->c->craft->what, o->id, "%s", text);
}

/* Converts it, the first time that it is needed. */
static int
convert(struct object *o)
{
	const struct craft *craft = o->c->craft;
	struct convert c = { .uid = o->uid,
		.owner = o->c->owner,
		.blob = get_blob,
		.note = note,
		.arg = o };
	struct buf made_up = { 0 };
	char *json;

	if (o->made != -2)
		return o->made;
	o->made = -1;
	json = json_dumps(o->json, JSON_COMPACT);
	if (json == NULL) {
		why_set(&o->why, FAIL_DATA, "cannot be written as JSON");
		return -1;
	}
	if (c.uid == NULL) {
		put_stem(o, &made_up);
		filename_put_cut(&made_up, json, strlen(json), 0);
		c.uid = buf_str(&made_up);
	}
	if (craft->part == PART_CALENDARS)
		o->made = ical_write(&o->text, json, strlen(json), &c, &o->why);
	else
		o->made = vcard_write(&o->text, json, strlen(json),
		    o->c->j->x->options.vcard, &c, &o->why);
	free(json);
	buf_free(&made_up);
	return o->made;
}

/* The JSON, with what --json adds. */
static int
put_json(struct object *o, const struct collection_dir *dir, const char *name,
    struct why *why)
{
	json_t *copy = json_deep_copy(o->json);
	struct buf text = { 0 };
	char *dump;
	int r;

	if (copy == NULL)
		out_of_memory();
	if (o->c->craft->part == PART_CONTACTS && o->uid != NULL)
		(void)json_object_set_new(copy, "uid", json_string(o->uid));
	r = attachments_write(&o->attachments, dir, copy, why);
	dump = r == 0 ? json_dumps(copy, JSON_INDENT(2)) : NULL;
	if (dump != NULL) {
		buf_adds(&text, dump);
		buf_addc(&text, '\n');
		r = target_put(
		    &o->c->j->target, dir->path, name, &text, NULL, why);
	} else if (r == 0) {
		r = why_set(why, FAIL_DATA, "cannot be written as JSON");
	}
	json_decref(copy);
	free(dump);
	buf_free(&text);
	return r;
}

/* Writes the object's files into one folder; stem is their name. */
static int
put_files(struct object *o, const struct collection_dir *dir, const char *stem,
    const char *name, struct why *why)
{
	struct extract_run *j = o->c->j;
	struct extract_count *count = &j->x->counts[o->c->craft->part];
	char *json = xasprintf("%s.json", stem);
	bool want_json = j->x->options.json;
	int r = 0;

	/* The object's own file comes last: where it is, the others are. */
	if (target_has(&j->target, dir->path, name, -1)) {
		count->written++;
		free(json);
		return 0;
	}
	if (convert(o) == -1) {
		*why = o->why;
		r = -1;
	}
	if (want_json && put_json(o, dir, json, why) == -1)
		r = -1;
	for (size_t i = 0; r == 0 && i < o->attachments.large.n; i++)
		r = attachments_put(
		    &o->attachments, dir, o->attachments.large.all[i], why);
	if (r == 0 && o->made == CONVERT_NOTHING)
		run_tell(j, o->c->craft->part, TOLD_SKIPPED, o->c->craft->what,
		    o->id, &o->why);
	else if (r == 0)
		r = target_put(&j->target, dir->path, name, &o->text,
		    &count->written, why);
	free(json);
	return r;
}

static int
put_object(struct object *o, struct collection_dir *dir, struct why *why)
{
	struct collections *c = o->c;
	struct buf clean = { 0 }, name = { 0 };
	const char *uid = o->uid;
	char *stem;
	int r;

	if (uid == NULL)
		uid = json_string_value(json_object_get(o->json, "uid"));
	if (uid != NULL)
		filename_put(&clean, uid, strlen(uid), false);
	if (clean.len == 0)
		put_stem(o, &clean);
	labels_take(&c->labels[dir - c->dirs.all], buf_str(&clean),
	    c->craft->ending, &name);
	stem = xmemdup(name.data, name.len - strlen(c->craft->ending));
	r = put_files(o, dir, stem, name.data, why);
	free(stem);
	buf_free(&clean);
	buf_free(&name);
	if (r == 0 || why->kind != FAIL_DATA)
		return r;
	run_tell(c->j, c->craft->part, TOLD_FAILED, c->craft->what, o->id, why);
	return 0;
}

/* --- all --- */

static void
skip(struct object *o, const char *text, int64_t id)
{
	struct why why = { 0 };

	why_set(&why, FAIL_DATA, "%s: %lld", text, (long long)id);
	run_tell(o->c->j, o->c->craft->part, TOLD_SKIPPED, o->c->craft->what,
	    o->id, &why);
}

/* True if the array has the number before place i, too. */
static bool
came_before(const struct ids *l, size_t i)
{
	for (size_t k = 0; k < i; k++)
		if (l->all[k] == l->all[i])
			return true;
	return false;
}

/* Writes it into each folder that it belongs to, or else into the last. */
static int
put_everywhere(struct object *o, struct why *why)
{
	struct collections *c = o->c;
	size_t known = 0, spare;
	int r = 0;

	for (size_t i = 0; i < c->ids.n; i++)
		known += collection_dirs_find(&c->dirs, c->ids.all[i]) != NULL;
	spare = known == 0;
	for (size_t i = 0; r == 0 && i < c->ids.n; i++) {
		struct collection_dir *s =
		    collection_dirs_find(&c->dirs, c->ids.all[i]);

		if (s != NULL && came_before(&c->ids, i))
			skip(o, "it names this one twice", c->ids.all[i]);
		else if (s != NULL)
			r = put_object(o, s, why);
		else if (spare > 0)
			spare--;
		else
			skip(
			    o, "there is none with this number", c->ids.all[i]);
	}
	for (size_t i = 0; r == 0 && i < c->ids.odd; i++) {
		if (spare > 0)
			spare--;
		else
			skip(o, "one that it belongs to is not a number",
			    (int64_t)i + 1);
	}
	if (r == 0 && known == 0) {
		struct collection_dir *last = &c->dirs.all[c->dirs.n - 1];

		run_note(c->j, c->craft->what, o->id,
		    "it belongs to nothing that is known: it goes to %s",
		    last->path);
		r = target_dir(&c->j->target, last->path, why);
		if (r == 0)
			r = put_object(o, last, why);
	}
	return r;
}

static int
put_row(struct collections *c, const struct archive_rows *r, struct why *why)
{
	struct extract *x = c->j->x;
	struct object o = { .c = c,
		.id = rows_int(r, 0),
		.made = -2,
		.attachments = { .run = c->j,
		    .what = c->craft->what,
		    .id = rows_int(r, 0) } };
	struct why bad = { 0 };
	size_t len, before;
	const char *text = rows_text(r, 1, &len);
	int result;

	(void)ids_read(&c->ids, text, len);
	before = x->counts[c->craft->part].total;
	x->counts[c->craft->part].total = before + ids_count(&c->ids);
	if (!rows_is_null(r, 3)) {
		struct buf uid = { 0 };

		text = rows_text(r, 3, &len);
		filename_put_utf8(&uid, text, len);
		o.uid = uid.len == 0 ? NULL : xstrdup(buf_str(&uid));
		buf_free(&uid);
	}
	text = rows_text(r, 2, &len);
	if (read_object(&o, r, text, len, &bad) == 0) {
		result = put_everywhere(&o, why);
	} else {
		for (size_t i = ids_count(&c->ids); i > 0; i--)
			run_tell(c->j, c->craft->part, TOLD_FAILED,
			    c->craft->what, o.id, &bad);
		result = 0;
	}
	x->progress(x->arg, 1);
	json_decref(o.json);
	free(o.uid);
	free(o.attachments.large.all);
	buf_free(&o.text);
	return result;
}

static int
put_rows(struct collections *c, struct why *why)
{
	struct archive_rows r = { 0 };
	struct why bad = { 0 };
	int more = 0, result = 0;

	if (rows_open(&r, c->j->archive, c->craft->sql, &bad) == -1)
		return run_broken_table(
		    c->j, c->craft->part, c->craft->table, &bad);
	while (result == 0 && (more = rows_next(&r, &bad)) == 1) {
		result = put_row(c, &r, why);
		if (result == 0 && run_stopped(c->j, why))
			result = -1;
	}
	rows_close(&r);
	if (result == 0 && more == -1)
		return run_broken_table(
		    c->j, c->craft->part, c->craft->table, &bad);
	return result;
}

static int
make_dirs(struct collections *c, struct why *why)
{
	const char *root = extract_part_names[c->craft->part];
	int r = target_dir(&c->j->target, root, why);

	/* The last one is made when it gets its first object. */
	for (size_t i = 0; r == 0 && i + 1 < c->dirs.n; i++)
		r = target_dir(&c->j->target, c->dirs.all[i].path, why);
	if (r == -1)
		why->kind = FAIL_FATAL;
	return r;
}

/* The address to which the owner is invited; NULL if the archive has none. The
 * caller frees it. */
static char *
owner_address(struct archive *a)
{
	struct archive_rows r = { 0 };
	const char *s;
	char *owner = NULL;

	if (archive_has(a, "participant_identities") &&
	    rows_open(&r, a,
		"SELECT calendar_address FROM participant_identities "
		"ORDER BY is_default DESC, id LIMIT 1",
		NULL) == 0 &&
	    rows_next(&r, NULL) == 1) {
		s = rows_text(&r, 0, NULL);
		if (str_starts_nocase(s, "mailto:") && strchr(s, '@') != NULL &&
		    cl_clean(s))
			owner = xstrdup(s);
	}
	rows_close(&r);
	return owner;
}

static int
extract_collections(
    struct extract_run *j, const struct craft *craft, struct why *why)
{
	struct collections c = { .j = j, .craft = craft };
	struct why bad = { 0 };
	int r;

	if (collection_dirs_read(&c.dirs, j->archive, craft->part, &bad) == -1)
		(void)run_broken_table(j, craft->part,
		    craft->part == PART_CALENDARS ? "calendars"
						  : "address_books",
		    &bad);
	c.owner = owner_address(j->archive);
	c.labels = xcalloc(c.dirs.n, sizeof *c.labels);
	r = make_dirs(&c, why);
	if (r == 0)
		r = put_rows(&c, why);
	for (size_t i = 0; i < c.dirs.n; i++)
		labels_free(&c.labels[i]);
	free(c.labels);
	free(c.owner);
	free(c.ids.all);
	collection_dirs_free(&c.dirs);
	return r;
}

int
extract_calendars(struct extract_run *j, struct why *why)
{
	bool typed =
	    archive_has_column(j->archive, "calendar_events", "data_type");

	if (!archive_has(j->archive, "calendar_events"))
		return 0;
	return extract_collections(j, &crafts[typed ? 0 : 1], why);
}

int
extract_contacts(struct extract_run *j, struct why *why)
{
	if (!archive_has(j->archive, "contact_cards"))
		return 0;
	return extract_collections(j, &crafts[2], why);
}
