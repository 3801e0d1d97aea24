/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/*
 * What an IMAP server says (RFC 9051, 7 and 9; the same in RFC 3501 as far as
 * it is read here): responses with their literals, of any origin.
 */
#ifndef FERRY_IMAP_RESPONSE_H
#define FERRY_IMAP_RESPONSE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/buf.h"

enum imap_kind {
	IMAP_OTHER, /* nothing that is needed here */
	IMAP_TAGGED,
	IMAP_CONTINUE, /* "+": go on */
	IMAP_BYE,
	IMAP_CAPABILITY,
	IMAP_NAMESPACE,
	IMAP_LIST,
	IMAP_STATUS,
	IMAP_MYRIGHTS
};

enum imap_capability {
	IMAP_CAN_PLAIN = 1,        /* AUTH=PLAIN */
	IMAP_CAN_SASL_IR = 2,      /* RFC 4959 */
	IMAP_NO_LOGIN = 4,         /* LOGINDISABLED */
	IMAP_CAN_NAMESPACE = 8,    /* RFC 2342 */
	IMAP_CAN_EXTENDED = 16,    /* LIST-EXTENDED, RFC 5258 */
	IMAP_CAN_SPECIAL_USE = 32, /* RFC 6154 */
	IMAP_CAN_LIST_STATUS = 64, /* RFC 5819 */
	IMAP_CAN_ACL = 128         /* RFC 4314 */
};

/* The zero value is empty; the buffers are used again by the next response. */
struct imap_response {
	enum imap_kind kind;
	bool ok; /* TAGGED: "OK", not "NO" or "BAD" */
	struct buf tag;
	struct buf code; /* "AUTHENTICATIONFAILED" (RFC 5530), or empty */
	struct buf text; /* for people; MYRIGHTS: the rights, a letter each */
	unsigned int capabilities; /* enum imap_capability */
	struct buf name;           /* LIST and STATUS, as it is on the wire */
	char delimiter;            /* LIST; NUL: none */
	bool selectable;
	const char *role; /* by its special use, a constant; or NULL */
	int64_t messages; /* STATUS; -1: not told */
	/* NAMESPACE: the prefixes of the owner's own folders, and those of other
	 * users' and shared ones, each followed by a NUL. */
	struct buf personal;
	struct buf foreign;
};

/* Reads one response, as imap_complete measured it. False where it is broken:
 * a known kind with another content. */
bool imap_parse(struct imap_response *r, const char *data, size_t len);
void imap_response_free(struct imap_response *r);

#endif
