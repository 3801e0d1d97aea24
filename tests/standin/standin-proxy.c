/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/*
 * A stand-in for the management API of the migration proxy, over a file store.
 * It does what recordings of the real proxy show, and nothing else; t/65 holds
 * it to them.
 */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/alloc.h"
#include "core/arena.h"
#include "core/io.h"
#include "core/json.h"
#include "core/map.h"
#include "core/str.h"
#include "standin/http.h"

enum {
	HEAD_MAX = 16 << 10,
	DESTINATIONS_MAX = 8
};

/* Where an identifier goes, and what was answered for it last. */
struct entry {
	const char *destination; /* NULL: no mapping */
	const char *cached;
	long sessions;
};

static struct {
	const char *token;
	const char *store;
	const char *names[DESTINATIONS_MAX];
	size_t n_names; /* the first is the default */
	bool keep_case; /* normalize = none */
	bool read_only;
	long fail_reloads;
	const char *fail_upsert;
	const char *lose_upsert;
	const char *withdrawn;
	long lockout_threshold;
	long lockout_ms;
} settings = { .lockout_threshold = 5, .lockout_ms = 300000 };

static struct arena texts;
static struct map entries;
static long failures;
static double locked_until;

static double
now(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* --- the table --- */

static const char *
destination(const char *name)
{
	for (size_t i = 0; name != NULL && i < settings.n_names; i++)
		if (strcmp(settings.names[i], name) == 0)
			return settings.names[i];
	return NULL;
}

static char *
normalized(const char *identifier)
{
	char *s = xstrdup(identifier);

	return settings.keep_case ? s : str_lower(s);
}

/* The entry of an identifier that is normalized already. */
static struct entry *
entry(const char *identifier)
{
	void **v = map_put_copy(&entries, &texts, identifier, NULL);

	if (*v == NULL)
		*v = arena_alloc(&texts, sizeof(struct entry));
	return *v;
}

static void
store_write(void)
{
	FILE *f = settings.store == NULL ? NULL : fopen(settings.store, "we");
	const char *identifier;
	size_t at = 0;
	void *v;

	if (f == NULL)
		return;
	while (map_next(&entries, &at, &identifier, &v)) {
		const struct entry *e = v;

		if (e->destination != NULL)
			(void)fprintf(
			    f, "%s\t%s\n", identifier, e->destination);
	}
	(void)fclose(f);
}

/* Splits a line at white space; how many words there are. */
static size_t
words(char *line, char *word[3])
{
	size_t n = 0;
	char *save;

	for (char *w = strtok_r(line, " \t\r", &save); w != NULL && n < 3;
	     w = strtok_r(NULL, " \t\r", &save))
		word[n++] = w;
	return n;
}

/* Identifiers are normalized as they are loaded; the last line counts. */
static void
load_line(const char *identifier, const char *to)
{
	char *key = normalized(identifier);

	entry(key)->destination = arena_adds(&texts, to);
	free(key);
}

/* False, and nothing changed, where the file cannot be loaded. */
static bool
store_load(void)
{
	struct buf text = { 0 };
	struct map before = entries;
	const char *identifier;
	bool good;
	size_t at = 0;
	char *rest;
	void *v;

	if (settings.store == NULL)
		return true;
	good = read_file(settings.store, &text, NULL) == 0;
	entries = (struct map){ 0 };
	rest = text.data;
	while (good && rest != NULL) {
		char *line = str_cut(&rest, '\n'), *word[3];
		size_t n = *line == '#' ? 0 : words(line, word);

		if (n == 2)
			load_line(word[0], word[1]);
		else if (n != 0)
			good = false;
	}
	buf_free(&text);
	/* What is cached stays, and so do sessions. */
	while (good && map_next(&before, &at, &identifier, &v)) {
		const struct entry *e = v;

		if (e->cached != NULL)
			entry(identifier)->cached = e->cached;
		if (e->sessions != 0)
			entry(identifier)->sessions = e->sessions;
	}
	if (!good) {
		map_free(&entries);
		entries = before;
		return false;
	}
	map_free(&before);
	return true;
}

/* --- requests --- */

static char *
decode(const char *s, size_t len)
{
	char *out = xmalloc(len + 1), *to = out;

	for (size_t i = 0; i < len; i++) {
		char hex[3] = "";
		char *end = hex;
		long c = 0;

		if (s[i] == '%' && i + 2 < len) {
			hex[0] = s[i + 1];
			hex[1] = s[i + 2];
			hex[2] = '\0';
			c = strtol(hex, &end, 16);
		}
		if (end == hex + 2) {
			*to++ = (char)c;
			i += 2;
		} else {
			*to++ = s[i];
		}
	}
	*to = '\0';
	return out;
}

/* A value of the query, decoded; "+" stays. NULL where it is not there. */
static char *
query(const struct request *q, const char *name)
{
	const char *at = strchr(q->uri, '?');
	size_t n = strlen(name);

	while (at != NULL) {
		at++;
		if (strncmp(at, name, n) == 0 && at[n] == '=')
			return decode(at + n + 1, strcspn(at + n + 1, "&"));
		at = strchr(at, '&');
	}
	return NULL;
}

static void
say(struct reply *r, int status, const char *text)
{
	r->status = status;
	r->type = "text/plain";
	buf_addf(&r->body, "%s\n", text);
}

static void
mapping_get(const char *identifier, const char *to, struct reply *r)
{
	char *key = normalized(identifier);
	struct entry *e = entry(key);
	bool cached = e->cached != NULL;
	const char *answer = cached                   ? e->cached
			     : e->destination != NULL ? e->destination
						      : settings.names[0];

	(void)to;
	if (e->destination != NULL)
		e->cached = answer;
	r->type = "application/json";
	jw_open(&r->body, '{');
	jw_kbool(&r->body, "cached", cached);
	jw_kstr(&r->body, "destination", answer);
	jw_kstr(&r->body, "identifier", identifier);
	jw_kstr(&r->body, "normalized", key);
	jw_kbool(&r->body, "routed_to_default",
	    strcmp(answer, settings.names[0]) == 0);
	jw_close(&r->body, '}');
	free(key);
}

/* Whether a fault is set, and for this text. */
static bool
is_same(const char *setting, const char *text)
{
	return setting != NULL && strcmp(setting, text) == 0;
}

static void
mapping_put(const char *identifier, const char *to, struct reply *r)
{
	const char *name = destination(to);
	char *key = normalized(identifier);

	if (to == NULL) {
		say(r, 400, "identifier and destination required");
	} else if (name == NULL || is_same(settings.withdrawn, name)) {
		say(r, 400, "unknown destination");
	} else if (settings.read_only) {
		say(r, 501, "mapping store is read-only");
	} else if (is_same(settings.fail_upsert, key)) {
		say(r, 500, "upsert failed");
	} else if (is_same(settings.lose_upsert, key)) {
		say(r, 200, "ok");
	} else {
		*entry(key) = (struct entry){ .destination = name,
			.sessions = entry(key)->sessions };
		store_write();
		say(r, 200, "ok");
	}
	free(key);
}

static void
mapping_delete(const char *identifier, const char *to, struct reply *r)
{
	char *key = normalized(identifier);
	struct entry *e = entry(key);

	(void)to;
	if (settings.read_only) {
		say(r, 501, "mapping store is read-only");
	} else {
		say(r, 200, e->destination != NULL ? "removed" : "absent");
		e->destination = e->cached = NULL;
		store_write();
	}
	free(key);
}

static void
kick(const char *identifier, const char *to, struct reply *r)
{
	char *key = normalized(identifier), text[32];

	(void)to;
	(void)snprintf(text, sizeof text, "kicked %ld", entry(key)->sessions);
	entry(key)->sessions = 0;
	say(r, 200, text);
	free(key);
}

static void
delay(const char *identifier, const char *seconds, struct reply *r)
{
	(void)identifier;
	if (seconds == NULL)
		say(r, 400, "identifier and seconds required");
	else if (!is_digits(seconds))
		say(r, 400, "invalid seconds");
	else
		say(r, 200, "ok");
}

static void
reload(struct reply *r)
{
	if (settings.fail_reloads > 0) {
		settings.fail_reloads--;
		say(r, 500, "reload failed");
	} else if (store_load()) {
		say(r, 200, "reloaded");
	} else {
		say(r, 500, "reload failed");
	}
}

static void
invalidate(const char *identifier, struct reply *r)
{
	char *key = identifier == NULL ? NULL : normalized(identifier);
	const char *name;
	size_t at = 0;
	void *v;

	while (map_next(&entries, &at, &name, &v))
		if (key == NULL || strcmp(key, name) == 0)
			((struct entry *)v)->cached = NULL;
	free(key);
	say(r, 200, "ok");
}

static void
list_destinations(struct reply *r)
{
	r->type = "application/json";
	jw_open(&r->body, '{');
	jw_key(&r->body, "destinations");
	jw_open(&r->body, '[');
	for (size_t i = settings.n_names; i-- > 0;) {
		jw_open(&r->body, '{');
		jw_kint(&r->body, "consecutive_failures", 0);
		jw_kstr(&r->body, "destination", settings.names[i]);
		jw_kbool(&r->body, "down", false);
		jw_close(&r->body, '}');
	}
	jw_close(&r->body, ']');
	jw_close(&r->body, '}');
}

static void
reset(const char *name, struct reply *r)
{
	if (name == NULL)
		say(r, 400, "destination required");
	else if (destination(name) == NULL)
		say(r, 404, "unknown destination");
	else
		say(r, 200, "ok");
}

/* The calls that concern one identifier, and the other value that they take. */
static const struct call {
	const char *method;
	const char *path;
	void (*answer)(
	    const char *identifier, const char *other, struct reply *r);
	const char *other;
	const char *missing;
} calls[] = { { "GET", "/mappings", mapping_get, NULL, "identifier required" },
	{ "PUT", "/mappings", mapping_put, "destination",
	    "identifier and destination required" },
	{ "DELETE", "/mappings", mapping_delete, NULL, "identifier required" },
	{ "POST", "/connections/kick", kick, NULL, "identifier required" },
	{ "POST", "/connections/delay", delay, "seconds",
	    "identifier and seconds required" } };

/* The others. */
static bool
answer_other(const struct request *q, const char *path, struct reply *r)
{
	static const char *const known[] = { "/healthz", "/stats",
		"/destinations", "/destinations/reset", "/mappings/reload",
		"/cache/invalidate", "/config/reload" };
	bool get = strcmp(q->method, "GET") == 0,
	     post = strcmp(q->method, "POST") == 0;
	char *value;

	if (get && strcmp(path, "/healthz") == 0) {
		say(r, 200, "ok");
	} else if (get && strcmp(path, "/stats") == 0) {
		r->type = "application/json";
		buf_adds(&r->body,
		    "{\"active_connections\":0,\"cache_entries\":0,"
		    "\"cache_hits\":0,\"cache_misses\":0,\"hit_rate_pct\":0."
		    "0}");
	} else if (get && strcmp(path, "/destinations") == 0) {
		list_destinations(r);
	} else if (post && strcmp(path, "/destinations/reset") == 0) {
		value = query(q, "destination");
		reset(value, r);
		free(value);
	} else if (post && strcmp(path, "/mappings/reload") == 0) {
		reload(r);
	} else if (post && strcmp(path, "/cache/invalidate") == 0) {
		value = query(q, "identifier");
		invalidate(value, r);
		free(value);
	} else if (post && strcmp(path, "/config/reload") == 0) {
		r->type = "application/json";
		buf_adds(&r->body,
		    "{\"note\":\"listener binds/protocols, admin bind/token, "
		    "and cache capacity/TTLs require a restart to change\","
		    "\"reloaded\":true}");
	} else {
		for (size_t i = 0; i < sizeof known / sizeof *known; i++)
			if (strcmp(known[i], path) == 0)
				say(r, 405, "method not allowed");
		return *r->body.data != '\0';
	}
	return true;
}

static void
answer_call(const struct request *q, const char *path, struct reply *r)
{
	bool known = false;

	for (size_t i = 0; i < sizeof calls / sizeof *calls; i++) {
		const struct call *c = &calls[i];
		char *identifier, *other;

		if (strcmp(c->path, path) != 0)
			continue;
		known = true;
		if (strcmp(c->method, q->method) != 0)
			continue;
		identifier = query(q, "identifier");
		other = c->other == NULL ? NULL : query(q, c->other);
		if (identifier == NULL)
			say(r, 400, c->missing);
		else
			c->answer(identifier, other, r);
		free(identifier);
		free(other);
		return;
	}
	if (known)
		say(r, 405, "method not allowed");
	else if (!answer_other(q, path, r))
		say(r, 404, "not found");
}

/* Whether the caller may go on; otherwise it is answered. */
static bool
authorized(const struct request *q, const char *path, struct reply *r)
{
	const char *given = q->authorization;

	if (now() < locked_until) {
		say(r, 429, "locked out");
		return false;
	}
	if (strcmp(path, "/healthz") == 0 ||
	    (given != NULL && str_starts(given, "Bearer ") &&
		strcmp(given + strlen("Bearer "), settings.token) == 0))
		return true;
	if (given != NULL && ++failures >= settings.lockout_threshold) {
		locked_until = now() + (double)settings.lockout_ms / 1000;
		failures = 0;
	}
	say(r, 401, "unauthorized");
	return false;
}

static void
answer(const struct request *q, struct reply *r, const struct fault *fault)
{
	size_t len = strcspn(q->uri, "?");
	char *path;

	(void)fault;
	buf_adds(&r->body, "");
	if (strlen(q->uri) > HEAD_MAX) {
		r->status = 0;
		return;
	}
	/* libmicrohttpd refuses a request without a path only before 1.0. */
	if (*q->uri == '\0') {
		say(r, 400, "bad request");
		return;
	}
	if (len > 1 && q->uri[len - 1] == '/')
		len--;
	path = xmemdup(q->uri, len);
	if (authorized(q, path, r))
		answer_call(q, path, r);
	free(path);
}

static bool
counted(const struct request *q)
{
	(void)q;
	return true;
}

static const char help[] =
    "usage: standin-proxy --listen ADDRESS:PORT --token TOKEN [option ...]\n"
    "\n"
    "A stand-in for the management API of the migration proxy, for tests. The\n"
    "URL is printed on the first line; port 0 takes a free one.\n"
    "\n"
    "  --tls CERT KEY        serve https with these PEM files\n"
    "  --log FILE            a line of JSON for each request\n"
    "  --fault WHEN:WHAT     something goes wrong at a request: number, or *\n"
    "  --store FILE          the mapping file\n"
    "  --destinations A,B    the first is the default (legacy,stalwart)\n"
    "  --normalize-none      keep the case of identifiers\n"
    "  --read-only           the mapping store cannot be written\n"
    "  --fail-reload N       the first N reloads fail\n"
    "  --fail-upsert ID      this identifier cannot be written\n"
    "  --lose-upsert ID      this one is not, and the answer is ok\n"
    "  --withdrawn D         a destination that is listed, and refused\n"
    "  --sessions ID=N       this identifier has N connections\n"
    "  --lockout-ms MS       how long an address is locked out\n";

/* "A,B" */
static bool
take_destinations(char *list)
{
	char *rest = list;

	settings.n_names = 0;
	while (rest != NULL && settings.n_names < DESTINATIONS_MAX)
		settings.names[settings.n_names++] = str_cut(&rest, ',');
	return rest == NULL;
}

static bool
take_sessions(char *text)
{
	char *n = text;
	const char *identifier = str_cut(&n, '=');

	if (n == NULL || !is_digits(n))
		return false;
	entry(identifier)->sessions = strtol(n, NULL, 10);
	return true;
}

enum {
	LISTEN = 256,
	TOKEN,
	TLS,
	LOG,
	FAULT,
	STORE,
	DESTINATIONS,
	NORMALIZE_NONE,
	READ_ONLY,
	FAIL_RELOAD,
	FAIL_UPSERT,
	LOSE_UPSERT,
	WITHDRAWN,
	SESSIONS,
	LOCKOUT,
	HELP
};

/* The options that need no more than a variable. */
static bool
option(struct http_server *server, int ch)
{
	switch (ch) {
	case TOKEN:
		settings.token = optarg;
		return true;
	case LOG:
		server->log = optarg;
		return true;
	case FAULT:
		return http_fault(server, optarg);
	case STORE:
		settings.store = optarg;
		return true;
	case DESTINATIONS:
		return take_destinations(optarg);
	case NORMALIZE_NONE:
		settings.keep_case = true;
		return true;
	case READ_ONLY:
		settings.read_only = true;
		return true;
	case FAIL_RELOAD:
		settings.fail_reloads = strtol(optarg, NULL, 10);
		return true;
	case LOSE_UPSERT:
		settings.lose_upsert = optarg;
		return true;
	case WITHDRAWN:
		settings.withdrawn = optarg;
		return true;
	case FAIL_UPSERT:
		settings.fail_upsert = optarg;
		return true;
	case SESSIONS:
		return take_sessions(optarg);
	case LOCKOUT:
		settings.lockout_ms = strtol(optarg, NULL, 10);
		return true;
	default:
		return false;
	}
}

int
main(int argc, char **argv)
{
	static const struct option options[] = { { "listen", required_argument,
						     NULL, LISTEN },
		{ "token", required_argument, NULL, TOKEN },
		{ "tls", required_argument, NULL, TLS },
		{ "log", required_argument, NULL, LOG },
		{ "fault", required_argument, NULL, FAULT },
		{ "store", required_argument, NULL, STORE },
		{ "destinations", required_argument, NULL, DESTINATIONS },
		{ "normalize-none", no_argument, NULL, NORMALIZE_NONE },
		{ "read-only", no_argument, NULL, READ_ONLY },
		{ "fail-reload", required_argument, NULL, FAIL_RELOAD },
		{ "fail-upsert", required_argument, NULL, FAIL_UPSERT },
		{ "lose-upsert", required_argument, NULL, LOSE_UPSERT },
		{ "withdrawn", required_argument, NULL, WITHDRAWN },
		{ "sessions", required_argument, NULL, SESSIONS },
		{ "lockout-ms", required_argument, NULL, LOCKOUT },
		{ "help", no_argument, NULL, HELP }, { NULL, 0, NULL, 0 } };
	static char names[] = "legacy,stalwart";
	struct http_server server = {
		.answer = answer, .counted = counted, .closes = true
	};
	const char *listen = NULL;
	int ch, status;

	(void)take_destinations(names);
	while ((ch = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (ch == LISTEN) {
			listen = optarg;
		} else if (ch == TLS) {
			server.cert = optarg;
			server.key = argv[optind++];
		} else if (ch == HELP) {
			(void)fputs(help, stdout);
			return 0;
		} else if (!option(&server, ch)) {
			(void)fputs(help, stderr);
			return 2;
		}
	}
	if (listen == NULL || settings.token == NULL) {
		(void)fputs(help, stderr);
		return 2;
	}
	/* As the real one, it does not start with a file it cannot load. */
	if (!store_load()) {
		(void)fprintf(stderr, "%s: cannot be loaded\n", settings.store);
		return 2;
	}
	status = http_serve(&server, listen);
	arena_free(&texts);
	map_free(&entries);
	return status;
}
