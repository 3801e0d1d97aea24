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

/* Whether mail is delivered into the mailbox that a login opens. What has no home
 * in one of the two has that of all users, if there is one. */
bool dovecot_same_home(const struct dovecot *d, const struct outcome *o);

/* Whether two users have one and the same place of mail, as what userdbs have
 * said of them; false where it is not known. */
bool dovecot_same_place(const struct dovecot *d, const char *one,
    const struct pairs *of_one, const char *other,
    const struct pairs *of_other);

#endif
