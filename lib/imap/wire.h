/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/* A conversation in lines with literals: IMAP's and ManageSieve's. */
#ifndef FERRY_IMAP_WIRE_H
#define FERRY_IMAP_WIRE_H

#include <stdbool.h>
#include <stddef.h>

#include "core/buf.h"
#include "core/why.h"
#include "http/stream.h"

/* With its stream set it is ready; the zero value may be closed. */
struct wire {
	struct stream *stream;
	struct buf out; /* what is sent next */
	/* Private. */
	struct buf in; /* what was read; from on it is not used yet */
	size_t from;
	size_t received;
};

/* The next response, with its literals, good until the next call. 0, or -1 and
 * why (TEMP; DATA where the server sends without end). */
int wire_receive(
    struct wire *w, const char **data, size_t *len, struct why *why);
/* Sends what is in out, which is overwritten then. 0, or -1 and why. */
int wire_send(struct wire *w, struct why *why);
/* Whether something came that was not received yet. */
bool wire_has_more(const struct wire *w);
void wire_close(struct wire *w);

#endif
