/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/* The session object of JMAP (RFC 8620, 2). */
#ifndef FERRY_JMAP_SESSION_H
#define FERRY_JMAP_SESSION_H

#include "jmap/client.h"

/* The path of a URL; new. Behind a proxy, the host that the server believes to
 * have may be another than the one that is reached. */
char *jmap_path_of(const char *url);
/* Takes account and limits from a session object, bytes of any origin. 0, or -1
 * and why. */
int jmap_read_session(struct jmap *j, const struct buf *body, struct why *why);

#endif
