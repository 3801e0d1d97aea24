/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/* Roundcube: identities with signatures, languages, address books. */
#ifndef FERRY_SOURCE_WEBMAIL_ROUNDCUBE_H
#define FERRY_SOURCE_WEBMAIL_ROUNDCUBE_H

#include "core/buf.h"
#include "source/webmail/owner.h"
#include "sql/sql.h"

/* Emits a settings record for each user who has any. */
/* Appends the name of a table, which may have a prefix, as a query has it. */
void roundcube_table(struct sql *db, const struct webmail_options *o,
    const char *name, struct buf *out);
/* Whether there is one: 1 or 0; or -1 and why. */
int roundcube_has_table(struct sql *db, const struct webmail_options *o,
    const char *name, struct why *why);

void roundcube_dump(struct emit *e, const struct webmail_options *o);

#endif
