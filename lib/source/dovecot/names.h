/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/* The names that databases list, and the addresses that Postfix has for those
 * which are no addresses. */
#ifndef FERRY_SOURCE_DOVECOT_NAMES_H
#define FERRY_SOURCE_DOVECOT_NAMES_H

#include "source/dovecot/dovecot-internal.h"

/* Whether the server takes the name of a user at all. */
bool dovecot_is_name(const struct dovecot *d, const char *user);
/* Whether a name is one that may log in, once the blanks are gone. */
bool dovecot_is_padded(struct dovecot *d, const char *name);
/* A login with the letters that auth_username_translation makes of its own. */
const char *dovecot_translated(struct dovecot *d, const char *name);
/* A name for a message: an address, which a password in the wrong place is not;
 * NULL. */
const char *dovecot_shown(struct dovecot *d, const char *name);
/* Says that a listed name, looked up as user, has no mailbox, and why. */
void dovecot_report_unknown(
    struct dovecot *d, const char *listed, const char *user);

/* Reads how the server makes users of names. */
void dovecot_begin_names(struct dovecot *d);

/* A name that a database lists, which is followed now or waits for its address;
 * a userdb_listed. */
void dovecot_listed(void *ctx, const char *name, const char *domain);

/* Follows the names that wait, and other addresses of mailboxes. all: the
 * databases have listed all users. */
void dovecot_end_names(struct dovecot *d, bool all);

#endif
