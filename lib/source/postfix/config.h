/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/* The parameters of a Postfix, as postconf(1) prints them. */
#ifndef FERRY_SOURCE_POSTFIX_CONFIG_H
#define FERRY_SOURCE_POSTFIX_CONFIG_H

#include <stdbool.h>

#include "core/arena.h"
#include "core/buf.h"
#include "core/map.h"
#include "core/why.h"

/* The zero value and dir are a start. Texts are owned by the arena. */
struct postfix_config {
	const char *dir; /* the configuration folder; NULL: the default */
	struct map all;  /* name -> value */
	struct map set;  /* the same, of those that main.cf sets */
	bool has_set;
	struct arena arena;
};

/* The value of a parameter, with the variables in it replaced; also of one that
 * main.cf does not set. NULL and why. */
char *postfix_parameter(
    struct postfix_config *c, const char *name, struct why *why);

/* The value of a parameter that main.cf sets to anything but nothing; NULL
 * where it does not, or postconf does not say. */
const char *postfix_is_set(struct postfix_config *c, const char *name);

/* Reads master.cf of the configuration folder, whose path is appended in any
 * case. False where it cannot be read, or is empty. */
bool postfix_master(
    struct postfix_config *c, struct buf *path, struct buf *text);

/*
 * The next word of a list that commas and blanks divide, which is changed;
 * braces keep those within them. NULL after the last.
 */
char *postfix_word(char **list);

void postfix_config_free(struct postfix_config *c);

#endif
