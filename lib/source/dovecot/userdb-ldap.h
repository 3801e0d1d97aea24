/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/* Users in an LDAP directory. */
#ifndef FERRY_SOURCE_DOVECOT_USERDB_LDAP_H
#define FERRY_SOURCE_DOVECOT_USERDB_LDAP_H

#include "source/dovecot/userdb.h"

extern const struct userdb_driver userdb_ldap;

#endif
