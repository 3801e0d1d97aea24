/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

#include "route/known.h"

#include <stdlib.h>
#include <string.h>

#include "core/json.h"
#include "core/ndjson.h"
#include "route/rules.h"

static void
take_ids(struct known_keys *k, struct json_reader *s)
{
	char *id;

	(void)jr_enter(s, '[');
	while (jr_element(s))
		if (jr_string(s, &id))
			strs_add(&k->ids, arena_adds(&k->texts, id));
}

static void
take_line(struct known_keys *k, char *line)
{
	struct json_reader s;
	char *name;

	jr_init(&s, line);
	(void)jr_enter(&s, '{');
	while (jr_member(&s, &name)) {
		if (strcmp(name, "keys") == 0)
			take_ids(k, &s);
		else
			(void)jr_skip(&s);
	}
}

int
known_read(struct known_keys *k, char *file, struct why *why)
{
	char *files[] = { file, NULL };
	struct ndjson in;
	struct why bad = { 0 };
	int r;

	ndjson_init(&in, files, RECORD_LINE_MAX);
	while ((r = ndjson_next(&in, &bad)) != 0 && bad.kind != FAIL_FATAL)
		if (r == 1)
			take_line(k, in.line);
	ndjson_free(&in);
	return r == 0 ? 0 : why_set(why, bad.kind, "%s: %s", file, bad.text);
}

void
known_free(struct known_keys *k)
{
	free(k->ids.v);
	arena_free(&k->texts);
	*k = (struct known_keys){ 0 };
}

static bool
has_all(const struct keyring *ring, const struct owners *o)
{
	for (size_t i = 0; i < o->n; i++) {
		const struct owner *w = &o->v[i];

		if (w->why.kind != FAIL_NONE || w->same != 0)
			continue;
		for (size_t n = 0; n < w->addresses.n; n++)
			if (keyring_get(ring, w->addresses.v[n]) == NULL)
				return false;
	}
	return true;
}

int
known_find(struct jmap *j, const struct known_keys *k, const struct owners *o,
    struct keyring *ring, struct why *why)
{
	if (keyring_read_ids(j, ROUTE_NAMESPACE, &k->ids, ring, why) == -1)
		return -1;
	return has_all(ring, o) ? 0
				: keyring_read(j, ROUTE_NAMESPACE, ring, why);
}
