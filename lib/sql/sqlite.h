/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/* The driver that is not a plugin: its library is small, and always there. */
#ifndef FERRY_SQL_SQLITE_H
#define FERRY_SQL_SQLITE_H

#include "sql/sql-internal.h"

extern const struct sql_driver sql_sqlite;

#endif
