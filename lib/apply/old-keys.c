/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

#include "apply/old-keys.h"

#include <stdlib.h>
#include <string.h>

#include "apply/entry.h"
#include "apply/references.h"
#include "core/alloc.h"
#include "jmap/fetch.h"
#include "jmap/member.h"

void
old_keys_note(struct apply *a, const struct apply_op *op, struct apply_entry *e)
{
	const char *domain;

	if (op->type == OP_DESTROY || e->status == APPLY_FAILED)
		return;
	if (strcmp(op->object, "Domain") == 0 && e->id != NULL &&
	    e->status == APPLY_CREATED)
		(void)map_put_copy(&a->new_domains, &a->arena, e->id, NULL);
	if (strcmp(op->object, "DkimSignature") != 0)
		return;
	if (e->id != NULL)
		(void)map_put_copy(&a->plan_keys, &a->arena, e->id, NULL);
	domain = jmap_text(entry_body(e), "domainId");
	if (domain != NULL && *domain != '#' &&
	    map_get(&a->new_domains, domain) == NULL)
		(void)map_put_copy(&a->key_domains, &a->arena, domain, NULL);
}

static void
name_old_key(void *arg, const json_t *key)
{
	struct apply *a = arg;
	const char *id = jmap_text(key, "id"),
		   *domain = jmap_text(key, "domainId"),
		   *selector = jmap_text(key, "selector"),
		   *stage = jmap_text(key, "stage");
	struct apply_result r = { .status = APPLY_EXISTS,
		.would = APPLY_EXISTS,
		.object = "DkimSignature",
		.id = id };
	char *name, *note;

	if (id == NULL || domain == NULL || selector == NULL ||
	    (stage != NULL && strcmp(stage, "active") != 0) ||
	    map_get(&a->key_domains, domain) == NULL ||
	    map_get(&a->plan_keys, id) != NULL)
		return;
	name = xasprintf("%s._domainkey.%s", selector, domain_name(a, domain));
	note = xasprintf(
	    "the server signs with this key too (id %s), and the plan, which "
	    "has another of the domain, does not have it: destroy it there, or "
	    "see that its name stays in DNS",
	    id);
	r.address = name;
	r.note = note;
	a->options->result(a->options->arg, &r);
	free(note);
	free(name);
}

int
old_keys_pass(struct apply *a, bool go)
{
	static const char *const members[] = { "domainId", "selector", "stage",
		NULL };
	int r = 0;

	if (go && a->key_domains.n != 0 && !apply_stopping(a))
		r = fetch_each(a->jmap, "DkimSignature", NULL, members,
		    name_old_key, a, &a->why);
	if (r == -1)
		apply_stop(a, &a->why);
	map_free(&a->new_domains);
	map_free(&a->key_domains);
	map_free(&a->plan_keys);
	return r;
}
