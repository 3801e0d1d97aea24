/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/*
 * The members of the objects: their kinds, defaults and checks. A container is
 * an object, never an array; a list has decimal keys.
 */
#include "standin/members-internal.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"
#include "core/str.h"
#include "record/moment.h"
#include "standin/hash.h"

static const struct member domain_members[] = {
	{ "name", KIND_DOMAIN_NAME, NULL, false },
	{ "aliases", KIND_SET, "{}", false },
	{ "isEnabled", KIND_BOOL, "true", false },
	{ "createdAt", KIND_SERVER_SET, "\"2026-11-23T20:52:32Z\"", false },
	{ "description", KIND_TEXT, "null", true },
	{ "logo", KIND_TEXT, "null", true },
	{ "certificateManagement", KIND_VARIANT, "{\"@type\":\"Manual\"}",
	    false },
	{ "dkimManagement", KIND_VARIANT,
	    "{\"@type\":\"Automatic\",\"algorithms\":{"
	    "\"Dkim1Ed25519Sha256\":true,\"Dkim1RsaSha256\":true},"
	    "\"selectorTemplate\":\"v{version}-{algorithm}-{date-%Y%m%d}\","
	    "\"rotateAfter\":7776000000,\"retireAfter\":604800000,"
	    "\"deleteAfter\":2592000000}",
	    false },
	{ "dnsManagement", KIND_VARIANT, "{\"@type\":\"Manual\"}", false },
	{ "memberTenantId", KIND_ID, "null", true },
	{ "directoryId", KIND_ID, "null", true },
	{ "catchAllAddress", KIND_ADDRESS, "null", true },
	{ "subAddressing", KIND_VARIANT, "{\"@type\":\"Enabled\"}", false },
	{ "allowRelaying", KIND_BOOL, "false", false },
	{ "reportAddressUri", KIND_TEXT, "\"mailto:postmaster\"", false },
	{ "dnsZoneFile", KIND_SERVER_SET, "", false }, { NULL, 0, NULL, false }
};

static const struct member user_members[] = { { "name", KIND_LOCAL, NULL,
						  false },
	{ "domainId", KIND_ID, NULL, false },
	{ "credentials", KIND_CREDENTIALS, "{}", false },
	{ "createdAt", KIND_SERVER_SET, "\"2026-11-23T20:52:32Z\"", false },
	{ "memberGroupIds", KIND_ID_SET, "{}", false },
	{ "memberTenantId", KIND_ID, "null", true },
	{ "roles", KIND_ROLES, "{\"@type\":\"User\"}", false },
	{ "permissions", KIND_PERMISSIONS, "{\"@type\":\"Inherit\"}", false },
	{ "quotas", KIND_QUOTAS, "{}", false },
	{ "aliases", KIND_ALIASES, "{}", false },
	{ "description", KIND_TEXT, "null", true },
	{ "locale", KIND_LOCALE, "\"en_US\"", false },
	{ "timeZone", KIND_TIME_ZONE, "null", true },
	{ "encryptionAtRest", KIND_VARIANT, "{\"@type\":\"Disabled\"}", false },
	{ "emailAddress", KIND_SERVER_SET, "", false },
	{ "usedDiskQuota", KIND_SERVER_SET, "", false },
	{ NULL, 0, NULL, false } };

static const struct member group_members[] = { { "name", KIND_LOCAL, NULL,
						   false },
	{ "domainId", KIND_ID, NULL, false },
	{ "createdAt", KIND_SERVER_SET, "\"2026-11-23T20:52:32Z\"", false },
	{ "memberTenantId", KIND_ID, "null", true },
	{ "roles", KIND_ROLES, "{\"@type\":\"Default\"}", false },
	{ "permissions", KIND_PERMISSIONS, "{\"@type\":\"Inherit\"}", false },
	{ "quotas", KIND_QUOTAS, "{}", false },
	{ "aliases", KIND_ALIASES, "{}", false },
	{ "description", KIND_TEXT, "null", true },
	{ "locale", KIND_LOCALE, "\"en_US\"", false },
	{ "timeZone", KIND_TIME_ZONE, "null", true },
	{ "emailAddress", KIND_SERVER_SET, "", false },
	{ "usedDiskQuota", KIND_SERVER_SET, "", false },
	{ NULL, 0, NULL, false } };

static const struct member list_members[] = {
	{ "name", KIND_LOCAL, NULL, false },
	{ "domainId", KIND_ID, NULL, false },
	{ "description", KIND_TEXT, "null", true },
	{ "aliases", KIND_ALIASES, "{}", false },
	{ "memberTenantId", KIND_ID, "null", true },
	{ "recipients", KIND_SET, "{}", false },
	{ "emailAddress", KIND_SERVER_SET, "", false }, { NULL, 0, NULL, false }
};

/* --- whole objects --- */

static const struct member *
table_of(enum type t, const json_t *value)
{
	const char *type = json_string_value(json_object_get(value, "@type"));

	if (t == TYPE_DOMAIN)
		return domain_members;
	if (t == TYPE_LIST)
		return list_members;
	if (type != NULL && strcmp(type, "User") == 0)
		return user_members;
	return type != NULL && strcmp(type, "Group") == 0 ? group_members
							  : NULL;
}

static json_t *
required(const char *property)
{
	return json_pack("{s:s, s:[{s:s, s:s}]}", "type", "validationFailed",
	    "validationErrors", "type", "Required", "property", property);
}

/* What must be there, of the object and of its aliases; one password. */
static json_t *
check_complete(const struct member *table, const json_t *value)
{
	size_t passwords = 0;
	const char *key;
	json_t *item;

	json_object_foreach (json_object_get(value, "credentials"), key, item)
		passwords +=
		    strcmp(json_string_value(json_object_get(item, "@type")),
			"Password") == 0;
	if (passwords > 1)
		return set_error("invalidProperties",
		    "Only one password credential is allowed.", "credentials");
	for (; table->name != NULL; table++)
		if (table->initial == NULL &&
		    json_object_get(value, table->name) == NULL)
			return required(table->name);
	if (!json_is_object(json_object_get(value, "aliases")))
		return NULL;
	json_object_foreach (json_object_get(value, "aliases"), key, item)
		for (const struct member *m = alias_members;
		     json_is_object(item) && m->name != NULL; m++)
			if (m->initial == NULL &&
			    json_object_get(item, m->name) == NULL)
				return required(m->name);
	return NULL;
}

static void
set_now(json_t *value)
{
	char text[MOMENT_SIZE];

	moment_write(time(NULL), text);
	(void)json_object_set_new(value, "createdAt", json_string(text));
}

json_t *
members_create(
    enum type t, const json_t *body, const json_t *ids, json_t **error)
{
	const struct member *table = table_of(t, body), *m;
	struct check c = { .ids = ids };
	json_t *value, *item;
	const char *key;

	if (table == NULL) {
		*error = set_error("invalidPatch", BAD_TYPE, "");
		return NULL;
	}
	value = json_object();
	for (m = table; m->name != NULL; m++)
		if (m->initial != NULL && *m->initial != '\0')
			(void)json_object_set_new(value, m->name,
			    json_loads(m->initial, JSON_DECODE_ANY, NULL));
	if (json_object_get(value, "locale") != NULL)
		(void)json_object_set_new(
		    value, "locale", json_string(schema_locale()));
	if (json_object_get(value, "createdAt") != NULL)
		set_now(value);
	json_object_foreach ((json_t *)(uintptr_t)body, key, item) {
		if (t == TYPE_ACCOUNT && strcmp(key, "@type") == 0) {
			(void)json_object_set(value, key, item);
			continue;
		}
		c.path = key;
		m = find(table, key);
		if (m != NULL) {
			(void)json_object_set_new(
			    value, key, check_member(&c, m, item));
		} else if (strcmp(key, "id") == 0 ||
			   find(user_members, key) != NULL) {
			(void)bad(&c, "Invalid property");
		} else {
			c.path = "";
			(void)bad(&c, "Invalid key for object");
		}
	}
	*error = c.error != NULL ? c.error : check_complete(table, value);
	if (*error != NULL) {
		json_decref(value);
		return NULL;
	}
	return value;
}

/* --- updates by pointer --- */

static const char *
entry_type(const json_t *entry)
{
	const char *type = json_string_value(json_object_get(entry, "@type"));

	return type == NULL ? "" : type;
}

/* "aliases/2/name", "credentials/0/secret": a member of an entry. */
static void
patch_entry(struct check *c, enum kind kind, json_t *list, const char *key,
    const char *member, const json_t *v)
{
	json_t *entry = json_object_get(list, key), *merged;

	if (kind == KIND_CREDENTIALS && entry != NULL &&
	    strcmp(entry_type(entry), "Password") != 0) {
		(void)bad(c, "Cannot modify server set property");
		return;
	}
	if (kind == KIND_CREDENTIALS && strcmp(member, "secret") == 0) {
		if (entry == NULL) {
			entry = json_pack("{s:s, s:n, s:{}}", "@type",
			    "Password", "expiresAt", "allowedIps");
			(void)json_object_set_new(list, key, entry);
		}
		(void)json_object_del(entry, "clear");
		set_password(c, entry, json_string_value(v));
		return;
	}
	merged = entry == NULL ? json_object() : json_deep_copy(entry);
	(void)json_object_set(merged, member, (json_t *)(uintptr_t)v);
	if (kind == KIND_ALIASES)
		(void)json_object_set_new(list, key, check_alias(c, merged));
	else
		(void)json_object_set(list, key, merged);
	json_decref(merged);
}

/* A pointer below a top-level member; rest is what follows the first "/". */
static void
patch_below(struct check *c, const struct member *m, json_t *value,
    const char *rest, const json_t *v)
{
	json_t *container = json_object_get(value, m->name), *one;
	const char *slash = strchr(rest, '/');
	char *key = slash == NULL ? xstrdup(rest)
				  : xmemdup(rest, (size_t)(slash - rest));

	if (m->kind == KIND_ALIASES || m->kind == KIND_CREDENTIALS) {
		if (!is_digits(key))
			(void)bad(c, BAD_KEY);
		else if (slash != NULL)
			patch_entry(c, m->kind, container, key, slash + 1, v);
		else if (json_is_null(v))
			(void)json_object_del(container, key);
		else
			(void)json_object_set_new(container, key,
			    m->kind == KIND_ALIASES ? check_alias(c, v)
						    : check_credential(c, v));
		(void)json_object_set_new(
		    value, m->name, renumber(json_incref(container)));
	} else if (m->kind == KIND_SET || m->kind == KIND_ID_SET) {
		const char *k = set_key(c, m->kind, rest);

		if (k != NULL && json_is_true(v))
			(void)json_object_set_new(container, k, json_true());
		else if (k != NULL)
			(void)json_object_del(container, k);
	} else if (m->kind == KIND_QUOTAS) {
		one = json_object();
		(void)json_object_set(one, key, (json_t *)(uintptr_t)v);
		json_decref(check_quotas(c, one));
		(void)json_object_update(container, one);
		json_decref(one);
	} else {
		(void)bad(c, "Invalid property");
	}
	free(key);
}

/* New credentials get an id; what kept its id is the same credential. */
static void
number_credentials(struct object *o, json_t *value)
{
	const char *key;
	json_t *item;
	char id[16];

	json_object_foreach (json_object_get(value, "credentials"), key, item)
		if (json_object_get(item, "credentialId") == NULL) {
			id_encode(o->next_credential++, id);
			(void)json_object_set_new(
			    item, "credentialId", json_string(id));
		}
}

json_t *
members_update(
    struct object *o, const json_t *patch, const json_t *ids, json_t **error)
{
	const struct member *table = table_of(o->type, o->value);
	json_t *value = json_deep_copy(o->value), *v;
	struct check c = { .ids = ids };
	const char *path;

	json_object_foreach ((json_t *)(uintptr_t)patch, path, v) {
		const char *slash = strchr(path, '/');
		char *name = slash == NULL
				 ? xstrdup(path)
				 : xmemdup(path, (size_t)(slash - path));
		const struct member *m = find(table, name);

		c.path = path;
		if (strcmp(path, "@type") == 0 && o->type == TYPE_ACCOUNT) {
			if (c.error == NULL &&
			    !json_equal(v, json_object_get(value, "@type")))
				c.error = set_error("invalidProperties",
				    "Cannot change the type of an existing "
				    "account.",
				    "@type");
		} else if (m == NULL) {
			(void)bad(&c, "Invalid property");
		} else if (slash != NULL) {
			patch_below(&c, m, value, slash + 1, v);
		} else {
			(void)json_object_set_new(
			    value, name, check_member(&c, m, v));
		}
		free(name);
	}
	*error = c.error != NULL ? c.error : check_complete(table, value);
	if (*error != NULL) {
		json_decref(value);
		return NULL;
	}
	number_credentials(o, value);
	return value;
}

/* --- foreign keys --- */

static json_t *
no_object(const char *type, const char *id)
{
	return json_pack("{s:s, s:{s:s, s:s}}", "type", "invalidForeignKey",
	    "objectId", "object", type, "id", id);
}

json_t *
members_foreign(enum type t, const json_t *value, bool *unavailable)
{
	const char *domain =
		       json_string_value(json_object_get(value, "domainId")),
		   *tenant = json_string_value(
		       json_object_get(value, "memberTenantId")),
		   *key;
	json_t *item;

	/* An unknown role fails the whole call. */
	*unavailable = json_object_size(json_object_get(
			   json_object_get(value, "roles"), "roleIds")) != 0;
	if (tenant != NULL)
		return no_object("Tenant", tenant);
	if (t == TYPE_DOMAIN)
		return NULL;
	if (object_find(TYPE_DOMAIN, domain) == NULL)
		return no_object("Domain", domain);
	json_object_foreach (json_object_get(value, "aliases"), key, item) {
		domain = json_string_value(json_object_get(item, "domainId"));
		if (object_find(TYPE_DOMAIN, domain) == NULL)
			return no_object("Domain", domain);
	}
	json_object_foreach (
	    json_object_get(value, "memberGroupIds"), key, item) {
		const struct object *g = object_find(TYPE_ACCOUNT, key);

		if (g == NULL || strcmp(entry_type(g->value), "Group") != 0)
			return no_object("Account", key);
	}
	return NULL;
}
