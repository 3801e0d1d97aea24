/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/* The messages, copied into their folders: a few hundred at a time, by several
 * threads, each with a connection of its own. */
#ifndef FERRY_EXTRACT_MAILDELIVER_H
#define FERRY_EXTRACT_MAILDELIVER_H

#include "extract/mail.h"

/* Delivers what was planned. 0, or -1 and why (FATAL). */
int mail_deliver(struct mail *m, struct why *why);
/* Closes the connections that no thread uses. */
void mail_free_lanes(struct mail *m);

#endif
