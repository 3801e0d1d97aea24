/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

#include "jmap/seterror.h"

#include <stdint.h>
#include <string.h>

#include "core/buf.h"
#include "core/mask.h"
#include "jmap/member.h"

/* Whether text repeats a secret of the object, or a piece of JSON. */
static bool
repeats_secret(const char *text, const json_t *body)
{
	const char *key, *secret;
	json_t *v;

	if (strpbrk(text, "{}$") != NULL || strlen(text) > 200)
		return true;
	json_object_foreach ((json_t *)(uintptr_t)body, key, v) {
		if (strstr(key, "ecret") != NULL &&
		    (secret = json_string_value(v)) != NULL &&
		    *secret != '\0' && strstr(text, secret) != NULL)
			return true;
		if (json_is_object(v) && repeats_secret(text, v))
			return true;
	}
	return false;
}

static const struct set_error {
	const char *type;
	enum fail kind;
	const char *text;
	bool described; /* the description says why */
} set_errors[] = {
	{ "primaryKeyViolation", FAIL_DATA, "the address or name is taken",
	    false },
	{ "invalidForeignKey", FAIL_DATA,
	    "it refers to an object that is not there", false },
	{ "validationFailed", FAIL_DATA, "the server finds it incomplete",
	    false },
	{ "invalidPatch", FAIL_DATA, "the server refuses a member", true },
	{ "invalidProperties", FAIL_DATA, "the server refuses a member", true },
	{ "forbidden", FAIL_DATA, "the account may not do that", true },
	{ "overQuota", FAIL_DATA, "a limit is reached", true },
	{ "objectIsLinked", FAIL_DATA, "other objects refer to it", false },
	{ "notFound", FAIL_DATA, "it is not there", false },
	{ "willDestroy", FAIL_DATA, "it is destroyed in the same call", false },
	{ "singleton", FAIL_DATA, "there is only one of its kind", false },
	{ "alreadyExists", FAIL_DATA, "it exists already", false },
	{ "invalidScript", FAIL_DATA, "the script has an error", true },
	{ "tooLarge", FAIL_DATA, "it is too large", false },
	{ "rateLimit", FAIL_TEMP, "the server asks to wait", false },
	{ "serverFail", FAIL_TEMP, "the server failed", false },
};

static void
add_members(const json_t *error, struct buf *out)
{
	const json_t *properties = json_object_get(error, "properties"),
		     *list = json_object_get(error, "validationErrors"),
		     *object = json_object_get(error, "objectId");
	const char *name = jmap_text(object, "object"),
		   *id = jmap_text(object, "id");
	json_t *v;
	size_t i;

	json_array_foreach (properties, i, v)
		if (json_is_string(v) && *json_string_value(v) != '\0')
			buf_addf(out, ": %.80s", json_string_value(v));
	json_array_foreach (list, i, v) {
		const char *type = jmap_text(v, "type"),
			   *property = jmap_text(v, "property");

		if (type != NULL && property != NULL)
			buf_addf(out, ": %.80s: %.40s", property, type);
	}
	if (name != NULL && id != NULL)
		buf_addf(out, " (%.40s %.40s)", name, id);
}

void
jmap_set_error(const json_t *error, const json_t *body, struct why *why)
{
	const char *type = jmap_text(error, "type"),
		   *description = jmap_text(error, "description");
	const struct set_error *e = NULL;
	struct buf text = { 0 };

	for (size_t i = 0; type != NULL && e == NULL &&
			   i < sizeof set_errors / sizeof *set_errors;
	     i++)
		if (strcmp(set_errors[i].type, type) == 0)
			e = &set_errors[i];
	if (e == NULL) {
		why_set(why, FAIL_DATA,
		    "the server refuses it, with an error that is not known");
		return;
	}
	add_members(error, &text);
	if (e->described && description != NULL &&
	    !repeats_secret(description, body))
		buf_addf(&text, ": %s", description);
	/* The names of members, too, come from the server. */
	if (repeats_secret(buf_str(&text), body))
		buf_reset(&text);
	mask_said(text.data);
	why_set(why, e->kind, "%s (%s)%s", e->text, e->type, buf_str(&text));
	buf_free(&text);
}
