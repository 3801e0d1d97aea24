/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/*
 * What types of objects a server has, and their members: its /api/schema, kept
 * below $XDG_CACHE_HOME by its hash.
 */
#ifndef FERRY_PLANFILE_SCHEMA_H
#define FERRY_PLANFILE_SCHEMA_H

#include <jansson.h>
#include <stdbool.h>

#include "core/why.h"
#include "jmap/client.h"
#include "planfile/planfile.h"

struct schema {
	json_t *root; /* NULL: none could be had */
};

/*
 * Gets the schema. Where the server does not give it, the one that was kept
 * last for this server is taken; where there is none, only Domain, Account and
 * MailingList are known. *warning (new, or NULL) says so. 0, or -1 and why when
 * the server cannot be reached at all.
 */
int schema_load(
    struct schema *s, struct jmap *j, char **warning, struct why *why);
void schema_free(struct schema *s);

/* The name of a type as the server spells it, without "x:"; whatever case raw
 * has. Borrowed from the schema; NULL if there is none. */
const char *schema_object(const struct schema *s, const char *raw);
/* Whether the type has variants, told apart by "@type"; and this one. */
bool schema_has_variants(const struct schema *s, const char *object);
/* The member that names an object for people; NULL if there is none. */
const char *schema_label(const struct schema *s, const char *object);

/* The members of a type, of one of its variants: name -> what it is. Borrowed;
 * NULL if it is not known. */
const json_t *schema_members(
    const struct schema *s, const char *object, const char *variant);
/* The values that members have when they are not given. */
const json_t *schema_defaults(
    const struct schema *s, const char *object, const char *variant);
enum member_update {
	MEMBER_MUTABLE, /* and what is not known */
	MEMBER_IMMUTABLE,
	MEMBER_SERVER_SET
};
enum member_update member_update(const json_t *members, const char *name);
/* Whether objects without a name are told apart by this member: a scalar that
 * can be read back. */
bool member_comparable(const json_t *member);

/*
 * Checks all operations of a plan against the schema, as far as that can be
 * done without reading objects. 0, or -1 and why (FATAL), which names the line.
 */
int schema_check(
    const struct schema *s, const struct plan_reader *plan, struct why *why);

#endif
