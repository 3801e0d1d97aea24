/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

#include "source/suite/config.h"

#include <sys/stat.h>

#include <string.h>
#include <unistd.h>

#include "core/buf.h"
#include "core/num.h"
#include "core/str.h"
#include "source/assignments.h"
#include "source/conf-file.h"
#include "source/postfix/table-file.h"

void
install_free(struct install *in)
{
	arena_free(&in->arena);
	in->sql = (struct sql_options){ 0 };
}

static bool
is_folder(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

static const char *
join(struct install *in, const char *folder, const char *name)
{
	struct buf path = { 0 };
	const char *result;

	buf_addf(&path, "%s/%s", folder, name);
	result = arena_add(&in->arena, path.data, path.len);
	buf_free(&path);
	return result;
}

static const char *
keep(struct install *in, const char *text)
{
	return text == NULL || *text == '\0' ? NULL
					     : arena_adds(&in->arena, text);
}

/* "PORT", "HOST:PORT" or "[HOST]:PORT", as a port of this machine. */
static int
set_address(struct install *in, const char *text, struct why *why)
{
	char *host = arena_adds(&in->arena, text), *colon = strrchr(host, ':');
	const char *port = colon == NULL ? host : colon + 1;
	size_t len;
	int64_t n;

	if (!parse_num(port, 1, 65535, &n, NULL))
		return why_set(
		    why, FAIL_FATAL, "not a port of the database: %s", text);
	in->sql.port = (unsigned int)n;
	in->sql.host = "127.0.0.1";
	if (colon == NULL)
		return 0;
	*colon = '\0';
	len = strlen(host);
	if (*host == '[' && host[len - 1] == ']') {
		host[len - 1] = '\0';
		host++;
	}
	/* All addresses of this machine. */
	if (*host != '\0' && strcmp(host, "0.0.0.0") != 0 &&
	    strcmp(host, "::") != 0)
		in->sql.host = host;
	return 0;
}

/* --- mailcow --- */

enum {
	MC_NAME,
	MC_USER,
	MC_PASS,
	MC_PORT,
	MC_PROJECT,
	MC_KEYS
};

/*
 * The volume with the socket is named by the project, and Compose makes
 * "mailcowdockerized" of it where nothing else is said (mailcow-dockerized:
 * docker-compose.yml, generate_config.sh).
 */
static const char *
mailcow_socket(struct install *in, const char *root, const char *project)
{
	struct buf path = { 0 };
	const char *socket = NULL;

	buf_addf(&path, "%s/volumes/%s_mysql-socket-vol-1/_data/mysqld.sock",
	    root, project);
	if (access(path.data, R_OK | W_OK) == 0)
		socket = arena_add(&in->arena, path.data, path.len);
	buf_free(&path);
	return socket;
}

static int
mailcow_options(struct install *in, const struct assignment *a,
    const char *path, const char *docker_root, struct why *why)
{
	const char *project = a[MC_PROJECT].value, *port = a[MC_PORT].value;

	if (a[MC_NAME].value == NULL || a[MC_USER].value == NULL ||
	    a[MC_PASS].value == NULL)
		return why_set(why, FAIL_FATAL,
		    "%s: DBNAME, DBUSER or DBPASS is missing", path);
	in->sql.kind = SQL_MYSQL;
	in->sql.database = keep(in, a[MC_NAME].value);
	in->sql.user = keep(in, a[MC_USER].value);
	in->sql.password = keep(in, a[MC_PASS].value);
	in->sql.socket = mailcow_socket(
	    in, docker_root, project == NULL ? "mailcowdockerized" : project);
	if (in->sql.socket != NULL)
		return 0;
	return set_address(in, port == NULL ? "127.0.0.1:13306" : port, why);
}

int
install_mailcow(struct install *in, const char *path, const char *docker_root,
    struct why *why)
{
	struct assignment a[MC_KEYS] = { [MC_NAME] = { .key = "DBNAME" },
		[MC_USER] = { .key = "DBUSER" },
		[MC_PASS] = { .key = "DBPASS" },
		[MC_PORT] = { .key = "SQL_PORT" },
		[MC_PROJECT] = { .key = "COMPOSE_PROJECT_NAME" } };
	int r;

	if (is_folder(path))
		path = join(in, path, "mailcow.conf");
	r = assignments_read(path, a, MC_KEYS, why);
	if (r == 0)
		r = mailcow_options(in, a, path, docker_root, why);
	assignments_free(a, MC_KEYS);
	return r;
}

/* --- Mail-in-a-Box --- */

static bool
ends_with(const char *path, const char *end)
{
	size_t n = strlen(path), len = strlen(end);

	return n >= len && strcmp(path + n - len, end) == 0;
}

static int
set_file(struct install *in, const char *path, struct why *why)
{
	in->sql.kind = SQL_SQLITE;
	in->sql.database = path;
	if (access(path, R_OK) == 0)
		return 0;
	return why_errno(why, FAIL_FATAL, "%s", path);
}

int
install_mail_in_a_box(struct install *in, const char *path, struct why *why)
{
	static const char file[] = "mail/users.sqlite";
	struct assignment root = { .key = "STORAGE_ROOT" };
	int r;

	if (is_folder(path))
		return set_file(in, join(in, path, file), why);
	if (ends_with(path, ".sqlite"))
		return set_file(in, keep(in, path), why);
	r = assignments_read(path, &root, 1, why);
	if (r == 0 && root.value == NULL)
		r = why_set(
		    why, FAIL_FATAL, "%s: STORAGE_ROOT is missing", path);
	if (r == 0)
		r = set_file(in, join(in, root.value, file), why);
	assignments_free(&root, 1);
	return r;
}

/* --- iRedMail --- */

/* The table that all its releases have (samples/postfix/mysql, .../pgsql). */
static const char *
iredmail_table(struct install *in, const char *path)
{
	static const struct {
		const char *file;
		enum sql_kind kind;
	} places[] = { { "mysql/virtual_mailbox_maps.cf", SQL_MYSQL },
		{ "pgsql/virtual_mailbox_maps.cf", SQL_POSTGRESQL } };

	for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
		const char *file = join(in, path, places[i].file);

		in->sql.kind = places[i].kind;
		if (access(file, F_OK) == 0)
			return file;
	}
	return NULL;
}

/* iRedMail writes the port apart from the host. */
static int
iredmail_options(struct install *in, const struct setting *conf,
    const char *path, struct why *why)
{
	const char *port = table_file_value(conf, "port", NULL);
	int64_t n;

	table_file_sql(conf, &in->arena, &in->sql);
	if (in->sql.database == NULL || in->sql.user == NULL ||
	    in->sql.password == NULL)
		return why_set(why, FAIL_FATAL,
		    "%s: dbname, user or password is missing", path);
	if (port == NULL || in->sql.port != 0)
		return 0;
	if (!parse_num(port, 1, 65535, &n, NULL))
		return why_set(
		    why, FAIL_FATAL, "not a port of the database: %s", port);
	in->sql.port = (unsigned int)n;
	return 0;
}

int
install_iredmail(struct install *in, const char *path, struct why *why)
{
	const char *table = iredmail_table(in, path);
	struct setting conf = { 0 };

	if (table == NULL)
		return why_set(why, FAIL_FATAL,
		    "%s: not a folder of iRedMail's Postfix: neither "
		    "mysql/virtual_mailbox_maps.cf nor pgsql/ there",
		    path);
	if (conf_read_table(&conf, &in->arena, table, why) == -1)
		return -1;
	return iredmail_options(in, &conf, table, why);
}

int
install_iredmail_ldap(struct install *in, const char *path,
    struct install_ldap *ldap, struct why *why)
{
	const char *table = join(in, path, "ldap/virtual_mailbox_maps.cf");
	struct setting conf = { 0 };

	if (access(table, F_OK) == -1)
		return 0;
	if (conf_read_table(&conf, &in->arena, table, why) == -1)
		return -1;
	ldap->uri = table_file_ldap_uri(&conf, &in->arena);
	ldap->base = table_file_value(&conf, "search_base", NULL);
	ldap->bind_dn = table_file_value(&conf, "bind_dn", NULL);
	ldap->password = table_file_value(&conf, "bind_pw", NULL);
	if (ldap->base != NULL && ldap->bind_dn != NULL &&
	    ldap->password != NULL)
		return 1;
	return why_set(why, FAIL_FATAL,
	    "%s: search_base, bind_dn or bind_pw is missing", table);
}
