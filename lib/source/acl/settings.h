/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/*
 * What Dovecot's settings say of access lists: the entries of 2.4 ("acl ID {
 * rights = ... }"), which hold for all folders, and whether lists are looked at.
 */
#ifndef FERRY_SOURCE_ACL_SETTINGS_H
#define FERRY_SOURCE_ACL_SETTINGS_H

#include <stdbool.h>
#include <stddef.h>

#include "core/arena.h"
#include "core/why.h"
#include "source/emit.h"

struct acl_rule {
	const char *id;
	const char *line; /* for acl_add */
};

/* How lists are looked at. Those of who asks count, not those of the owner. */
struct acl_scope {
	const char *global;  /* the list for all folders; NULL: none */
	bool globals_only;   /* the folders' own lists are not looked at */
	bool inbox_defaults; /* acl_defaults_from_inbox */
	bool ignored;        /* no list is looked at */
};

/* The zero value: nothing is known. */
struct acl_settings {
	struct arena arena;
	struct acl_rule *v; /* each id once */
	size_t n, cap;
	struct acl_scope scope; /* where a userdb says nothing */
	const char *places; /* of 2.4, as options of a location; NULL: none */
	/* Of the first shared namespace, as "shared/%u/"; NULL: there is none. */
	const char *prefix;
};

/* Sets a setting of either release; the value is copied. False for one that is
 * not known here. */
bool acl_scope_set(struct acl_scope *s, struct arena *arena, const char *name,
    const char *value);

/*
 * Asks doveconf, or reads what it has printed, or asks it for a dovecot.conf
 * (NULL: its own). What is not carried is noted, with the block that it is in.
 * 0; or -1 and why (FATAL). To be freed in either case.
 */
int acl_settings_read(struct acl_settings *s, struct emit *e,
    const char *config, struct why *why);
void acl_settings_free(struct acl_settings *s);

#endif
