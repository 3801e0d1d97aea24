/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/*
 * Users in an SQL database: the queries of dovecot-sql.conf.ext (2.3) or of the
 * configuration (2.4), run for each user as the server does.
 */
#include "source/userdb.h"

#include <string.h>

#include "core/num.h"
#include "core/str.h"
#include "source/conf-file.h"
#include "source/expand.h"
#include "source/sql.h"
#include "source/templates.h"

struct users_sql {
	const char *where; /* the file, or the kind of block */
	struct sql_options options;
	const char *query; /* of one user */
	const char *list;  /* of all; NULL: there is none */
	struct templates fields;
	struct sql *db;
	struct place place; /* of what it holds */
};

/* --- the settings of 2.3 --- */

/* "host=localhost dbname=mail user=dovecot password=..." (Dovecot 2.3,
 * src/lib-sql/driver-mysql.c). Of several hosts the first. */
static void
read_mysql(struct sql_options *o, char *words)
{
	char *word;
	int64_t port;

	while ((word = str_cut(&words, ' ')) != NULL) {
		char *value = word, *key = str_cut(&value, '=');

		if (value == NULL)
			continue;
		if (strcmp(key, "host") == 0 && *value == '/')
			o->socket = o->host == NULL ? value : NULL;
		else if (strcmp(key, "host") == 0 && o->host == NULL)
			o->host = o->socket == NULL ? value : NULL;
		else if (strcmp(key, "user") == 0)
			o->user = value;
		else if (strcmp(key, "password") == 0)
			o->password = value;
		else if (strcmp(key, "dbname") == 0)
			o->database = value;
		else if (strcmp(key, "port") == 0 &&
			 parse_num(value, 1, 65535, &port, NULL))
			o->port = (unsigned int)port;
		else if (strcmp(key, "option_file") == 0)
			o->option_file = value;
		else if (strcmp(key, "option_group") == 0)
			o->option_group = value;
		else if (strcmp(key, "ssl_ca") == 0) {
			o->tls = o->tls_verify = true;
			o->tls_ca = value;
		}
	}
}

/* A string of libpq, with a word of Dovecot's own. */
static const char *
read_pgsql(struct arena *arena, char *words)
{
	struct buf out = { 0 };
	const char *result;
	char *word;

	while ((word = str_cut(&words, ' ')) != NULL)
		if (!str_starts(word, "maxconns="))
			buf_addf(&out, "%s ", word);
	result = arena_adds(arena, buf_str(&out));
	buf_wipe(&out);
	return result;
}

static bool
find_kind(const char *driver, enum sql_kind *kind)
{
	static const struct {
		const char *name;
		enum sql_kind kind;
	} kinds[] = { { "mysql", SQL_MYSQL }, { "pgsql", SQL_POSTGRESQL },
		{ "sqlite", SQL_SQLITE } };

	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
		if (strcmp(kinds[i].name, driver) == 0) {
			*kind = kinds[i].kind;
			return true;
		}
	return false;
}

static const char *
or_default(const char *value, const char *preset)
{
	return value == NULL ? preset : value;
}

/* dovecot-sql.conf.ext. The presets are Dovecot's. (src/auth/db-sql.c.) */
static void
read_file_23(struct userdbs *all, struct userdb *db, struct users_sql *own)
{
	struct setting top = { 0 };
	struct why why = { 0 };
	char *connect;

	own->where = db->args;
	if (conf_read_ext(&top, &all->arena, db->args, &why) == -1) {
		tally_fail(all->emit->tally, NULL, NULL, NULL, &why);
		return;
	}
	if (!find_kind(or_default(setting_value(&top, "driver"), ""),
		&own->options.kind)) {
		userdb_fatal(all, own->where,
		    "the driver is none of mysql, pgsql and sqlite");
		return;
	}
	connect = arena_adds(
	    &all->arena, or_default(setting_value(&top, "connect"), ""));
	if (own->options.kind == SQL_MYSQL)
		read_mysql(&own->options, connect);
	else if (own->options.kind == SQL_POSTGRESQL)
		own->options.conninfo = read_pgsql(&all->arena, connect);
	else
		own->options.database = str_cut(&connect, ' ');
	db->scheme =
	    or_default(setting_value(&top, "default_pass_scheme"), "MD5");
	own->list = or_default(setting_value(&top, "iterate_query"),
	    "SELECT username, domain FROM users");
	own->query =
	    db->is_passdb
		? or_default(setting_value(&top, "password_query"),
		      "SELECT username, domain, password FROM users WHERE "
		      "username = '%n' AND domain = '%d'")
		: or_default(setting_value(&top, "user_query"),
		      "SELECT home, uid, gid FROM users WHERE username = "
		      "'%n' AND domain = '%d'");
}

/* --- the settings of 2.4 --- */

/* The block of a server: in that of the database, or at the top. */
static const struct setting *
server_block(
    const struct userdbs *all, const struct userdb *db, const char *kind)
{
	const struct setting *block = setting_block(db->block, kind, NULL);

	return block == NULL ? setting_block(&all->conf->top, kind, NULL)
			     : block;
}

/* A setting of a server's block, which may be written with its kind:
 * "mysql_user". */
static const char *
server_value(const struct setting *block, const char *kind, const char *key)
{
	const char *value = setting_value(block, key);
	struct buf full = { 0 };

	if (value == NULL) {
		buf_addf(&full, "%s_%s", kind, key);
		value = setting_value(block, buf_str(&full));
		buf_free(&full);
	}
	return value;
}

static void
read_mysql_24(const struct setting *block, struct sql_options *o)
{
	static const char kind[] = "mysql";
	const char *host =
	    or_default(server_value(block, kind, "host"), block->name);
	const char *port = server_value(block, kind, "port");
	int64_t number;

	if (host != NULL && *host == '/')
		o->socket = host;
	else
		o->host = host;
	if (port != NULL && parse_num(port, 1, 65535, &number, NULL))
		o->port = (unsigned int)number;
	o->user = server_value(block, kind, "user");
	o->password = server_value(block, kind, "password");
	o->database = server_value(block, kind, "dbname");
	o->option_file = server_value(block, kind, "option_file");
	o->option_group = server_value(block, kind, "option_group");
	o->tls = o->tls_verify =
	    setting_is_yes(server_value(block, kind, "ssl"));
	o->tls_ca = server_value(block, kind, "ssl_ca");
}

/* Adds "key='value'" of a string of libpq. */
static void
add_parameter(struct buf *out, const char *key, const char *value)
{
	buf_addf(out, "%s='", key);
	for (; *value != '\0'; value++) {
		if (*value == '\'' || *value == '\\')
			buf_addc(out, '\\');
		buf_addc(out, *value);
	}
	buf_adds(out, "' ");
}

static void
read_pgsql_24(
    struct userdbs *all, const struct setting *block, struct sql_options *o)
{
	const struct setting *list = setting_block(block, "parameters", NULL);
	const char *host =
	    or_default(server_value(block, "pgsql", "host"), block->name);
	struct buf out = { 0 };

	if (list == NULL)
		list = setting_block(block, "pgsql_parameters", NULL);
	if (host != NULL)
		add_parameter(&out, "host", host);
	for (const struct setting *s = list == NULL ? NULL : list->child;
	     s != NULL; s = s->next)
		if (s->value != NULL)
			add_parameter(&out, s->key, s->value);
	o->conninfo = arena_adds(&all->arena, buf_str(&out));
	buf_wipe(&out);
}

static void
read_settings_24(struct userdbs *all, struct userdb *db, struct users_sql *own)
{
	const char *driver =
	    userdb_setting(all, db, "sql_driver", "sql_driver");
	const struct setting *server = NULL;

	own->where = userdb_kind(db);
	own->query = userdb_setting(all, db, "query",
	    db->is_passdb ? "passdb_sql_query" : "userdb_sql_query");
	own->list = userdb_setting(
	    all, db, "iterate_query", "userdb_sql_iterate_query");
	templates_block(&own->fields, &all->arena,
	    setting_block(db->block, "fields", NULL));
	if (driver == NULL || !find_kind(driver, &own->options.kind)) {
		userdb_fatal(all, own->where,
		    "sql_driver is none of mysql, pgsql and sqlite");
		return;
	}
	if (own->options.kind == SQL_SQLITE)
		own->options.database =
		    userdb_setting(all, db, "sqlite_path", "sqlite_path");
	else
		server = server_block(all, db, driver);
	if (server != NULL && own->options.kind == SQL_MYSQL)
		read_mysql_24(server, &own->options);
	else if (server != NULL)
		read_pgsql_24(all, server, &own->options);
	if (server == NULL && own->options.database == NULL)
		userdb_fatal(all, own->where, "no database is named");
	else if (own->query == NULL)
		userdb_fatal(all, own->where, "there is no query");
}

/* --- connections --- */

static struct sql *
connect_to(struct userdbs *all, const struct users_sql *own)
{
	struct why why = { 0 };
	struct sql *db = sql_open(&own->options, &why);

	if (db == NULL)
		tally_fail(all->emit->tally, own->where, NULL, NULL, &why);
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

static void
users_open(struct userdbs *all, struct userdb *db)
{
	struct users_sql *own = arena_alloc(&all->arena, sizeof *own);

	db->own = own;
	if (all->v24)
		read_settings_24(all, db, own);
	else
		read_file_23(all, db, own);
	if (userdbs_stop(all))
		return;
	own->db = connect_to(all, own);
	if (own->db != NULL)
		own->place = name_place(all->emit, own->db);
}

static void
users_close(struct userdb *db)
{
	struct users_sql *own = db->own;

	sql_close(own->db);
	templates_free(&own->fields);
}

/* --- one user --- */

struct asking {
	struct userdbs *all;
	struct userdb *db;
	struct lookup *l;
	struct why why; /* of a value that cannot be escaped */
};

static void
escape(void *ctx, const char *value, size_t len, struct buf *out)
{
	struct asking *a = ctx;
	struct users_sql *own = a->db->own;

	/* Names have no NUL. */
	(void)len;
	if (a->why.kind == FAIL_NONE)
		(void)sql_escape(own->db, value, out, &a->why);
}

/* The value of a column, as the "fields" of 2.4 name it. */
static const char *
column_value(void *ctx, const char *name)
{
	struct asking *a = ctx;
	struct users_sql *own = a->db->own;
	size_t len;

	for (size_t i = 0; i < sql_columns(own->db); i++)
		if (strcmp(sql_column(own->db, i), name) == 0)
			return sql_value(own->db, i, &len);
	return NULL;
}

static void
set_field(void *ctx, const char *key, const char *value)
{
	struct asking *a = ctx;

	lookup_answer(a->l, a->db, a->all->v24, key, value);
}

/* Takes the row. */
static bool
take_row(struct asking *a)
{
	struct users_sql *own = a->db->own;
	struct why why = { 0 };

	for (size_t i = 0; i < sql_columns(own->db); i++) {
		size_t len;
		const char *value = sql_value(own->db, i, &len);

		if (value == NULL)
			continue;
		if (strlen(value) != len || !utf8_valid(value, len)) {
			emit_bad(a->all->emit, a->l->user,
			    "a column with a NUL byte, or not UTF-8");
			return false;
		}
		set_field(a, sql_column(own->db, i), value);
	}
	if (templates_apply(&own->fields, a->l->user, column_value, set_field,
		a, &why) == 0)
		return true;
	tally_fail(a->all->emit->tally, own->where, NULL, NULL, &why);
	return false;
}

/* Runs the query: true where it has one row, which is taken. */
static bool
ask(struct asking *a, const char *query)
{
	struct users_sql *own = a->db->own;
	struct emit *e = a->all->emit;
	struct why why = { 0 };
	bool found = false;
	int r = sql_query(own->db, query, &why);

	e->at = own->place;
	if (r == 0)
		r = sql_next(own->db, &why);
	if (r == 1) {
		found = take_row(a);
		r = sql_next(own->db, &why);
	}
	if (r == 1) {
		emit_bad(e, a->l->user,
		    "the query finds several rows, which Dovecot refuses");
		found = false;
	} else if (r == -1) {
		tally_fail(e->tally, own->where, NULL, NULL, &why);
	}
	return found && r == 0;
}

static bool
users_lookup(struct userdbs *all, struct userdb *db, struct lookup *l)
{
	struct users_sql *own = db->own;
	struct asking a = { .all = all, .db = db, .l = l };
	struct expansion x = { .user = l->user, .escape = escape, .ctx = &a };
	struct buf query = { 0 };
	bool found = false;

	if (!expand(&x, own->query, &query))
		userdb_fatal(all, own->where,
		    "the query has a variable that the user's name does not "
		    "decide: its users cannot be looked up");
	else if (a.why.kind != FAIL_NONE)
		emit_fail(all->emit, l->user, &a.why);
	else
		found = ask(&a, buf_str(&query));
	buf_wipe(&query);
	return found;
}

/* --- all users --- */

/* Which columns of the list have the name. */
struct columns {
	size_t user, domain;
	bool has_user, has_domain;
};

/* "user" counts only as the first; "username", and "domain" beside it, may
 * stand anywhere. (src/auth/userdb-sql.c.) */
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
	emit_bad(all->emit, NULL, "a listed name is not UTF-8");
	buf_reset(name);
}

static int
list_rows(struct userdbs *all, const struct users_sql *own, struct sql *db,
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
static void
users_list(
    struct userdbs *all, struct userdb *db, userdb_listed *user, void *ctx)
{
	struct users_sql *own = db->own;
	struct why why = { 0 };
	struct buf query = { 0 };
	struct sql *list;

	if (own->list == NULL || !expand_user(own->list, "", &query)) {
		why_set(&why, FAIL_DATA,
		    "there is no query that lists the users (iterate_query)");
		tally_fail(all->emit->tally, own->where, NULL, NULL, &why);
		goto out;
	}
	list = connect_to(all, own);
	if (list == NULL)
		goto out;
	if (sql_query(list, buf_str(&query), &why) == -1 ||
	    list_rows(all, own, list, user, ctx, &why) == -1)
		tally_fail(all->emit->tally, own->where, NULL, NULL, &why);
	sql_close(list);
out:
	buf_free(&query);
}

const struct userdb_driver userdb_sql = { .name = "sql",
	.open = users_open,
	.lookup = users_lookup,
	.list = users_list,
	.close = users_close,
	.own_fields = true };
