/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/*
 * The services that people log in for, beside IMAP: whom their databases let in,
 * where those are others, or what they say depends on the service.
 */
#ifndef FERRY_SOURCE_DOVECOT_SERVICES_H
#define FERRY_SOURCE_DOVECOT_SERVICES_H

#include "source/dovecot/dovecot-internal.h"

/* Finds out which service delivers: before the chains are made. */
void services_delivery(struct dovecot *d);

/* Joins the databases of each service. The chain of IMAP is made. */
void services_link(struct dovecot *d);

/* Follows a name for each service, after it was followed for IMAP: somebody whom
 * one of them lets in may log in, and the others are disabled. */
void services_follow(
    struct dovecot *d, const char *listed, const char *user, struct outcome *o);

/* Whether a database is asked by what is followed: a login or a delivery. */
bool services_ask(const struct dovecot *d, const struct userdb *db);

#endif
