/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/* A database that a configuration names, as it is reached from this machine
 * (source/host.h, source/host-map.h). */
#ifndef FERRY_SOURCE_HOST_SQL_H
#define FERRY_SOURCE_HOST_SQL_H

#include "core/arena.h"
#include "sql/sql.h"

/* sql_open, with the files of the machine that the options are of, and its
 * servers by --host-map. Texts are put into the arena. NULL and why. */
struct sql *host_sql_open(
    const struct sql_options *options, struct arena *arena, struct why *why);

#endif
