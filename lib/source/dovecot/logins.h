/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/*
 * The names that databases list, followed one by one. Most are mailboxes; some
 * are other names of one, and those wait until all mailboxes are written: then
 * an address is an alias, and the only name of a mailbox is its address.
 */
#ifndef FERRY_SOURCE_DOVECOT_LOGINS_H
#define FERRY_SOURCE_DOVECOT_LOGINS_H

#include "source/dovecot/dovecot-internal.h"

/* Follows a name that a database lists; a userdb_listed. */
void dovecot_listed(void *ctx, const char *name, const char *domain);
/* Writes what had to wait until all names were known. */
void dovecot_end_logins(struct dovecot *d);

#endif
