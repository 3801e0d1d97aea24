/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/* Queries and filters that find a user by one of several names. */
#ifndef FERRY_SOURCE_DOVECOT_OTHER_NAMES_H
#define FERRY_SOURCE_DOVECOT_OTHER_NAMES_H

#include <stdbool.h>
#include <stddef.h>

#include "core/arena.h"

/* Where an LDAP filter or a DN has the name of a user: "proxyAddresses=smtp:%u".
 * All texts are owned by an arena. */
struct name_form {
	const char *attribute;
	const char *before, *after; /* what is around the name in a value */
	struct name_form *next;
};

struct name_forms {
	struct name_form *first;
	/* Names are also found in a way that these do not tell: a name is a part
	 * of what is compared. */
	bool unsure;
	bool local; /* only what is before the "@" is compared */
};

/* Adds the forms of a filter, "(|(mail=%u)(uid=%n))". How many alternatives it
 * has: at most one means that there is only one way to find a user. */
size_t name_forms_filter(
    struct name_forms *forms, struct arena *arena, const char *filter);
/* The same of a DN, "uid=%n,ou=people". */
void name_forms_dn(
    struct name_forms *forms, struct arena *arena, const char *dn);

/* The name that a form finds an entry by which has a value; NULL: none. Owned by
 * the arena. */
const char *name_form_name(
    const struct name_form *form, struct arena *arena, const char *value);

/* Whether an SQL query does so: "email = '%u' OR login = '%u'". */
bool other_names_sql(const char *query);

#endif
