/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

#include "settings/addresses.h"

#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"
#include "core/str.h"

/* The end of a quoted string, from after its first quote. */
static const char *
skip_quoted(const char *p)
{
	for (; *p != '\0' && *p != '"'; p++)
		if (*p == '\\' && p[1] != '\0')
			p++;
	return *p == '\0' ? p : p + 1;
}

/* Where one address ends: at a comma, or a semicolon as people write it, that is
 * neither in quotes nor in angle brackets. */
static const char *
end_of_one(const char *p)
{
	bool angle = false;

	while (*p != '\0' && (angle || (*p != ',' && *p != ';'))) {
		angle = *p == '<' || (angle && *p != '>');
		p = *p == '"' ? skip_quoted(p + 1) : p + 1;
	}
	return p;
}

/* The last "<" that no quotes hold; NULL. */
static char *
find_angle(char *one)
{
	char *found = NULL;

	while (*one != '\0') {
		if (*one == '<')
			found = one;
		one += *one == '"' ? skip_quoted(one + 1) - one : 1;
	}
	return found;
}

/* Appends one address; the text is changed. */
static void
add_one(json_t *list, char *one)
{
	char *address = find_angle(one), *name = NULL;
	json_t *object;

	if (address != NULL) {
		*address++ = '\0';
		address[strcspn(address, ">")] = '\0';
		str_unquote(one);
		name = str_trim(one);
	} else {
		address = one;
	}
	address = str_trim(address);
	if (*address == '\0')
		return;
	object = json_pack("{s:s}", "email", address);
	if (name != NULL && *name != '\0')
		(void)json_object_set_new(object, "name", json_string(name));
	(void)json_array_append_new(list, object);
}

json_t *
addresses_new(const char *text)
{
	json_t *list = json_array();

	while (text != NULL && *text != '\0') {
		const char *end = end_of_one(text);
		char *one = xmemdup(text, (size_t)(end - text));

		add_one(list, one);
		free(one);
		text = end + (*end != '\0');
	}
	if (json_array_size(list) != 0)
		return list;
	json_decref(list);
	return NULL;
}

bool
addresses_same(const json_t *there, const char *text)
{
	json_t *wanted = addresses_new(text), *v;
	bool same = json_array_size(there) == json_array_size(wanted);
	size_t i;

	json_array_foreach (wanted, i, v) {
		const json_t *have =
		    json_object_get(json_array_get(there, i), "email");

		same = same && json_equal(have, json_object_get(v, "email"));
	}
	json_decref(wanted);
	return same;
}
