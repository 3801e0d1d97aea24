/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/* Keys in Redis, as rspamd keeps them for mailcow. They are asked for with
 * redis-cli. */
#include "source/dkim/redis.h"

#include <stdlib.h>
#include <string.h>

#include "core/command.h"
#include "core/str.h"
#include "secret/signkey.h"
#include "source/assignments.h"
#include "source/dkim/keys.h"

enum {
	REPLY_MAX = 16 << 20
};

struct redis {
	struct dkim *d;
	const char *host, *port;
	bool failed;
};

/* One command; its reply is lines. False, which is reported. */
static bool
ask(struct redis *r, const char *command, const char *key, const char *field,
    struct buf *out)
{
	const char *argv[] = { r->d->options->redis, "-h", r->host, "-p",
		r->port, command, key, field, NULL };
	struct why why = { 0 };

	buf_wipe(out);
	out->max = REPLY_MAX;
	if (command_read(argv, out, &why) == 0)
		return true;
	r->failed = true;
	why.kind = FAIL_FATAL;
	emit_fail(r->d->emit, NULL, &why);
	return false;
}

/* redis-cli says errors of the server on standard output: "NOAUTH ...". */
static bool
is_error(const char *line)
{
	size_t capitals = strspn(line, "ABCDEFGHIJKLMNOPQRSTUVWXYZ");

	return capitals > 2 && line[capitals] == ' ';
}

static bool
refused(struct redis *r, const char *line)
{
	struct why why = { 0 };

	if (!is_error(line))
		return false;
	why_set(&why, FAIL_FATAL, "Redis says: %s", line);
	emit_fail(r->d->emit, NULL, &why);
	r->failed = true;
	return true;
}

static void
put_key(
    struct redis *r, const char *keys, const char *domain, const char *selector)
{
	struct buf field = { 0 }, reply = { 0 };

	buf_addf(&field, "%s.%s", selector, domain);
	if (ask(r, "HGET", keys, field.data, &reply)) {
		if (reply.len == 0 || strspn(reply.data, "\r\n") == reply.len)
			emit_bad(r->d->emit, domain,
			    "there is no key for its selector");
		else if (!refused(r, reply.data))
			dkim_key(r->d, domain, selector, reply.data, reply.len);
	}
	buf_free(&field);
	buf_wipe(&reply);
}

/* The hash of selectors: a domain, its selector, and so on. */
static void
by_selectors(struct redis *r, const char *keys, char *lines)
{
	char *domain, *selector;

	while (!r->failed && !emit_stop(r->d->emit) &&
	       (domain = str_cut(&lines, '\n')) != NULL && *domain != '\0' &&
	       !refused(r, domain) &&
	       (selector = str_cut(&lines, '\n')) != NULL)
		put_key(r, keys, domain, selector);
}

/* The names of all keys: "selector.domain"; the selector has no dot. */
static void
all_keys(struct redis *r, const char *keys, char *lines)
{
	char *line, *domain;

	while (!r->failed && !emit_stop(r->d->emit) &&
	       (line = str_cut(&lines, '\n')) != NULL && *line != '\0' &&
	       !refused(r, line)) {
		domain = line;
		(void)str_cut(&domain, '.');
		if (domain == NULL)
			emit_bad(r->d->emit, NULL,
			    "the name of a key is not selector.domain");
		else
			put_key(r, keys, domain, line);
	}
}

/* The password goes by a variable, which redis-cli takes out of argv's way. */
void
redis_read(struct dkim *d, const char *host, const char *port, const char *keys,
    const char *selectors)
{
	struct redis r = { d, host, port, false };
	struct buf reply = { 0 };

	if (selectors != NULL && ask(&r, "HGETALL", selectors, NULL, &reply) &&
	    reply.data != NULL)
		by_selectors(&r, keys, reply.data);
	else if (selectors == NULL && ask(&r, "HKEYS", keys, NULL, &reply) &&
		 reply.data != NULL)
		all_keys(&r, keys, reply.data);
	buf_free(&reply);
}

/* --- mailcow --- */

enum {
	MC_PORT,
	MC_PASS,
	MC_KEYS
};

static void
ask_mailcow(struct dkim *d, const struct assignment *a)
{
	const char *value = a[MC_PORT].value;
	char *host = arena_adds(&d->arena,
	    value == NULL || *value == '\0' ? "127.0.0.1:7654" : value);
	char *colon = strrchr(host, ':'), *port = host;

	if (colon != NULL) {
		*colon = '\0';
		port = colon + 1;
	}
	if (a[MC_PASS].value != NULL && *a[MC_PASS].value != '\0')
		(void)setenv("REDISCLI_AUTH", a[MC_PASS].value, 1);
	redis_read(d, colon == NULL || *host == '\0' ? "127.0.0.1" : host, port,
	    "DKIM_PRIV_KEYS", "DKIM_SELECTORS");
	(void)unsetenv("REDISCLI_AUTH");
}

void
mailcow_dkim_read(struct dkim *d, const char *folder)
{
	struct assignment a[MC_KEYS] = { [MC_PORT] = { .key = "REDIS_PORT" },
		[MC_PASS] = { .key = "REDISPASS" } };
	struct buf path = { 0 };
	struct why why = { 0 };

	buf_addf(&path, "%s/mailcow.conf", folder);
	emit_file(d->emit, dkim_path(d, path.data));
	if (assignments_read(dkim_path(d, path.data), a, MC_KEYS, &why) == -1)
		emit_fail_at(d->emit, NULL, NULL, &why);
	else
		ask_mailcow(d, a);
	assignments_free(a, MC_KEYS);
	buf_free(&path);
}
