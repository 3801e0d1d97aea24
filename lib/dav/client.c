/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

#include "dav/client.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "core/alloc.h"
#include "core/base64.h"
#include "core/str.h"
#include "dav/dav-internal.h"
#include "http/curl.h"

enum {
	REDIRECTS_MAX = 5,
	TRIES_MAX = 4
};

/* A header or a path must not hold what ends it. */
static bool
ends_path(char c)
{
	return (unsigned char)c <= 0x20 || c == 0x7f;
}

static bool
is_path(const char *s)
{
	while (*s != '\0' && !ends_path(*s))
		s++;
	return *s == '\0';
}

int
dav_open(struct dav *d, const char *url, const struct http_options *o,
    long budget, struct why *why)
{
	const char *host = strstr(url, "://");
	const char *path = host == NULL ? NULL : strchr(host + 3, '/');
	char *origin =
	    path == NULL ? xstrdup(url) : xmemdup(url, (size_t)(path - url));

	*d = (struct dav){ .retry = {
			       .budget = (double)budget, .tries = TRIES_MAX } };
	d->path = xstrdup(path == NULL ? "/" : path);
	if (curl_check_userinfo(url, why) == -1)
		goto out;
	if (!is_path(d->path))
		(void)why_set(why, FAIL_FATAL, "%s: not a URL", url);
	else
		d->http = http_new(origin, o, why);
out:
	free(origin);
	return d->http == NULL ? -1 : 0;
}

void
dav_close(struct dav *d)
{
	http_free(d->http);
	free(d->path);
	free(d->homes[0]);
	free(d->homes[1]);
	*d = (struct dav){ .http = NULL };
}

/* What is about one resource here, not about the server. */
static const struct http_status own_statuses[] = {
	{ 400, HTTP_REFUSED, FAIL_DATA, "it is not valid to the server" },
	{ 403, HTTP_REFUSED, FAIL_DATA, NULL },
	{ 404, HTTP_REFUSED, FAIL_DATA, "it is not there" },
	{ 405, HTTP_REFUSED, FAIL_DATA, "the server does not do that there" },
	{ 409, HTTP_REFUSED, FAIL_DATA, "it conflicts with what is there" },
	{ 415, HTTP_REFUSED, FAIL_DATA, "the server takes no such objects" },
	{ 422, HTTP_REFUSED, FAIL_DATA, "the server cannot do that with it" },
	/* RFC 4918, 11.3: by another client, for now. */
	{ 423, HTTP_REFUSED, FAIL_TEMP, "it is locked" },
	/* Often it is one object that such a server fails at. */
	{ 500, HTTP_REFUSED, FAIL_TEMP, NULL },
	{ 501, HTTP_REFUSED, FAIL_DATA, NULL },
	{ 502, HTTP_REFUSED, FAIL_TEMP, NULL },
	{ 504, HTTP_REFUSED, FAIL_TEMP, NULL },
	{ 0 },
};

/*
 * One request, repeated while the server asks to wait; each request of ours
 * does no harm when it arrives twice. A reply of any other status is 0. Sets
 * *unsure if the server may have executed a request that got no answer.
 */
int
dav_exchange(struct dav *d, const struct http_request *r,
    struct http_reply *reply, bool *unsure, struct why *why)
{
	int result;

	d->retry.own = own_statuses;
	result = http_exchange(
	    d->http, &d->retry, r, true, reply, unsure, &d->requests, why);
	if (result == 0 && reply->status == 401 && reply->digest) {
		http_use_digest(d->http);
		result = http_exchange(d->http, &d->retry, r, true, reply,
		    unsure, &d->requests, why);
	}
	d->refused = result == 0 && reply->status == 401;
	d->too_large = reply->body.overflow;
	return result;
}

/* What a status other than success means. */
int
dav_judge(const struct http_reply *reply, const char *what, struct why *why)
{
	return http_status_why(own_statuses, reply, what, why);
}

/* A URL taken apart: none of it is copied. */
struct parts {
	const char *scheme, *host, *path; /* scheme: NULL in "//HOST/PATH" */
	size_t scheme_len, host_len;      /* host without user and port */
	long port;                        /* 0: the scheme's */
};

/* False if it does not name a host. */
static bool
split_url(const char *url, struct parts *p)
{
	const char *at = strstr(url, "//"), *end, *user, *colon;

	*p = (struct parts){ .path = "/" };
	if (at == NULL || (at != url && at[-1] != ':'))
		return false;
	if (at != url) {
		p->scheme = url;
		p->scheme_len = (size_t)(at - 1 - url);
	}
	p->host = at + 2;
	end = p->host + strcspn(p->host, "/?#");
	user = memrchr(p->host, '@', (size_t)(end - p->host));
	if (user != NULL)
		p->host = user + 1;
	colon = memrchr(p->host, ':', (size_t)(end - p->host));
	if (colon != NULL &&
	    memchr(colon, ']', (size_t)(end - colon)) == NULL) {
		p->port = strtol(colon + 1, NULL, 10);
		p->host_len = (size_t)(colon - p->host);
	} else {
		p->host_len = (size_t)(end - p->host);
	}
	if (*end == '/')
		p->path = end;
	return p->host_len > 0;
}

static long
port_of(const struct parts *p)
{
	if (p->port != 0)
		return p->port;
	return p->scheme_len == 5 ? 443 : 80; /* https, http */
}

/* Whether a URL is of our server's origin (RFC 6454); the user part, which
 * libcurl puts into the URL of a redirect, does not count. */
static bool
is_ours(const struct dav *d, const struct parts *p)
{
	struct parts base;
	struct parts url = *p;

	if (!split_url(http_base(d->http), &base) || base.scheme == NULL)
		return false;
	if (url.scheme == NULL) {
		url.scheme = base.scheme;
		url.scheme_len = base.scheme_len;
	}
	return url.scheme_len == base.scheme_len &&
	       strncasecmp(url.scheme, base.scheme, base.scheme_len) == 0 &&
	       url.host_len == base.host_len &&
	       strncasecmp(url.host, base.host, base.host_len) == 0 &&
	       port_of(&url) == port_of(&base);
}

/* Where a redirect leads, as a path for the caller to free; NULL if that is
 * another origin. */
static char *
own_path(const struct dav *d, const char *href)
{
	struct parts p;

	if (*href == '/' && href[1] != '/')
		return xstrdup(href);
	return split_url(href, &p) && is_ours(d, &p) ? xstrdup(p.path) : NULL;
}

char *
dav_path(const char *href)
{
	struct parts p = { .path = href };
	struct buf path = { 0 };

	if ((*href != '/' || href[1] == '/') && !split_url(href, &p))
		return NULL;
	for (; *p.path != '\0' && *p.path != '#'; p.path++)
		if (ends_path(*p.path))
			buf_addf(&path, "%%%02X", (unsigned char)*p.path);
		else
			buf_addc(&path, *p.path);
	return path.data;
}

/* The next byte of a path, which moves past it. */
static int
next_byte(const char **s)
{
	int high = **s == '%' ? hex_value((*s)[1]) : -1;
	int low = high == -1 ? -1 : hex_value((*s)[2]);

	if (low == -1)
		return (unsigned char)*(*s)++;
	*s += 3;
	return high << 4 | low;
}

bool
dav_same_path(const char *a, const char *b)
{
	while (*a != '\0' && *b != '\0')
		if (next_byte(&a) != next_byte(&b))
			return false;
	return *a == *b;
}

void
dav_listed_odd(struct dav_listed *l, const char *href)
{
	if (l->odd == NULL)
		l->odd = xstrdup(href);
}

int
dav_listed_end(struct dav_listed *l, int r, const char *where, struct why *why)
{
	if (r == 0 && l->cut != 0)
		r = why_set(why, FAIL_FATAL,
		    "%.200s: the server lists only a part (%ld)", where,
		    l->cut);
	else if (r == 0 && l->odd != NULL)
		r = why_set(why, FAIL_FATAL,
		    "%.200s: the server lists something at an address that "
		    "is none: %.200s",
		    where, l->odd);
	free(l->odd);
	l->odd = NULL;
	return r;
}

/* PROPFIND or REPORT; redirects on the same server are followed, and *path is
 * then the new one. */
int
dav_ask(struct dav *d, const char *method, char **path, const char *depth,
    const char *body, void (*each)(void *, const struct dav_response *),
    void *arg, struct why *why)
{
	const char *headers[] = { depth, NULL };
	struct http_reply reply = { 0 };
	struct http_request r = { .method = method,
		.stoppable = true,
		.headers = headers,
		.content_type = "application/xml; charset=utf-8",
		.body = body,
		.len = strlen(body) };
	bool unsure;
	int result = -1;

	for (int i = 0; i <= REDIRECTS_MAX; i++) {
		char *to;

		r.path = *path;
		if (dav_exchange(d, &r, &reply, &unsure, why) == -1)
			goto out;
		to = reply.location == NULL || reply.status < 300 ||
			     reply.status >= 400
			 ? NULL
			 : own_path(d, reply.location);
		if (to == NULL || !is_path(to)) {
			free(to);
			break;
		}
		free(*path);
		*path = to;
	}
	if (reply.status == 207)
		result = dav_parse(
		    buf_str(&reply.body), reply.body.len, each, arg, NULL, why);
	else
		result = dav_judge(&reply, *path, why);
out:
	http_reply_free(&reply);
	return result;
}

void
dav_add_escaped(struct buf *out, const char *s)
{
	for (; *s != '\0'; s++) {
		if (*s == '&')
			buf_adds(out, "&amp;");
		else if (*s == '<')
			buf_adds(out, "&lt;");
		else if (*s == '>')
			buf_adds(out, "&gt;");
		else if ((unsigned char)*s >= 0x20 || *s == '\t')
			buf_addc(out, *s);
	}
}
