/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/* What doveconf(1) says of a Dovecot on this machine. */
#ifndef FERRY_ACCT_DOVECONF_H
#define FERRY_ACCT_DOVECONF_H

#include <stdbool.h>

/* Whether the URL is that of an IMAP server on this machine. */
bool doveconf_knows(const char *url);

/* auth_master_user_separator; 0 where there is no Dovecot, or none that says. */
char doveconf_separator(void);

/* Whether a master user has other rights than the owner: a Dovecot 2.3 with access
 * lists (the plugin acl) and without the setting acl_user. Where imap_acl is not loaded
 * too, no client can know. */
bool doveconf_limits_masters(void);

#endif
