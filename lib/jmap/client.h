/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/*
 * JMAP (RFC 8620) with a Stalwart server: the session and its limits, method
 * calls with retries, and what the server's errors mean.
 */
#ifndef FERRY_JMAP_CLIENT_H
#define FERRY_JMAP_CLIENT_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "core/why.h"
#include "http/http.h"
#include "http/retry.h"

/* What became of a request, or of a call in it. */
enum jmap_status {
	JMAP_OK,
	/* The request was too large: send less. */
	JMAP_TOO_LARGE,
	/* The server may have done it, nobody knows: ask, then decide. */
	JMAP_UNSURE,
	/* The server failed in the middle: a part may be done, and it may fail
	 * at the same place again. */
	JMAP_BROKEN,
	/* why says it; TEMP when the budget for retries is spent. */
	JMAP_FAILED
};

/*
 * A request of one or more method calls, or a GET. The storage is the caller's;
 * the zero value is ready for jmap_begin. It stays where it is from jmap_start
 * until jmap_next has returned it.
 */
struct jmap_request {
	struct buf body;
	size_t calls;
	/* Reads: any failure that may pass is tried again within the budget.
	 * Otherwise only one that happened before the server could act. */
	bool repeat;
	enum jmap_status status;
	json_t *answers; /* of JMAP_OK: the methodResponses */
	struct why why;
	void *arg; /* the caller's */
	/* Private. */
	const char *path; /* of a GET */
	struct http_call http;
	double last; /* seconds of the last wait */
	double due;  /* when it is sent again */
	struct jmap_request *next;
};

struct jmap {
	struct http *http; /* borrowed */
	char *username;
	char *account; /* our own account's id; NULL: none */
	char *api_path;
	char *download_path; /* a template; NULL: none */
	size_t max_set;
	size_t max_get;
	size_t max_size; /* bytes of a request */
	size_t max_calls;
	size_t max_concurrent; /* requests at a time */
	struct http_retry
	    retry; /* its waiting and stop are the caller's to set */
	size_t requests;
	/* Private. */
	size_t in_flight;
	struct jmap_request *delayed, *done;
};

/*
 * Gets the session. budget: the seconds in all that may be spent on waiting for
 * the server (429, 503, no connection). A wrong password is tried once: the
 * server blocks an address after a hundred. 0, or -1 and why.
 */
int jmap_open(struct jmap *j, struct http *http, long budget, struct why *why);
void jmap_close(struct jmap *j);

/* Whose methods a request calls. */
enum jmap_using {
	JMAP_REGISTRY, /* x: methods */
	JMAP_SIEVE,    /* an account's scripts and blobs */
	JMAP_OWNER,    /* scripts, vacation, identities, app passwords */
	JMAP_DATA      /* all that an account holds */
};

/* Empties the request, for method calls. */
void jmap_begin(struct jmap_request *r, enum jmap_using using);
/* Adds a call; args is the JSON text of its arguments. It is call number 0, 1,
 * ..., and "0", "1", ... is its id. */
void jmap_add(struct jmap_request *r, const char *method, const char *args);
/* The same with arguments as a tree, which is taken. */
void jmap_add_json(struct jmap_request *r, const char *method, json_t *args);
/* Sends it; and again, after a wait (asked seconds, or where that is -1 twice
 * as long as the last time). jmap_again is false, and does nothing, when the
 * wait is more than is left of the budget, or when it is stopped. */
void jmap_start(struct jmap *j, struct jmap_request *r);
bool jmap_again(struct jmap *j, struct jmap_request *r, long asked);
/* A request that is done; waits for one if it must, and is NULL if none is
 * under way. */
struct jmap_request *jmap_next(struct jmap *j, bool wait);
/* The arguments of the answer to call number i, borrowed from the request; or
 * NULL and why. */
enum jmap_status jmap_answer(const struct jmap_request *r, size_t i,
    const char *method, json_t **result, struct why *why);
/* Gives the storage back, overwritten. */
void jmap_clear(struct jmap_request *r);

/* Sends a request and waits for it. Others may be under way: they are returned
 * by jmap_next. */
enum jmap_status jmap_run(struct jmap *j, struct jmap_request *r);
/* One method call. *result is new. */
enum jmap_status jmap_call(struct jmap *j, const char *method, const char *args,
    bool repeat, json_t **result, struct why *why);
/* The same with arguments as a tree, which is taken. */
enum jmap_status jmap_call_json(struct jmap *j, const char *method,
    json_t *args, bool repeat, json_t **result, struct why *why);
/* GET of a path: 0 and the body of the reply, or the path that it leads to (new)
 * when it is a redirect; -1 and why. location may be NULL. */
int jmap_get(struct jmap *j, const char *path, struct buf *body,
    char **location, struct why *why);

/* The answers to the calls of a request, from bytes of any origin; new, or NULL
 * and why. */
json_t *jmap_read_answers(const struct buf *body, struct why *why);

#endif
