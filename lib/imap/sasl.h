/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/* The mechanism PLAIN (RFC 4616), for all protocols that have it. */
#ifndef FERRY_IMAP_SASL_H
#define FERRY_IMAP_SASL_H

#include <stdbool.h>

#include "core/buf.h"

/* Who logs in. */
struct sasl_login {
	const char *user; /* whose password it is */
	const char *password;
	/* Whose mail it is, where that is another (RFC 4616, 2); or NULL. */
	const char *authzid;
};

/* False where a text holds a line end, which would be another command. */
bool sasl_can_be_sent(const struct sasl_login *l);

/* Appends the message of PLAIN, in base64. */
void sasl_put_plain(struct buf *out, const struct sasl_login *l);

#endif
