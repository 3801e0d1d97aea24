/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

#include "source/postfix/table-file.h"

#include <string.h>

#include "core/buf.h"
#include "core/num.h"
#include "core/str.h"
#include "source/postfix/config.h"

const char *
table_file_value(
    const struct setting *conf, const char *key, const char *preset)
{
	const char *value = setting_value(conf, key);

	return value == NULL || *value == '\0' ? preset : value;
}

/* "unix:/path", "inet:host:port", "host:port" or "host". */
static void
set_host(struct sql_options *o, char *host)
{
	char *port;
	int64_t number;

	if (str_starts(host, "unix:") || *host == '/') {
		o->socket = *host == '/' ? host : host + strlen("unix:");
		return;
	}
	if (str_starts(host, "inet:"))
		host += strlen("inet:");
	port = strrchr(host, ':');
	if (port != NULL && parse_num(port + 1, 1, 65535, &number, NULL)) {
		*port = '\0';
		o->port = (unsigned int)number;
	}
	o->host = host;
}

void
table_file_sql(
    const struct setting *conf, struct arena *arena, struct sql_options *o)
{
	char *hosts =
	    arena_adds(arena, table_file_value(conf, "hosts", "localhost"));

	if (o->kind == SQL_SQLITE) {
		o->database = table_file_value(conf, "dbpath", NULL);
		return;
	}
	/* Of several hosts the first. */
	if (strncmp(hosts, "postgresql:", 11) == 0)
		o->conninfo = postfix_word(&hosts);
	else
		set_host(o, postfix_word(&hosts));
	o->user = table_file_value(conf, "user", NULL);
	o->password = table_file_value(conf, "password", NULL);
	o->database = table_file_value(conf, "dbname", NULL);
	o->foreign = true;
	o->option_file = table_file_value(conf, "option_file", NULL);
	o->option_group = table_file_value(conf, "option_group", NULL);
	o->tls_ca = table_file_value(conf, "tls_CAfile", NULL);
	o->tls = o->tls_verify = o->tls_ca != NULL;
}

/* "ldap://host", or "host:port" with the port elsewhere. */
const char *
table_file_ldap_uri(const struct setting *conf, struct arena *arena)
{
	char *hosts = arena_adds(
	    arena, table_file_value(conf, "server_host", "localhost"));
	const char *host = postfix_word(&hosts),
		   *port = table_file_value(conf, "server_port", NULL);
	struct buf out = { 0 };

	if (strstr(host, "://") != NULL)
		return host;
	buf_addf(&out, "ldap://%s", host);
	if (port != NULL && strchr(host, ':') == NULL)
		buf_addf(&out, ":%s", port);
	host = arena_adds(arena, buf_str(&out));
	buf_free(&out);
	return host;
}
