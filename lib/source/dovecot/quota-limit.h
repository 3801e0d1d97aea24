/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/* Whose quota is a limit in a Dovecot, and which: the plugin, its roots, and what
 * userdbs say. */
#ifndef FERRY_SOURCE_DOVECOT_QUOTA_LIMIT_H
#define FERRY_SOURCE_DOVECOT_QUOTA_LIMIT_H

#include "source/dovecot/dovecot-internal.h"
#include "source/passwd/extra-fields.h"

/* Sets a field of the mailbox. */
void dovecot_set(
    struct dovecot *d, struct extra *x, const char *key, const char *value);

/* The first of the quotas that a userdb has given; NULL where there is none. */
const char *dovecot_quota(const struct dovecot *d, const struct pairs *reply);

/* Sets what holds where a userdb says nothing: before its fields are set. */
void dovecot_quota_of_all(
    struct dovecot *d, const struct outcome *o, struct extra *x);

/* What is left of it as a limit, after they are set. */
void dovecot_limit(struct dovecot *d, const struct outcome *o, struct extra *x);

#endif
