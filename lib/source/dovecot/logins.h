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

/* Follows a name, unless it was. */
void dovecot_name(struct dovecot *d, const char *name);

/*
 * The same for a name without a domain and an address of it: databases may look
 * for the name alone, and what they say of the address has its home. Where it is
 * not as good as what they say of the name, that is taken if it is listed.
 */
void dovecot_name_at(
    struct dovecot *d, const char *name, const char *address, bool listed);

/* Whether the user that the server makes of a name was listed or followed. */
bool dovecot_knows(struct dovecot *d, const char *name);

/* Writes what had to wait until all names were known. */
void dovecot_end_logins(struct dovecot *d);

#endif
