/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/* What has the names of an object of the plan, and is not it: another kind of
 * object, or another signing key, of which the server shows the public part. */
#ifndef FERRY_APPLY_OTHER_H
#define FERRY_APPLY_OTHER_H

#include <stdbool.h>

#include "apply/entry.h"

/* What has to be read to tell, beside the members of the plan; NULL: nothing. */
const char *other_member(const char *object);
/* Whether it is another one, which is said then: its values are not compared. */
bool other_is(const char *object, struct apply_entry *e, const json_t *current);

#endif
