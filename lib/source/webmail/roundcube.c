/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

#include "source/webmail/roundcube.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "core/buf.h"
#include "core/num.h"
#include "core/str.h"

#define CANNED_RESPONSES "canned responses are not carried"

/* The rows of one user, who is done when another's row comes. */
struct reading {
	struct emit *emit;
	const struct webmail_options *options;
	struct sql *db;
	struct arena arena; /* of the user */
	struct record r;
	const char *user; /* the id, as text; NULL: none yet */
	const char *login;
	struct roundcube_owners owners;
};

/* --- tables --- */

static void
put_name(const struct webmail_options *o, const char *name, struct buf *out)
{
	buf_addf(out, "%s%s", o->prefix == NULL ? "" : o->prefix, name);
}

void
roundcube_table(struct sql *db, const struct webmail_options *o,
    const char *name, struct buf *out)
{
	struct buf full = { 0 };

	put_name(o, name, &full);
	sql_quote_name(db, full.data, out);
	buf_free(&full);
}

int
roundcube_has_table(struct sql *db, const struct webmail_options *o,
    const char *name, struct why *why)
{
	struct buf full = { 0 };
	int r;

	put_name(o, name, &full);
	r = sql_has_table(db, full.data, why);
	buf_free(&full);
	return r;
}

/* --- owners --- */

/* An identity that has the login name before its "@", and another one. */
struct identities {
	const char *address, *other;
};

/* Notes an identity of a user, if it is such a one. */
static void
take_identity(struct roundcube_owners *owners, const char *user,
    const char *login, const char *address)
{
	struct identities *i;
	void **slot;

	if (user == NULL || login == NULL || address == NULL ||
	    !webmail_is_local_part(address, login))
		return;
	slot = map_put_copy(&owners->identities, &owners->arena, user, NULL);
	i = *slot;
	if (i == NULL) {
		*slot = i = arena_alloc(&owners->arena, sizeof *i);
		*i = (struct identities){ arena_adds(&owners->arena, address),
			NULL };
	} else if (i->other == NULL && !str_eq_nocase(i->address, address)) {
		i->other = arena_adds(&owners->arena, address);
	}
}

int
roundcube_owners_read(struct sql *db, const struct webmail_options *o,
    struct roundcube_owners *owners, struct why *why)
{
	struct buf query = { 0 };
	size_t len;
	int n = -1;

	if (o->domain != NULL)
		return 0;
	buf_adds(&query, "SELECT u.user_id, u.username, i.email FROM ");
	roundcube_table(db, o, "users", &query);
	buf_adds(&query, " u JOIN ");
	roundcube_table(db, o, "identities", &query);
	buf_adds(&query, " i ON i.user_id = u.user_id AND i.del = 0 "
			 "ORDER BY u.user_id, i.identity_id");
	if (sql_query(db, query.data, why) == 0)
		while ((n = sql_next(db, why)) == 1)
			take_identity(owners, sql_value(db, 0, &len),
			    sql_value(db, 1, &len), sql_value(db, 2, &len));
	buf_free(&query);
	return n;
}

int
roundcube_address(struct emit *e, const struct webmail_options *o,
    const struct roundcube_owners *owners, const char *user, const char *login,
    struct buf *out)
{
	void **slot = map_get(&owners->identities, user);
	const struct identities *i = slot == NULL ? NULL : *slot;
	struct why why = { 0 };

	if (i == NULL || i->other == NULL)
		return webmail_address(
		    e, o, login, i == NULL ? NULL : i->address, out);
	why_set(&why, FAIL_DATA,
	    "a login name without a domain, of which two identities say "
	    "different ones (--domain): %.100s and %.100s",
	    i->address, i->other);
	emit_fail(e, login, &why);
	return -1;
}

void
roundcube_owners_free(struct roundcube_owners *owners)
{
	map_free(&owners->identities);
	arena_free(&owners->arena);
}

/* --- identities --- */

/*
 * Of any release: columns that came later are taken by their names. (Roundcube,
 * SQL/ *.initial.sql; "users" is the same in all of them.)
 */
static void
identities_query(
    struct sql *db, const struct webmail_options *o, struct buf *out)
{
	buf_adds(out,
	    "SELECT u.user_id AS rc_user, u.username AS rc_login, "
	    "u.language AS rc_language, u.preferences AS rc_preferences, i.* "
	    "FROM ");
	roundcube_table(db, o, "users", out);
	buf_adds(out, " u LEFT JOIN ");
	roundcube_table(db, o, "identities", out);
	buf_adds(out, " i ON i.user_id = u.user_id AND i.del = 0 "
		      "ORDER BY u.user_id, i.standard DESC, i.identity_id");
}

/* The time zone in PHP's serialized preferences: s:8:"timezone";s:13:"...". */
static const char *
time_zone(struct reading *rd, const char *preferences)
{
	static const char key[] = "s:8:\"timezone\";s:";
	const char *at = preferences == NULL ? NULL : strstr(preferences, key);
	const char *end;

	if (at == NULL)
		return NULL;
	at = strstr(at + strlen(key), ":\"");
	if (at == NULL)
		return NULL;
	at += 2;
	end = strchr(at, '"');
	/* "auto" is the browser's; old releases had a number of hours. */
	if (end == NULL || !isalpha((unsigned char)*at) ||
	    strncmp(at, "auto\"", 5) == 0)
		return NULL;
	return arena_add(&rd->arena, at, (size_t)(end - at));
}

static void
end_user(struct reading *rd)
{
	struct record *r = &rd->r;
	struct buf address = { 0 };

	if (rd->user != NULL &&
	    (r->identities.n != 0 || r->locale != NULL ||
		r->time_zone != NULL) &&
	    roundcube_address(rd->emit, rd->options, &rd->owners, rd->user,
		rd->login, &address) == 0) {
		r->address = address.data;
		(void)emit_plain(rd->emit, r);
	}
	buf_free(&address);
	record_reset(r, REC_SETTINGS);
	arena_reset(&rd->arena);
	rd->user = NULL;
}

static const char *
column(struct reading *rd, const char *name)
{
	return webmail_text(rd->emit, rd->db, name, &rd->arena);
}

static bool
is_set(const char *value)
{
	return value != NULL && strcmp(value, "0") != 0 &&
	       strcmp(value, "f") != 0;
}

/* Something that stays behind; count in digits, or NULL: one. */
static void
note(struct reading *rd, const char *login, const char *text, const char *count)
{
	struct buf owner = { 0 };
	int64_t n = 1;

	if (count != NULL)
		(void)parse_num(count, 1, INT64_MAX, &n, NULL);
	webmail_owner(rd->options, login, &owner);
	emit_note_many(rd->emit, buf_str(&owner), text, n);
	buf_free(&owner);
}

/* Before Roundcube 1.6 they were in the preferences, too:
 * s:17:"compose_responses";a:2:{... */
static void
note_responses(struct reading *rd, const char *preferences)
{
	static const char key[] = "s:17:\"compose_responses\";a:";
	const char *at = preferences == NULL ? NULL : strstr(preferences, key);
	size_t len;

	if (at == NULL)
		return;
	at += strlen(key);
	len = strspn(at, "0123456789");
	if (len > 0 && *at != '0' && at[len] == ':')
		note(rd, rd->login, CANNED_RESPONSES,
		    arena_add(&rd->arena, at, len));
}

static void
begin_user(struct reading *rd, const char *user)
{
	const char *preferences = column(rd, "rc_preferences");

	rd->user = arena_adds(&rd->arena, user);
	rd->login = column(rd, "rc_login");
	if (rd->login == NULL)
		rd->login = "";
	rd->r.locale = webmail_language(column(rd, "rc_language"), &rd->arena);
	rd->r.time_zone = time_zone(rd, preferences);
	note_responses(rd, preferences);
}

static void
add_identity(struct reading *rd)
{
	const char *address = column(rd, "email");
	const char *signature = column(rd, "signature");
	struct record_identity *i;

	if (address == NULL)
		return;
	i = record_add(&rd->r, &rd->r.identities);
	i->address = address;
	i->name = column(rd, "name");
	i->reply_to = column(rd, "reply-to");
	i->bcc = column(rd, "bcc");
	i->is_default = is_set(column(rd, "standard"));
	if (is_set(column(rd, "html_signature")))
		i->html = signature;
	else
		i->text = signature;
	if (column(rd, "organization") != NULL)
		note(rd, rd->login,
		    "the organization of an identity is not carried", NULL);
}

static void
take_row(struct reading *rd)
{
	size_t len;
	const char *user = sql_value(rd->db, 0, &len);

	if (user == NULL)
		return;
	if (rd->user == NULL || strcmp(rd->user, user) != 0) {
		char *copy = arena_adds(&rd->emit->arena, user);

		end_user(rd);
		begin_user(rd, copy);
	}
	add_identity(rd);
}

/* What an owner may have in the database beside, in tables of later releases and of
 * plugins; each has a user_id. (Roundcube 1.6, SQL/ *.initial.sql; its plugins
 * calendar and tasklist, drivers/database/SQL.) */
static const struct other {
	const char *table, *text;
	bool del; /* those that were deleted stay in it, marked */
} others[] = {
	{ "calendars",
	    "calendars of Roundcube's plugin are not carried: "
	    "export them there",
	    false },
	{ "tasklists",
	    "lists of tasks of Roundcube's plugin are not carried: "
	    "export them there",
	    false },
	{ "responses", CANNED_RESPONSES, true },
	{ "collected_addresses",
	    "addresses that Roundcube collected by itself are not carried",
	    false },
};

/* Says how many of them each user has. */
static int
note_table(struct reading *rd, const struct other *o, struct why *why)
{
	struct buf query = { 0 };
	const char *login;
	size_t len;
	int n = roundcube_has_table(rd->db, rd->options, o->table, why);

	if (n == 1) {
		buf_adds(
		    &query, "SELECT u.username, COUNT(*) AS rc_count FROM ");
		roundcube_table(rd->db, rd->options, o->table, &query);
		buf_adds(&query, " t JOIN ");
		roundcube_table(rd->db, rd->options, "users", &query);
		buf_addf(&query,
		    " u ON u.user_id = t.user_id %s"
		    "GROUP BY u.username ORDER BY u.username",
		    o->del ? "WHERE t.del = 0 " : "");
		n = sql_query(rd->db, query.data, why);
		while (n == 0 && (n = sql_next(rd->db, why)) == 1) {
			login = sql_value(rd->db, 0, &len);
			note(rd, login == NULL ? "" : login, o->text,
			    sql_value(rd->db, 1, &len));
			n = 0;
		}
	}
	buf_free(&query);
	return n;
}

void
roundcube_dump(struct emit *e, const struct webmail_options *o)
{
	struct reading rd = { .emit = e, .options = o };
	struct buf query = { 0 };
	struct why why = { 0 };
	int n = -1;

	rd.db = sql_open(&o->sql, &why);
	if (rd.db != NULL) {
		record_reset(&rd.r, REC_SETTINGS);
		emit_file(e, sql_name(rd.db));
		identities_query(rd.db, o, &query);
		if (roundcube_owners_read(rd.db, o, &rd.owners, &why) == 0 &&
		    sql_query(rd.db, query.data, &why) == 0)
			while (
			    (n = sql_next(rd.db, &why)) == 1 && !emit_stop(e)) {
				e->at.line++;
				take_row(&rd);
			}
		if (n == 0)
			end_user(&rd);
		for (size_t i = 0; n == 0 && i < sizeof others / sizeof *others;
		     i++)
			n = note_table(&rd, &others[i], &why);
	}
	if (n == -1)
		emit_fail_at(e, NULL, NULL, &why);
	sql_close(rd.db);
	record_free(&rd.r);
	roundcube_owners_free(&rd.owners);
	arena_free(&rd.arena);
	buf_free(&query);
}
