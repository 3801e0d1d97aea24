/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/*
 * Users in an SQL database: the queries of dovecot-sql.conf.ext (2.3) or of the
 * configuration (2.4), run for each user as the server does.
 */
#include "source/dovecot/userdb-sql.h"

#include <stdlib.h>
#include <string.h>

#include "core/str.h"
#include "source/dovecot/chain.h"
#include "source/dovecot/other-names.h"
#include "source/dovecot/sql-users.h"
#include "source/host-sql.h"
#include "source/passwd/expand.h"

/* --- connections --- */

static struct sql *
connect_to(struct userdbs *all, const struct sql_users *own)
{
	struct why why = { 0 };
	struct sql *db = host_sql_open(&own->options, &all->arena, &why);

	if (db == NULL)
		emit_fail_at(all->emit, own->where, NULL, &why);
	return db;
}

/* Where records come from: "mysql:mail". */
static struct place
name_place(struct emit *e, const struct sql *db)
{
	static const char *const kinds[] = { [SQL_POSTGRESQL] = "postgresql",
		[SQL_MYSQL] = "mysql",
		[SQL_SQLITE] = "sqlite" };
	struct place before = e->at, place;
	struct buf text = { 0 };

	buf_addf(&text, "%s:%s", kinds[sql_kind(db)], sql_name(db));
	emit_file(e, buf_str(&text));
	place = e->at;
	e->at = before;
	buf_free(&text);
	return place;
}

/* Whether a query sets another name of the user. */
static bool
may_rename(const char *query)
{
	static const char *const names[] = { " as user", " as username",
		" as domain" };

	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (strcasestr(query, names[i]) != NULL)
			return true;
	return false;
}

static void
users_open(struct userdbs *all, struct userdb *db)
{
	struct sql_users *own = arena_alloc(&all->arena, sizeof *own);

	db->own = own;
	sql_users_read(all, db, own);
	db->blocking = own->options.kind != SQL_POSTGRESQL;
	if (userdbs_stop(all))
		return;
	db->renames = db->is_passdb && may_rename(own->query);
	if (db->is_passdb && !db->rules.deny && !db->rules.master &&
	    other_names_sql(own->query))
		userdb_note(all, db,
		    "the query finds users by other names, too: logins with "
		    "those that nothing lists are not carried");
	own->db = connect_to(all, own);
	if (own->db != NULL)
		own->place = name_place(all->emit, own->db);
}

static void
users_close(struct userdb *db)
{
	struct sql_users *own = db->own;

	sql_close(own->db);
	templates_free(&own->fields);
	free(own->failing.v);
}

/* --- one user --- */

struct asking {
	struct userdbs *all;
	struct userdb *db;
	const struct asked *who;
	struct arena *arena;
	struct answer *a;
	struct why why; /* of a value that cannot be escaped */
};

static void
escape(void *ctx, const char *value, size_t len, struct buf *out)
{
	struct asking *ask = ctx;
	struct sql_users *own = ask->db->own;

	/* Names have no NUL. */
	(void)len;
	if (ask->why.kind == FAIL_NONE)
		(void)sql_escape(own->db, value, out, &ask->why);
}

/* The value of a column, as the "fields" of 2.4 name it. */
static const char *
column_value(void *ctx, const char *name)
{
	struct asking *ask = ctx;
	struct sql_users *own = ask->db->own;
	size_t len;

	for (size_t i = 0; i < sql_columns(own->db); i++)
		if (strcmp(sql_column(own->db, i), name) == 0)
			return sql_value(own->db, i, &len);
	return NULL;
}

static void
set_field(void *ctx, const char *key, const char *value)
{
	struct asking *ask = ctx;

	answer_add(ask->a, ask->db, ask->arena, key, value);
}

/* The server wants a column for the password, even an empty one. (2.3,
 * src/auth/passdb-sql.c.) */
static bool
has_password(struct asking *ask)
{
	struct sql_users *own = ask->db->own;

	if (!ask->db->is_passdb || ask->all->v24)
		return true;
	for (size_t i = 0; i < sql_columns(own->db); i++)
		if (strcmp(sql_column(own->db, i), "password") == 0 ||
		    strcmp(sql_column(own->db, i), "password_noscheme") == 0)
			return true;
	if (!own->said_password)
		userdb_refused(ask->all, ask->db,
		    "password_query has no column \"password\", without which "
		    "Dovecot lets nobody in");
	own->said_password = true;
	return false;
}

/* A field of the block. The process that looks up tells which of them are there
 * at its end: one that is removed is none of those, and takes nothing away from
 * what there was before. */
static void
set_own_field(void *ctx, const char *key, const char *value)
{
	static const char suffix[] = ":remove";
	struct asking *ask = ctx;
	size_t len = strlen(key), n = strlen(suffix);
	struct buf name = { 0 };

	if (!ask->db->blocking || len <= n ||
	    strcmp(key + len - n, suffix) != 0) {
		set_field(ctx, key, value);
		return;
	}
	buf_add(&name, key, len - n);
	pairs_remove(&ask->a->fields, buf_str(&name));
	buf_adds(&name, ":default");
	pairs_remove(&ask->a->fields, buf_str(&name));
	buf_free(&name);
}

/* The name that the columns have made of the user's, which the fields of the
 * block see. */
static const char *
name_so_far(struct asking *ask)
{
	const struct pairs *fields = &ask->a->fields;
	const char *user = ask->who->user;
	struct buf name = { 0 };

	for (size_t i = 0; i < fields->n; i++)
		if (user_renamed(
			user, fields->v[i].key, fields->v[i].value, &name) &&
		    name.len > 0)
			user = arena_adds(ask->arena, name.data);
	buf_free(&name);
	return user;
}

/* Takes the row. */
static bool
take_row(struct asking *ask)
{
	struct sql_users *own = ask->db->own;
	struct why why = { 0 };
	int r;

	for (size_t i = 0; i < sql_columns(own->db); i++) {
		size_t len;
		const char *value = sql_value(own->db, i, &len);

		/* A column that is NULL says that there is an answer, too; not
		 * so to the process that asks another one. */
		ask->a->prefetch |=
		    ask->db->is_passdb && !ask->db->blocking &&
		    own->import_all &&
		    str_starts(sql_column(own->db, i), "userdb_");
		if (value == NULL)
			continue;
		if (strlen(value) != len || !utf8_valid(value, len)) {
			emit_bad(ask->all->emit, ask->who->user,
			    "a column with a NUL byte, or not UTF-8");
			return false;
		}
		if (own->import_all)
			set_field(ask, sql_column(own->db, i), value);
	}
	r = templates_apply(&own->fields, name_so_far(ask), ask->who->login,
	    column_value, set_own_field, ask, &why);
	return (r == 0 ||
		   userdb_lacks_field(ask->all, ask->db, r == -1, &why)) &&
	       has_password(ask);
}

/* Runs the query, and takes its row; why is set where that fails. */
static void
run_query(struct asking *ask, const char *query, struct why *why)
{
	struct sql_users *own = ask->db->own;
	struct emit *e = ask->all->emit;
	bool taken = false;
	int r = sql_query(own->db, query, why);

	e->at = own->place;
	ask->a->at = own->place;
	if (r == 0)
		r = sql_next(own->db, why);
	if (r == 0)
		return;
	ask->a->found = FOUND_BROKEN;
	if (r == 1) {
		taken = take_row(ask);
		r = sql_next(own->db, why);
	}
	if (r == 1)
		emit_bad(e, ask->who->user,
		    "the query finds several rows, which Dovecot refuses");
	else if (r == 0 && taken)
		ask->a->found = FOUND_YES;
}

/* Whether the query depends on the service. */
static bool
ask_for(struct asking *ask, const char *service, struct why *why)
{
	struct sql_users *own = ask->db->own;
	struct expansion x = { .user = ask->who->user,
		.login = ask->who->login,
		.service = service,
		.escape = escape,
		.ctx = ask };
	struct buf query = { 0 };

	*ask->a = (struct answer){ 0 };
	if (!expansion_put(&x, own->query, &query)) {
		userdb_out(ask->all, ask->db, own->query_name, x.unknown);
		ask->a->found = FOUND_UNSURE;
	} else if (ask->why.kind != FAIL_NONE) {
		emit_fail(ask->all->emit, ask->who->user, &ask->why);
		ask->a->found = FOUND_BROKEN;
	} else {
		run_query(ask, buf_str(&query), why);
	}
	buf_wipe(&query);
	return x.by_service;
}

/* A table may lack a column for a service that nobody uses. */
static void
say_failing(struct asking *ask, const char *service, const struct why *why)
{
	struct sql_users *own = ask->db->own;
	struct buf text = { 0 };

	strs_add(&own->failing, service);
	buf_addf(&text,
	    "%s fails for the service \"%s\", which is taken to be as IMAP: %s",
	    own->query_name, service, why->text);
	userdb_note(ask->all, ask->db, text.data);
	buf_free(&text);
}

static void
users_lookup(struct userdbs *all, struct userdb *db, const struct asked *who,
    struct arena *arena, struct answer *a)
{
	struct sql_users *own = db->own;
	struct asking ask = {
		.all = all, .db = db, .who = who, .arena = arena, .a = a
	};
	const char *service = who->service;
	struct why why = { 0 };
	bool by_service;

	if (service != NULL && strs_has(&own->failing, service))
		service = NULL;
	by_service = ask_for(&ask, service, &why);
	if (why.kind != FAIL_NONE && by_service && service != NULL) {
		say_failing(&ask, service, &why);
		why = (struct why){ 0 };
		(void)ask_for(&ask, NULL, &why);
	}
	if (why.kind != FAIL_NONE)
		emit_fail_at(all->emit, own->where, NULL, &why);
	all->by_service |= by_service;
}

/* --- all users --- */

/* Which columns of the list have the name. */
struct columns {
	size_t user, domain;
	bool has_user, has_domain;
};

/* "user" counts only as the first; "username", and "domain" next to it, may be
 * anywhere. (src/auth/userdb-sql.c.) */
static void
find_columns(const struct sql *db, struct columns *c)
{
	*c = (struct columns){ 0 };
	for (size_t i = 0; i < sql_columns(db); i++) {
		const char *name = sql_column(db, i);

		if (strcmp(name, "user") == 0 && i == 0) {
			*c = (struct columns){ .has_user = true };
			return;
		}
		if (strcmp(name, "username") == 0) {
			c->has_user = true;
			c->user = i;
		} else if (strcmp(name, "domain") == 0) {
			c->has_domain = true;
			c->domain = i;
		}
	}
}

static void
list_row(struct userdbs *all, struct sql *db, const struct columns *c,
    struct buf *name)
{
	size_t len, domain_len = 0;
	const char *user = sql_value(db, c->user, &len);
	const char *domain =
	    c->has_domain ? sql_value(db, c->domain, &domain_len) : NULL;

	buf_reset(name);
	if (user == NULL) {
		emit_bad(all->emit, NULL, "a listed name is NULL");
		return;
	}
	buf_add(name, user, len);
	if (domain != NULL) {
		buf_addc(name, '@');
		buf_add(name, domain, domain_len);
	}
	if (strlen(name->data) == name->len &&
	    utf8_valid(name->data, name->len))
		return;
	emit_bad(all->emit, NULL,
	    strlen(name->data) == name->len ? "a listed name is not UTF-8"
					    : "a NUL byte in a listed name");
	buf_reset(name);
}

static int
list_rows(struct userdbs *all, const struct sql_users *own, struct sql *db,
    userdb_listed *user, void *ctx, struct why *why)
{
	struct buf name = { 0 };
	struct columns c;
	int r = 0;

	find_columns(db, &c);
	if (!c.has_user)
		r = why_set(why, FAIL_FATAL,
		    "the query that lists users has no column \"username\", "
		    "and \"user\" is not its first");
	while (r == 0 && !userdbs_stop(all) && (r = sql_next(db, why)) == 1) {
		all->emit->at = own->place;
		list_row(all, db, &c, &name);
		if (name.len > 0)
			user(ctx, name.data, NULL);
		r = 0;
	}
	buf_free(&name);
	return r;
}

/* Over a connection of its own: on the other one the listed users are looked
 * up. */
static bool
users_list(struct userdbs *all, struct userdb *db, bool needed,
    userdb_listed *user, void *ctx)
{
	struct sql_users *own = db->own;
	struct why why = { 0 };
	struct expansion x = { .user = "" };
	struct buf query = { 0 };
	struct sql *list = NULL;
	bool listed = false;

	if (own->list == NULL && !needed)
		return false;
	if (own->list == NULL) {
		sql_hint(db->is_passdb ? "passdb" : "userdb", own, &why);
		emit_fail_at(all->emit, own->where, NULL, &why);
	} else if (!expansion_put(&x, own->list, &query)) {
		userdb_out(all, db, "iterate_query", x.unknown);
	} else {
		list = connect_to(all, own);
	}
	if (list != NULL) {
		listed = sql_query(list, buf_str(&query), &why) == 0 &&
			 list_rows(all, own, list, user, ctx, &why) == 0;
		if (!listed)
			emit_fail_at(all->emit, own->where, NULL, &why);
		sql_close(list);
	}
	buf_free(&query);
	return listed;
}

const struct userdb_driver userdb_sql = { .name = "sql",
	.open = users_open,
	.lookup = users_lookup,
	.list = users_list,
	.close = users_close,
	.own_fields = true };
