/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/* Objects that are destroyed, and what the server says of each. */
#ifndef FERRY_JMAP_DESTROY_H
#define FERRY_JMAP_DESTROY_H

#include "jmap/client.h"

/* One request that destroys objects of a type, an array of ids, as many as the server
 * takes in one. Its answer, new; NULL and why where there is none. */
json_t *jmap_destroy(
    struct jmap *j, const char *object, const json_t *ids, struct why *why);
/* Whether an object is gone by such an answer: destroyed, or not there. What was
 * listed a moment ago is not there where the answer to an earlier attempt was lost. */
bool jmap_is_gone(const json_t *answer, const char *id);

#endif
