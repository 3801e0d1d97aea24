/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/* Users in an SQL database. */
#ifndef FERRY_SOURCE_DOVECOT_USERDB_SQL_H
#define FERRY_SOURCE_DOVECOT_USERDB_SQL_H

#include "source/dovecot/userdb.h"

extern const struct userdb_driver userdb_sql;

#endif
