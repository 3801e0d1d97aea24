/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/* The names that databases list, and the addresses that Postfix has for those
 * which are no addresses. */
#ifndef FERRY_SOURCE_DOVECOT_NAMES_H
#define FERRY_SOURCE_DOVECOT_NAMES_H

#include "source/dovecot/dovecot-internal.h"

/* Reads how the server makes users of names. */
void dovecot_begin_names(struct dovecot *d);

/* A name that a database lists, which is followed now or waits for its address;
 * a userdb_listed. */
void dovecot_listed(void *ctx, const char *name, const char *domain);

/* Follows the names that wait, and other addresses of mailboxes. all: the
 * databases have listed all users. */
void dovecot_end_names(struct dovecot *d, bool all);

#endif
