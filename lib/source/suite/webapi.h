/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/* A directory that a web server gives out: what its readers have in common. */
#ifndef FERRY_SOURCE_SUITE_WEBAPI_H
#define FERRY_SOURCE_SUITE_WEBAPI_H

#include "http/http.h"
#include "http/retry.h"
#include "source/emit.h"

struct webapi {
	struct http *http;
	struct http_reply reply; /* the body of the answer that came last */
	bool answered;           /* something was read from it before */
	struct http_retry retry;
	/* "Name: value" of every request, NULL at the end; or NULL */
	const char *const *headers;
};

/*
 * Gets a path, and again where the server asks to wait a little. The body is
 * UTF-8 without a NUL, and may be changed. 0; or -1 and why: TEMP where nothing
 * has been read yet and a later run may find the server, otherwise FATAL, so
 * that a dump that was cut off is not taken for a whole one.
 */
int webapi_get(struct webapi *w, const char *path, struct why *why);

/* Reports the failure of a request. */
void webapi_fail(
    struct webapi *w, struct emit *e, const char *path, const struct why *why);

/* Frees the connection and the answer. */
void webapi_free(struct webapi *w);

#endif
