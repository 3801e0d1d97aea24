/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/* The kinds of members, and the check of one value. For members.c and
 * values.c. */
#ifndef FERRY_STANDIN_MEMBERS_INTERNAL_H
#define FERRY_STANDIN_MEMBERS_INTERNAL_H

#include <jansson.h>
#include <stdbool.h>

#include "standin/stalwart.h"

enum kind {
	KIND_LOCAL,
	KIND_DOMAIN_NAME,
	KIND_TEXT,
	KIND_ADDRESS,
	KIND_BOOL,
	KIND_ID,
	KIND_SET,     /* text -> true */
	KIND_ID_SET,  /* id -> true */
	KIND_ALIASES, /* list of objects */
	KIND_CREDENTIALS,
	KIND_QUOTAS,
	KIND_PERMISSIONS,
	KIND_ROLES,
	KIND_VARIANT, /* an object with "@type" */
	KIND_LOCALE,
	KIND_TIME_ZONE,
	KIND_SERVER_SET
};

struct member {
	const char *name;
	enum kind kind;
	const char *initial; /* JSON; NULL: required */
	bool nullable;
};

/* A check of one value: what it is checked with, and what came of it. */
struct check {
	const char *path; /* for the error */
	const json_t *ids;
	json_t *error;
};

json_t *bad(struct check *c, const char *description);
const struct member *find(const struct member *table, const char *name);
const char *set_key(struct check *c, enum kind kind, const char *key);
json_t *check_quotas(struct check *c, const json_t *v);
json_t *check_alias(struct check *c, const json_t *v);
void set_password(struct check *c, json_t *credential, const char *secret);
json_t *check_credential(struct check *c, const json_t *v);
json_t *renumber(json_t *list);
json_t *check_member(struct check *c, const struct member *m, const json_t *v);
extern const struct member alias_members[];
extern const char BAD_KEY[], BAD_TYPE[];

#endif
