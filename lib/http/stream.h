/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/*
 * A connection to a server that speaks in lines, by libcurl: it connects and
 * negotiates TLS, with the rules of lib/http; what is said then is the caller's
 * affair. Of IMAP it reads the greeting and does STARTTLS; of ManageSieve, which
 * libcurl does not know, the caller does.
 */
#ifndef FERRY_HTTP_STREAM_H
#define FERRY_HTTP_STREAM_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "core/why.h"

struct stream_options {
	const char *cacert; /* PEM file; NULL: the system's */
	bool insecure_tls;  /* certificates are not checked (-k) */
	bool insecure;      /* clear text to others than loopback */
	bool starttls;      /* demanded on loopback as well */
	bool (*stop)(void); /* true ends a wait (SIGINT); may be NULL */
	long timeout;       /* seconds for each step; 0: 60 */
	long total;         /* seconds for a whole answer; 0: 1800 */
};

struct stream;

/*
 * Whether a URL is one of these, scheme being "imap" or "sieve":
 * "SCHEMEs://HOST[:PORT]", TLS from the first byte, or "SCHEME://HOST[:PORT]",
 * which becomes TLS by STARTTLS (RFC 9051, 6.2.1; RFC 5804, 2.2). Clear text is
 * only for loopback, unless insecure. 0, or -1 and why (FATAL). Must be called
 * before there are threads.
 */
int stream_check(const char *url, const char *scheme, struct why *why);

/* Whether it must become TLS, by STARTTLS. */
bool stream_wants_starttls(const char *url, const struct stream_options *o);

/* Connects to a checked URL; the server is ready for a command. NULL and why:
 * FATAL for TLS that cannot be trusted or that the server does not offer, TEMP
 * for the rest. */
struct stream *stream_open(
    const char *url, const struct stream_options *o, struct why *why);

/* Makes a connection to a "sieve" URL, which has been told so, TLS. 0, or -1 and
 * why, as stream_open has it; s is to be closed then. */
int stream_start_tls(struct stream *s, const char *url,
    const struct stream_options *o, struct why *why);

/* Writes all of it. 0, or -1 and why (TEMP). */
int stream_write(
    struct stream *s, const void *data, size_t len, struct why *why);

/* Reads what there is, at least a byte: how many; 0 at the end of the
 * connection; -1 and why (TEMP) for an error, where nothing comes, and where what
 * was written last has no whole answer in time. */
ssize_t stream_read(struct stream *s, void *data, size_t len, struct why *why);

/* Ends the connection; NULL is fine. */
void stream_close(struct stream *s);

#endif
