/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/*
 * Who sees lists by which settings: Dovecot looks at an owner's lists by the
 * settings of the one who asks, and those may be of a userdb, or have variables.
 */
#ifndef FERRY_SOURCE_ACL_VIEWS_H
#define FERRY_SOURCE_ACL_VIEWS_H

#include <stdbool.h>

#include "core/arena.h"
#include "core/map.h"
#include "source/acl/people.h"
#include "source/acl/rights.h"
#include "source/acl/settings.h"
#include "source/emit.h"

/* A line of a file for all folders. */
struct acl_global {
	const char *pattern;
	const char *line;
	struct acl_global *next;
};

struct acl_view {
	struct acl_scope scope;
	struct acl_global *globals;
	/* For the caller: what holds at the owner at hand where the list of a
	 * folder says nothing. */
	struct acl_list defaults;
	struct acl_view *next;
};

/* The first is that of everybody who has no other. */
struct acl_views {
	struct acl_view *first;
	struct map of; /* the address of an account -> its view */
	struct arena arena;
};

/*
 * Makes the views of these people, and reads the files for all folders. What is not
 * followed is noted. False where a file could not be read, which is reported. To be
 * freed in either case.
 */
bool acl_views_make(struct acl_views *v, struct emit *e,
    const struct people *people, const struct acl_settings *s);
void acl_views_free(struct acl_views *v);

/* The view of an account; NULL: of somebody who is none. */
const struct acl_view *acl_view_of(
    const struct acl_views *v, const struct person *p);

#endif
