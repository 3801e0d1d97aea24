/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

#include "proxy/export.h"

#include <string.h>

#include "core/str.h"
#include "proxy/client.h"

/* "HOST", and behind ":" the port if there is one ("[::1]:993"). */
struct host {
	const char *name;
	int len;
	const char *port; /* NULL: none */
};

static int
find_host(const struct export_options *o, const char *destination,
    struct host *host, struct why *why)
{
	*host = (struct host){ .name = "" };
	for (size_t i = 0; i < o->n_hosts; i++) {
		const char *name = o->hosts[i].host,
			   *colon = strrchr(name, ':');

		if (strcmp(o->hosts[i].destination, destination) != 0)
			continue;
		host->name = name;
		host->len = (int)strlen(name);
		if (colon != NULL && is_digits(colon + 1)) {
			host->len = (int)(colon - name);
			host->port = colon + 1;
		}
		return 0;
	}
	return why_set(why, FAIL_FATAL, "the host of %s is not known: --host",
	    destination);
}

static int
route_tsv(const struct export_options *o, const char *identifier,
    const char *destination, struct buf *out, struct why *why)
{
	(void)o;
	(void)why;
	buf_addf(out, "%s\t%s\n", identifier, destination);
	return 0;
}

/* transport(5): a key without "@" is a domain, not a login. */
static int
route_postfix(const struct export_options *o, const char *identifier,
    const char *destination, struct buf *out, struct why *why)
{
	struct host host;

	if (strchr(identifier, '@') == NULL)
		return why_set(why, FAIL_DATA,
		    "a transport table is by address, not by login");
	if (*identifier == '"' || *identifier == '@')
		return why_set(why, FAIL_DATA,
		    "an address that a transport table cannot have as key");
	if (find_host(o, destination, &host, why) == -1)
		return -1;
	buf_addf(out, "%s\tsmtp:", identifier);
	buf_addf(
	    out, *host.name == '[' ? "%.*s" : "[%.*s]", host.len, host.name);
	if (host.port != NULL)
		buf_addf(out, ":%s", host.port);
	buf_addc(out, '\n');
	return 0;
}

/* A passwd-file of Dovecot: the name, six empty fields, the extra fields. The
 * password goes on to the host, which checks it. */
static int
route_dovecot(const struct export_options *o, const char *identifier,
    const char *destination, struct buf *out, struct why *why)
{
	struct host host;

	if (strchr(identifier, ':') != NULL)
		return why_set(why, FAIL_DATA,
		    "a passwd-file cannot hold a name with \":\"");
	if (find_host(o, destination, &host, why) == -1)
		return -1;
	if (*host.name == '[' && host.name[host.len - 1] == ']') {
		host.name++;
		host.len -= 2;
	}
	buf_addf(out, "%s:::::::proxy=y nopassword=y host=%.*s", identifier,
	    host.len, host.name);
	if (host.port != NULL)
		buf_addf(out, " port=%s", host.port);
	buf_addc(out, '\n');
	return 0;
}

/* A word of redis-cli(1), in double quotes. */
static void
add_redis(struct buf *out, const char *prefix, const char *s)
{
	const char *const parts[] = { prefix == NULL ? "" : prefix, s };

	buf_addc(out, '"');
	for (size_t i = 0; i < 2; i++)
		for (const char *c = parts[i]; *c != '\0'; c++) {
			if (*c == '"' || *c == '\\')
				buf_addc(out, '\\');
			buf_addc(out, *c);
		}
	buf_addc(out, '"');
}

static int
route_redis(const struct export_options *o, const char *identifier,
    const char *destination, struct buf *out, struct why *why)
{
	(void)why;
	buf_adds(out, "SET ");
	add_redis(out, o->prefix, identifier);
	buf_addc(out, ' ');
	add_redis(out, NULL, destination);
	buf_addc(out, '\n');
	return 0;
}

static void
add_sql(struct buf *out, const char *s)
{
	buf_addc(out, '\'');
	for (; *s != '\0'; s++) {
		if (*s == '\'')
			buf_addc(out, '\'');
		buf_addc(out, *s);
	}
	buf_addc(out, '\'');
}

/* Two statements that every dialect has. */
static int
route_sql(const struct export_options *o, const char *identifier,
    const char *destination, struct buf *out, struct why *why)
{
	const char *table = o->table == NULL ? "mappings" : o->table;

	if (strchr(identifier, '\\') != NULL)
		return why_set(why, FAIL_DATA,
		    "a \"\\\" means different things to different databases");
	buf_addf(out, "DELETE FROM %s WHERE identifier = ", table);
	add_sql(out, identifier);
	buf_addf(
	    out, ";\nINSERT INTO %s (identifier, destination) VALUES (", table);
	add_sql(out, identifier);
	buf_adds(out, ", ");
	add_sql(out, destination);
	buf_adds(out, ");\n");
	return 0;
}

static const struct export_format formats[] = { { "tsv", NULL, NULL,
						    route_tsv },
	{ "postfix-transport", NULL, NULL, route_postfix },
	{ "dovecot-proxy", NULL, NULL, route_dovecot },
	{ "redis", NULL, NULL, route_redis },
	{ "sql", "BEGIN;\n", "COMMIT;\n", route_sql } };

const struct export_format *
export_format(const char *name)
{
	for (size_t i = 0; i < sizeof formats / sizeof *formats; i++)
		if (strcmp(formats[i].name, name) == 0)
			return &formats[i];
	return NULL;
}
