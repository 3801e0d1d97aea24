/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

#include "jmap/client.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"
#include "core/buf.h"
#include "core/str.h"
#include "http/status.h"
#include "jmap/member.h"
#include "jmap/session.h"

/* --- waiting --- */

static bool
stopped(const struct jmap *j)
{
	return j->retry.stop != NULL && j->retry.stop();
}

bool
jmap_again(struct jmap *j, struct jmap_request *r, long asked)
{
	double seconds = http_again(&j->retry, &r->last, asked, &r->why);

	if (seconds < 0)
		return false;
	r->due = http_now() + seconds;
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
	const char *type = jmap_text(j, "type"), *name = jmap_text(j, "limit");

	*limit = '\0';
	if (type != NULL &&
	    strcmp(type, "urn:ietf:params:jmap:error:limit") == 0)
		(void)snprintf(limit, 32, "%.31s", name == NULL ? "?" : name);
	json_decref(j);
}

/* What Stalwart means by a status where HTTP leaves it open. */
static const struct http_status own_statuses[] = {
	{ 400, HTTP_REFUSED, FAIL_DATA, NULL },
	{ 402, HTTP_REFUSED, FAIL_FATAL,
	    "the account wants a second factor: use an app password or an API "
	    "key" },
	{ 0 },
};

/* A limit of the server that a request exceeds (RFC 8620, 3.6.1); JMAP_OK where
 * that is not the problem. */
static enum jmap_status
judge_limit(const struct http_reply *r, bool *again, struct why *why)
{
	char limit[32];

	passed_limit(&r->body, limit);
	if (*limit == '\0')
		return JMAP_OK;
	if (strcmp(limit, "maxConcurrentRequests") == 0) {
		*again = true;
		(void)why_set(
		    why, FAIL_TEMP, "the server has too many requests of ours");
		return JMAP_FAILED;
	}
	(void)why_set(why, FAIL_DATA,
	    "the request exceeds a limit of the server (%s)", limit);
	return JMAP_TOO_LARGE;
}

/* What a status of HTTP means for a request. *again: nothing was done, and it
 * may be sent once more. */
static enum jmap_status
judge_status(const struct http_reply *r, bool *again, struct why *why)
{
	const struct http_status *s = http_status_find(own_statuses, r->status);
	enum jmap_status status = JMAP_OK;

	*again = s->meaning == HTTP_WAIT;
	if (r->status == 200)
		return JMAP_OK;
	if (r->status == 400)
		status = judge_limit(r, again, why);
	if (status != JMAP_OK)
		return status;
	(void)http_status_why(own_statuses, r, NULL, why);
	if (r->status == 413)
		return JMAP_TOO_LARGE;
	return s->meaning == HTTP_BROKEN ? JMAP_UNSURE : JMAP_FAILED;
}

static void
send_request(struct jmap *j, struct jmap_request *r)
{
	struct http_request *q = &r->http.request;

	*q = (struct http_request){
		.method = "GET", .path = r->path, .stoppable = true
	};
	if (r->path == NULL)
		*q = (struct http_request){ .method = "POST",
			.path = j->api_path,
			.content_type = "application/json",
			.body = r->body.data,
			.len = r->body.len,
			.stoppable = r->repeat };
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
judge_reply(struct jmap *j, struct jmap_request *r, bool *again)
{
	const struct http_reply *reply = &r->http.reply;
	enum jmap_status status;

	*again = true;
	if (r->http.result == -1) {
		r->why = r->http.why;
		*again = j->retry.answered && r->why.kind == FAIL_TEMP &&
			 !r->http.unsure;
		if (!j->retry.answered)
			return JMAP_FAILED;
		return r->http.unsure && r->why.kind == FAIL_TEMP ? JMAP_UNSURE
								  : JMAP_FAILED;
	}
	j->retry.answered = true;
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

	r->status = judge_reply(j, r, &again);
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
	double time = http_now();
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

int
jmap_get(struct jmap *j, const char *path, struct buf *body, char **location,
    struct why *why)
{
	struct jmap_request r = { .path = path, .repeat = true };
	int result = -1;

	if (jmap_run(j, &r) == JMAP_OK && location == NULL &&
	    r.http.reply.location != NULL) {
		(void)http_status_why(own_statuses, &r.http.reply, NULL, why);
	} else if (r.status == JMAP_OK) {
		result = 0;
		if (location != NULL && r.http.reply.location != NULL)
			*location = jmap_path_of(r.http.reply.location);
		buf_add(
		    body, buf_str(&r.http.reply.body), r.http.reply.body.len);
	} else {
		*why = r.why;
	}
	jmap_clear(&r);
	return result;
}

/* --- session --- */

int
jmap_open(struct jmap *j, struct http *http, long budget, struct why *why)
{
	struct buf body = { 0 };
	int r;

	j->http = http;
	j->retry.budget = (double)budget;
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
	free(j->download_path);
	j->username = j->account = j->api_path = j->download_path = NULL;
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
		why_set(why, FAIL_TEMP, "the answer is cut off, or not JMAP");
		answers = NULL;
	}
	json_incref(answers);
	json_decref(root);
	return answers;
}

/* Whether an answer to a method of this name has the list that it must have
 * (RFC 8620, 5.1 and 5.5). Without it nothing would seem to be there, and would
 * be created a second time, or passed over. */
static bool
has_list(const char *method, const json_t *args)
{
	const char *verb = strrchr(method, '/');
	bool get = verb != NULL && strcmp(verb, "/get") == 0;
	const json_t *list = json_object_get(args, get ? "list" : "ids"), *v;
	size_t i;

	if (!get && (verb == NULL || strcmp(verb, "/query") != 0))
		return true;
	if (!json_is_array(list))
		return false;
	json_array_foreach (list, i, v)
		if (!json_is_string(get ? json_object_get(v, "id") : v))
			return false;
	return true;
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
		why_set(why, FAIL_TEMP,
		    "%s: the answer is cut off, or not JMAP",
		    method == NULL ? "a call" : method);
		return JMAP_UNSURE;
	}
	if (strcmp(name, "error") == 0)
		return method_error(method == NULL ? "a call" : method,
		    jmap_text(args, "type"), why);
	if (method != NULL && strcmp(name, method) != 0) {
		why_set(
		    why, FAIL_FATAL, "%s: another method was answered", method);
		return JMAP_FAILED;
	}
	if (!has_list(name, args)) {
		why_set(why, FAIL_TEMP, "%s: an answer without its list", name);
		return JMAP_UNSURE;
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
		[JMAP_OWNER] = "\"urn:ietf:params:jmap:mail\","
			       "\"urn:ietf:params:jmap:principals\","
			       "\"urn:ietf:params:jmap:sieve\","
			       "\"urn:ietf:params:jmap:blob\","
			       "\"urn:ietf:params:jmap:vacationresponse\","
			       "\"urn:ietf:params:jmap:submission\","
			       "\"urn:stalwart:jmap\"",
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

void
jmap_add_json(struct jmap_request *r, const char *method, json_t *args)
{
	char *text = json_dumps(args, JSON_COMPACT);

	jmap_add(r, method, text);
	free_secret(text);
	json_decref(args);
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

enum jmap_status
jmap_call_json(struct jmap *j, const char *method, json_t *args, bool repeat,
    json_t **result, struct why *why)
{
	char *text = json_dumps(args, JSON_COMPACT);
	enum jmap_status status =
	    jmap_call(j, method, text, repeat, result, why);

	free_secret(text);
	json_decref(args);
	return status;
}
