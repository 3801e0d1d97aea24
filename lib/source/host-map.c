/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

#include "source/host-map.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"
#include "core/buf.h"
#include "core/num.h"
#include "core/str.h"
#include "source/host.h"

struct rule {
	const char *from;
	struct host_server to;
};

static struct {
	struct rule *v;
	size_t n, cap;
} rules;

/* Cuts the port off "HOST:PORT" or "[ADDRESS]:PORT". False if it is not one. */
static bool
cut_port(char **host, unsigned int *port)
{
	char *colon = strrchr(*host, ':'), *close = strchr(*host, ']');
	int64_t number;

	*port = 0;
	if (**host == '[' && close == NULL)
		return false;
	if (**host == '[') {
		colon = close[1] == ':' ? close + 1 : NULL;
		if (colon == NULL && close[1] != '\0')
			return false;
		*close = '\0';
		++*host;
	} else if (colon != NULL && strchr(*host, ':') != colon) {
		colon = NULL; /* an address of IPv6 */
	}
	if (colon == NULL)
		return true;
	*colon = '\0';
	if (!parse_num(colon + 1, 1, 65535, &number, NULL))
		return false;
	*port = (unsigned int)number;
	return true;
}

int
host_map_add(char *text, struct why *why)
{
	char *to = text, *from = str_cut(&to, '=');
	struct rule rule = { .from = from };

	if (to != NULL && *to == '/')
		rule.to.socket = to;
	else if (to != NULL && cut_port(&to, &rule.to.port))
		rule.to.host = to;
	if (*from == '\0' || to == NULL || *to == '\0' ||
	    (rule.to.host == NULL && rule.to.socket == NULL))
		return why_set(why, FAIL_FATAL,
		    "not OLD=NEW[:PORT], such as localhost=127.0.0.1:13306");
	rules.v = xgrow(rules.v, rules.n, &rules.cap, sizeof *rules.v);
	rules.v[rules.n++] = rule;
	return 0;
}

void
host_map_free(void)
{
	free(rules.v);
	rules.v = NULL;
	rules.n = rules.cap = 0;
}

static const struct rule *
find(const char *from)
{
	for (size_t i = 0; i < rules.n; i++)
		if (str_eq_nocase(rules.v[i].from, from))
			return &rules.v[i];
	return NULL;
}

int
host_map(struct host_server *server, bool *mapped, struct why *why)
{
	const char *name = server->socket != NULL ? server->socket
			   : server->host != NULL ? server->host
						  : "localhost";
	struct buf with_port = { 0 };
	const struct rule *rule = NULL;

	if (server->port != 0) {
		buf_addf(&with_port, "%s:%u", name, server->port);
		rule = find(with_port.data);
		buf_free(&with_port);
	}
	if (rule == NULL)
		rule = find(name);
	*mapped = rule != NULL;
	if (rule != NULL) {
		unsigned int port = server->port;

		*server = rule->to;
		if (server->port == 0)
			server->port = port;
		return 0;
	}
	if (host_is_other() && (*name == '/' || is_loopback(name)))
		return why_set(why, FAIL_FATAL,
		    "the database server is on that machine itself (%s): make "
		    "it reachable, for instance with ssh -L, and say how: "
		    "--host-map %s=HOST:PORT",
		    name, name);
	return 0;
}

/* --- LDAP --- */

/* Decodes "%2f" of ldapi, in place. */
static void
decode(char *text)
{
	char *to = text;

	for (; *text != '\0'; text++) {
		char hex[3] = { 0 };

		if (*text == '%' && text[1] != '\0' && text[2] != '\0') {
			memcpy(hex, text + 1, 2);
			*to++ = (char)strtol(hex, NULL, 16);
			text += 2;
		} else {
			*to++ = *text;
		}
	}
	*to = '\0';
}

const char *
host_map_uri(const char *uri, struct arena *arena, struct why *why)
{
	const char *colon = strstr(uri, "://");
	struct host_server server = { 0 };
	struct buf out = { 0 };
	bool mapped, is_socket;
	char *host, *rest;

	if (colon == NULL)
		return uri;
	is_socket = str_starts(uri, "ldapi:");
	host = arena_adds(arena, colon + 3);
	rest = host + strcspn(host, "/");
	if (*rest == '/')
		*rest++ = '\0';
	if (is_socket)
		decode(host);
	else if (!cut_port(&host, &server.port))
		return uri;
	if (is_socket && *host == '/')
		server.socket = host;
	else if (*host != '\0')
		server.host = host;
	if (host_map(&server, &mapped, why) == -1)
		return NULL;
	if (!mapped)
		return uri;
	if (server.host == NULL) {
		buf_adds(&out, "ldapi://");
		str_percent(&out, server.socket);
	} else {
		if (is_socket)
			buf_adds(&out, "ldap");
		else
			buf_add(&out, uri, (size_t)(colon - uri));
		buf_addf(&out,
		    strchr(server.host, ':') == NULL ? "://%s" : "://[%s]",
		    server.host);
	}
	if (server.host != NULL && server.port != 0)
		buf_addf(&out, ":%u", server.port);
	buf_addf(&out, "/%s", rest);
	uri = arena_adds(arena, out.data);
	buf_free(&out);
	return uri;
}
