/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

#include "http/http.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"
#include "core/base64.h"
#include "core/mask.h"
#include "core/str.h"
#include "http/curl.h"

enum {
	BODY_MAX = 64 << 20,
	TOTAL_SECONDS = 120,
	/* Slower than this for so long: it hangs. */
	SLOW_BYTES = 1,
	SLOW_SECONDS = 60
};

/* The body of a request, given to libcurl piece by piece. */
struct upload {
	const char *data;
	size_t left;
};

/* What libcurl needs for one request while it is under way. */
struct http_transfer {
	CURL *curl;
	struct upload upload;
	struct curl_slist *headers;
	char *url;
	char error[CURL_ERROR_SIZE];
	bool switched; /* the server wants to speak something else */
	struct http_transfer *next; /* among those that are not in use */
};

struct http {
	struct http_transfer one; /* for http_request */
	CURLM *multi;             /* for http_start */
	struct http_transfer *idle;
	struct http_call *failed; /* that could not be started */
	char *base;
	struct http_options options;
	bool digest;
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

/* A line break would end the header that the text goes into. */
static int
check_secret(const char *what, const char *s, struct why *why)
{
	for (; s != NULL && *s != '\0'; s++)
		if ((unsigned char)*s < ' ' || *s == 0x7f)
			return why_set(why, FAIL_FATAL,
			    "the %s holds a line break or another control "
			    "character",
			    what);
	return 0;
}

/* Checks what the server is told of us, and keeps it out of all messages. */
static int
check_login(
    const char *user, const char *password, const char *token, struct why *why)
{
	struct buf coded = { 0 };
	char *pair;

	if (check_secret("user name", user, why) == -1 ||
	    check_secret("password", password, why) == -1 ||
	    check_secret("token", token, why) == -1)
		return -1;
	mask_add(password);
	mask_add(token);
	if (user == NULL || password == NULL)
		return 0;
	pair = xasprintf("%s:%s", user, password);
	base64_encode(pair, strlen(pair), true, &coded);
	mask_add(buf_str(&coded));
	free_secret(pair);
	buf_wipe(&coded);
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

	if (check_url(url, o, why) == -1 ||
	    check_login(o->user, o->password, o->token, why) == -1 ||
	    curl_start(why) == -1)
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
	h->one.curl = curl_easy_init();
	h->multi = curl_multi_init();
	if (h->one.curl == NULL || h->multi == NULL) {
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
	while (h->idle != NULL) {
		struct http_transfer *t = h->idle;

		h->idle = t->next;
		curl_easy_cleanup(t->curl);
		free(t);
	}
	(void)curl_multi_cleanup(h->multi);
	curl_easy_cleanup(h->one.curl);
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

/* libcurl would wait for a body after "101 Switching Protocols", for which
 * nobody asked (RFC 9110, 15.2.2). */
static size_t
take_head(char *line, size_t size, size_t n, void *arg)
{
	struct http_transfer *t = arg;
	size_t len = size * n;
	const char *status = memchr(line, ' ', len);

	t->switched = status != NULL && line + len - status > 4 &&
		      memcmp(line, "HTTP/", 5) == 0 &&
		      memcmp(status, " 101", 4) == 0;
	return t->switched ? 0 : len;
}

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
set_options(struct http *h, struct http_transfer *t, struct http_reply *reply)
{
	const struct http_options *o = &h->options;
	CURL *c = t->curl;

	/* Keeps the connection and its TLS session. */
	curl_easy_reset(c);
	curl_secure(c, "http,https", o->cacert, o->insecure_tls, t->error);
	(void)curl_easy_setopt(c, CURLOPT_FOLLOWLOCATION, 0L);
	(void)curl_easy_setopt(
	    c, CURLOPT_TIMEOUT, o->timeout != 0 ? o->timeout : TOTAL_SECONDS);
	(void)curl_easy_setopt(c, CURLOPT_LOW_SPEED_LIMIT, (long)SLOW_BYTES);
	(void)curl_easy_setopt(c, CURLOPT_LOW_SPEED_TIME, (long)SLOW_SECONDS);
	(void)curl_easy_setopt(c, CURLOPT_ACCEPT_ENCODING, "");
	(void)curl_easy_setopt(c, CURLOPT_USERAGENT, "mailferry");
	(void)curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, take_body);
	(void)curl_easy_setopt(c, CURLOPT_WRITEDATA, &reply->body);
	(void)curl_easy_setopt(c, CURLOPT_HEADERFUNCTION, take_head);
	(void)curl_easy_setopt(c, CURLOPT_HEADERDATA, t);
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
failure(
    const struct http_transfer *t, CURLcode code, bool *unsure, struct why *why)
{
	switch (code) {
	case CURLE_WRITE_ERROR:
		*unsure = true;
		if (t->switched)
			return why_set(why, FAIL_FATAL,
			    "the server changes to another protocol (101), "
			    "which nobody asked for: check the URL");
		return why_set(why, FAIL_FATAL,
		    "an answer of more than %d bytes", BODY_MAX);
#if LIBCURL_VERSION_NUM >= 0x080600
	case CURLE_TOO_LARGE:
#endif
	case CURLE_OUT_OF_MEMORY: /* also, before 8.6, what is too large */
		*unsure = true;
		return why_set(why, FAIL_TEMP,
		    "the head of the answer has no end, or there is no memory "
		    "for it");
	case CURLE_SEND_FAIL_REWIND:
		*unsure = true;
		return why_set(why, FAIL_TEMP,
		    "the server closed the connection before it answered");
	default:
		return curl_failure(code, t->error, unsure, why);
	}
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
take_reply(CURL *c, struct http_reply *reply)
{
	char *location = NULL;
	long offered = 0;

	(void)curl_easy_getinfo(c, CURLINFO_RESPONSE_CODE, &reply->status);
	(void)curl_easy_getinfo(c, CURLINFO_REDIRECT_URL, &location);
	(void)curl_easy_getinfo(c, CURLINFO_HTTPAUTH_AVAIL, &offered);
	reply->retry_after = retry_after(c);
	reply->location = copy(location);
	reply->digest = (offered & (long)CURLAUTH_DIGEST) != 0 &&
			(offered & (long)CURLAUTH_BASIC) == 0;
}

/* The body, and how it is sent. libcurl silently resends a body that it has in
 * memory when a kept connection breaks, so the server may get it twice. A read
 * callback without a seek callback prevents that (CURLE_SEND_FAIL_REWIND). */
static void
set_body(struct http_transfer *t, const struct http_request *r)
{
	char *type = xasprintf("Content-Type: %s", r->content_type);

	t->headers = curl_slist_append(t->headers, type);
	/* No "100 Continue" before the body. */
	t->headers = curl_slist_append(t->headers, "Expect:");
	free(type);
	t->upload = (struct upload){ r->body, r->len };
	(void)curl_easy_setopt(t->curl, CURLOPT_POST, 1L);
	(void)curl_easy_setopt(t->curl, CURLOPT_READFUNCTION, give_body);
	(void)curl_easy_setopt(t->curl, CURLOPT_READDATA, &t->upload);
	(void)curl_easy_setopt(
	    t->curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)r->len);
}

/* Makes a transfer ready to go. */
static void
prepare(struct http *h, struct http_transfer *t, const struct http_request *r,
    struct http_reply *reply)
{
	reply->status = 0;
	reply->retry_after = -1;
	reply->body.max = BODY_MAX;
	buf_reset(&reply->body);
	free(reply->location);
	reply->location = NULL;
	reply->digest = false;
	*t->error = '\0';
	t->switched = false;
	t->url = xasprintf("%s%s", h->base, r->path);
	t->headers = NULL;
	set_options(h, t, reply);
	(void)curl_easy_setopt(t->curl, CURLOPT_URL, t->url);
	(void)curl_easy_setopt(t->curl, CURLOPT_CUSTOMREQUEST, r->method);
	if (r->stoppable)
		curl_stoppable(t->curl, &h->options.stop);
	for (size_t i = 0; r->headers != NULL && r->headers[i] != NULL; i++)
		t->headers = curl_slist_append(t->headers, r->headers[i]);
	if (r->body != NULL)
		set_body(t, r);
	(void)curl_easy_setopt(t->curl, CURLOPT_HTTPHEADER, t->headers);
}

/* What came of a transfer; as http_request returns. */
static int
settle(struct http_transfer *t, CURLcode code, struct http_reply *reply,
    bool *unsure, struct why *why)
{
	curl_slist_free_all(t->headers);
	free(t->url);
	*unsure = false;
	if (code != CURLE_OK)
		return failure(t, code, unsure, why);
	take_reply(t->curl, reply);
	return 0;
}

/* A handle that failed is not used again: curl_easy_reset leaves some of what
 * it was doing, and libcurl 8.14 then fails every request after one whose body
 * it could not rewind. */
static void
discard(struct http_transfer *t)
{
	curl_easy_cleanup(t->curl);
	t->curl = NULL;
}

int
http_request(struct http *h, const struct http_request *r,
    struct http_reply *reply, bool *unsure, struct why *why)
{
	CURLcode code;
	int result;

	if (h->one.curl == NULL)
		h->one.curl = curl_easy_init();
	if (h->one.curl == NULL) {
		*unsure = false;
		return why_set(why, FAIL_TEMP, "libcurl has no more room");
	}
	prepare(h, &h->one, r, reply);
	code = curl_easy_perform(h->one.curl);
	result = settle(&h->one, code, reply, unsure, why);
	if (code != CURLE_OK)
		discard(&h->one);
	return result;
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

/* --- several at a time --- */

/* A transfer that is not in use; NULL when libcurl makes no more. */
static struct http_transfer *
idle_transfer(struct http *h)
{
	struct http_transfer *t = h->idle;

	if (t != NULL) {
		h->idle = t->next;
		return t;
	}
	t = xcalloc(1, sizeof *t);
	t->curl = curl_easy_init();
	if (t->curl == NULL) {
		free(t);
		return NULL;
	}
	return t;
}

void
http_start(struct http *h, struct http_call *c)
{
	c->transfer = idle_transfer(h);
	if (c->transfer == NULL) {
		c->unsure = false;
		c->result =
		    why_set(&c->why, FAIL_TEMP, "libcurl has no more room");
		c->next = h->failed;
		h->failed = c;
		return;
	}
	prepare(h, c->transfer, &c->request, &c->reply);
	(void)curl_easy_setopt(c->transfer->curl, CURLOPT_PRIVATE, c);
	(void)curl_multi_add_handle(h->multi, c->transfer->curl);
}

/* The call of a transfer that libcurl says is done. */
static struct http_call *
take_done(struct http *h)
{
	struct http_transfer *t;
	struct http_call *c = NULL;
	CURLMsg *m;
	CURLcode code;
	int left;

	do
		m = curl_multi_info_read(h->multi, &left);
	while (m != NULL && m->msg != CURLMSG_DONE);
	if (m == NULL)
		return NULL;
	code = m->data.result;
	(void)curl_easy_getinfo(m->easy_handle, CURLINFO_PRIVATE, (char **)&c);
	t = c->transfer;
	(void)curl_multi_remove_handle(h->multi, t->curl);
	c->result = settle(t, code, &c->reply, &c->unsure, &c->why);
	c->transfer = NULL;
	if (code != CURLE_OK) {
		discard(t);
		free(t);
	} else {
		t->next = h->idle;
		h->idle = t;
	}
	return c;
}

struct http_call *
http_next(struct http *h, long ms)
{
	struct http_call *c = NULL;
	int running = 0;

	if (h->failed != NULL) {
		c = h->failed;
		h->failed = c->next;
		return c;
	}
	for (int i = 0; i < 2 && c == NULL; i++) {
		if (i != 0)
			(void)curl_multi_poll(h->multi, NULL, 0, (int)ms, NULL);
		(void)curl_multi_perform(h->multi, &running);
		c = take_done(h);
	}
	return c;
}
