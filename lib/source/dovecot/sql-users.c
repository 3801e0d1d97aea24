/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

#include "source/dovecot/sql-users.h"

#include <string.h>
#include <strings.h>

#include "core/buf.h"
#include "core/num.h"
#include "core/str.h"
#include "source/conf-file.h"

/* --- what lists them --- */

static const char word_bytes[] = "abcdefghijklmnopqrstuvwxyz"
				 "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				 "0123456789_.$`";

/* Tables that field maps of this program read. */
static const struct {
	const char *table, *maps;
} tables[] = {
	{ "accounts", "leister" },
	{ "mail_user", "ispconfig" },
	{ "mail_users", "froxlor" },
	{ "mailbox", "postfixadmin, iredmail, mailcow or vimbadmin" },
	{ "core_user", "modoboa" },
	{ "user", "mailu" },
	{ "users", "mail-in-a-box" },
	{ "virtual_users", "ispmail" },
};

/* The word after a keyword of the query; false where there is none. */
static bool
word_after(const char *query, const char *keyword, struct buf *word)
{
	size_t len = strlen(keyword);

	for (const char *p = query; *p != '\0'; p++) {
		if (strncasecmp(p, keyword, len) != 0 || p == query ||
		    strchr(" \t", p[-1]) == NULL ||
		    strchr(" \t", p[len]) == NULL)
			continue;
		p += len;
		p += strspn(p, " \t");
		buf_add(word, p, strspn(p, word_bytes));
		return word->len > 0;
	}
	return false;
}

/* The column that the whole name is compared with: "COLUMN = '%u'". */
static bool
key_column(const char *query, struct buf *column)
{
	static const char *const names[] = { "'%u'", "'%Lu'", "'%{user}'",
		"'%{user|lower}'", "'%{user | lower}'" };

	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		const char *end = strstr(query, names[i]), *start;

		if (end == NULL)
			continue;
		while (end > query && strchr(" \t=", end[-1]) != NULL)
			end--;
		start = end;
		while (start > query && strchr(word_bytes, start[-1]) != NULL)
			start--;
		buf_add(column, start, (size_t)(end - start));
		return column->len > 0;
	}
	return false;
}

/* Whether the list that Dovecot has built in, "SELECT username, domain FROM
 * users", lists those whom a query of one user finds. */
static bool
lists_users(const char *query)
{
	struct buf table = { 0 };
	bool fits = word_after(query, "from", &table) &&
		    strcmp(table.data, "users") == 0 &&
		    strstr(query, "username") != NULL &&
		    strstr(query, "domain") != NULL;

	buf_free(&table);
	return fits;
}

static const char *
maps_of(const char *table)
{
	for (size_t i = 0; i < sizeof tables / sizeof *tables; i++)
		if (strcmp(tables[i].table, table) == 0)
			return tables[i].maps;
	return NULL;
}

void
sql_hint(const char *kind, const struct sql_users *own, struct why *why)
{
	struct buf table = { 0 }, column = { 0 }, text = { 0 };
	const char *maps;

	buf_adds(&text, "there is no iterate_query, which lists the users: ");
	if (!word_after(own->query, "from", &table))
		buf_adds(&table, "TABLE");
	if (!key_column(own->query, &column))
		buf_adds(&column, "ADDRESS");
	buf_addf(&text, "add \"iterate_query = SELECT %s AS %s FROM %s\" to %s",
	    column.data, "user", table.data,
	    strcmp(kind, own->where) == 0 ? "that block" : own->where);
	maps = maps_of(table.data);
	buf_adds(&text, ", or use dirdump sql");
	if (maps != NULL)
		buf_addf(&text, " with the map %s", maps);
	why_set(why, FAIL_DATA, "%s", text.data);
	buf_free(&table);
	buf_free(&column);
	buf_free(&text);
}

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
read_file_23(struct userdbs *all, struct userdb *db, struct sql_users *own)
{
	struct setting top = { 0 };
	struct why why = { 0 };
	char *connect;

	own->where = db->args;
	own->import_all = true;
	if (conf_read_ext(&top, &all->arena, db->args, &why) == -1) {
		emit_fail_at(all->emit, NULL, NULL, &why);
		return;
	}
	if (!find_kind(or_default(setting_value(&top, "driver"), ""),
		&own->options.kind)) {
		userdb_fatal(all, own->where,
		    "the driver is not mysql, pgsql or sqlite");
		return;
	}
	connect = arena_adds(
	    &all->arena, or_default(setting_value(&top, "connect"), ""));
	if (own->options.kind == SQL_MYSQL)
		read_mysql(&own->options, connect);
	else if (own->options.kind == SQL_POSTGRESQL)
		own->options.conninfo = read_pgsql(&all->arena, connect);
	else
		own->options.database = connect; /* blanks and all */
	db->scheme =
	    or_default(setting_value(&top, "default_pass_scheme"), "MD5");
	own->query_name = db->is_passdb ? "password_query" : "user_query";
	own->query = setting_value(&top, own->query_name);
	own->list = setting_value(&top, "iterate_query");
	if (own->query == NULL)
		own->query =
		    db->is_passdb
			? "SELECT username, domain, password FROM users WHERE "
			  "username = '%n' AND domain = '%d'"
			: "SELECT home, uid, gid FROM users WHERE username = "
			  "'%n' AND domain = '%d'";
	/* Beside a query of other tables the built-in one would list strangers. */
	if (own->list == NULL && lists_users(own->query))
		own->list = "SELECT username, domain FROM users";
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
read_settings_24(struct userdbs *all, struct userdb *db, struct sql_users *own)
{
	const char *driver =
	    userdb_setting(all, db, "sql_driver", "sql_driver");
	const struct setting *server = NULL;

	own->where = userdb_kind(db);
	own->query_name = "query";
	own->import_all =
	    !setting_is_no(userdb_setting(all, db, "fields_import_all",
		db->is_passdb ? "passdb_fields_import_all"
			      : "userdb_fields_import_all"));
	own->query = userdb_setting(all, db, "query",
	    db->is_passdb ? "passdb_sql_query" : "userdb_sql_query");
	own->list = userdb_setting(
	    all, db, "iterate_query", "userdb_sql_iterate_query");
	templates_block(&own->fields, &all->arena,
	    setting_block(db->block, "fields", NULL));
	if (driver == NULL || !find_kind(driver, &own->options.kind)) {
		userdb_fatal(all, own->where,
		    "sql_driver is not mysql, pgsql or sqlite");
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

void
sql_users_read(struct userdbs *all, struct userdb *db, struct sql_users *own)
{
	own->options.foreign = true;
	if (all->v24)
		read_settings_24(all, db, own);
	else
		read_file_23(all, db, own);
}
