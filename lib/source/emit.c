/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

#include "source/emit.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/alloc.h"
#include "core/io.h"
#include "core/num.h"
#include "core/str.h"
#include "record/address.h"
#include "secret/lock.h"

enum {
	FLUSH_AT = 65536
};

struct emit_domain {
	struct strs aliases;
	struct map has; /* the aliases */
	bool written;
	bool held, inactive, elsewhere; /* see emit_domain_hold */
	struct place at;
};

void
emit_init(struct emit *e, const char *source, struct tally *tally)
{
	*e = (struct emit){ .source = source, .tally = tally };
}

void
emit_free(struct emit *e)
{
	const char *name;
	void *value;

	for (size_t at = 0; map_next(&e->domains, &at, &name, &value);) {
		struct emit_domain *d = value;

		free(d->aliases.v);
		map_free(&d->has);
	}
	map_free(&e->domains);
	map_free(&e->seen);
	buf_wipe(&e->out);
	buf_free(&e->origin);
	buf_free(&e->where);
	free(e->files);
	free(e->notes);
	arena_free(&e->arena);
}

void
emit_file(struct emit *e, const char *path)
{
	e->files = xgrow(e->files, e->nfiles, &e->files_cap, sizeof *e->files);
	e->files[e->nfiles] = arena_adds(&e->arena, path);
	e->at = (struct place){ .file = (uint32_t)e->nfiles++ };
}

static void
add_number(struct buf *b, uint32_t n)
{
	char text[12], *at = text + sizeof text;

	do
		*--at = (char)('0' + n % 10);
	while ((n /= 10) != 0);
	buf_add(b, at, (size_t)(text + sizeof text - at));
}

/* Adds "/NAME" or ":LINE". */
static void
add_below(struct buf *b, struct place at)
{
	if (at.name != NULL) {
		buf_addc(b, '/');
		buf_adds(b, at.name);
	} else if (at.line != 0) {
		buf_addc(b, ':');
		add_number(b, at.line);
	}
}

struct place
emit_kept(struct arena *arena, struct place at)
{
	if (at.name != NULL)
		at.name = arena_adds(arena, at.name);
	return at;
}

const char *
emit_where(struct emit *e, struct place at)
{
	buf_reset(&e->where);
	if (at.file < e->nfiles) {
		buf_adds(&e->where, e->files[at.file]);
		add_below(&e->where, at);
	}
	return buf_str(&e->where);
}

/* The beginning of an origin, "SOURCE:FILE", which the records of a file have in
 * common. */
static void
begin_origin(struct emit *e)
{
	struct buf *b = &e->origin;

	if (e->origin_start == 0 || e->origin_file != e->at.file) {
		buf_reset(b);
		buf_adds(b, e->source);
		buf_addc(b, ':');
		if (e->at.file < e->nfiles)
			buf_adds(b, e->files[e->at.file]);
		e->origin_file = e->at.file;
		e->origin_start = b->len;
	}
	b->len = e->origin_start;
	b->data[b->len] = '\0';
}

/* The origin of a record: "SOURCE:FILE:LINE". A file name that is not UTF-8
 * cannot be in a record: it is there as messages show it. */
static const char *
origin(struct emit *e)
{
	begin_origin(e);
	if (e->at.file < e->nfiles)
		add_below(&e->origin, e->at);
	if (!utf8_valid(e->origin.data, e->origin.len)) {
		struct buf shown = { 0 };

		str_vis(&shown, e->origin.data, 0);
		buf_reset(&e->origin);
		buf_add(&e->origin, shown.data, shown.len);
		buf_free(&shown);
		e->origin_start = 0;
	}
	return e->origin.data;
}

bool
emit_stop(const struct emit *e)
{
	return e->broken || (e->tally->strict && e->tally->failed != 0);
}

static void
flush(struct emit *e)
{
	struct why why = { 0 };

	if (!e->broken &&
	    write_all(STDOUT_FILENO, e->out.data, e->out.len) == -1) {
		why_set(&why, FAIL_FATAL, "%s", strerror(errno));
		tally_fail(e->tally, "standard output", NULL, NULL, &why);
		e->broken = true;
	}
	buf_reset(&e->out);
}

static void
put(struct emit *e, const struct record *r)
{
	if (e->silent)
		return;
	record_write(r, &e->out);
	e->count++;
	if (e->out.len >= FLUSH_AT)
		flush(e);
}

/* Letters in lower case, digits, "-", "_" and ".", which is not the first. */
static bool
is_domain(const char *s)
{
	static const bool good[256] = { ['-'] = true,
		['.'] = true,
		['_'] = true,
		['0' ... '9'] = true,
		['a' ... 'z'] = true };

	if (*s == '.')
		return false;
	while (good[(unsigned char)*s])
		s++;
	return *s == '\0';
}

int
emit_address(const char *text, bool catch_all, struct buf *out, struct why *why)
{
	size_t start = out->len;

	/* Files that were put together have it amid them. */
	if (strstr(text, "\357\273\277") != NULL)
		return why_set(why, FAIL_DATA,
		    "a byte order mark in a name, which nobody sees nor types");
	if (address_normalise(text, catch_all, out, NULL) == -1)
		return why_set(why, FAIL_DATA, "not a valid mail address");
	if (!is_domain(address_domain(out->data + start)))
		return why_set(why, FAIL_DATA,
		    "not a valid mail address: no valid domain after the @");
	return 0;
}

static struct emit_domain *
find_domain(struct emit *e, const char *domain)
{
	void **value = map_get(&e->domains, domain);

	if (value == NULL) {
		value =
		    map_put(&e->domains, arena_adds(&e->arena, domain), NULL);
		*value = arena_alloc(&e->arena, sizeof(struct emit_domain));
	}
	return *value;
}

void
emit_domain_alias(struct emit *e, const char *domain, const char *alias)
{
	struct emit_domain *d = find_domain(e, domain);
	bool added;

	alias = arena_adds(&e->arena, alias);
	(void)map_put(&d->has, alias, &added);
	if (added)
		strs_add(&d->aliases, alias);
}

static void
put_domain_record(
    struct emit *e, const char *domain, const struct emit_domain *d)
{
	struct record r = { 0 };
	struct place before = e->at;

	e->at = d->at;
	record_reset(&r, REC_DOMAIN);
	r.domain = domain;
	r.aliases = d->aliases;
	r.active = !d->inactive;
	r.elsewhere = d->elsewhere;
	r.origin = origin(e);
	put(e, &r);
	e->at = before;
}

static void
put_domain(struct emit *e, const char *domain, bool active, bool elsewhere)
{
	struct emit_domain *d;

	d = find_domain(e, domain);
	if (d->written)
		return;
	d->written = true;
	d->inactive = !active;
	d->elsewhere = elsewhere;
	d->at = e->at;
	if (!d->held)
		put_domain_record(e, domain, d);
}

void
emit_domain_hold(struct emit *e, const char *domain)
{
	struct emit_domain *d = find_domain(e, domain);

	d->held = !d->written;
}

void
emit_domain_release(struct emit *e, const char *domain)
{
	struct emit_domain *d = find_domain(e, domain);

	if (d->held && d->written)
		put_domain_record(e, domain, d);
	d->held = false;
}

void
emit_domain(struct emit *e, const char *domain)
{
	put_domain(e, domain, true, false);
}

void
emit_domain_inactive(struct emit *e, const char *domain)
{
	put_domain(e, domain, false, false);
}

void
emit_domain_elsewhere(struct emit *e, const char *domain)
{
	put_domain(e, domain, false, true);
}

#define ACCOUNT_BIT (UINT64_C(1) << 63)

/* The place of an address as the value of a map, and whether an account has
 * it. */
static void *
pack(struct place at, bool account)
{
	return (void *)(uintptr_t)((account ? ACCOUNT_BIT : 0) |
				   (uint64_t)at.file << 32 | at.line);
}

static struct place
unpack(const void *value)
{
	uint64_t n = (uintptr_t)value & ~ACCOUNT_BIT;

	return (
	    struct place){ .file = (uint32_t)(n >> 32), .line = (uint32_t)n };
}

bool
emit_has_domain(const struct emit *e, const char *domain)
{
	void **value = map_get(&e->domains, domain);

	return value != NULL && ((struct emit_domain *)*value)->written;
}

bool
emit_has_account(const struct emit *e, const char *address)
{
	void **value = map_get(&e->seen, address);

	return value != NULL && ((uintptr_t)*value & ACCOUNT_BIT) != 0;
}

/* Two records with one address: the first wins, as in Dovecot. */
static int
twice(struct emit *e, const char *address, const void *first)
{
	struct why why = { 0 };

	why_set(&why, FAIL_DATA, "the address is there twice, first at %s",
	    emit_where(e, unpack(first)));
	emit_fail(e, address, &why);
	return -1;
}

static void
lock(struct emit *e, struct record *r)
{
	enum secret_lock state;

	if (r->type != REC_ACCOUNT || r->secret == NULL)
		return;
	state = secret_locked(r->secret, r->default_scheme);
	if (state == SECRET_OPEN)
		return;
	r->active = false;
	if (state == SECRET_NO_HASH)
		emit_note(e, r->address,
		    "a password that is not a hash of its scheme: no password "
		    "fits, the account is not active",
		    r->default_scheme);
}

int
emit_record(struct emit *e, struct record *r)
{
	struct why why = { 0 };
	bool added;
	void **value;

	r->origin = origin(e);
	if (record_check(r, &why) == -1) {
		emit_fail(e, r->address, &why);
		return -1;
	}
	value = map_put_copy(&e->seen, &e->arena, r->address, &added);
	if (!added)
		return twice(e, r->address, *value);
	*value = pack(e->at, r->type == REC_ACCOUNT);
	emit_domain(e, address_domain(r->address));
	lock(e, r);
	put(e, r);
	e->tally->ok++;
	return 0;
}

int
emit_plain(struct emit *e, struct record *r)
{
	struct why why = { 0 };

	r->origin = origin(e);
	if (record_check(r, &why) == -1) {
		emit_fail(e, record_id(r), &why);
		return -1;
	}
	put(e, r);
	e->tally->ok++;
	return 0;
}

static void
put_note(struct emit *e, const char *what, const char *text, int64_t count)
{
	struct record r = { 0 };

	record_reset(&r, REC_NOTE);
	r.what = what == NULL ? e->source : what;
	r.note = text;
	r.count = count;
	r.origin = origin(e);
	put(e, &r);
}

void
emit_note_record(struct emit *e, const char *what, const char *text)
{
	put_note(e, what, text, -1);
	if (e->tally->verbose > 0)
		tool_say(emit_where(e, e->at), "%s: %s", what, text);
}

void
emit_fail(struct emit *e, const char *id, const struct why *why)
{
	emit_fail_at(e, emit_where(e, e->at), id, why);
}

void
emit_fail_at(
    struct emit *e, const char *where, const char *id, const struct why *why)
{
	tally_fail(e->tally, where, id, NULL, why);
}

void
emit_bad(struct emit *e, const char *id, const char *text)
{
	struct why why = { 0 };

	why_set(&why, FAIL_DATA, "%s", text);
	emit_fail(e, id, &why);
}

static void
note(struct emit *e, const char *text, bool dropped)
{
	size_t i;

	for (i = 0; i < e->nnotes; i++)
		if (strcmp(e->notes[i].text, text) == 0 &&
		    e->notes[i].dropped == dropped)
			break;
	if (i == e->nnotes) {
		e->notes =
		    xgrow(e->notes, e->nnotes, &e->notes_cap, sizeof *e->notes);
		e->notes[e->nnotes++] =
		    (struct emit_note){ .text = arena_adds(&e->arena, text),
			    .dropped = dropped };
	}
	e->notes[i].count++;
}

void
emit_note(struct emit *e, const char *id, const char *text, const char *detail)
{
	note(e, text, false);
	if (e->tally->verbose == 0)
		return;
	tool_say(emit_where(e, e->at), "%s%s%s%s%s", id == NULL ? "" : id,
	    id == NULL ? "" : ": ", text, detail == NULL ? "" : ": ",
	    detail == NULL ? "" : detail);
}

void
emit_note_behind(
    struct emit *e, const char *id, const char *text, const char *detail)
{
	emit_note(e, id, text, detail);
	put_note(e, id, text, -1);
}

void
emit_note_word(
    struct emit *e, const char *id, const char *text, const char *word)
{
	struct buf kind = { 0 };

	buf_addf(&kind, "%s: %s", text, word);
	emit_note_behind(e, id, kind.data, NULL);
	buf_free(&kind);
}

void
emit_note_many(struct emit *e, const char *id, const char *text, int64_t count)
{
	char digits[24];

	(void)snprintf(digits, sizeof digits, "%" PRId64, count);
	emit_note(e, id, text, count > 1 ? digits : NULL);
	put_note(e, id, text, count > 1 ? count : -1);
}

void
emit_drop(struct emit *e, const char *id, const char *text)
{
	note(e, text, true);
	if (e->tally->verbose > 0)
		tool_say(emit_where(e, e->at), "%s%sleft out: %s",
		    id == NULL ? "" : id, id == NULL ? "" : ": ", text);
}

static void
say_notes(const struct emit *e)
{
	const char *more = e->tally->verbose > 0 ? "" : " (-v names them)";

	for (size_t i = 0; i < e->nnotes; i++) {
		const struct emit_note *n = &e->notes[i];

		tool_say(NULL, "%s%s: %zu line%s%s",
		    n->dropped ? "left out: " : "", n->text, n->count,
		    plural(n->count), more);
	}
}

void
emit_end(struct emit *e)
{
	struct record r = { 0 };

	/* A temporary failure: the rest may come on the next run. */
	if (!e->tally->fatal && e->tally->temp == 0 && !emit_stop(e) &&
	    !e->silent) {
		record_reset(&r, REC_END);
		r.count = e->count;
		if (e->tally->failed != 0)
			r.failed = (int64_t)e->tally->failed;
		r.source = e->source;
		record_write(&r, &e->out);
	}
	flush(e);
	if (!e->quiet)
		say_notes(e);
}
