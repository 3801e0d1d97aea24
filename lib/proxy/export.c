/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

#include "proxy/export.h"

#include <string.h>

#include "core/str.h"
#include "proxy/logins.h"
#include "proxy/mapfile.h"

static int
find_host(const struct export_options *o, const char *destination,
    struct host_port *host, struct why *why)
{
	*host = (struct host_port){ .host = "" };
	for (size_t i = 0; i < o->n_hosts; i++)
		if (strcmp(o->hosts[i].destination, destination) == 0) {
			*host = o->hosts[i].at;
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

/* Whether postmap(1) finds the end of the key: a "\" takes its meaning from the byte
 * after it. It leaves other lines out. */
static bool
is_balanced(const char *key)
{
	bool quoted = false;

	for (; *key != '\0'; key++)
		if (*key == '\\' && key[1] != '\0')
			key++;
		else if (*key == '"')
			quoted = !quoted;
	return !quoted;
}

int
export_transport_key(const char *identifier, struct why *why)
{
	/* transport(5): a key without "@" is a domain, not a login. */
	if (strchr(identifier, '@') == NULL)
		return why_set(why, FAIL_DATA,
		    "a transport table is by address, not by login");
	if (*identifier == '"' || *identifier == '@' || *identifier == '#' ||
	    !is_balanced(identifier))
		return why_set(why, FAIL_DATA,
		    "an address that a transport table cannot have as key");
	return 0;
}

int
export_transport(const struct export_options *o, const char *destination,
    struct buf *out, struct why *why)
{
	struct host_port to;

	if (find_host(o, destination, &to, why) == -1)
		return -1;
	if (strcmp(to.host, "-") == 0)
		return 0;
	buf_addf(out, "smtp:[%s]", to.host);
	if (to.port != 0)
		buf_addf(out, ":%d", (int)to.port);
	return 0;
}

static int
route_postfix(const struct export_options *o, const char *identifier,
    const char *destination, struct buf *out, struct why *why)
{
	struct buf value = { 0 };
	int r = export_transport_key(identifier, why);

	if (r == 0)
		r = export_transport(o, destination, &value, why);
	if (r == 0 && value.len != 0)
		buf_addf(out, "%s\t%s\n", identifier, value.data);
	buf_free(&value);
	return r;
}

/* A passwd-file of Dovecot: the name, six empty fields, the extra fields. The
 * password goes on to the host, which checks it. */
static int
route_dovecot(const struct export_options *o, const char *identifier,
    const char *destination, struct buf *out, struct why *why)
{
	struct host_port to;

	if (strchr(identifier, ':') != NULL)
		return why_set(why, FAIL_DATA,
		    "a passwd-file cannot hold a name with \":\"");
	if (find_host(o, destination, &to, why) == -1)
		return -1;
	buf_addf(
	    out, "%s:::::::proxy=y nopassword=y host=%s", identifier, to.host);
	if (to.port != 0)
		buf_addf(out, " port=%d", (int)to.port);
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

static const struct export_format formats[] = {
	{ .name = "tsv", .both = true, .route = route_tsv },
	{ .name = "postfix-transport", .route = route_postfix },
	{ .name = "dovecot-proxy", .both = true, .route = route_dovecot },
	{ .name = "redis", .both = true, .route = route_redis },
	{ .name = "sql",
	    .both = true,
	    .head = "BEGIN;\n",
	    .foot = "COMMIT;\n",
	    .route = route_sql },
};

const struct export_format *
export_format(const char *name)
{
	for (size_t i = 0; i < sizeof formats / sizeof *formats; i++)
		if (strcmp(formats[i].name, name) == 0)
			return &formats[i];
	return NULL;
}

/* --- a mapping file --- */

/* Whether a line is the last of its identifier, which counts. */
static bool
counts(const struct mapfile *m, const struct mapline *line)
{
	return line->identifier != NULL &&
	       line->destination == mapfile_get(m, line->identifier);
}

/* What counts must do so in lower case, too. */
static int
check_capitals(const struct mapfile *m, const char *path, struct why *why)
{
	struct mapfile lowered = { .file.fd = -1, .lowers = true };
	int r = mapfile_parse(
	    &lowered, buf_str(&m->file.old), m->file.old.len, why);

	for (size_t i = 0; r == 0 && i < m->n; i++)
		if (counts(m, &m->lines[i]) &&
		    strcmp(m->lines[i].destination,
			mapfile_get(&lowered, m->lines[i].identifier)) != 0)
			r = why_set(why, FAIL_DATA,
			    "%s: %s is there in other capitals, too, and to "
			    "another destination: take the wrong line out",
			    path, m->lines[i].identifier);
	mapfile_close(&lowered);
	return r;
}

int
export_mapping_file(const char *path, bool both,
    void (*route)(const char *identifier, const char *destination),
    struct why *why)
{
	struct mapfile m;
	struct buf b = { 0 };
	int r = mapfile_open(&m, path, false, why);

	if (r == 0)
		r = check_capitals(&m, path, why);
	for (size_t i = 0; r == 0 && i < m.n; i++) {
		const struct mapline *line = &m.lines[i];
		const char *lower;

		if (!counts(&m, line))
			continue;
		route(line->identifier, line->destination);
		/* It may have a line of its own. */
		lower = login_lower(line->identifier, &b);
		if (both && mapfile_get(&m, lower) == NULL)
			route(lower, line->destination);
	}
	buf_free(&b);
	mapfile_close(&m);
	return r;
}

/* --- options --- */

int
export_add_host(struct export_options *o, char *text, struct why *why)
{
	char *host = text;
	const char *destination = str_cut(&host, '=');
	struct host_port at = { .host = "-" };

	if (host == NULL || *host == '\0' || *destination == '\0')
		return why_set(
		    why, FAIL_FATAL, "not of the form DESTINATION=HOST[:PORT]");
	if (strcmp(host, "-") != 0 && host_port_parse(host, &at, why) == -1)
		return -1;
	if (o->n_hosts == EXPORT_HOSTS_MAX)
		return why_set(why, FAIL_FATAL, "more than %d destinations",
		    (int)EXPORT_HOSTS_MAX);
	o->hosts[o->n_hosts++] = (struct export_host){ destination, at };
	return 0;
}

int
export_check_table(const char *name, struct why *why)
{
	size_t n = strspn(name, "abcdefghijklmnopqrstuvwxyz"
				"ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.");

	if (n == 0 || name[n] != '\0')
		return why_set(why, FAIL_FATAL,
		    "not a table: letters, digits, _ and . only");
	return 0;
}
