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

void postfix_free(struct postfix *p);

#endif
