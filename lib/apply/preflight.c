/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/* Whether a run would get through, asked before any work: --check. */
#include "apply/preflight.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"
#include "core/buf.h"
#include "core/str.h"
#include "jmap/member.h"
#include "jmap/seterror.h"

struct preflight {
	struct jmap *jmap;
	const struct schema *schema;
	json_t *have;   /* our permissions: name -> true */
	json_t *needed; /* name -> true */
	void (*found)(void *arg, enum preflight_status s, const char *what,
	    const char *text);
	void *arg;
};

static void
need(struct preflight *p, const char *prefix, const char *verb)
{
	char *name = xasprintf("%s%s", prefix, verb);

	(void)json_object_set_new(p->needed, name, json_true());
	free(name);
}

/* The words that the permissions of a type begin with: "sysAccount". */
static void
need_for(struct preflight *p, const char *object, enum op_type type)
{
	char *key = xasprintf("x:%s", object), *made = NULL;
	const char *prefix = jmap_text(
	    json_object_get(json_object_get(p->schema->root, "objects"), key),
	    "permissionPrefix");

	if (prefix == NULL)
		prefix = made = xasprintf("sys%s", object);
	need(p, prefix, "Get");
	if (type != OP_UPDATE && type != OP_CREATE)
		need(p, prefix, "Query");
	if (type != OP_UPDATE && type != OP_DESTROY)
		need(p, prefix, "Create");
	if (type != OP_CREATE && type != OP_DESTROY)
		need(p, prefix, "Update");
	if (type == OP_DESTROY || type == OP_RECONCILE)
		need(p, prefix, "Destroy");
	free(made);
	free(key);
}

static void
find_needed(struct preflight *p, const struct plan_reader *plans, size_t n,
    const struct apply_options *o)
{
	static const char *const scripts[] = { "impersonate",
		"jmapSieveScriptGet", "jmapSieveScriptCreate" };
	static const char *const settings[] = { "jmapVacationResponseGet",
		"jmapVacationResponseUpdate", "jmapIdentityGet",
		"jmapIdentityCreate", "jmapIdentityUpdate" };

	need(p, "authenticate", "");
	need(p, "sysAction", "Create");
	need(p, "actionInvalidateCaches", "");
	if (n == 0) {
		need_for(p, "Domain", OP_UPSERT);
		need_for(p, "Account", OP_UPSERT);
		need_for(p, "MailingList", OP_UPSERT);
	}
	for (size_t i = 0; i < n; i++)
		for (size_t k = 0; k < plans[i].n_shapes; k++)
			need_for(p,
			    schema_object(p->schema, plans[i].shapes[k].object),
			    plans[i].shapes[k].type);
	for (size_t i = 0;
	     i < 3 && (o->sieve_dir != NULL || o->settings != NULL); i++)
		need(p, scripts[i], "");
	for (size_t i = 0;
	     i < sizeof settings / sizeof *settings && o->settings != NULL; i++)
		need(p, settings[i], "");
	if (o->app_passwords != NULL) {
		need(p, "sysAppPassword", "Get");
		need(p, "sysAppPassword", "Create");
	}
}

/* Members of want that have lacks, as one line. */
static void
list_missing(const json_t *have, const json_t *want, struct buf *out)
{
	const char *name;
	json_t *v;
	size_t n = 0;

	json_object_foreach ((json_t *)(uintptr_t)want, name, v) {
		if (!json_is_true(v) || json_object_get(have, name) != NULL)
			continue;
		if (++n <= 20)
			buf_addf(out, "%s%s", n == 1 ? "" : ", ", name);
	}
	if (n > 20)
		buf_addf(out, " and %zu more", n - 20);
}

/* Our own permissions. */
static int
get_account(struct preflight *p, struct why *why)
{
	struct buf body = { 0 };
	json_t *account = NULL, *v;
	const char *edition;
	size_t i;
	int r = jmap_get(p->jmap, "/api/account", &body, NULL, why);

	if (r == 0)
		account = json_loadb(buf_str(&body), body.len, 0, NULL);
	if (r == 0 && !json_is_array(json_object_get(account, "permissions")))
		r = why_set(why, FAIL_FATAL,
		    "/api/account: no permissions there: not Stalwart 0.16");
	json_array_foreach (json_object_get(account, "permissions"), i, v)
		if (json_is_string(v))
			(void)json_object_set_new(
			    p->have, json_string_value(v), json_true());
	edition = jmap_text(account, "edition");
	if (r == 0)
		p->found(p->arg, PREFLIGHT_OK, "edition",
		    edition == NULL ? "?" : edition);
	json_decref(account);
	buf_free(&body);
	return r;
}

static void
check_permissions(struct preflight *p)
{
	struct buf missing = { 0 };

	list_missing(p->have, p->needed, &missing);
	if (missing.len == 0)
		p->found(p->arg, PREFLIGHT_OK, "permissions",
		    "the account may do all that is needed");
	else
		p->found(
		    p->arg, PREFLIGHT_FAILED, "permissions", buf_str(&missing));
	buf_free(&missing);
}

/* --- the role of new accounts --- */

/* One get of objects by id; the answer's list, new. */
static json_t *
get_list(
    struct preflight *p, const char *object, const json_t *ids, struct why *why)
{
	char *method = xasprintf("x:%s/get", object);
	json_t *answer = NULL, *list;

	(void)jmap_call_json(p->jmap, method, json_pack("{s:O}", "ids", ids),
	    true, &answer, why);
	list = json_incref(json_object_get(answer, "list"));
	json_decref(answer);
	free(method);
	return list;
}

/* The keys of a set as an array; new. */
static json_t *
keys_of(const json_t *set)
{
	json_t *keys = json_array(), *v;
	const char *key;

	json_object_foreach ((json_t *)(uintptr_t)set, key, v)
		(void)json_array_append_new(keys, json_string(key));
	return keys;
}

/* What the roles enable and disable together, and the roles that they are made
 * of. Roles refer to roles: a few levels will do. */
static int
collect_roles(struct preflight *p, const json_t *first, json_t *enabled,
    json_t *disabled, struct why *why)
{
	enum {
		LEVELS = 8
	};
	json_t *ids = keys_of(first), *role;
	size_t k;

	for (int level = 0; level < LEVELS && json_array_size(ids) != 0;
	     level++) {
		json_t *list = get_list(p, "Role", ids, why),
		       *next = json_object();

		json_array_foreach (list, k, role) {
			(void)json_object_update(enabled,
			    json_object_get(role, "enabledPermissions"));
			(void)json_object_update(disabled,
			    json_object_get(role, "disabledPermissions"));
			(void)json_object_update(
			    next, json_object_get(role, "roleIds"));
		}
		json_decref(ids);
		ids = list == NULL ? NULL : keys_of(next);
		json_decref(next);
		json_decref(list);
		if (ids == NULL)
			return -1;
	}
	json_decref(ids);
	return 0;
}

/* Judges what a new account may do. */
static void
judge_roles(struct preflight *p, json_t *enabled, const json_t *disabled)
{
	const char *name;
	json_t *v;

	json_object_foreach ((json_t *)(uintptr_t)disabled, name, v)
		(void)json_object_del(enabled, name);
	if (json_object_get(enabled, "authenticate") == NULL)
		p->found(p->arg, PREFLIGHT_WARNING, "default role",
		    "new users may not log in: the default user role lacks "
		    "\"authenticate\" (Authentication, defaultUserRoleIds)");
	else
		p->found(p->arg, PREFLIGHT_OK, "default role",
		    "new users may log in");
}

/*
 * Who creates an account must have what the account gets. What /api/account
 * lists does not tell: administrators have more. So the server is asked, for a
 * user in a domain that does not exist, which is refused after the permissions
 * have been looked at.
 */
static void
check_grant(struct preflight *p)
{
	static const char args[] =
	    "{\"create\":{\"p\":{\"@type\":\"User\",\"name\":"
	    "\"mailferry-check\",\"domainId\":\"zzzzzz\"}}}";
	struct why why = { 0 };
	json_t *answer = NULL;
	const json_t *error;
	const char *type;

	if (jmap_call(p->jmap, "x:Account/set", args, true, &answer, &why) !=
	    JMAP_OK) {
		p->found(p->arg, PREFLIGHT_FAILED, "grant", why.text);
		return;
	}
	error = json_object_get(json_object_get(answer, "notCreated"), "p");
	type = jmap_text(error, "type");
	if (type != NULL && strcmp(type, "invalidForeignKey") == 0) {
		p->found(p->arg, PREFLIGHT_OK, "grant", "users can be created");
	} else {
		(void)why_set(
		    &why, FAIL_DATA, "the server created a user in no domain");
		if (error != NULL)
			jmap_set_error(error, NULL, &why);
		p->found(p->arg, PREFLIGHT_FAILED, "grant", why.text);
	}
	json_decref(answer);
}

static void
check_roles(struct preflight *p)
{
	json_t *ids = json_pack("[s]", "singleton"), *list,
	       *enabled = json_object(), *disabled = json_object();
	struct why why = { 0 };
	const json_t *roles;

	list = get_list(p, "Authentication", ids, &why);
	roles = json_object_get(json_array_get(list, 0), "defaultUserRoleIds");
	if (list == NULL ||
	    collect_roles(p, roles, enabled, disabled, &why) == -1)
		p->found(p->arg, PREFLIGHT_WARNING, "default role", why.text);
	else
		judge_roles(p, enabled, disabled);
	json_decref(enabled);
	json_decref(disabled);
	json_decref(list);
	json_decref(ids);
}

/* Where owners may log in without a domain (mkaccounts --default-domain). */
static void
say_default_domain(struct preflight *p)
{
	json_t *ids = json_pack("[s]", "singleton"), *domains = NULL, *settings;
	struct why why = { 0 };
	const char *id, *name = NULL;

	settings = get_list(p, "SystemSettings", ids, &why);
	id = jmap_text(json_array_get(settings, 0), "defaultDomainId");
	json_decref(ids);
	if (id != NULL) {
		ids = json_pack("[s]", id);
		domains = get_list(p, "Domain", ids, &why);
		name = jmap_text(json_array_get(domains, 0), "name");
		json_decref(ids);
	}
	if (name != NULL)
		p->found(p->arg, PREFLIGHT_OK, "default domain", name);
	else if (settings == NULL || (id != NULL && domains == NULL))
		p->found(p->arg, PREFLIGHT_WARNING, "default domain", why.text);
	else
		p->found(p->arg, PREFLIGHT_OK, "default domain",
		    "none: owners log in by their whole address");
	json_decref(settings);
	json_decref(domains);
}

int
apply_check(struct jmap *j, const struct schema *schema,
    const struct plan_reader *plans, size_t n, const struct apply_options *o,
    void (*found)(
	void *arg, enum preflight_status s, const char *what, const char *text),
    void *arg, struct why *why)
{
	struct preflight p = { .jmap = j,
		.schema = schema,
		.have = json_object(),
		.needed = json_object(),
		.found = found,
		.arg = arg };
	char *limits = xasprintf("%zu objects in a set, %zu calls in a request,"
				 " %zu requests at a time",
	    j->max_set, j->max_calls, j->max_concurrent);
	int r;

	found(arg, PREFLIGHT_OK, "login", j->username);
	found(arg, PREFLIGHT_OK, "limits", limits);
	r = get_account(&p, why);
	if (r == 0) {
		find_needed(&p, plans, n, o);
		check_permissions(&p);
		check_roles(&p);
		say_default_domain(&p);
		check_grant(&p);
	}
	free(limits);
	json_decref(p.have);
	json_decref(p.needed);
	return r;
}
