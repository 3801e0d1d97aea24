/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/*
 * Second names: those that a database takes for a user beside the one that is
 * listed, as an LDAP filter does, and that are in the same entry. Each is
 * followed: it is a login of the account, an alias where mail may come for it, or
 * a name of its own.
 */
#ifndef FERRY_SOURCE_DOVECOT_SECOND_NAMES_H
#define FERRY_SOURCE_DOVECOT_SECOND_NAMES_H

#include "source/dovecot/dovecot-internal.h"

/* Remembers what other names the entry has of a name that is being listed. */
void second_names_listed(struct dovecot *d, const char *name);

/*
 * Follows the second names of one that was followed, as the server looks it up
 * (user); also: another form of it, which is none, or NULL. A login that only a
 * second name has becomes that of the outcome. The address that a user without a
 * domain has by a second name; NULL.
 */
const char *second_names_follow(struct dovecot *d, const char *listed,
    const char *also, const char *user, struct outcome *o);

/* Follows those that are names of their own; before what waits is written. */
void second_names_apart(struct dovecot *d);

/* Writes the aliases; when all accounts are written. */
void second_names_end(struct dovecot *d);

#endif
