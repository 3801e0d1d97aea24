/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/*
 * The HTTP side of a stand-in: a listener on loopback, one thread a connection,
 * a log of requests, and faults on demand. What a stand-in answers is its own
 * affair.
 */
#ifndef STANDIN_HTTP_H
#define STANDIN_HTTP_H

#include <stdbool.h>
#include <stddef.h>

#include "core/buf.h"

struct request {
	const char *method;
	const char *path;         /* decoded, without the query */
	const char *uri;          /* as it was sent, query included */
	const char *content_type; /* NULL: none */
	const char *authorization;
	const char *remote;
	char *body; /* NUL-terminated; never NULL */
	size_t len;
	char user[256]; /* of Basic authorization; "" where there is none */
	char password[512];
	void *connection; /* for http_header */
};

struct reply {
	int status;       /* 0: no answer, the connection is closed */
	const char *type; /* Content-Type; NULL: none */
	struct buf body;
	char location[256];
	char header_name[64]; /* one header more */
	char header_value[128];
};

/*
 * What may go wrong on demand: "WHEN:WHAT[:ARG]", WHEN the number of the
 * request that counts (see http_server.counted), from 1, or "*" for all of them.
 *	429[:SECONDS]		that status, with Retry-After
 *	503[:SECONDS]
 *	reset-before		the connection is closed, nothing is done
 *	reset-after		all is done, and the connection is closed
 *	cut			half of the answer
 *	badjson			an answer that is not JSON
 *	slow:MS			the answer comes late
 *	too-large		requestTooLarge instead of doing it
 *	method-error:TYPE	the first call fails with that type
 *	mid-set[:TYPE]		the same, when half of its creates are done
 *	refuse:MS		the connection is closed, and for so long nobody
 *				listens
 */
enum fault_kind {
	FAULT_NONE,
	FAULT_STATUS,
	FAULT_RESET_BEFORE,
	FAULT_RESET_AFTER,
	FAULT_CUT,
	FAULT_BADJSON,
	FAULT_NO_LIST,
	FAULT_SLOW,
	FAULT_METHOD_ERROR,
	FAULT_MID_SET,
	FAULT_REFUSE
};
struct fault {
	enum fault_kind kind;
	size_t when; /* 0: always */
	int status;
	long arg; /* seconds or milliseconds; -1: none */
	char text[64];
};

struct http_server {
	/* Answers a request. Of faults it sees to METHOD_ERROR and MID_SET. */
	void (*answer)(const struct request *q, struct reply *r,
	    const struct fault *fault);
	/* Whether a request counts for faults. */
	bool (*counted)(const struct request *q);
	struct fault *faults;
	size_t n_faults;
	const char *log; /* file; NULL: none */
	const char *cert, *key;
	const char *realm; /* of WWW-Authenticate; NULL: no such header */
	bool closes;       /* each connection after its answer */
	const char *more;  /* printed after the URL; NULL: nothing */
	/* SIGUSR2, for what only a restart does; may be NULL. */
	void (*restarted)(void);
};

/* Reads a fault; false if it is not one. */
bool http_fault(struct http_server *s, const char *text);

/*
 * Listens on "ADDRESS:PORT", prints the URL, and serves until SIGTERM or
 * SIGINT, or until the process that started it is gone. Returns the exit
 * status.
 */
int http_serve(struct http_server *s, const char *listen);

/* For threads of a stand-in's own: what an answer holds while it is made, and the
 * signals, which are for http_serve. */
void http_lock(void);
void http_unlock(void);
void http_block_signals(void);
struct sockaddr_in;
/* Reads "ADDRESS:PORT". */
bool http_address(const char *text, struct sockaddr_in *sa);

/* Base URL, "http://127.0.0.1:PORT"; good after http_serve has begun. */
const char *http_url(void);

#endif
