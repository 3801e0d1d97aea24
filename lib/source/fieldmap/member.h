/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/*
 * What rows of all kinds have in common: what drop, fail and note make of them,
 * their flags, addresses and times. What is wrong is reported.
 */
#ifndef FERRY_SOURCE_FIELDMAP_MEMBER_H
#define FERRY_SOURCE_FIELDMAP_MEMBER_H

#include <stdbool.h>

#include "core/why.h"
#include "source/fieldmap/row.h"

/*
 * Applies drop, fail and note to the row (target NULL) or to one of its
 * targets. False if the row, or the target, ends here. id (may be NULL) names
 * it in messages.
 */
bool row_pass(struct rows *m, const char *id, const char *target);

/* A value as a message may show it: a long one could be a password, where a map
 * takes the wrong column. */
const char *row_brief(const char *text);

/* A flag: 1 or 0; -1 where it has no value. A word that is neither is reported,
 * and sets *bad. */
int row_flag(struct rows *m, enum field field, const char *id, bool *bad);

/* The text without blanks at its ends; lives as long as the row. */
const char *row_trimmed(struct rows *m, const char *text);

/* What names a row in messages: an address, or NULL. A raw text could be a
 * password in the wrong place. */
const char *row_shown(struct rows *m, const char *text);

/*
 * The address of the row, or NULL: reported. What is wrong with it is reported
 * after drop and fail have been applied: the row may be one that does not
 * count.
 */
const char *row_address(struct rows *m, const char *text);

/* The addresses of a list as Postfix writes it, for address_list_next. They
 * live as long as the row. */
char *row_list(struct rows *m, const char *text);

/*
 * Adds the addresses of m->more to a list of m->r, each once and without its own;
 * what is not one is reported. catch_all, unless NULL, takes those of a whole
 * domain instead.
 */
void row_add_addresses(struct rows *m, struct strs *to,
    void (*catch_all)(struct rows *m, const char *address));

/* Sets send_as of m->r: addresses, and "@domain" for all of a domain. */
void row_add_senders(struct rows *m);

/* Whether the time in FIELD_UNTIL has passed. One that is not understood is reported,
 * and *bad is set. */
bool row_is_over(struct rows *m, const char *id, bool *bad);

#endif
