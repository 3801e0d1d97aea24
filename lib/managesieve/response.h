/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/* What a ManageSieve server says (RFC 5804, 4), of any origin. How long a
 * response is, imap_complete tells (imap/token.h): the literals are the same.
 */
#ifndef FERRY_MANAGESIEVE_RESPONSE_H
#define FERRY_MANAGESIEVE_RESPONSE_H

#include <stdbool.h>
#include <stddef.h>

#include "core/buf.h"

enum managesieve_kind {
	MANAGESIEVE_ITEM, /* a string, with what follows it */
	MANAGESIEVE_OK,
	MANAGESIEVE_NO,
	MANAGESIEVE_BYE
};

/* The zero value is empty; the buffers are used again by the next response. */
struct managesieve_response {
	enum managesieve_kind kind;
	struct buf name;  /* ITEM: a script's, or a capability's */
	struct buf value; /* ITEM: the string after it, or empty */
	bool active;      /* ITEM: marked with ACTIVE */
	struct buf code;  /* "TRYLATER" (RFC 5804, 1.3), or empty */
	struct buf text;  /* for people */
};

/* Reads one response. False where it is broken. */
bool managesieve_parse(
    struct managesieve_response *r, const char *data, size_t len);
void managesieve_response_free(struct managesieve_response *r);

#endif
