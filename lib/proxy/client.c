/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

#include "proxy/client.h"

#include <string.h>

#include "core/json.h"
#include "core/mask.h"
#include "core/num.h"
#include "core/str.h"

enum {
	TRIES = 4
};

/* Seconds in all for a connection that breaks: the proxy is on the same host or
 * network, and comes back at once or not at all. */
static const double BUDGET = 5;

void
proxy_close(struct proxy *p)
{
	http_free(p->http);
	http_reply_free(&p->reply);
	buf_free(&p->path);
	*p = (struct proxy){ 0 };
}

void
route_free(struct route *r)
{
	buf_free(&r->destination);
	buf_free(&r->normalized);
}

/* The white space at which the proxy divides a line of its file: Unicode's. */
static bool
is_space(const char *s)
{
	static const char *const spaces[] = { "\xc2\x85", "\xc2\xa0",
		"\xe1\x9a\x80", "\xe2\x80\xa8", "\xe2\x80\xa9", "\xe2\x80\xaf",
		"\xe2\x81\x9f", "\xe3\x80\x80" };

	if (str_starts(s, "\xe2\x80") && (unsigned char)s[2] <= 0x8a)
		return s[2] != '\0';
	for (size_t i = 0; i < sizeof spaces / sizeof *spaces; i++)
		if (str_starts(s, spaces[i]))
			return true;
	return *s == ' ';
}

int
identifier_check(const char *identifier, struct why *why)
{
	if (*identifier == '\0')
		return why_set(
		    why, FAIL_DATA, "a login or destination must not be empty");
	if (*identifier == '#')
		return why_set(why, FAIL_DATA,
		    "an identifier with a leading #: the proxy's mapping file "
		    "would hold it as a comment");
	for (const char *s = identifier; *s != '\0'; s++) {
		if ((unsigned char)*s < ' ' || *s == 0x7f)
			return why_set(why, FAIL_DATA,
			    "an identifier with control characters");
		if (is_space(s))
			return why_set(why, FAIL_DATA,
			    "an identifier with white space: the proxy could "
			    "not load its mapping file again");
	}
	return 0;
}

/* --- requests --- */

static void
start_path(struct proxy *p, const char *path, const char *identifier)
{
	buf_reset(&p->path);
	buf_adds(&p->path, path);
	if (identifier != NULL) {
		buf_adds(&p->path, "?identifier=");
		str_percent(&p->path, identifier);
	}
}

/* The first line of the answer, cut short. */
static const char *
answer_text(struct proxy *p)
{
	struct buf *b = &p->reply.body;

	if (b->data == NULL)
		return "";
	b->data[strcspn(b->data, "\r\n")] = '\0';
	b->len = strlen(b->data);
	if (b->len > 200)
		b->len = 200;
	b->data[b->len] = '\0';
	return b->data;
}

/* What the proxy means by a status. It answers 429 to an address that sent
 * wrong tokens; waiting a little does not help. */
static const struct http_status own_statuses[] = {
	{ 401, HTTP_REFUSED, FAIL_FATAL,
	    "the proxy does not accept the token; stopped, because more "
	    "failures would lock this address out" },
	{ 429, HTTP_REFUSED, FAIL_TEMP,
	    "the proxy has locked this address out after wrong tokens: wait "
	    "lockout_duration, 5 minutes by default" },
	{ 500, HTTP_REFUSED, FAIL_TEMP, NULL },
	{ 503, HTTP_REFUSED, FAIL_TEMP, "the proxy failed" },
	{ 501, HTTP_REFUSED, FAIL_FATAL,
	    "the proxy's mapping store is read-only: configure its upsert and "
	    "delete queries, or write the mappings where they are kept" },
	{ 0 },
};

/* Adds what the proxy says of itself. */
static int
status_error(struct proxy *p, struct why *why)
{
	struct why w = { 0 };
	const char *text;

	mask_said(p->reply.body.data);
	text = answer_text(p);
	(void)http_status_why(own_statuses, &p->reply, NULL, &w);
	return why_set(
	    why, w.kind, "%s%s%s", w.text, *text == '\0' ? "" : ": ", text);
}

/* Sends what p->path says. */
static int
call(struct proxy *p, const char *method, struct why *why)
{
	const struct http_request r = { .method = method,
		.path = buf_str(&p->path),
		.stoppable = p->stoppable };
	bool unsure;

	if (p->retry.own == NULL)
		p->retry = (struct http_retry){
			.budget = BUDGET, .tries = TRIES, .own = own_statuses
		};
	if (http_exchange(p->http, &p->retry, &r, true, &p->reply, &unsure,
		NULL, why) == -1)
		return -1;
	return p->reply.status == 200 ? 0 : status_error(p, why);
}

/* --- answers --- */

static int
not_understood(struct why *why)
{
	return why_set(why, FAIL_FATAL,
	    "an answer that is not the proxy's: not the JSON it should be");
}

/* The body as JSON; false where it cannot be. */
static bool
json_body(struct proxy *p, struct json_reader *jr)
{
	struct buf *b = &p->reply.body;

	if (b->len == 0 || !utf8_text(b->data, b->len))
		return false;
	jr_init(jr, b->data);
	return jr_enter(jr, '{');
}

int
proxy_get(
    struct proxy *p, const char *identifier, struct route *r, struct why *why)
{
	struct json_reader jr;
	char *name, *value;

	buf_reset(&r->destination);
	buf_reset(&r->normalized);
	r->is_default = false;
	start_path(p, "/mappings", identifier);
	if (call(p, "GET", why) == -1)
		return -1;
	if (!json_body(p, &jr))
		return not_understood(why);
	while (jr_member(&jr, &name)) {
		if (strcmp(name, "destination") == 0) {
			if (jr_string(&jr, &value))
				buf_adds(&r->destination, value);
		} else if (strcmp(name, "normalized") == 0) {
			if (jr_string(&jr, &value))
				buf_adds(&r->normalized, value);
		} else if (strcmp(name, "routed_to_default") == 0) {
			(void)jr_bool(&jr, &r->is_default);
		} else {
			(void)jr_skip(&jr);
		}
	}
	if (!jr_done(&jr) || r->destination.len == 0)
		return not_understood(why);
	return 0;
}

int
proxy_put(struct proxy *p, const char *identifier, const char *destination,
    struct why *why)
{
	start_path(p, "/mappings", identifier);
	buf_adds(&p->path, "&destination=");
	str_percent(&p->path, destination);
	return call(p, "PUT", why);
}

int
proxy_delete(struct proxy *p, const char *identifier, struct why *why)
{
	start_path(p, "/mappings", identifier);
	return call(p, "DELETE", why);
}

int
proxy_kick(
    struct proxy *p, const char *identifier, int64_t *kicked, struct why *why)
{
	const char *text;

	start_path(p, "/connections/kick", identifier);
	if (call(p, "POST", why) == -1)
		return -1;
	text = answer_text(p);
	if (!str_starts(text, "kicked ") ||
	    !parse_num(text + strlen("kicked "), 0, INT64_MAX, kicked, NULL))
		return why_set(why, FAIL_FATAL,
		    "an answer that is not the proxy's: no \"kicked N\"");
	return 0;
}

int
proxy_delay(
    struct proxy *p, const char *identifier, int64_t seconds, struct why *why)
{
	start_path(p, "/connections/delay", identifier);
	buf_addf(&p->path, "&seconds=%lld", (long long)seconds);
	return call(p, "POST", why);
}

int
proxy_reload(struct proxy *p, bool *refused, struct why *why)
{
	int r;

	start_path(p, "/mappings/reload", NULL);
	*refused = false;
	/* It may take long, and bulk_set undoes what it was for. */
	p->stoppable = true;
	r = call(p, "POST", why);
	p->stoppable = false;
	if (r == 0)
		return 0;
	*refused = p->reply.status == 500;
	return -1;
}

int
proxy_invalidate(struct proxy *p, struct why *why)
{
	start_path(p, "/cache/invalidate", NULL);
	return call(p, "POST", why);
}

/* One of the destinations: its name is added to names. */
static bool
destination_is(
    struct json_reader *jr, const char *destination, struct buf *names)
{
	bool same = false;
	char *name, *value;

	if (!jr_enter(jr, '{'))
		return false;
	while (jr_member(jr, &name)) {
		if (strcmp(name, "destination") != 0) {
			(void)jr_skip(jr);
		} else if (jr_string(jr, &value)) {
			same = strcmp(value, destination) == 0;
			buf_addf(
			    names, "%s%s", names->len != 0 ? ", " : "", value);
		}
	}
	return same;
}

int
proxy_destination(struct proxy *p, const char *destination, struct why *why)
{
	struct buf names = { 0 };
	struct json_reader jr;
	bool found = false;
	char *name;
	int r = 0;

	start_path(p, "/destinations", NULL);
	if (call(p, "GET", why) == -1)
		return -1;
	if (!json_body(p, &jr))
		return not_understood(why);
	while (jr_member(&jr, &name)) {
		if (strcmp(name, "destinations") != 0)
			(void)jr_skip(&jr);
		else if (jr_enter(&jr, '['))
			while (jr_element(&jr))
				if (destination_is(&jr, destination, &names))
					found = true;
	}
	if (!jr_done(&jr))
		r = not_understood(why);
	else if (!found)
		r = why_set(why, FAIL_FATAL,
		    "the proxy has no destination %s; it has: %s", destination,
		    names.len != 0 ? names.data : "none");
	buf_free(&names);
	return r;
}

int
proxy_lowers(struct proxy *p, bool *lowers, struct why *why)
{
	static const char name[] = "Case@Normalize.Example";
	struct route r = { 0 };
	int status = proxy_get(p, name, &r, why);

	if (status == 0)
		*lowers = strcmp(buf_str(&r.normalized), name) != 0;
	route_free(&r);
	return status;
}
