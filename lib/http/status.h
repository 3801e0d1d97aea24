/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/*
 * What the statuses of HTTP mean (RFC 9110, RFC 6585, RFC 4918): the one table
 * of every client, with the words for people. A protocol that gives a status
 * another meaning has a short table of its own, which is looked at first: it has
 * the rows that differ in more than words.
 */
#ifndef FERRY_HTTP_STATUS_H
#define FERRY_HTTP_STATUS_H

#include "core/why.h"
#include "http/http.h"

enum http_meaning {
	HTTP_FINE,      /* done */
	HTTP_ELSEWHERE, /* a redirect */
	HTTP_REFUSED,   /* nothing was done, and the same request fails again */
	HTTP_WAIT,      /* nothing was done: the same request may work later */
	HTTP_BROKEN     /* the server failed, and may have done a part */
};

struct http_status {
	long status; /* 0 ends a table */
	enum http_meaning meaning;
	enum fail kind;
	const char *text; /* one phrase, without the number; NULL in a table of
	                   * one's own: as in the table of all */
};

/* The entry for a status: of own, which may be NULL, or else of the table of
 * all. Never NULL: a status that neither lists is judged by its first digit. */
const struct http_status *http_status_find(
    const struct http_status *own, long status);

/*
 * Sets why to "WHAT: TEXT (STATUS)", with where a redirect leads, and returns
 * -1. what may be NULL. The user part of the redirect's URL is left out. A
 * status that is fine elsewhere, such as 204, is a failure like others: why has
 * always a kind.
 */
int http_status_why(const struct http_status *own,
    const struct http_reply *reply, const char *what, struct why *why);

#endif
