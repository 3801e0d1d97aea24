/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

#include "jmap/client.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/alloc.h"
#include "core/buf.h"
#include "core/str.h"

enum {
	CONCURRENT_MAX = 64 /* each holds a batch in memory */
};

/* Seconds; each wait is twice as long as the one before. */
static const double WAIT_FIRST = 0.25, WAIT_MAX = 60;

/* --- waiting --- */

static bool
stopped(const struct jmap *j)
{
	return j->stop != NULL && j->stop();
}

static double
now(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* Takes a wait out of the budget; several at a time count once. False when
 * there is not enough left. */
static bool
pay(struct jmap *j, double from, double until)
{
	double cost = until - (j->waited > from ? j->waited : from);

	if (cost <= 0)
		return true;
	if (cost > j->budget)
		return false;
	j->budget -= cost;
	j->waited = until;
	return true;
}

bool
jmap_again(struct jmap *j, struct jmap_request *r, long asked)
{
	double start = now(), seconds = (double)asked;

	if (asked < 0)
		seconds = r->last > 0 ? r->last * 2 : WAIT_FIRST;

	if (asked < 0 && seconds > WAIT_MAX)
		seconds = WAIT_MAX;
	if (stopped(j) || !pay(j, start, start + seconds))
		return false;
	if (j->waiting != NULL)
		j->waiting(seconds, &r->why);
	r->last = seconds;
	/* A little more for many that wait for the same server. */
	r->due = start + seconds * (1 + (double)(random() % 200) / 1000);
	r->next = j->delayed;
	j->delayed = r;
	return true;
}

/* --- one request --- */

/* The limit that a request passed, by the problem document in the body (RFC
 * 8620, 3.6.1); an empty string if it is another problem. */
static void
passed_limit(const struct buf *body, char limit[32])
{
	json_t *j = json_loadb(buf_str(body), body->len, 0, NULL);
	const char *type = json_string_value(json_object_get(j, "type")),
		   *name = json_string_value(json_object_get(j, "limit"));

	*limit = '\0';
	if (type != NULL &&
	    strcmp(type, "urn:ietf:params:jmap:error:limit") == 0)
		(void)snprintf(limit, 32, "%.31s", name == NULL ? "?" : name);
	json_decref(j);
}

/* What a status of HTTP means (RFC 9110; RFC 8620, 3.6.1; and what Stalwart
 * answers when). */
static enum jmap_status
judge_status(const struct http_reply *r, bool *again, struct why *why)
{
	char limit[32];

	*again = false;
	switch (r->status) {
	case 200:
		return JMAP_OK;
	case 400:
		passed_limit(&r->body, limit);
		if (strcmp(limit, "maxConcurrentRequests") == 0) {
			*again = true;
			why_set(why, FAIL_TEMP,
			    "the server has too many requests of ours");
			return JMAP_FAILED;
		}
		if (*limit != '\0') {
			why_set(why, FAIL_DATA,
			    "the request passes a limit of the server (%s)",
			    limit);
			return JMAP_TOO_LARGE;
		}
		why_set(why, FAIL_DATA,
		    "the server does not understand the request (400)");
		return JMAP_FAILED;
	case 401:
		why_set(
		    why, FAIL_FATAL, "wrong user or password, or token (401)");
		return JMAP_FAILED;
	case 402:
		why_set(why, FAIL_FATAL,
		    "the account wants a second factor: use an app password "
		    "or an API key (402)");
		return JMAP_FAILED;
	case 403:
		why_set(why, FAIL_FATAL,
		    "the server does not let this account or address in (403)");
		return JMAP_FAILED;
	case 413:
		why_set(why, FAIL_DATA, "the request is too large (413)");
		return JMAP_TOO_LARGE;
	case 429:
	case 503:
		*again = true;
		why_set(
		    why, FAIL_TEMP, "the server asks to wait (%ld)", r->status);
		return JMAP_FAILED;
	default:
		if (r->status == 408 || r->status >= 500) {
			why_set(why, FAIL_TEMP, "the server failed (%ld)",
			    r->status);
			return JMAP_UNSURE;
		}
		why_set(why, FAIL_FATAL,
		    "not an answer of a Stalwart server (%ld)", r->status);
		return JMAP_FAILED;
	}
}

static void
send_request(struct jmap *j, struct jmap_request *r)
{
	struct http_request *q = &r->http.request;

	*q = (struct http_request){ .method = "GET", .path = r->path };
	if (r->path == NULL)
		*q = (struct http_request){ .method = "POST",
			.path = j->api_path,
			.content_type = "application/json",
			.body = r->body.data,
			.len = r->body.len };
	r->http.arg = r;
	j->requests++;
	j->in_flight++;
	http_start(j->http, &r->http);
}

/* Whether a call of the request failed in a way that may pass. */
static bool
any_broken(const struct jmap_request *r, struct why *why)
{
	json_t *result;

	for (size_t i = 0; i < r->calls; i++)
		if (jmap_answer(r, i, NULL, &result, why) == JMAP_BROKEN)
			return true;
	return false;
}

/* What the reply means for the request. *again: it may be sent once more, the
 * server did nothing. */
static enum jmap_status
judge_reply(struct jmap_request *r, bool *again)
{
	const struct http_reply *reply = &r->http.reply;
	enum jmap_status status;

	*again = true;
	if (r->http.result == -1) {
		r->why = r->http.why;
		*again = r->why.kind == FAIL_TEMP && !r->http.unsure;
		return r->http.unsure && r->why.kind == FAIL_TEMP ? JMAP_UNSURE
								  : JMAP_FAILED;
	}
	if (r->path != NULL && reply->location != NULL)
		return JMAP_OK;
	status = judge_status(reply, again, &r->why);
	if (status != JMAP_OK || r->path != NULL)
		return status;
	json_decref(r->answers);
	r->answers = jmap_read_answers(&reply->body, &r->why);
	if (r->answers == NULL)
		return JMAP_UNSURE;
	return r->repeat && any_broken(r, &r->why) ? JMAP_UNSURE : JMAP_OK;
}

/* A reply is there: the request is done, or is sent again later. */
static void
settle(struct jmap *j, struct jmap_request *r)
{
	bool again;

	r->status = judge_reply(r, &again);
	if (r->status == JMAP_UNSURE)
		again = r->repeat;
	if (r->status != JMAP_OK && again &&
	    jmap_again(
		j, r, r->http.result == 0 ? r->http.reply.retry_after : -1))
		return;
	if (r->status == JMAP_UNSURE && r->repeat)
		r->status = JMAP_FAILED;
	r->next = j->done;
	j->done = r;
}

/* Sends what has waited long enough, or gives it up when it is stopped. Returns
 * the milliseconds until the next is due, at most max. */
static long
send_due(struct jmap *j, long max)
{
	struct jmap_request **at = &j->delayed, *r;
	double time = now();
	bool stop = stopped(j);
	long ms = max;

	while ((r = *at) != NULL) {
		double left = (r->due - time) * 1000;

		if (stop || left <= 0) {
			*at = r->next;
			if (stop) {
				r->next = j->done;
				j->done = r;
			} else {
				send_request(j, r);
			}
			continue;
		}
		if (left < (double)ms)
			ms = (long)left + 1;
		at = &r->next;
	}
	return ms;
}

void
jmap_start(struct jmap *j, struct jmap_request *r)
{
	if (r->path == NULL)
		buf_adds(&r->body, "]}");
	r->last = 0;
	send_request(j, r);
}

struct jmap_request *
jmap_next(struct jmap *j, bool wait)
{
	enum {
		POLL_MS = 200 /* how late a signal is seen */
	};
	struct jmap_request *r;

	while (j->done == NULL && (j->in_flight != 0 || j->delayed != NULL)) {
		long ms = send_due(j, wait ? POLL_MS : 0);
		struct http_call *c =
		    j->done == NULL ? http_next(j->http, ms) : NULL;

		if (c != NULL) {
			j->in_flight--;
			settle(j, c->arg);
		}
		if (!wait && c == NULL)
			break;
	}
	r = j->done;
	if (r != NULL)
		j->done = r->next;
	return r;
}

enum jmap_status
jmap_run(struct jmap *j, struct jmap_request *r)
{
	struct jmap_request *others = NULL, *one;

	jmap_start(j, r);
	while ((one = jmap_next(j, true)) != r && one != NULL) {
		one->next = others;
		others = one;
	}
	while ((one = others) != NULL) {
		others = one->next;
		one->next = j->done;
		j->done = one;
	}
	return r->status;
}

void
jmap_clear(struct jmap_request *r)
{
	buf_wipe(&r->body);
	json_decref(r->answers);
	r->answers = NULL;
	http_reply_free(&r->http.reply);
}

/* The path of a URL: behind a proxy, the host that the server believes to have
 * may be another than the one that is reached. */
static char *
path_of(const char *url)
{
	const char *p = url == NULL ? NULL : strstr(url, "://");

	if (p != NULL)
		p = strchr(p + 3, '/');
	else if (url != NULL && *url == '/')
		p = url;
	return xstrdup(p == NULL ? "/jmap/" : p);
}

int
jmap_get(struct jmap *j, const char *path, struct buf *body, char **location,
    struct why *why)
{
	struct jmap_request r = { .path = path, .repeat = true };
	int result = -1;

	if (jmap_run(j, &r) == JMAP_OK) {
		result = 0;
		if (r.http.reply.location != NULL && location != NULL)
			*location = path_of(r.http.reply.location);
		buf_add(
		    body, buf_str(&r.http.reply.body), r.http.reply.body.len);
	} else {
		*why = r.why;
	}
	jmap_clear(&r);
	return result;
}

/* --- session --- */

static size_t
limit_of(const json_t *core, const char *name, size_t otherwise)
{
	const json_t *v = json_object_get(core, name);

	return json_is_integer(v) && json_integer_value(v) > 0
		   ? (size_t)json_integer_value(v)
		   : otherwise;
}

static int
read_session(struct jmap *j, const json_t *s, struct why *why)
{
	const json_t *core = json_object_get(
	    json_object_get(s, "capabilities"), "urn:ietf:params:jmap:core");
	const char *user = json_string_value(json_object_get(s, "username")),
		   *key;
	json_t *account;

	if (!json_is_object(core) || user == NULL)
		return why_set(why, FAIL_FATAL,
		    "no JMAP session there: not a Stalwart server");
	/* Without credentials the server answers all the same. */
	if (*user == '\0')
		return why_set(why, FAIL_FATAL,
		    "the server takes us for nobody: no credentials were "
		    "given");
	j->username = xstrdup(user);
	j->api_path = path_of(json_string_value(json_object_get(s, "apiUrl")));
	j->max_set = limit_of(core, "maxObjectsInSet", 500);
	j->max_get = limit_of(core, "maxObjectsInGet", 500);
	j->max_size = limit_of(core, "maxSizeRequest", 10000000);
	j->max_calls = limit_of(core, "maxCallsInRequest", 16);
	j->max_concurrent = limit_of(core, "maxConcurrentRequests", 4);
	if (j->max_concurrent > CONCURRENT_MAX)
		j->max_concurrent = CONCURRENT_MAX;
	json_object_foreach (json_object_get(s, "accounts"), key, account)
		if (json_is_true(json_object_get(account, "isPersonal")) &&
		    j->account == NULL)
			j->account = xstrdup(key);
	return 0;
}

int
jmap_read_session(struct jmap *j, const struct buf *body, struct why *why)
{
	json_t *s =
	    json_loadb(buf_str(body), body->len, JSON_REJECT_DUPLICATES, NULL);
	int r = read_session(j, s, why);

	json_decref(s);
	return r;
}

int
jmap_open(struct jmap *j, struct http *http, long budget, struct why *why)
{
	struct buf body = { 0 };
	int r;

	j->http = http;
	j->budget = (double)budget;
	r = jmap_get(j, "/jmap/session", &body, NULL, why);
	if (r == 0)
		r = jmap_read_session(j, &body, why);
	buf_free(&body);
	return r;
}

void
jmap_close(struct jmap *j)
{
	free(j->username);
	free(j->account);
	free(j->api_path);
	j->username = j->account = j->api_path = NULL;
}

/* --- calls --- */

/* A method error (RFC 8620, 3.6.2). */
static enum jmap_status
method_error(const char *method, const char *type, struct why *why)
{
	if (type == NULL)
		type = "";
	if (strcmp(type, "requestTooLarge") == 0) {
		why_set(
		    why, FAIL_DATA, "%s: more than the server takes", method);
		return JMAP_TOO_LARGE;
	}
	if (strcmp(type, "serverUnavailable") == 0 ||
	    strcmp(type, "serverFail") == 0 ||
	    strcmp(type, "serverPartialFail") == 0 ||
	    strcmp(type, "rateLimit") == 0) {
		why_set(why, FAIL_TEMP, "%s: the server says %s", method, type);
		return JMAP_BROKEN;
	}
	if (strcmp(type, "forbidden") == 0 ||
	    strcmp(type, "accountNotFound") == 0 ||
	    strcmp(type, "unknownMethod") == 0 ||
	    strcmp(type, "unknownCapability") == 0)
		why_set(why, FAIL_FATAL,
		    strcmp(type, "forbidden") == 0
			? "%s: the account may not do that (%s)"
			: "%s: the server does not know that: a wrong type of "
			  "object, or not Stalwart 0.16 (%s)",
		    method, type);
	else
		why_set(why, FAIL_DATA, "%s: the server refuses the call (%s)",
		    method, *type == '\0' ? "no type" : type);
	return JMAP_FAILED;
}

json_t *
jmap_read_answers(const struct buf *body, struct why *why)
{
	json_t *root =
	    json_loadb(buf_str(body), body->len, JSON_REJECT_DUPLICATES, NULL);
	json_t *answers = json_object_get(root, "methodResponses");

	if (json_array_size(answers) == 0) {
		why_set(why, FAIL_TEMP, "the answer is cut off, or is no JMAP");
		answers = NULL;
	}
	json_incref(answers);
	json_decref(root);
	return answers;
}

enum jmap_status
jmap_answer(const struct jmap_request *r, size_t i, const char *method,
    json_t **result, struct why *why)
{
	const json_t *answer = json_array_get(r->answers, i);
	const char *name = json_string_value(json_array_get(answer, 0));
	json_t *args = json_array_get(answer, 1);

	*result = NULL;
	if (name == NULL || !json_is_object(args)) {
		why_set(why, FAIL_TEMP, "%s: the answer is cut off, or no JMAP",
		    method == NULL ? "a call" : method);
		return JMAP_UNSURE;
	}
	if (strcmp(name, "error") == 0)
		return method_error(method == NULL ? "a call" : method,
		    json_string_value(json_object_get(args, "type")), why);
	if (method != NULL && strcmp(name, method) != 0) {
		why_set(
		    why, FAIL_FATAL, "%s: another method was answered", method);
		return JMAP_FAILED;
	}
	*result = args;
	return JMAP_OK;
}

void
jmap_begin(struct jmap_request *r, enum jmap_using using)
{
	static const char *const capabilities[] = { [JMAP_REGISTRY] =
							"\"urn:stalwart:jmap\"",
		[JMAP_SIEVE] = "\"urn:ietf:params:jmap:sieve\","
			       "\"urn:ietf:params:jmap:blob\"",
		[JMAP_DATA] = "\"urn:ietf:params:jmap:mail\","
			      "\"urn:ietf:params:jmap:calendars\","
			      "\"urn:ietf:params:jmap:contacts\","
			      "\"urn:ietf:params:jmap:sieve\","
			      "\"urn:ietf:params:jmap:filenode\"" };

	buf_reset(&r->body);
	buf_addf(&r->body,
	    "{\"using\":[\"urn:ietf:params:jmap:core\",%s],"
	    "\"methodCalls\":[",
	    capabilities[using]);
	r->calls = 0;
}

void
jmap_add(struct jmap_request *r, const char *method, const char *args)
{
	buf_addf(&r->body, "%s[\"%s\",", r->calls == 0 ? "" : ",", method);
	buf_adds(&r->body, args);
	buf_addf(&r->body, ",\"%zu\"]", r->calls);
	r->calls++;
}

enum jmap_status
jmap_call(struct jmap *j, const char *method, const char *args, bool repeat,
    json_t **result, struct why *why)
{
	struct jmap_request r = { .repeat = repeat };
	enum jmap_status status;

	*result = NULL;
	jmap_begin(&r, JMAP_REGISTRY);
	jmap_add(&r, method, args);
	status = jmap_run(j, &r);
	if (status == JMAP_OK)
		status = jmap_answer(&r, 0, method, result, why);
	else
		*why = r.why;
	(void)json_incref(*result);
	jmap_clear(&r);
	return status;
}

/* --- errors of objects --- */

/* Whether text repeats a secret of the object, or a piece of JSON. */
static bool
repeats_secret(const char *text, const json_t *body)
{
	const char *key, *secret;
	json_t *v;

	if (strpbrk(text, "{}$") != NULL || strlen(text) > 200)
		return true;
	json_object_foreach ((json_t *)(uintptr_t)body, key, v) {
		if (strstr(key, "ecret") != NULL &&
		    (secret = json_string_value(v)) != NULL &&
		    *secret != '\0' && strstr(text, secret) != NULL)
			return true;
		if (json_is_object(v) && repeats_secret(text, v))
			return true;
	}
	return false;
}

static const struct set_error {
	const char *type;
	enum fail kind;
	const char *text;
	bool described; /* the description says why */
} set_errors[] = {
	{ "primaryKeyViolation", FAIL_DATA, "the address or name is taken",
	    false },
	{ "invalidForeignKey", FAIL_DATA,
	    "it refers to an object that is not there", false },
	{ "validationFailed", FAIL_DATA, "the server finds it incomplete",
	    false },
	{ "invalidPatch", FAIL_DATA, "the server refuses a member", true },
	{ "invalidProperties", FAIL_DATA, "the server refuses a member", true },
	{ "forbidden", FAIL_DATA, "the account may not do that", true },
	{ "overQuota", FAIL_DATA, "a limit is reached", true },
	{ "objectIsLinked", FAIL_DATA, "other objects refer to it", false },
	{ "notFound", FAIL_DATA, "it is not there", false },
	{ "willDestroy", FAIL_DATA, "it is destroyed in the same call", false },
	{ "singleton", FAIL_DATA, "there is only one of its kind", false },
	{ "alreadyExists", FAIL_DATA, "it exists already", false },
	{ "invalidScript", FAIL_DATA, "the script has an error", true },
	{ "tooLarge", FAIL_DATA, "it is too large", false },
	{ "rateLimit", FAIL_TEMP, "the server asks to wait", false },
	{ "serverFail", FAIL_TEMP, "the server failed", false },
};

static void
add_members(const json_t *error, struct buf *out)
{
	const json_t *properties = json_object_get(error, "properties"),
		     *list = json_object_get(error, "validationErrors"),
		     *object = json_object_get(error, "objectId");
	const char *name = json_string_value(json_object_get(object, "object")),
		   *id = json_string_value(json_object_get(object, "id"));
	json_t *v;
	size_t i;

	json_array_foreach (properties, i, v)
		if (json_is_string(v) && *json_string_value(v) != '\0')
			buf_addf(out, ": %.80s", json_string_value(v));
	json_array_foreach (list, i, v) {
		const char *type =
			       json_string_value(json_object_get(v, "type")),
			   *property = json_string_value(
			       json_object_get(v, "property"));

		if (type != NULL && property != NULL)
			buf_addf(out, ": %.80s: %.40s", property, type);
	}
	if (name != NULL && id != NULL)
		buf_addf(out, " (%.40s %.40s)", name, id);
}

void
jmap_set_error(const json_t *error, const json_t *body, struct why *why)
{
	const char *type = json_string_value(json_object_get(error, "type")),
		   *description =
		       json_string_value(json_object_get(error, "description"));
	const struct set_error *e = NULL;
	struct buf text = { 0 };

	for (size_t i = 0; type != NULL && e == NULL &&
			   i < sizeof set_errors / sizeof *set_errors;
	     i++)
		if (strcmp(set_errors[i].type, type) == 0)
			e = &set_errors[i];
	if (e == NULL) {
		why_set(why, FAIL_DATA,
		    "the server refuses it, with an error that is not known");
		return;
	}
	add_members(error, &text);
	if (e->described && description != NULL &&
	    !repeats_secret(description, body))
		buf_addf(&text, ": %s", description);
	/* The names of members, too, come from the server. */
	if (repeats_secret(buf_str(&text), body))
		buf_reset(&text);
	why_set(why, e->kind, "%s (%s)%s", e->text, e->type, buf_str(&text));
	buf_free(&text);
}
