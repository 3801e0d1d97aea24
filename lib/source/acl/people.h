/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/* The accounts of a dump, by all their names. */
#ifndef FERRY_SOURCE_ACL_PEOPLE_H
#define FERRY_SOURCE_ACL_PEOPLE_H

#include <stdbool.h>
#include <stddef.h>

#include "core/arena.h"
#include "core/map.h"
#include "record/record.h"

struct person {
	const char *address;
	struct strs names;    /* the address, and login names */
	struct strs groups;   /* with and without their domain */
	struct strs settings; /* "name=value", of its userdb */
	const char *home, *mail;
};

/* The zero value is empty. */
struct people {
	struct arena arena;
	struct person **v;
	size_t n, cap;
	struct map by_name;  /* struct person */
	struct map by_group; /* struct strs: addresses of members */
};

/* Adds an account; everything is copied. */
void people_add(struct people *p, const struct record *r);
void people_free(struct people *p);

/* Who has the name; NULL for nobody, and for several. */
struct person *people_named(const struct people *p, const char *name);
/* Whether one or several have it. */
bool people_has(const struct people *p, const char *name);
/* The addresses of a group's members; NULL if none is known. */
const struct strs *people_of_group(const struct people *p, const char *group);

#endif
