/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/*
 * HTTP to one server, by libcurl: the only place that talks to the network over
 * it. TLS is verified, redirects are not followed, .netrc is not read, sizes
 * and times have limits.
 */
#ifndef FERRY_HTTP_HTTP_H
#define FERRY_HTTP_HTTP_H

#include <stdbool.h>
#include <stddef.h>

#include "core/buf.h"
#include "core/why.h"

struct http_options {
	const char *user; /* with password: Basic */
	const char *password;
	const char *token;  /* Bearer, instead of them */
	const char *cacert; /* PEM file; NULL: the system's */
	bool insecure_tls;  /* certificates are not checked (-k) */
	bool insecure_http; /* http to others than loopback */
	long timeout;       /* seconds for a whole request; 0: 120 */
	/* True ends requests that are stoppable (SIGINT); may be NULL. */
	bool (*stop)(void);
};

struct http_reply {
	long status;
	struct buf body;  /* at most 64 MiB */
	long retry_after; /* seconds; -1: the server does not say */
	char *location;   /* where a redirect leads, a whole URL; or NULL */
	bool digest;      /* a 401 that offers Digest, and not Basic */
};

struct http_request {
	const char *method;
	const char *path; /* begins with "/" */
	const char *const
	    *headers; /* "Name: value", NULL at the end; or NULL */
	const char *content_type;
	const char *body; /* may be NULL */
	size_t len;
	bool stoppable; /* nothing is lost if its answer is not waited for */
};

struct http;

/* One of several requests that are under way at a time. */
struct http_call {
	struct http_request request;
	struct http_reply reply;
	int result;  /* 0 or -1, as http_request returns */
	bool unsure; /* as of http_request */
	struct why why;
	void *arg; /* the caller's */
	/* Private. */
	struct http_transfer *transfer;
	struct http_call *next;
};

/*
 * A connection to a server, "https://HOST[:PORT][/PATH]"; a "/" at the end does
 * not count. Plain http is only for loopback, unless insecure_http. Everything
 * is copied. NULL and why (FATAL).
 */
struct http *http_new(
    const char *url, const struct http_options *options, struct why *why);
/* NULL is fine. Credentials are overwritten. */
void http_free(struct http *h);

/* Goes on as somebody else; both are copied. */
void http_login(struct http *h, const char *user, const char *password);

/* The URL without the "/" at its end; owned by h. */
const char *http_base(const struct http *h);

/*
 * One request; path begins with "/". body may be NULL. The reply's body is
 * replaced; free it with http_reply_free. 0 for any HTTP status. -1 and why:
 * FATAL for TLS that cannot be trusted and for what is wrong with the URL, TEMP
 * for the rest. *unsure is set when the server may have got the request, and
 * nobody knows what it did (reset, timeout).
 */
int http_send(struct http *h, const char *method, const char *path,
    const char *content_type, const char *body, size_t len,
    struct http_reply *reply, bool *unsure, struct why *why);
/* The same, with headers. */
int http_request(struct http *h, const struct http_request *request,
    struct http_reply *reply, bool *unsure, struct why *why);
/*
 * Starts a request. The call, and the texts of its request, must stay where
 * they are until http_next has returned it. Its reply is replaced, and is the
 * caller's to free.
 */
void http_start(struct http *h, struct http_call *c);
/* A request that is done, waiting for one at most ms milliseconds; NULL if none
 * is. */
struct http_call *http_next(struct http *h, long ms);
/* The password goes as Digest (RFC 7616) from here on. */
void http_use_digest(struct http *h);
/* The body is overwritten. */
void http_reply_free(struct http_reply *reply);

#endif
