/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/* Aliases of accounts and lists: compared, and those that nobody gets taken away. */
#ifndef FERRY_APPLY_ALIASES_H
#define FERRY_APPLY_ALIASES_H

#include "apply/apply-internal.h"

/* What tells an address apart ("name" and "domainId" of an object or an alias);
 * new, NULL where it has none. */
char *aliases_key(const json_t *v);
bool aliases_same(const json_t *x, const json_t *y);
bool aliases_has(const json_t *list, const json_t *address);
void aliases_append(json_t *list, json_t *v);
/* Those of one list that are not in the other; those of both. New. */
json_t *aliases_rest(const json_t *have, const json_t *want);
json_t *aliases_join(const json_t *list, const json_t *more);

/* The addresses of an object, or this alias, are the owner's by the plan, who does not
 * have them: who has them keeps them. */
void aliases_unmet(struct apply *a, const json_t *body, const char *owner);
/* Whose an address is by that which an object on the server has; NULL: nobody's.
 * *address: which, new. */
const char *aliases_wanted(struct apply *a, const json_t *have, char **address);

/* Takes away what the plan does not give and nobody else gets: 0, or -1 (a->why). */
int aliases_drop(struct apply *a);
/* Says of an entry what stays all the same. */
void aliases_note_staying(struct apply *a, struct kept *k);

#endif
