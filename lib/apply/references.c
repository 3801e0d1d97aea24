/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

#include "apply/references.h"

#include <stdlib.h>
#include <string.h>

#include "apply/apply-internal.h"
#include "apply/job.h"
#include "core/alloc.h"
#include "core/str.h"
#include "jmap/fetch.h"
#include "jmap/member.h"

struct known *
known_ref(const struct apply *a, const char *ref)
{
	void **slot = map_get(&a->known, ref);

	return slot == NULL ? NULL : *slot;
}

int
reference_failed(const struct known *k, const char *ref, struct why *why)
{
	return why_set(why,
	    k->failed->kind == FAIL_TEMP ? FAIL_TEMP : FAIL_DATA,
	    "it needs %s, which failed: %s", k->name != NULL ? k->name : ref,
	    k->failed->text);
}

/* It stays as it is when it is of an object that is only planned, or of the
 * same operation, which the server resolves. */
int
apply_resolve_ref(
    struct apply *a, const char *ref, const char **id, struct why *why)
{
	struct known *k = known_ref(a, ref + 1);

	if (k == NULL && (a->running != 0 || a->queue != NULL)) {
		job_drain(a);
		k = known_ref(a, ref + 1);
	}
	if (k == NULL)
		return 0;
	if (k->id != NULL) {
		*id = k->id;
		return 1;
	}
	if (k->failed == NULL)
		return 0;
	return reference_failed(k, ref, why);
}

/* Replaces the references among the names of a set of ids. */
static int
resolve_keys(struct apply *a, json_t *v, struct why *why)
{
	json_t *out = json_object(), *item;
	const char *key;
	int r = 0;

	json_object_foreach (v, key, item) {
		const char *to = key;

		if (*key == '#' && key[1] != '\0' &&
		    apply_resolve_ref(a, key, &to, why) == -1)
			r = -1;
		(void)json_object_set(out, to, item);
	}
	(void)json_object_clear(v);
	(void)json_object_update(v, out);
	json_decref(out);
	return r;
}

static bool
has_ref_key(json_t *v)
{
	const char *key;
	json_t *item;

	json_object_foreach (v, key, item)
		if (*key == '#' && key[1] != '\0')
			return true;
	return false;
}

int
apply_resolve(struct apply *a, const char *member, json_t *v, struct why *why)
{
	void *at;
	int r = 0;

	if (!json_is_object(v))
		return 0;
	if (plan_is_id_member(member) && has_ref_key(v))
		r = resolve_keys(a, v, why);
	for (at = json_object_iter(v); at != NULL;
	     at = json_object_iter_next(v, at)) {
		const char *key = json_object_iter_key(at), *id = NULL;
		json_t *item = json_object_iter_value(at);
		const char *s = json_string_value(item);

		if (s == NULL) {
			if (apply_resolve(a, key, item, why) == -1)
				r = -1;
		} else if (*s == '#' && s[1] != '\0' &&
			   plan_is_id_member(key)) {
			if (apply_resolve_ref(a, s, &id, why) == -1)
				r = -1;
			if (id != NULL)
				(void)json_object_iter_set_new(
				    v, at, json_string(id));
		}
	}
	return r;
}

/* --- names for people --- */

/* Asks the server for the name of a domain that is there already. */
static const char *
ask_name(struct apply *a, const char *id)
{
	struct fetch f = { .wanted = NULL };
	struct why why = { 0 };
	const char *name = NULL;
	void **slot;

	fetch_want(&f, "Domain", id);
	fetch_member(&f, "name");
	if (fetch_all(a->jmap, &f, &why) == 0)
		name = jmap_text(fetch_found(&f, "Domain", id), "name");
	slot = map_put_copy(&a->names, &a->arena, id, NULL);
	*slot = arena_adds(&a->arena, name == NULL ? "?" : name);
	fetch_clear(&f);
	return *slot;
}

const char *
domain_name(struct apply *a, const char *id)
{
	const struct known *k;
	void **slot;

	if (id == NULL || *id == '\0')
		return "?";
	if (*id == '#') {
		k = known_ref(a, id + 1);
		return k == NULL || k->name == NULL ? "?" : k->name;
	}
	slot = map_get(&a->names, id);
	return slot == NULL ? ask_name(a, id) : *slot;
}

char *
apply_address(struct apply *a, const struct apply_op *op, const json_t *body)
{
	const char *label = schema_label(a->schema, op->object),
		   *name = jmap_text(body, "name"),
		   *selector = jmap_text(body, "selector");

	/* A signing key: its name in DNS. */
	if (selector != NULL)
		return xasprintf("%s._domainkey.%s", selector,
		    domain_name(a, jmap_text(body, "domainId")));
	if (name == NULL && label != NULL)
		name = jmap_text(body, label);
	if (name == NULL)
		return NULL;
	if (json_object_get(body, "domainId") == NULL ||
	    !apply_unique(op->object))
		return xstrdup(name);
	return xasprintf(
	    "%s@%s", name, domain_name(a, jmap_text(body, "domainId")));
}

char *
alias_address(struct apply *a, const json_t *v)
{
	const char *name = jmap_text(v, "name");

	return xasprintf("%s@%s", name == NULL ? "" : name,
	    domain_name(a, jmap_text(v, "domainId")));
}

/* --- catch-alls that lead to an account --- */

static void
take_catch_all(void *arg, const json_t *domain)
{
	const char *address = jmap_text(domain, "catchAllAddress"),
		   *name = jmap_text(domain, "name"), *other;
	char *key, *both;

	if (address == NULL || name == NULL)
		return;
	key = str_lower(xstrdup(address));
	other = jmap_text(arg, key);
	both = xasprintf("%s%s", other == NULL ? name : other,
	    other == NULL || strchr(other, ' ') != NULL ? "" : " and others");
	(void)json_object_set_new(arg, key, json_string(both));
	free(both);
	free(key);
}

int
catch_alls_read(struct apply *a, struct why *why)
{
	static const char *const members[] = { "name", "catchAllAddress",
		NULL };

	if (a->catch_alls != NULL)
		return 0;
	a->catch_alls = json_object();
	return fetch_each(a->jmap, "Domain", NULL, members, take_catch_all,
	    a->catch_alls, why);
}

void
catch_alls_forget(struct apply *a)
{
	json_decref(a->catch_alls);
	a->catch_alls = NULL;
}

static void
note_catch_all(struct apply *a, struct apply_entry *e, const char *address)
{
	const char *domain = jmap_text(a->catch_alls, address);
	char *note;

	if (domain == NULL)
		return;
	note = xasprintf("the catch-all of %s leads to it, as %s: without it "
			 "that mail reaches nobody; change catchAllAddress of "
			 "the domain, or set it to null",
	    domain, address);
	entry_add_note(e, note);
	free(note);
}

void
catch_alls_note(struct apply *a, struct apply_entry *e, const json_t *have)
{
	const char *key;
	json_t *v;

	if (json_object_size(a->catch_alls) == 0)
		return;
	if (e->address != NULL)
		note_catch_all(a, e, e->address);
	json_object_foreach (json_object_get(have, "aliases"), key, v) {
		char *address = alias_address(a, v);

		note_catch_all(a, e, address);
		free(address);
	}
}

void
catch_alls_note_said(
    struct apply *a, const struct apply_op *op, struct apply_entry *e)
{
	if (strcmp(op->object, "Domain") == 0 && e->id != NULL &&
	    op->type != OP_DESTROY &&
	    json_object_get(entry_body(e), "catchAllAddress") != NULL)
		(void)map_put_copy(&a->catch_said, &a->arena, e->id, NULL);
}

static void
name_catch_all(void *arg, const json_t *domain)
{
	struct apply *a = arg;
	const char *address = jmap_text(domain, "catchAllAddress"),
		   *name = jmap_text(domain, "name"),
		   *id = jmap_text(domain, "id");
	char *text;

	if (address == NULL || name == NULL || id == NULL ||
	    map_get(&a->whole, name) == NULL ||
	    map_get(&a->catch_said, id) != NULL)
		return;
	text = xasprintf(
	    "its catch-all, which leads to %s, is left: the plan says nothing "
	    "of one; set catchAllAddress to null if the directory has none",
	    address);
	a->options->say(a->options->arg, name, text);
	free(text);
}

int
catch_alls_name_rest(struct apply *a, struct why *why)
{
	static const char *const members[] = { "name", "catchAllAddress",
		NULL };

	return a->whole.n == 0 ? 0
			       : fetch_each(a->jmap, "Domain", NULL, members,
				     name_catch_all, a, why);
}
