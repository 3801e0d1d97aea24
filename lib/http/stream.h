/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/*
 * A connection to an IMAP server, by libcurl: it connects, reads the greeting
 * and negotiates TLS, with the rules of lib/http; what is said then is the
 * caller's affair.
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
	long timeout;       /* seconds for each step; 0: 60 */
};

struct stream;

/*
 * Whether a URL is one of these: "imaps://HOST[:PORT]", TLS from the first
 * byte, or "imap://HOST[:PORT]", which becomes TLS by STARTTLS (RFC 9051,
 * 6.2.1). Clear text is only for loopback, unless insecure. 0, or -1 and why
 * (FATAL). Must be called before there are threads.
 */
int stream_check(const char *url, struct why *why);

/* Connects to a checked URL; the server is ready for a command. NULL and why:
 * FATAL for TLS that cannot be trusted or that the server does not offer, TEMP
 * for the rest. */
struct stream *stream_open(
    const char *url, const struct stream_options *o, struct why *why);

/* Writes all of it. 0, or -1 and why (TEMP). */
int stream_write(
    struct stream *s, const void *data, size_t len, struct why *why);

/* Reads what there is, at least a byte: how many; 0 at the end of the
 * connection; -1 and why (TEMP) for an error, and where nothing comes. */
ssize_t stream_read(struct stream *s, void *data, size_t len, struct why *why);

/* Ends the connection; NULL is fine. */
void stream_close(struct stream *s);

#endif
