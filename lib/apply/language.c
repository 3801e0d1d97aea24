/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

#include "apply/language.h"

#include <ctype.h>
#include <string.h>

#include "core/alloc.h"
#include "core/str.h"
#include "jmap/member.h"

static const char *const members[] = { "locale", "timeZone" };

bool
language_member(const char *name)
{
	for (size_t i = 0; i < sizeof members / sizeof *members; i++)
		if (strcmp(members[i], name) == 0)
			return true;
	return false;
}

/* The same word but for its case and "-" or "_" in it. */
static bool
same_word(const char *a, const char *b)
{
	for (; *a != '\0' && *b != '\0'; a++, b++) {
		char x = *a == '_' ? '-' : *a, y = *b == '_' ? '-' : *b;

		if (tolower((unsigned char)x) != tolower((unsigned char)y))
			return false;
	}
	return *a == *b;
}

/* "de": the country of the same letters first ("de_DE"), then any. */
static int
country_rank(const char *language, const char *word)
{
	size_t len = strlen(language);

	if (strchr(language, '-') != NULL || strchr(language, '_') != NULL ||
	    strncmp(word, language, len) != 0 ||
	    (word[len] != '-' && word[len] != '_'))
		return 0;
	return same_word(word + len + 1, language) ? 2 : 1;
}

/* The value as the enum has it; NULL if it has none. */
static const char *
find(const json_t *list, const char *value)
{
	const char *best = NULL;
	int rank = 0;
	json_t *v;
	size_t i;

	json_array_foreach (list, i, v) {
		const char *word = jmap_text(v, "name");
		int r = word == NULL             ? 0
			: same_word(word, value) ? 3
						 : country_rank(value, word);

		if (r > rank) {
			rank = r;
			best = word;
		}
	}
	return best;
}

static const json_t *
enum_of(const struct apply *a, const struct apply_op *op, const char *member)
{
	const json_t *type =
	    json_object_get(json_object_get(op->members, member), "type");
	const char *name = jmap_text(type, "enumName");

	return name == NULL
		   ? NULL
		   : json_object_get(
			 json_object_get(a->schema->root, "enums"), name);
}

void
language_fit(
    const struct apply *a, const struct apply_op *op, struct apply_entry *e)
{
	for (size_t i = 0; i < sizeof members / sizeof *members; i++) {
		const json_t *list = enum_of(a, op, members[i]);
		const char *value = jmap_text(e->body, members[i]), *word;

		if (value == NULL || !json_is_array(list))
			continue;
		word = find(list, value);
		if (word != NULL) {
			(void)json_object_set_new(
			    e->body, members[i], json_string(word));
			continue;
		}
		if (e->note == NULL)
			e->note = xasprintf(
			    "%s \"%s\" is left out: the server does not know "
			    "it",
			    members[i], value);
		(void)json_object_del(e->body, members[i]);
	}
}
