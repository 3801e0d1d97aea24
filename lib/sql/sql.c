/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

#include "sql/sql.h"

#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"
#include "core/base64.h"
#include "core/cred.h"
#include "core/num.h"
#include "core/plugin.h"
#include "core/str.h"
#include "sql/sqlite.h"

/* The driver of a kind, whose client library may be a plugin. NULL and why. */
static const struct sql_driver *
driver_of(enum sql_kind kind, struct why *why)
{
	switch (kind) {
	case SQL_POSTGRESQL:
		return plugin_load(
		    "pgsql", "PostgreSQL", sizeof(struct sql_driver), why);
	case SQL_MYSQL:
		return plugin_load("mysql", "MySQL or MariaDB",
		    sizeof(struct sql_driver), why);
	case SQL_SQLITE:
		break;
	}
	return &sql_sqlite;
}

/* --- the URL --- */

static const char no_password[] =
    "a password in the URL can be seen by everybody on this machine: leave it "
    "out, and use --password-file, PGPASSFILE or a service file of PostgreSQL, "
    "or an option file of MySQL";

/* Replaces %XX in place (RFC 3986, 2.1). False if it is not so, or a NUL. */
static bool
percent_decode(char *s)
{
	char *to = s;

	for (; *s != '\0'; s++) {
		int high, low;

		if (*s != '%') {
			*to++ = *s;
			continue;
		}
		high = hex_value(s[1]);
		low = high == -1 ? -1 : hex_value(s[2]);
		if (low == -1 || (high == 0 && low == 0))
			return false;
		*to++ = (char)(high << 4 | low);
		s += 2;
	}
	*to = '\0';
	return true;
}

/* A part of the URL: NULL where it is empty. */
static bool
url_part(char *text, const char **part)
{
	*part = NULL;
	if (text == NULL || *text == '\0')
		return true;
	*part = text;
	return percent_decode(text);
}

/* What may follow the "?" of a MySQL URL. */
static int
mysql_parameter(struct sql_options *o, char *text, struct why *why)
{
	char *value = text, *name = str_cut(&value, '=');

	if (value == NULL || !percent_decode(value))
		return why_set(why, FAIL_FATAL,
		    "the URL: not of the form name=value after the \"?\"");
	if (strcmp(name, "socket") == 0)
		o->socket = value;
	else if (strcmp(name, "ssl-ca") == 0)
		o->tls_ca = value;
	else if (strcmp(name, "ssl") == 0)
		o->tls = strcmp(value, "0") != 0;
	else if (strcmp(name, "ssl-verify-server-cert") == 0)
		o->tls_verify = strcmp(value, "0") != 0;
	else if (strcmp(name, "password") == 0)
		return why_set(why, FAIL_FATAL, "%s", no_password);
	else
		return why_set(why, FAIL_FATAL,
		    "the URL: \"%s\" is not known: there are socket, ssl, "
		    "ssl-ca and ssl-verify-server-cert",
		    name);
	return 0;
}

/* "host", "host:port", "[::1]:port". */
static int
mysql_host(struct sql_options *o, char *text, struct why *why)
{
	char *port = text;
	int64_t n;

	if (*text == '[') {
		text++;
		port = text;
		(void)str_cut(&port, ']');
		if (port != NULL && *port == ':')
			port++;
		else if (port == NULL || *port != '\0')
			return why_set(why, FAIL_FATAL,
			    "the URL: an address without its \"]\"");
	} else {
		(void)str_cut(&port, ':');
	}
	if (!url_part(text, &o->host))
		return why_set(why, FAIL_FATAL, "the URL: a wrong host");
	if (port == NULL || *port == '\0')
		return 0;
	if (!parse_num(port, 1, 65535, &n, NULL))
		return why_set(why, FAIL_FATAL, "the URL: a wrong port");
	o->port = (unsigned int)n;
	return 0;
}

/* "//[user@][host[:port]][/database][?name=value&...]", changed. */
static int
mysql_url(struct sql_options *o, char *rest, struct why *why)
{
	char *query = rest, *path, *host, *user, *at;

	(void)str_cut(&query, '?');
	path = rest;
	host = str_cut(&path, '/');
	at = strrchr(host, '@');
	user = NULL;
	if (at != NULL) {
		*at = '\0';
		user = host;
		host = at + 1;
	}
	if (user != NULL && strchr(user, ':') != NULL)
		return why_set(why, FAIL_FATAL, "%s", no_password);
	if (!url_part(user, &o->user) || !url_part(path, &o->database))
		return why_set(
		    why, FAIL_FATAL, "the URL: a \"%%\" without two digits");
	if (mysql_host(o, host, why) == -1)
		return -1;
	while (query != NULL)
		if (mysql_parameter(o, str_cut(&query, '&'), why) == -1)
			return -1;
	return 0;
}

int
sql_options_url(struct sql_options *o, const char *url, struct why *why)
{
	static const struct {
		const char *start;
		enum sql_kind kind;
	} schemes[] = { { "postgresql://", SQL_POSTGRESQL },
		{ "postgres://", SQL_POSTGRESQL }, { "mysql://", SQL_MYSQL },
		{ "mariadb://", SQL_MYSQL }, { "sqlite:", SQL_SQLITE } };
	size_t i = 0, n = sizeof schemes / sizeof *schemes;
	const struct sql_driver *driver;
	char *rest;

	while (i < n && !str_starts(url, schemes[i].start))
		i++;
	if (i == n)
		return why_set(why, FAIL_FATAL,
		    "the URL begins with none of postgresql://, mysql:// and "
		    "sqlite:");
	free(o->text);
	o->text = xstrdup(url);
	o->kind = schemes[i].kind;
	rest = o->text + strlen(schemes[i].start);
	if (o->kind == SQL_POSTGRESQL) {
		o->conninfo = o->text;
		driver = driver_of(o->kind, why);
		if (driver == NULL)
			return -1;
		return driver->has_password(url)
			   ? why_set(why, FAIL_FATAL, "%s", no_password)
			   : 0;
	}
	if (o->kind == SQL_MYSQL)
		return mysql_url(o, rest, why);
	o->database = rest;
	if (*rest == '\0')
		return why_set(why, FAIL_FATAL, "sqlite: without a path");
	return 0;
}

void
sql_options_free(struct sql_options *o)
{
	free(o->text);
	o->text = NULL;
}

/* --- what may be run --- */

static bool
is_word(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	       (c >= '0' && c <= '9') || c == '_' || (unsigned char)c >= 0x80;
}

/* Behind a text in quotes. A quote in it is doubled, or escaped by a backslash
 * where the server has it so. */
static const char *
skip_quoted(const char *s, bool escapes)
{
	char quote = *s++;

	for (; *s != '\0' && *s != quote; s++)
		if (escapes && *s == '\\' && s[1] != '\0')
			s++;
	return *s == '\0' ? s : s + 1;
}

/*
 * Behind blanks and comments. Comments that MySQL runs as code, and the "#" that
 * is a comment in MySQL alone, stay where they are.
 */
static const char *
skip_blank(const char *s)
{
	for (;;) {
		s += strspn(s, " \t\r\n\f\v");
		if (strncmp(s, "--", 2) == 0) {
			s += strcspn(s, "\n");
		} else if (strncmp(s, "/*", 2) == 0 && s[2] != '!' &&
			   strncmp(s + 2, "M!", 2) != 0) {
			const char *end = strstr(s + 2, "*/");

			if (end == NULL)
				return s + strlen(s);
			s = end + 2;
		} else {
			return s;
		}
	}
}

static bool
word_is(const char *s, size_t len, const char *word)
{
	return strlen(word) == len && str_starts_nocase(s, word);
}

static bool
is_reading_word(const char *s, size_t len)
{
	static const char *const words[] = { "SELECT", "WITH", "VALUES",
		"TABLE", "SHOW" };

	for (size_t i = 0; i < sizeof words / sizeof *words; i++)
		if (word_is(s, len, words[i]))
			return true;
	return false;
}

/* The length of the word at s; 0 where there is none. */
static size_t
word_length(const char *s)
{
	size_t len = 0;

	while (is_word(s[len]))
		len++;
	return len;
}

/* What a word, found outside quotes, would do; NULL: nothing but read. */
static const char *
writing_word(const char *s, size_t len)
{
	const char *next = skip_blank(s + len);
	size_t n = word_length(next);

	if (word_is(s, len, "INTO"))
		return "INTO";
	if (word_is(s, len, "FOR") &&
	    (word_is(next, n, "UPDATE") || word_is(next, n, "SHARE")))
		return "FOR UPDATE";
	if (word_is(s, len, "LOCK") && word_is(next, n, "IN"))
		return "LOCK IN SHARE MODE";
	return NULL;
}

/* After the word, the text in quotes, or the byte. */
static const char *
skip_token(const char *s, bool escapes)
{
	size_t len = word_length(s);

	if (len != 0)
		return s + len;
	return strchr("'\"`", *s) != NULL ? skip_quoted(s, escapes) : s + 1;
}

/* Looks at all of a statement. 0, or -1 and why. */
static int
check_words(const char *s, bool escapes, struct why *why)
{
	while (*(s = skip_blank(s)) != '\0') {
		size_t len = word_length(s);
		const char *word = len == 0 ? NULL : writing_word(s, len);

		if (word != NULL)
			return why_set(why, FAIL_FATAL,
			    "a query with %s does more than read: it is not "
			    "run",
			    word);
		if (strncmp(s, "/*", 2) == 0)
			return why_set(why, FAIL_FATAL,
			    "a query with a comment that is run as code: it is "
			    "not run");
		if (*s == ';' && *skip_blank(s + 1) != '\0')
			return why_set(why, FAIL_FATAL,
			    "more than one statement: they are not run");
		s = skip_token(s, escapes);
	}
	return 0;
}

int
sql_check_read(const char *text, struct why *why)
{
	const char *s = text + strspn(text, " \t\r\n(");

	s = skip_blank(s);
	s += strspn(s, " \t\r\n(");
	if (!is_reading_word(s, word_length(s)))
		return why_set(why, FAIL_FATAL,
		    "a query has to begin with SELECT: this one is not run");
	/* Where a text ends depends on the server; it must be good either
	 * way. */
	if (check_words(text, false, why) == -1)
		return -1;
	return check_words(text, true, why);
}

/* The length of a statement that was checked, without a ";" at its end. */
static size_t
statement_length(const char *text)
{
	const char *s = text;

	while (*(s = skip_blank(s)) != '\0' && *s != ';')
		s = skip_token(s, false);
	return (size_t)(s - text);
}

/* --- the connection --- */

/* A library that looks for a password in the environment finds it there now, and
 * no child later. */
static int
open_database(struct sql *db, const struct sql_options *o, struct why *why)
{
	char *password = cred_variable("PGPASSWORD");
	int r;

	if (password != NULL)
		(void)setenv("PGPASSWORD", password, 1);
	r = db->driver->open(db, o, why);
	(void)unsetenv("PGPASSWORD");
	free_secret(password);
	return r;
}

struct sql *
sql_open(const struct sql_options *o, struct why *why)
{
	const struct sql_driver *driver = driver_of(o->kind, why);
	struct sql *db;

	if (driver == NULL)
		return NULL;
	db = xcalloc(1, sizeof *db);
	db->driver = driver;
	db->kind = o->kind;
	db->quote = db->driver->quote;
	if (open_database(db, o, why) == 0)
		return db;
	sql_close(db);
	return NULL;
}

void
sql_close(struct sql *db)
{
	if (db == NULL)
		return;
	db->driver->close(db);
	free(db->name);
	free(db);
}

const char *
sql_name(const struct sql *db)
{
	return db->name;
}

enum sql_kind
sql_kind(const struct sql *db)
{
	return db->kind;
}

int
sql_query(struct sql *db, const char *text, struct why *why)
{
	char *statement;
	int r;

	db->driver->end(db);
	db->done = true;
	if (sql_check_read(text, why) == -1)
		return -1;
	statement = xmemdup(text, statement_length(text));
	r = db->driver->query(db, statement, why);
	free(statement);
	db->done = r == -1;
	return r;
}

size_t
sql_columns(const struct sql *db)
{
	return db->driver->columns(db);
}

const char *
sql_column(const struct sql *db, size_t i)
{
	return db->driver->column(db, i);
}

int
sql_next(struct sql *db, struct why *why)
{
	int r;

	if (db->done)
		return 0;
	r = db->driver->next(db, why);
	if (r != 1)
		db->done = true;
	return r;
}

char *
sql_value(struct sql *db, size_t i, size_t *len)
{
	return db->driver->value(db, i, len);
}

int
sql_escape(struct sql *db, const char *text, struct buf *out, struct why *why)
{
	return db->driver->escape(db, text, out, why);
}

void
sql_quote_name(const struct sql *db, const char *name, struct buf *out)
{
	buf_addc(out, db->quote);
	for (; *name != '\0'; name++) {
		if (*name == db->quote || *name == '.')
			buf_addc(out, db->quote);
		buf_addc(out, *name);
		if (*name == '.')
			buf_addc(out, db->quote);
	}
	buf_addc(out, db->quote);
}

int
sql_has_table(struct sql *db, const char *name, struct why *why)
{
	const char *query = db->driver->find_table, *slot = strstr(query, "%s");
	struct buf text = { 0 };
	int r = -1;

	db->driver->end(db);
	buf_add(&text, query, (size_t)(slot - query));
	if (sql_escape(db, name, &text, why) == -1)
		goto out;
	buf_adds(&text, slot + 2);
	if (sql_query(db, text.data, why) == -1)
		goto out;
	r = sql_next(db, why);
	db->driver->end(db);
	db->done = true;
out:
	buf_free(&text);
	return r;
}
