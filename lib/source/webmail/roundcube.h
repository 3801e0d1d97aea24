/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/* Roundcube: identities with signatures, languages, address books. */
#ifndef FERRY_SOURCE_WEBMAIL_ROUNDCUBE_H
#define FERRY_SOURCE_WEBMAIL_ROUNDCUBE_H

#include "source/webmail/owner.h"

/* Emits a settings record for each user who has any. */
void roundcube_dump(struct emit *e, const struct webmail_options *o);

#endif
