/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/*
 * The members of the objects: their kinds, defaults and checks. A container is
 * an object, never an array; a list has decimal keys.
 */
#include "standin/stalwart.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"
#include "core/str.h"
#include "standin/hash.h"

enum kind {
	KIND_LOCAL,
	KIND_DOMAIN_NAME,
	KIND_TEXT,
	KIND_ADDRESS,
	KIND_BOOL,
	KIND_ID,
	KIND_SET,     /* text -> true */
	KIND_ID_SET,  /* id -> true */
	KIND_ALIASES, /* list of objects */
	KIND_CREDENTIALS,
	KIND_QUOTAS,
	KIND_PERMISSIONS,
	KIND_ROLES,
	KIND_VARIANT, /* an object with "@type" */
	KIND_LOCALE,
	KIND_TIME_ZONE,
	KIND_SERVER_SET
};

struct member {
	const char *name;
	enum kind kind;
	const char *initial; /* JSON; NULL: required */
	bool nullable;
};

static const struct member domain_members[] = {
	{ "name", KIND_DOMAIN_NAME, NULL, false },
	{ "aliases", KIND_SET, "{}", false },
	{ "isEnabled", KIND_BOOL, "true", false },
	{ "createdAt", KIND_SERVER_SET, "\"2026-11-23T20:52:32Z\"", false },
	{ "description", KIND_TEXT, "null", true },
	{ "logo", KIND_TEXT, "null", true },
	{ "certificateManagement", KIND_VARIANT, "{\"@type\":\"Manual\"}",
	    false },
	{ "dkimManagement", KIND_VARIANT, "{\"@type\":\"Automatic\"}", false },
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

static const struct member alias_members[] = { { "enabled", KIND_BOOL, "true",
						   false },
	{ "name", KIND_LOCAL, NULL, false },
	{ "domainId", KIND_ID, NULL, false },
	{ "description", KIND_TEXT, "null", true }, { NULL, 0, NULL, false } };

static const char BAD_VALUE[] = "Invalid value for property.";
static const char BAD_OBJECT[] = "Invalid value for object property";
static const char BAD_KEY[] = "Invalid key for object property";
static const char BAD_TYPE[] = "Missing or invalid '@type' property in object";

json_t *
set_error(const char *type, const char *description, const char *property)
{
	json_t *e = json_pack("{s:s}", "type", type);

	if (description != NULL)
		(void)json_object_set_new(
		    e, "description", json_string(description));
	if (property != NULL)
		(void)json_object_set_new(
		    e, "properties", json_pack("[s]", property));
	return e;
}

/* A check of one value: what it is checked with, and what came of it. */
struct check {
	const char *path; /* for the error */
	const json_t *ids;
	json_t *error;
};

static json_t *
bad(struct check *c, const char *description)
{
	if (c->error == NULL)
		c->error = set_error("invalidPatch", description, c->path);
	return NULL;
}

static const struct member *
find(const struct member *table, const char *name)
{
	for (; table->name != NULL; table++)
		if (strcmp(table->name, name) == 0)
			return table;
	return NULL;
}

static bool
one_of(const char *s, const char *const *list)
{
	for (; s != NULL && *list != NULL; list++)
		if (strcmp(s, *list) == 0)
			return true;
	return false;
}

/* --- single values; each returns the value to store (new), or NULL --- */

static json_t *
check_text(struct check *c, const json_t *v)
{
	const char *s = json_string_value(v);

	if (s == NULL || *s == '\0')
		return bad(c, BAD_VALUE);
	return json_string(s);
}

static json_t *
check_name(struct check *c, const json_t *v, char *(*clean)(const char *),
    const char *refusal)
{
	const char *s = json_string_value(v);
	json_t *result;
	char *name;

	if (s == NULL || *s == '\0')
		return bad(c, BAD_VALUE);
	name = strlen(s) == json_string_length(v) ? clean(s) : NULL;
	if (name == NULL)
		return bad(c, refusal);
	result = json_string(name);
	free(name);
	return result;
}

static char *
clean_local_text(const char *s)
{
	return clean_local(s, strlen(s));
}

static json_t *
check_id(struct check *c, const json_t *v)
{
	const char *s = json_string_value(v);

	if (s == NULL)
		return bad(c, "Invalid path for Id, expected a string value");
	if (*s == '#')
		s = json_string_value(json_object_get(c->ids, s + 1));
	if (s == NULL ||
	    s[strspn(s, "abcdefghijklmnopqrstuvwxyz792013")] != '\0')
		return bad(c, "Failed to parse Id from string");
	return json_string(*s == '\0' ? "a" : s);
}

/* A member of a set, whatever it is a set of. */
static const char *
set_key(struct check *c, enum kind kind, const char *key)
{
	if (kind == KIND_SET)
		return key;
	if (*key == '#')
		key = json_string_value(json_object_get(c->ids, key + 1));
	if (key == NULL ||
	    key[strspn(key, "abcdefghijklmnopqrstuvwxyz792013")] != '\0') {
		(void)bad(c, BAD_KEY);
		return NULL;
	}
	return key;
}

static json_t *
check_set(struct check *c, enum kind kind, const json_t *v)
{
	json_t *out, *item;
	const char *key;

	if (!json_is_object(v))
		return bad(c, BAD_OBJECT);
	out = json_object();
	json_object_foreach ((json_t *)(uintptr_t)v, key, item) {
		const char *k = set_key(c, kind, key);

		if (k != NULL && json_is_true(item))
			(void)json_object_set_new(out, k, json_true());
	}
	return out;
}

static json_t *
check_quotas(struct check *c, const json_t *v)
{
	static const char *const names[] = { "maxDiskQuota", "maxEmails",
		"maxMailboxes", "maxEmailSubmissions", "maxEmailIdentities",
		"maxParticipantIdentities", "maxSieveScripts",
		"maxPushSubscriptions", "maxCalendars", "maxCalendarEvents",
		"maxCalendarEventNotifications", "maxAddressBooks",
		"maxContactCards", "maxFiles", "maxFolders",
		"maxMaskedAddresses", "maxAppPasswords", "maxApiKeys",
		"maxPublicKeys", NULL };
	json_t *item, *out;
	const char *key;

	if (!json_is_object(v))
		return bad(c, BAD_OBJECT);
	out = json_object();
	json_object_foreach ((json_t *)(uintptr_t)v, key, item) {
		bool number =
		    json_is_integer(item)
			? json_integer_value(item) >= 0
			/* Past 2^63 the parser makes a real of it. */
			: json_is_real(item) && json_real_value(item) > 9e18;

		if (!one_of(key, names))
			(void)bad(c, BAD_KEY);
		else if (!number)
			(void)bad(c,
			    "Invalid value for unsigned integer property "
			    "(expected non-negative integer)");
		(void)json_object_set(out, key, item);
	}
	return out;
}

/* Permissions are named by hundreds; their spelling is all that is checked. */
static bool
known_permission(const char *s)
{
	static const char *const some[] = { "authenticate",
		"authenticateWithAlias", "emailReceive", "emailSend",
		"imapAuthenticate", "pop3Authenticate", "sieveAuthenticate",
		"impersonate", NULL };

	return one_of(s, some) || str_starts(s, "sys") || str_starts(s, "jmap");
}

static json_t *
check_permissions(struct check *c, const json_t *v)
{
	static const char *const types[] = { "Inherit", "Merge", "Replace",
		NULL };
	static const char *const lists[] = { "enabledPermissions",
		"disabledPermissions", NULL };
	const char *outer = c->path, *key;
	json_t *item;

	if (!json_is_object(v))
		return bad(c, BAD_OBJECT);
	if (!one_of(json_string_value(json_object_get(v, "@type")), types))
		return bad(c, BAD_TYPE);
	for (size_t i = 0; lists[i] != NULL; i++) {
		const json_t *list = json_object_get(v, lists[i]);
		char path[80];

		(void)snprintf(path, sizeof path, "%s/%s", outer, lists[i]);
		c->path = path;
		if (list != NULL && !json_is_object(list))
			(void)bad(c, BAD_OBJECT);
		json_object_foreach ((json_t *)(uintptr_t)list, key, item)
			if (!known_permission(key))
				(void)bad(c, BAD_KEY);
		c->path = outer;
	}
	return json_deep_copy(v);
}

static json_t *
check_variant(struct check *c, const json_t *v, const char *const *types)
{
	if (!json_is_object(v))
		return bad(c, BAD_OBJECT);
	if (!one_of(json_string_value(json_object_get(v, "@type")), types))
		return bad(c, BAD_TYPE);
	return json_deep_copy(v);
}

static json_t *
check_enum(struct check *c, const json_t *v, const char *first)
{
	const char *s = json_string_value(v);
	char text[160];
	bool ok = s != NULL && strcmp(first, "EnUS") == 0
		      ? strlen(s) == 5 && s[2] == '_' && strcmp(s, "xx_XX") != 0
		      : s != NULL && strchr(s, '/') != NULL &&
			    !str_starts(s, "Mars/");

	if (ok)
		return json_string(s);
	(void)snprintf(text, sizeof text,
	    "Invalid value Str(\"%.40s\") for enum type %s.",
	    s == NULL ? "" : s, first);
	return bad(c, text);
}

/* --- lists of objects --- */

static json_t *check_member(
    struct check *c, const struct member *m, const json_t *v);

/* One entry of aliases. A name that is missing is found at the end. */
static json_t *
check_alias(struct check *c, const json_t *v)
{
	const char *outer = c->path, *key;
	json_t *out, *item;

	if (!json_is_object(v))
		return bad(c, "Invalid value type for object");
	out = json_object();
	for (const struct member *m = alias_members; m->name != NULL; m++)
		if (m->initial != NULL)
			(void)json_object_set_new(out, m->name,
			    json_loads(m->initial, JSON_DECODE_ANY, NULL));
	json_object_foreach ((json_t *)(uintptr_t)v, key, item) {
		const struct member *m = find(alias_members, key);
		char path[80];

		if (m == NULL) {
			(void)bad(c, "Invalid key for object");
			break;
		}
		(void)snprintf(path, sizeof path, "%s/%s", outer, key);
		c->path = path;
		(void)json_object_set_new(out, key, check_member(c, m, item));
		c->path = outer;
	}
	return out;
}

/* The secret of a password credential: kept as a hash, or hashed, or refused.
 */
static void
set_password(struct check *c, json_t *credential, const char *secret)
{
	const char *refused;

	if (secret != NULL && !settings.rehash && hash_accepted(secret)) {
		(void)json_object_set_new(
		    credential, "secret", json_string(secret));
		return;
	}
	refused = password_refused(secret == NULL ? "" : secret);
	if (refused != NULL) {
		if (c->error == NULL)
			c->error =
			    set_error("invalidProperties", refused, "secret");
		return;
	}
	(void)json_object_set_new(credential, "clear", json_string(secret));
	(void)json_object_set_new(credential, "secret", json_string(""));
}

/* An error at a member of a credential. */
static json_t *
bad_member(struct check *c, const char *member, const char *description)
{
	const char *outer = c->path;
	char path[80];

	(void)snprintf(path, sizeof path, "%s/%s", outer, member);
	c->path = path;
	(void)bad(c, description);
	c->path = outer;
	return NULL;
}

static json_t *
check_credential(struct check *c, const json_t *v)
{
	static const char *const types[] = { "Password", "AppPassword",
		"ApiKey", NULL };
	static const char *const known[] = { "@type", "secret", "otpAuth",
		"expiresAt", "allowedIps", "description", NULL };
	static const char server_set[] = "Cannot modify server set property";
	const json_t *secret = json_object_get(v, "secret");
	const char *type = json_string_value(json_object_get(v, "@type")), *key;
	json_t *out, *item;

	if (!json_is_object(v))
		return bad(c, "Invalid value type for object");
	if (!one_of(type, types))
		return bad(c, BAD_TYPE);
	if (json_object_get(v, "credentialId") != NULL)
		return bad_member(c, "credentialId", server_set);
	json_object_foreach ((json_t *)(uintptr_t)v, key, item)
		if (!one_of(key, known))
			return bad(c, "Invalid key for object");
	if (strcmp(type, "Password") != 0)
		return bad_member(c, "secret", server_set);
	if (secret != NULL && !json_is_string(secret))
		return bad_member(c, "secret", BAD_VALUE);
	out = json_pack("{s:n, s:{}}", "expiresAt", "allowedIps");
	(void)json_object_update(out, (json_t *)(uintptr_t)v);
	set_password(c, out, json_string_value(secret));
	return out;
}

static int
by_number(const void *a, const void *b)
{
	unsigned long x = *(const unsigned long *)a,
		      y = *(const unsigned long *)b;

	return x < y ? -1 : x > y;
}

/* The list with its keys in order and from 0; takes list over. */
static json_t *
renumber(json_t *list)
{
	size_t n = json_object_size(list), i = 0;
	unsigned long *order = xcalloc(n, sizeof *order);
	json_t *out = json_object(), *item;
	const char *key;
	char text[24];

	json_object_foreach (list, key, item)
		order[i++] = strtoul(key, NULL, 10);
	qsort(order, n, sizeof *order, by_number);
	for (i = 0; i < n; i++) {
		(void)snprintf(text, sizeof text, "%lu", order[i]);
		item = json_object_get(list, text);
		(void)snprintf(text, sizeof text, "%zu", i);
		(void)json_object_set(out, text, item);
	}
	free(order);
	json_decref(list);
	return out;
}

static json_t *
check_list(struct check *c, const json_t *v,
    json_t *(*check)(struct check *, const json_t *))
{
	json_t *out, *item;
	const char *key;

	if (!json_is_object(v))
		return bad(c, BAD_OBJECT);
	out = json_object();
	json_object_foreach ((json_t *)(uintptr_t)v, key, item) {
		if (!is_digits(key)) {
			(void)bad(c, BAD_KEY);
			break;
		}
		(void)json_object_set_new(out, key, check(c, item));
	}
	return renumber(out);
}

static json_t *
check_member(struct check *c, const struct member *m, const json_t *v)
{
	static const char *const roles[] = { "User", "Admin", "Custom",
		"Default", NULL };
	static const char *const variants[] = { "Manual", "Automatic",
		"Enabled", "Disabled", "Custom", NULL };

	if (m->kind == KIND_SERVER_SET)
		return bad(c, "Cannot modify server set property");
	if (json_is_null(v) && m->nullable)
		return json_null();
	switch (m->kind) {
	case KIND_LOCAL:
		return check_name(
		    c, v, clean_local_text, "Invalid email local part");
	case KIND_DOMAIN_NAME:
		return check_name(c, v, clean_domain, "Invalid domain name");
	case KIND_ADDRESS:
		return check_name(c, v, clean_address, "Invalid email address");
	case KIND_TEXT:
		return check_text(c, v);
	case KIND_BOOL:
		return json_is_boolean(v) ? json_copy((json_t *)(uintptr_t)v)
					  : bad(c, BAD_VALUE);
	case KIND_ID:
		return check_id(c, v);
	case KIND_SET:
	case KIND_ID_SET:
		return check_set(c, m->kind, v);
	case KIND_ALIASES:
		return check_list(c, v, check_alias);
	case KIND_CREDENTIALS:
		return check_list(c, v, check_credential);
	case KIND_QUOTAS:
		return check_quotas(c, v);
	case KIND_PERMISSIONS:
		return check_permissions(c, v);
	case KIND_ROLES:
		return check_variant(c, v, roles);
	case KIND_VARIANT:
		return check_variant(c, v, variants);
	case KIND_LOCALE:
		return check_enum(c, v, "EnUS");
	case KIND_TIME_ZONE:
		return check_enum(c, v, "AfricaAbidjan");
	case KIND_SERVER_SET:
		break;
	}
	return NULL;
}

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
