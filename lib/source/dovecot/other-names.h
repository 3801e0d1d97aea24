/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/* Queries and filters that find a user by one of several names. */
#ifndef FERRY_SOURCE_DOVECOT_OTHER_NAMES_H
#define FERRY_SOURCE_DOVECOT_OTHER_NAMES_H

#include <stdbool.h>

#include "core/arena.h"
#include "record/record.h"

/*
 * The attributes whose values an LDAP filter takes for the name of a user, where
 * they are alternatives: "(|(mail=%u)(uid=%u))". False where there is only one way
 * to find a user. *unsure is set where a name is only a part of a value.
 */
bool other_names_ldap(const char *filter, struct arena *arena,
    struct strs *attributes, bool *unsure);

/* Whether an SQL query does so: "email = '%u' OR login = '%u'". */
bool other_names_sql(const char *query);

#endif
