/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

#include "jmap/action.h"

#include <stdlib.h>

#include "core/alloc.h"
#include "jmap/seterror.h"

int
jmap_action(struct jmap *j, const char *action, json_t **error, struct why *why)
{
	char *args =
	    xasprintf("{\"create\":{\"a\":{\"@type\":\"%s\"}}}", action);
	json_t *answer = NULL, *made, *refused;
	int r = -1;

	if (jmap_call(j, "x:Action/set", args, true, &answer, why) == JMAP_OK) {
		refused =
		    json_object_get(json_object_get(answer, "notCreated"), "a");
		made = json_object_get(json_object_get(answer, "created"), "a");
		r = made == NULL ? -1 : 0;
		if (refused != NULL)
			jmap_set_error(refused, NULL, why);
		else if (made == NULL)
			(void)why_set(
			    why, FAIL_TEMP, "the server says nothing about it");
		if (refused != NULL && error != NULL)
			*error = json_incref(refused);
	}
	json_decref(answer);
	free(args);
	return r;
}
