/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

#include "source/host-sql.h"

#include <stdlib.h>
#include <string.h>

#include "source/host-map.h"
#include "source/host.h"

/* The value of a word in a connection string of libpq, in the arena; NULL. */
static const char *
find_word(const char *text, const char *key, struct arena *arena)
{
	size_t len = strlen(key);

	for (const char *p = text; (p = strstr(p, key)) != NULL; p += len) {
		const char *value = p + len + strspn(p + len, " ");

		if ((p != text && p[-1] != ' ') || *value != '=')
			continue;
		value += 1 + strspn(value + 1, " ");
		if (*value == '\'')
			return arena_add(
			    arena, value + 1, strcspn(value + 1, "'"));
		return arena_add(arena, value, strcspn(value, " "));
	}
	return NULL;
}

/* The server of a connection string, or of a URL. */
static void
read_conninfo(const char *text, struct arena *arena, struct host_server *server)
{
	const char *host = strstr(text, "://"), *port = NULL, *at;
	size_t len;

	if (host != NULL) {
		host += 3;
		len = strcspn(host, "/?");
		at = memchr(host, '@', len);
		if (at != NULL) {
			len -= (size_t)(at + 1 - host);
			host = at + 1;
		}
		host = arena_add(arena, host, len);
		port = strrchr(host, ':');
		if (port != NULL)
			host = arena_add(arena, host, (size_t)(port++ - host));
	} else {
		host = find_word(text, "host", arena);
		port = find_word(text, "port", arena);
	}
	if (host != NULL && *host == '/')
		server->socket = host;
	else if (host != NULL && *host != '\0')
		server->host = host;
	if (port != NULL)
		server->port = (unsigned int)strtoul(port, NULL, 10);
}

/* Puts the server of the options where it is reached. */
static int
map_server(struct sql_options *o, struct arena *arena, struct why *why)
{
	struct host_server server = { o->host, o->socket, o->port };
	bool mapped;

	if (o->host == NULL && o->socket == NULL && o->conninfo != NULL)
		read_conninfo(o->conninfo, arena, &server);
	if (host_map(&server, &mapped, why) == -1)
		return -1;
	if (!mapped)
		return 0;
	if (o->conninfo != NULL &&
	    find_word(o->conninfo, "hostaddr", arena) != NULL)
		return why_set(why, FAIL_FATAL,
		    "a server that is named by hostaddr cannot be mapped");
	o->host = server.host;
	o->socket = server.socket;
	o->port = server.port;
	return 0;
}

struct sql *
host_sql_open(
    const struct sql_options *options, struct arena *arena, struct why *why)
{
	struct sql_options o = *options;

	if (o.kind == SQL_SQLITE)
		o.database = host_local(o.database, arena);
	else if (map_server(&o, arena, why) == -1)
		return NULL;
	o.option_file = host_local(o.option_file, arena);
	o.tls_ca = host_local(o.tls_ca, arena);
	return sql_open(&o, why);
}
