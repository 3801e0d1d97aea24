/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

#include "jmap/destroy.h"

#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"
#include "jmap/member.h"

json_t *
jmap_destroy(
    struct jmap *j, const char *object, const json_t *ids, struct why *why)
{
	char *method = xasprintf("x:%s/set", object);
	json_t *answer = NULL;

	/* The same destroy twice does the same as once. */
	if (jmap_call_json(j, method, json_pack("{s:O}", "destroy", ids), true,
		&answer, why) != JMAP_OK) {
		json_decref(answer);
		answer = NULL;
	}
	free(method);
	return answer;
}

bool
jmap_is_gone(const json_t *answer, const char *id)
{
	const json_t *refused =
	    json_object_get(json_object_get(answer, "notDestroyed"), id);
	const char *type = jmap_text(refused, "type"), *s;
	json_t *v;
	size_t i;

	json_array_foreach (json_object_get(answer, "destroyed"), i, v)
		if ((s = json_string_value(v)) != NULL && strcmp(s, id) == 0)
			return true;
	return type != NULL && strcmp(type, "notFound") == 0;
}
