/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

#include "source/fieldmap/fieldmap.h"

#include <stdlib.h>

#include "core/str.h"

static const char *const kinds[] = {
	[FIELDMAP_NAME] = "name",
	[FIELDMAP_DOMAIN_ALIAS] = "domain-alias",
	[FIELDMAP_ALIAS] = "alias",
	[FIELDMAP_DOMAIN] = "domain",
	[FIELDMAP_GROUP] = "group",
	[FIELDMAP_ACCOUNT] = "account",
	[FIELDMAP_SETTINGS] = "settings",
	[FIELDMAP_NOTE] = "note",
};

static void
value_free(struct fieldmap_value *v)
{
	free(v->pieces);
}

void
fieldmap_free(struct fieldmap *map)
{
	for (size_t i = 0; i < map->nsections; i++) {
		struct fieldmap_section *s = &map->sections[i];

		for (size_t j = 0; j < s->nlines; j++) {
			struct fieldmap_line *line = &s->lines[j];

			for (size_t k = 0; k < line->nterms; k++)
				value_free(&line->terms[k].pattern);
			free(line->terms);
			value_free(&line->value);
		}
		free(s->lines);
		free(s->columns);
		free(s->needs.v);
	}
	free(map->sections);
	arena_free(&map->arena);
	*map = (struct fieldmap){ 0 };
}

const struct fieldmap_section *
fieldmap_next(const struct fieldmap *map, enum fieldmap_kind kind,
    const struct fieldmap_section *after)
{
	const struct fieldmap_section *s =
	    after == NULL ? map->sections : after + 1;

	for (; s < map->sections + map->nsections; s++)
		if (s->kind == kind)
			return s;
	return NULL;
}

const char *
fieldmap_kind_name(enum fieldmap_kind kind)
{
	return kinds[kind];
}

int
fieldmap_flag(const char *text)
{
	static const struct {
		const char *word;
		int value;
	} words[] = { { "1", 1 }, { "0", 0 }, { "t", 1 }, { "f", 0 },
		{ "y", 1 }, { "n", 0 }, { "true", 1 }, { "false", 0 },
		{ "yes", 1 }, { "no", 0 }, { "on", 1 }, { "off", 0 },
		{ "active", 1 }, { "inactive", 0 }, { "enabled", 1 },
		{ "disabled", 0 }, { "ok", 1 } };

	for (size_t i = 0; i < sizeof words / sizeof *words; i++)
		if (str_eq_nocase(text, words[i].word))
			return words[i].value;
	return -1;
}
