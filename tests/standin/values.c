/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/* The check of one value, by its kind. */
#include "standin/members-internal.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"
#include "core/str.h"
#include "standin/hash.h"

const struct member alias_members[] = { { "enabled", KIND_BOOL, "true", false },
	{ "name", KIND_LOCAL, NULL, false },
	{ "domainId", KIND_ID, NULL, false },
	{ "description", KIND_TEXT, "null", true }, { NULL, 0, NULL, false } };

static const char BAD_VALUE[] = "Invalid value for property.";
static const char BAD_OBJECT[] = "Invalid value for object property";
const char BAD_KEY[] = "Invalid key for object property";
const char BAD_TYPE[] = "Missing or invalid '@type' property in object";

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

json_t *
bad(struct check *c, const char *description)
{
	if (c->error == NULL)
		c->error = set_error("invalidPatch", description, c->path);
	return NULL;
}

const struct member *
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
const char *
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

json_t *
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
	bool locale = strcmp(first, "EnUS") == 0, ok;

	if (s == NULL)
		ok = false;
	else if (locale)
		ok = strlen(s) == 5 && s[2] == schema_locale()[2] &&
		     strcmp(s, "xx_XX") != 0 && schema_has("Locale", s);
	else
		ok = strchr(s, '/') != NULL && !str_starts(s, "Mars/") &&
		     schema_has("TimeZone", s);
	if (ok)
		return json_string(s);
	(void)snprintf(text, sizeof text,
	    "Invalid value Str(\"%.40s\") for enum type %s.",
	    s == NULL ? "" : s, first);
	return bad(c, text);
}

/* --- lists of objects --- */

/* One entry of aliases. A name that is missing is found at the end. */
json_t *
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
void
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

json_t *
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
json_t *
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

json_t *
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
