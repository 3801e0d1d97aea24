/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/* Members of the objects that a server's replies hold. */
#ifndef FERRY_JMAP_MEMBER_H
#define FERRY_JMAP_MEMBER_H

#include <jansson.h>

/* The value of a member that is a string, owned by the object; NULL where the
 * object is none, has no such member, or one of another type. */
const char *jmap_text(const json_t *object, const char *member);

#endif
