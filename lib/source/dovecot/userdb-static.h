/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/* A database that knows everybody, with the same fields. */
#ifndef FERRY_SOURCE_DOVECOT_USERDB_STATIC_H
#define FERRY_SOURCE_DOVECOT_USERDB_STATIC_H

#include "source/dovecot/userdb.h"

extern const struct userdb_driver userdb_static;

#endif
