/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/* The requests that all parts of the client are made of. */
#ifndef FERRY_DAV_DAV_INTERNAL_H
#define FERRY_DAV_DAV_INTERNAL_H

#include <stdbool.h>

#include "core/buf.h"
#include "dav/answer.h"
#include "dav/client.h"

#define DAV_XML_HEAD "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n"
#define DAV_XML_SPACES                                                         \
	" xmlns=\"DAV:\" xmlns:c=\"urn:ietf:params:xml:ns:caldav\""            \
	" xmlns:a=\"urn:ietf:params:xml:ns:carddav\""

enum {
	/* How often another name is tried for one that is taken. */
	DAV_NAMES_MAX = 5,
	DAV_NAME_LENGTH_MAX = 80
};

/*
 * One request, repeated while the server asks to wait. 0 with a reply of any
 * status but 429 and 503, or -1 and why. Sets *unsure if the server may have
 * executed the request although no reply says so.
 */
int dav_exchange(struct dav *d, const struct http_request *r,
    struct http_reply *reply, bool *unsure, struct why *why);

/* Says what a status other than success means for what was asked for; -1. */
int dav_judge(
    const struct http_reply *reply, const char *what, struct why *why);

/* PROPFIND or REPORT. Redirects on the same server are followed, and *path is
 * replaced by where they led. 0, or -1 and why. */
int dav_ask(struct dav *d, const char *method, char **path, const char *depth,
    const char *body, void (*each)(void *, const struct dav_response *),
    void *arg, struct why *why);

/*
 * The path of a URL, for the caller to free; NULL if it has none. For what a
 * server says of its own resources: behind a proxy it may know itself by
 * another scheme, host or port, and whatever it says, requests go to the server
 * that was given. What would end a header or a request line is percent-encoded.
 */
char *dav_path(const char *href);
/* Whether two paths are the same but for what is percent-encoded. */
bool dav_same_path(const char *a, const char *b);

/* What keeps a listing from being whole: what it leaves out is not missing. */
struct dav_listed {
	long cut;  /* a status that says that there are more */
	char *odd; /* the first address that is none */
};

void dav_listed_odd(struct dav_listed *l, const char *href);
/* Of a listing that ended with r: 0, or -1 and why (FATAL). Frees it. */
int dav_listed_end(
    struct dav_listed *l, int r, const char *where, struct why *why);

/* Appends a text as XML. */
void dav_add_escaped(struct buf *out, const char *s);

#endif
