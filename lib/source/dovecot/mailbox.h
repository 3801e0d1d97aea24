/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/* A mailbox that the chains lead to, written as an account. */
#ifndef FERRY_SOURCE_DOVECOT_MAILBOX_H
#define FERRY_SOURCE_DOVECOT_MAILBOX_H

#include "source/dovecot/dovecot-internal.h"

/*
 * Writes the account of an outcome under an address (or a bare name, in the
 * domain); login (may be NULL) is another name of it. False if there is none,
 * which is reported.
 */
bool dovecot_account(struct dovecot *d, const struct outcome *o,
    const char *name, const char *domain, const char *login);

#endif
