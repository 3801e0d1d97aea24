/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

#include "route/domains.h"
#include "jmap/member.h"

#include <stdint.h>
#include <stdlib.h>

#include "core/alloc.h"
#include "jmap/fetch.h"

static void
add_name(struct route_domains *d, struct route_domain *one, const char *name)
{
	one->names[one->n] = arena_adds(&d->texts, name);
	*map_put(&d->by_name, one->names[one->n++], NULL) =
	    (void *)(uintptr_t)d->n;
}

static void
take(void *arg, const json_t *object)
{
	struct route_domains *d = arg;
	json_t *aliases = json_object_get(object, "aliases"), *v;
	const char *catch_all = jmap_text(object, "catchAllAddress"), *name;
	struct route_domain *one;

	if (jmap_text(object, "name") == NULL ||
	    jmap_text(object, "id") == NULL)
		return;
	d->v = xgrow(d->v, d->n, &d->cap, sizeof *d->v);
	one = &d->v[d->n++];
	*one = (struct route_domain){
		.id = arena_adds(&d->texts, jmap_text(object, "id")),
		.names =
		    xcalloc(json_object_size(aliases) + 1, sizeof *one->names),
		.relays =
		    json_is_true(json_object_get(object, "allowRelaying")),
	};
	if (catch_all != NULL)
		one->catch_all = arena_adds(&d->texts, catch_all);
	*map_put(&d->by_id, one->id, NULL) = (void *)(uintptr_t)d->n;
	add_name(d, one, jmap_text(object, "name"));
	json_object_foreach (aliases, name, v)
		if (json_is_true(v))
			add_name(d, one, name);
}

int
route_domains_read(struct jmap *j, struct route_domains *d, struct why *why)
{
	static const char *const members[] = { "name", "aliases",
		"catchAllAddress", "allowRelaying", NULL };

	return fetch_each(j, "Domain", NULL, members, take, d, why);
}

void
route_domains_free(struct route_domains *d)
{
	for (size_t i = 0; i < d->n; i++)
		free(d->v[i].names);
	free(d->v);
	map_free(&d->by_name);
	map_free(&d->by_id);
	arena_free(&d->texts);
	*d = (struct route_domains){ 0 };
}

static const struct route_domain *
find(const struct route_domains *d, const struct map *by, const char *key)
{
	void **slot = key == NULL ? NULL : map_get(by, key);

	return slot == NULL ? NULL : &d->v[(uintptr_t)*slot - 1];
}

const struct route_domain *
route_domain_named(const struct route_domains *d, const char *name)
{
	return find(d, &d->by_name, name);
}

const struct route_domain *
route_domain_by_id(const struct route_domains *d, const char *id)
{
	return find(d, &d->by_id, id);
}
