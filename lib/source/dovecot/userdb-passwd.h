/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/* The users of this system, as a userdb. */
#ifndef FERRY_SOURCE_DOVECOT_USERDB_PASSWD_H
#define FERRY_SOURCE_DOVECOT_USERDB_PASSWD_H

#include "source/dovecot/userdb.h"

extern const struct userdb_driver userdb_passwd;

#endif
