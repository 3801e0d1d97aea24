/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

#include "jmap/member.h"

const char *
jmap_text(const json_t *object, const char *member)
{
	return json_string_value(json_object_get(object, member));
}
