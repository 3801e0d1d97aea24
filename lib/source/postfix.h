/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/* The aliases and domains in the tables that a Postfix uses. */
#ifndef FERRY_SOURCE_POSTFIX_H
#define FERRY_SOURCE_POSTFIX_H

#include "core/arena.h"
#include "record/record.h"
#include "source/aliases.h"
#include "source/emit.h"

/* The zero value, dir and aliases.domain are a start. */
struct postfix {
	const char *dir; /* the configuration folder; NULL: the default */
	struct aliases aliases;
	struct strs domains;
	struct arena arena;
};

/*
 * Asks postconf, reads the tables, and writes the records of the domains. What
 * cannot be listed is reported. A machine without Postfix has no aliases,
 * unless dir is set. When the accounts are written, aliases_emit is for the
 * rest.
 */
void postfix_read(struct postfix *p, struct emit *e);

/* What an entry of a table is; value may be changed. */
typedef void postfix_entry(
    struct postfix *p, struct emit *e, const char *key, char *value);
/* The entry of a virtual_alias_maps table. */
postfix_entry postfix_add_alias;

/*
 * Calls entry for each entry of a table "TYPE:NAME", as text or by postmap(1).
 * What cannot be listed or read is reported; where names the place that the
 * table comes from.
 */
void postfix_table(struct postfix *p, struct emit *e, const char *table,
    const char *where, postfix_entry *entry);
/* The same for a list of tables, which is changed. */
void postfix_tables(struct postfix *p, struct emit *e, const char *where,
    char *list, postfix_entry *entry);

/* Asks postconf(1) for a parameter, with the variables in it replaced; owned
 * by p. NULL and why. */
char *postfix_parameter(struct postfix *p, const char *name, struct why *why);

void postfix_free(struct postfix *p);

#endif
