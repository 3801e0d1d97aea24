/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/* Roundcube: identities with signatures, languages, address books. */
#ifndef FERRY_SOURCE_WEBMAIL_ROUNDCUBE_H
#define FERRY_SOURCE_WEBMAIL_ROUNDCUBE_H

#include "core/arena.h"
#include "core/buf.h"
#include "core/map.h"
#include "source/webmail/owner.h"
#include "sql/sql.h"

/* The addresses of users who log in without a domain: what identities say. */
struct roundcube_owners {
	struct map identities; /* user_id -> those that have the login name */
	struct arena arena;
};

/* Reads them where the options name no domain. 0, or -1 and why. */
int roundcube_owners_read(struct sql *db, const struct webmail_options *o,
    struct roundcube_owners *owners, struct why *why);
/* Appends the address of a user. 0; or -1, which is reported. */
int roundcube_address(struct emit *e, const struct webmail_options *o,
    const struct roundcube_owners *owners, const char *user, const char *login,
    struct buf *out);
void roundcube_owners_free(struct roundcube_owners *owners);

/* Appends the name of a table, which may have a prefix, as a query has it. */
void roundcube_table(struct sql *db, const struct webmail_options *o,
    const char *name, struct buf *out);
/* Whether there is one: 1 or 0; or -1 and why. */
int roundcube_has_table(struct sql *db, const struct webmail_options *o,
    const char *name, struct why *why);

/* Emits a settings record for each user who has any. */
void roundcube_dump(struct emit *e, const struct webmail_options *o);

#endif
