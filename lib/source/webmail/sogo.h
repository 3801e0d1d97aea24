/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/* SOGo: identities with signatures, vacation messages, languages. */
#ifndef FERRY_SOURCE_WEBMAIL_SOGO_H
#define FERRY_SOURCE_WEBMAIL_SOGO_H

#include "source/webmail/owner.h"

/* Emits a settings record for each user who has any. */
void sogo_dump(struct emit *e, const struct webmail_options *o);

#endif
