/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/* Who delivers the mail that a transport of Postfix gets. */
#ifndef FERRY_SOURCE_POSTFIX_TRANSPORT_H
#define FERRY_SOURCE_POSTFIX_TRANSPORT_H

#include <stdbool.h>

#include "source/postfix/config.h"

/* Whether the value of a parameter, "local:$myhostname", names a transport whose
 * program is that one ("local"): master.cf may call it otherwise. */
bool postfix_transport_is(
    struct postfix_config *c, const char *value, const char *program);

/* Whether the mail of mydestination goes to local(8), which alone looks at
 * alias_maps. */
bool postfix_has_local(struct postfix_config *c);

/*
 * What becomes of the mail of mailboxes that this transport gets: "goes to another
 * server". NULL where virtual(8) or Dovecot puts it into the mailbox, or local(8)
 * where it asks another transport.
 */
const char *postfix_transport_does(struct postfix_config *c, const char *value);

#endif
