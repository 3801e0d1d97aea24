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
	WAIT_FIRST = 1,
	WAIT_MAX = 60
};

/* --- waiting --- */

static bool
stopped(const struct jmap *j)
{
	return j->stop != NULL && j->stop();
}

bool
jmap_wait(struct jmap *j, long asked, long *last, const struct why *why)
{
	long seconds = asked >= 0 ? asked : *last == 0 ? WAIT_FIRST : *last * 2;
	struct timespec t = { .tv_sec = 0 };

	if (asked < 0 && seconds > WAIT_MAX)
		seconds = WAIT_MAX;
	if (seconds > j->budget || stopped(j))
		return false;
	j->budget -= seconds;
	*last = seconds;
	if (j->waiting != NULL)
		j->waiting(seconds, why);
	/* A little more for many that wait for the same server. */
	t.tv_sec = seconds;
	t.tv_nsec = (long)(random() % 200000000);
	while (nanosleep(&t, &t) == -1 && !stopped(j))
		continue;
	return !stopped(j);
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

/* Sends until there is an answer with a body, or it is given up. */
static enum jmap_status
exchange(struct jmap *j, const char *method, const char *path, const char *body,
    size_t len, bool repeat, struct http_reply *reply, struct why *why)
{
	long last = 0;

	for (;;) {
		enum jmap_status status = JMAP_FAILED;
		bool unsure = false, again = true;

		j->requests++;
		if (http_send(j->http, method, path, "application/json", body,
			len, reply, &unsure, why) == 0) {
			status = judge_status(reply, &again, why);
			if (status == JMAP_OK)
				return JMAP_OK;
		} else if (why->kind == FAIL_FATAL) {
			return JMAP_FAILED;
		} else if (unsure) {
			status = JMAP_UNSURE;
		}
		if (status == JMAP_UNSURE)
			again = repeat;
		if (!again)
			return status;
		if (!jmap_wait(j, reply->retry_after, &last, why))
			return repeat ? JMAP_FAILED : status;
	}
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

static int
read_session(struct jmap *j, const json_t *s, struct why *why)
{
	const json_t *core = json_object_get(
	    json_object_get(s, "capabilities"), "urn:ietf:params:jmap:core");
	const char *user = json_string_value(json_object_get(s, "username"));

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
	struct http_reply reply = { 0 };
	enum jmap_status status;
	int r = -1;

	j->http = http;
	j->budget = budget;
	status =
	    exchange(j, "GET", "/jmap/session", NULL, 0, true, &reply, why);
	if (status == JMAP_OK) {
		r = jmap_read_session(j, &reply.body, why);
	} else if (status != JMAP_FAILED) {
		why->kind = FAIL_FATAL;
	}
	http_reply_free(&reply);
	return r;
}

void
jmap_close(struct jmap *j)
{
	free(j->username);
	free(j->api_path);
	j->username = j->api_path = NULL;
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

enum jmap_status
jmap_judge(
    const char *method, const json_t *answer, json_t **result, struct why *why)
{
	const char *name = json_string_value(json_array_get(answer, 0));
	json_t *args = json_array_get(answer, 1);

	if (name == NULL || !json_is_object(args)) {
		why_set(why, FAIL_TEMP, "%s: the answer is cut off, or no JMAP",
		    method);
		return JMAP_UNSURE;
	}
	if (strcmp(name, "error") == 0)
		return method_error(method,
		    json_string_value(json_object_get(args, "type")), why);
	if (strcmp(name, method) != 0) {
		why_set(
		    why, FAIL_FATAL, "%s: another method was answered", method);
		return JMAP_FAILED;
	}
	*result = json_incref(args);
	return JMAP_OK;
}

enum jmap_status
jmap_read_response(const char *method, const struct buf *body, json_t **result,
    struct why *why)
{
	json_t *root =
	    json_loadb(buf_str(body), body->len, JSON_REJECT_DUPLICATES, NULL);
	enum jmap_status status = jmap_judge(method,
	    json_array_get(json_object_get(root, "methodResponses"), 0), result,
	    why);

	json_decref(root);
	return status;
}

enum jmap_status
jmap_call(struct jmap *j, const char *method, const char *args, bool repeat,
    json_t **result, struct why *why)
{
	struct http_reply reply = { 0 };
	struct buf body = { 0 };
	enum jmap_status status;
	long last = 0;

	*result = NULL;
	buf_addf(&body,
	    "{\"using\":[\"urn:ietf:params:jmap:core\",\"urn:stalwart:jmap\"],"
	    "\"methodCalls\":[[\"%s\",",
	    method);
	buf_adds(&body, args);
	buf_adds(&body, ",\"0\"]]}");
	do {
		status = exchange(j, "POST", j->api_path, body.data, body.len,
		    repeat, &reply, why);
		if (status == JMAP_OK)
			status = jmap_read_response(
			    method, &reply.body, result, why);
	} while (
	    status == JMAP_UNSURE && repeat && jmap_wait(j, -1, &last, why));
	if (status == JMAP_UNSURE && repeat)
		status = JMAP_FAILED;
	buf_wipe(&body);
	http_reply_free(&reply);
	return status;
}

/* The answers of a request with as many calls; NULL and why (TEMP). */
static json_t *
read_answers(const struct buf *body, size_t calls, struct why *why)
{
	json_t *root = json_loadb(
		   buf_str(body), body->len, JSON_REJECT_DUPLICATES, NULL),
	       *answers = json_incref(json_object_get(root, "methodResponses"));

	json_decref(root);
	if (json_array_size(answers) == calls)
		return answers;
	json_decref(answers);
	why_set(why, FAIL_TEMP, "the answer is cut off, or no JMAP");
	return NULL;
}

enum jmap_status
jmap_read(
    struct jmap *j, const json_t *calls, json_t **answers, struct why *why)
{
	struct http_reply reply = { 0 };
	char *text = json_dumps(calls, JSON_COMPACT);
	char *body = xasprintf(
	    "{\"using\":[\"urn:ietf:params:jmap:core\","
	    "\"urn:stalwart:jmap\",\"urn:ietf:params:jmap:mail\","
	    "\"urn:ietf:params:jmap:calendars\","
	    "\"urn:ietf:params:jmap:contacts\",\"urn:ietf:params:jmap:sieve\","
	    "\"urn:ietf:params:jmap:filenode\"],\"methodCalls\":%s}",
	    text);
	enum jmap_status status;
	long last = 0;

	*answers = NULL;
	do {
		status = exchange(j, "POST", j->api_path, body, strlen(body),
		    true, &reply, why);
		if (status == JMAP_OK)
			*answers = read_answers(
			    &reply.body, json_array_size(calls), why);
	} while (status == JMAP_OK && *answers == NULL &&
		 jmap_wait(j, -1, &last, why));
	if (status == JMAP_OK && *answers == NULL)
		status = JMAP_FAILED;
	free(text);
	free(body);
	http_reply_free(&reply);
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
