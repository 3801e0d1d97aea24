/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/* The databases of a configuration as the chains that chain.h follows. */
#ifndef FERRY_SOURCE_DOVECOT_CHAIN_LINKS_H
#define FERRY_SOURCE_DOVECOT_CHAIN_LINKS_H

#include "source/dovecot/dovecot-internal.h"

/* Joins the databases into the chains of a login over IMAP and of a delivery. */
void dovecot_link(struct dovecot *d);

/* Joins those of a service beside IMAP, whose name is there: the chain of IMAP is
 * made. */
void dovecot_link_service(struct dovecot *d, struct service *s);

/* Whether a static userdb takes everybody, without asking the passdbs. */
bool dovecot_allows_all(const struct userdbs *all, const struct userdb *db);

#endif
