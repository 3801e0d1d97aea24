/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/* A CalDAV and CardDAV server: where its collections are, what is in them, and
 * putting something new there. */
#ifndef FERRY_DAVCLIENT_H
#define FERRY_DAVCLIENT_H

#include "dav/answer.h"
#include "dav/tree.h"
#include "http/http.h"

struct dav {
	struct http *http;
	char *path;     /* of the URL that was given */
	char *homes[2]; /* by enum dav_kind; NULL: not looked for */
	long budget;    /* seconds that may still be waited for the server */
	size_t requests;
	void (*waiting)(long seconds, const struct why *why); /* may be NULL */
	bool (*stop)(void);                                   /* may be NULL */
};

/* A collection of the server. */
struct dav_place {
	enum dav_kind kind;
	char *href;
	char *
	    name; /* displayname; the last part of the href where it has none */
};

struct dav_places {
	struct dav_place *list;
	size_t n, cap;
};

/* Connects to https://HOST[:PORT][/PATH]. 0, or -1 and why. budget: seconds
 * that may be spent waiting for a server that asks for it. */
int dav_open(struct dav *d, const char *url, const struct http_options *o,
    long budget, struct why *why);
void dav_close(struct dav *d);

/*
 * Finds the home of one kind (RFC 6764: the URL or its well-known place, the
 * principal, its home), and appends the collections in it. FATAL where there is
 * none.
 */
int dav_discover(struct dav *d, enum dav_kind kind, struct dav_places *places,
    struct why *why);
void dav_places_free(struct dav_places *places);

/* Makes a collection (MKCALENDAR, or extended MKCOL of RFC 5689) of that name
 * in the home, with an href that no other has; it is appended. */
int dav_make(struct dav *d, enum dav_kind kind, const char *name,
    struct dav_places *places, struct why *why);

/* Calls for each object of a collection that has a UID. */
int dav_list(struct dav *d, const struct dav_place *place,
    void (*each)(void *arg, const char *uid, const char *href), void *arg,
    struct why *why);

enum dav_put {
	DAV_PUT_FAILED = -1, /* and why */
	DAV_PUT_CREATED,
	DAV_PUT_EXISTS /* the server has the UID in that collection already */
};

/* Puts a new object; never over another. *href is what it is called, for the
 * caller to free. */
enum dav_put dav_put(struct dav *d, const struct dav_place *place,
    const char *uid, const char *data, size_t len, char **href,
    struct why *why);

#endif
