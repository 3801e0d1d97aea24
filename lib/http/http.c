/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

#include "http/http.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"
#include "core/str.h"
#include "http/curl.h"

enum {
	BODY_MAX = 64 << 20,
	TOTAL_SECONDS = 120,
	/* Slower than this for so long: it hangs. */
	SLOW_BYTES = 1,
	SLOW_SECONDS = 60
};

struct http {
	CURL *curl;
	char *base;
	struct http_options options;
	bool digest;
	char error[CURL_ERROR_SIZE];
};

static int
check_url(const char *url, const struct http_options *o, struct why *why)
{
	if (curl_check_userinfo(url, why) == -1)
		return -1;
	if (str_starts_nocase(url, "https://") && url[8] != '\0')
		return 0;
	if (!str_starts_nocase(url, "http://") || url[7] == '\0')
		return why_set(why, FAIL_FATAL, "not an https:// URL: %s", url);
	if (!o->insecure_http && !curl_is_loopback(url))
		return why_set(why, FAIL_FATAL,
		    "%s: passwords would go over the network in clear; use "
		    "https (or --insecure-http)",
		    url);
	return 0;
}

static char *
copy(const char *s)
{
	return s == NULL ? NULL : xstrdup(s);
}

struct http *
http_new(const char *url, const struct http_options *o, struct why *why)
{
	struct http *h;
	size_t len = strlen(url);

	if (check_url(url, o, why) == -1 || curl_start(why) == -1)
		return NULL;
	while (len > 0 && url[len - 1] == '/')
		len--;
	h = xcalloc(1, sizeof *h);
	h->base = xmemdup(url, len);
	h->options = *o;
	h->options.user = copy(o->user);
	h->options.password = copy(o->password);
	h->options.token = copy(o->token);
	h->options.cacert = copy(o->cacert);
	h->curl = curl_easy_init();
	if (h->curl == NULL) {
		why_set(why, FAIL_FATAL, "libcurl cannot start");
		http_free(h);
		return NULL;
	}
	return h;
}

void
http_free(struct http *h)
{
	if (h == NULL)
		return;
	curl_easy_cleanup(h->curl);
	free((char *)(uintptr_t)h->options.user);
	free_secret((char *)(uintptr_t)h->options.password);
	free_secret((char *)(uintptr_t)h->options.token);
	free((char *)(uintptr_t)h->options.cacert);
	free(h->base);
	free(h);
}

void
http_login(struct http *h, const char *user, const char *password)
{
	free((char *)(uintptr_t)h->options.user);
	free_secret((char *)(uintptr_t)h->options.password);
	h->options.user = copy(user);
	h->options.password = copy(password);
}

const char *
http_base(const struct http *h)
{
	return h->base;
}

void
http_reply_free(struct http_reply *reply)
{
	buf_wipe(&reply->body);
	free(reply->location);
	reply->location = NULL;
}

void
http_use_digest(struct http *h)
{
	h->digest = true;
}

static size_t
take_body(char *data, size_t size, size_t n, void *arg)
{
	struct buf *b = arg;

	buf_add(b, data, size * n);
	return b->overflow ? 0 : size * n;
}

/* The body of a request, given to libcurl piece by piece. */
struct upload {
	const char *data;
	size_t left;
};

static size_t
give_body(char *to, size_t size, size_t n, void *arg)
{
	struct upload *u = arg;
	size_t len = u->left < size * n ? u->left : size * n;

	if (len != 0)
		memcpy(to, u->data, len);
	u->data += len;
	u->left -= len;
	return len;
}

/* All that is the same for each request. */
static void
set_options(struct http *h, struct http_reply *reply)
{
	const struct http_options *o = &h->options;
	CURL *c = h->curl;

	/* Keeps the connection and its TLS session. */
	curl_easy_reset(c);
	curl_secure(c, "http,https", o->cacert, o->insecure_tls, h->error);
	(void)curl_easy_setopt(c, CURLOPT_FOLLOWLOCATION, 0L);
	(void)curl_easy_setopt(
	    c, CURLOPT_TIMEOUT, o->timeout != 0 ? o->timeout : TOTAL_SECONDS);
	(void)curl_easy_setopt(c, CURLOPT_LOW_SPEED_LIMIT, (long)SLOW_BYTES);
	(void)curl_easy_setopt(c, CURLOPT_LOW_SPEED_TIME, (long)SLOW_SECONDS);
	(void)curl_easy_setopt(c, CURLOPT_ACCEPT_ENCODING, "");
	(void)curl_easy_setopt(c, CURLOPT_USERAGENT, "mailferry");
	(void)curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, take_body);
	(void)curl_easy_setopt(c, CURLOPT_WRITEDATA, &reply->body);
	if (o->token != NULL) {
		(void)curl_easy_setopt(
		    c, CURLOPT_HTTPAUTH, (long)CURLAUTH_BEARER);
		(void)curl_easy_setopt(c, CURLOPT_XOAUTH2_BEARER, o->token);
	} else if (o->user != NULL) {
		(void)curl_easy_setopt(c, CURLOPT_HTTPAUTH,
		    (long)(h->digest ? CURLAUTH_DIGEST : CURLAUTH_BASIC));
		(void)curl_easy_setopt(c, CURLOPT_USERNAME, o->user);
		(void)curl_easy_setopt(c, CURLOPT_PASSWORD,
		    o->password == NULL ? "" : o->password);
	}
}

/* What a failure of libcurl means; unsure as in http_send. */
static int
failure(struct http *h, CURLcode code, bool *unsure, struct why *why)
{
	if (code == CURLE_WRITE_ERROR) {
		*unsure = true;
		return why_set(why, FAIL_FATAL,
		    "an answer of more than %d bytes", BODY_MAX);
	}
	return curl_failure(code, h->error, unsure, why);
}

static long
retry_after(CURL *c)
{
	curl_off_t seconds = 0;

	if (curl_easy_getinfo(c, CURLINFO_RETRY_AFTER, &seconds) != CURLE_OK ||
	    seconds <= 0)
		return -1;
	return (long)seconds;
}

/* What the reply says besides its body. */
static void
take_reply(struct http *h, struct http_reply *reply)
{
	char *location = NULL;
	long offered = 0;

	(void)curl_easy_getinfo(
	    h->curl, CURLINFO_RESPONSE_CODE, &reply->status);
	(void)curl_easy_getinfo(h->curl, CURLINFO_REDIRECT_URL, &location);
	(void)curl_easy_getinfo(h->curl, CURLINFO_HTTPAUTH_AVAIL, &offered);
	reply->retry_after = retry_after(h->curl);
	reply->location = copy(location);
	reply->digest = (offered & (long)CURLAUTH_DIGEST) != 0 &&
			(offered & (long)CURLAUTH_BASIC) == 0;
}

/* The body, and how it is sent. When a kept connection breaks, libcurl sends a
 * body that it has in memory once more by itself, and nobody knows that the
 * server got it twice. One that it cannot rewind it does not. */
static struct curl_slist *
set_body(struct http *h, const struct http_request *r, struct upload *upload,
    struct curl_slist *headers)
{
	char *type = xasprintf("Content-Type: %s", r->content_type);

	headers = curl_slist_append(headers, type);
	/* No "100 Continue" before the body. */
	headers = curl_slist_append(headers, "Expect:");
	free(type);
	(void)curl_easy_setopt(h->curl, CURLOPT_POST, 1L);
	(void)curl_easy_setopt(h->curl, CURLOPT_READFUNCTION, give_body);
	(void)curl_easy_setopt(h->curl, CURLOPT_READDATA, upload);
	(void)curl_easy_setopt(
	    h->curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)r->len);
	return headers;
}

int
http_request(struct http *h, const struct http_request *r,
    struct http_reply *reply, bool *unsure, struct why *why)
{
	struct upload upload = { r->body, r->len };
	struct curl_slist *headers = NULL;
	char *url = xasprintf("%s%s", h->base, r->path);
	CURLcode code;

	*unsure = false;
	reply->status = 0;
	reply->retry_after = -1;
	reply->body.max = BODY_MAX;
	buf_reset(&reply->body);
	free(reply->location);
	reply->location = NULL;
	reply->digest = false;
	*h->error = '\0';
	set_options(h, reply);
	(void)curl_easy_setopt(h->curl, CURLOPT_URL, url);
	(void)curl_easy_setopt(h->curl, CURLOPT_CUSTOMREQUEST, r->method);
	for (size_t i = 0; r->headers != NULL && r->headers[i] != NULL; i++)
		headers = curl_slist_append(headers, r->headers[i]);
	if (r->body != NULL)
		headers = set_body(h, r, &upload, headers);
	(void)curl_easy_setopt(h->curl, CURLOPT_HTTPHEADER, headers);
	code = curl_easy_perform(h->curl);
	curl_slist_free_all(headers);
	free(url);
	if (code != CURLE_OK)
		return failure(h, code, unsure, why);
	take_reply(h, reply);
	return 0;
}

int
http_send(struct http *h, const char *method, const char *path,
    const char *content_type, const char *body, size_t len,
    struct http_reply *reply, bool *unsure, struct why *why)
{
	struct http_request r = { .method = method,
		.path = path,
		.content_type = content_type,
		.body = body,
		.len = len };

	return http_request(h, &r, reply, unsure, why);
}
