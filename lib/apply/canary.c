/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/*
 * Releases of Stalwart before 0.16.6 hash a hash again, and say nothing: every
 * owner would be locked out. A throw-away account with a known hash tells.
 */
#include "apply/canary.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"
#include "jmap/destroy.h"
#include "jmap/member.h"
#include "jmap/seterror.h"
#include "secret/hash.h"

/* The name of a domain, for the login; the caller's to free. */
static char *
name_of_domain(struct jmap *j, const char *id, struct why *why)
{
	char *args =
	    xasprintf("{\"ids\":[\"%s\"],\"properties\":[\"name\"]}", id);
	json_t *answer = NULL;
	char *name = NULL;

	if (jmap_call(j, "x:Domain/get", args, true, &answer, why) == JMAP_OK) {
		const char *s = jmap_text(
		    json_array_get(json_object_get(answer, "list"), 0), "name");

		if (s == NULL)
			why_set(why, FAIL_FATAL,
			    "the canary's domain is not there");
		else
			name = xstrdup(s);
	}
	json_decref(answer);
	free(args);
	return name;
}

/* The account by its name; its id is the caller's to free, NULL if it is not
 * there. */
static char *
find(struct jmap *j, const char *name, const char *domain_id)
{
	char *args =
	    xasprintf("{\"filter\":{\"name\":\"%s\",\"domainId\":\"%s\"}}",
		name, domain_id);
	json_t *answer = NULL;
	struct why why = { 0 };
	char *id = NULL;

	if (jmap_call(j, "x:Account/query", args, true, &answer, &why) ==
	    JMAP_OK) {
		const char *s = json_string_value(
		    json_array_get(json_object_get(answer, "ids"), 0));

		id = s == NULL ? NULL : xstrdup(s);
	}
	json_decref(answer);
	free(args);
	return id;
}

/* Creates the account; its id is the caller's to free. When nobody knows
 * whether it was created, it is looked for. */
static char *
create(struct jmap *j, const char *name, const char *domain_id,
    const char *hash, struct why *why)
{
	json_t *call =
	    json_pack("{s:{s:{s:s, s:s, s:s, s:s, s:{s:{s:s, s:s}}}}}",
		"create", "canary", "@type", "User", "name", name, "domainId",
		domain_id, "description", "mailferry: may be removed",
		"credentials", "0", "@type", "Password", "secret", hash);
	char *id = NULL;
	json_t *answer = NULL;
	const json_t *error;
	const char *made;
	enum jmap_status status;

	status = jmap_call_json(
	    j, "x:Account/set", json_incref(call), false, &answer, why);
	made = jmap_text(
	    json_object_get(json_object_get(answer, "created"), "canary"),
	    "id");
	error =
	    json_object_get(json_object_get(answer, "notCreated"), "canary");
	if (status == JMAP_OK && made != NULL) {
		id = xstrdup(made);
	} else if (status == JMAP_UNSURE || status == JMAP_BROKEN) {
		id = find(j, name, domain_id);
	} else if (status == JMAP_OK) {
		struct why inner = { 0 };

		jmap_set_error(error, json_object_get(call, "create"), &inner);
		why_set(why, FAIL_FATAL, "the canary cannot be created: %.300s",
		    inner.text);
	}
	json_decref(answer);
	json_decref(call);
	return id;
}

static int
destroy(struct jmap *j, const char *id, struct why *why)
{
	json_t *ids = json_pack("[s]", id),
	       *answer = jmap_destroy(j, "Account", ids, why);
	int r = answer != NULL && jmap_is_gone(answer, id) ? 0 : -1;

	json_decref(answer);
	json_decref(ids);
	return r;
}

/* Logs in as the canary. 0, or -1 and why. */
static int
try_login(const char *address, const char *password,
    const struct apply_options *o, struct why *why)
{
	struct http_options options = o->login;
	struct jmap j = { 0 };
	struct http *http;
	struct why inner = { 0 };
	int r = -1;

	options.user = address;
	options.password = password;
	options.token = NULL;
	http = http_new(o->url, &options, why);
	if (http == NULL)
		return -1;
	if (jmap_open(&j, http, 0, &inner) == 0)
		r = 0;
	else if (strstr(inner.text, "(401)") != NULL)
		why_set(why, FAIL_FATAL,
		    "this server does not keep password hashes: the canary "
		    "could not log in with its password. Stalwart before "
		    "0.16.6 hashes them again, which would lock everybody "
		    "out. No account was imported");
	else
		why_set(
		    why, FAIL_FATAL, "the canary's login: %.300s", inner.text);
	jmap_close(&j);
	http_free(http);
	return r;
}

int
apply_canary(struct jmap *j, const char *domain_id,
    const struct apply_options *o, struct why *why)
{
	char password[TEMPORARY_LEN + 1], suffix[TEMPORARY_LEN + 1], name[64],
	    *domain = NULL, *id = NULL, *address = NULL;
	struct buf hash = { 0 };
	struct why inner = { 0 };
	int r = -1;

	if (secret_temporary(password, why) == -1 ||
	    secret_temporary(suffix, why) == -1 ||
	    secret_hash(password, NULL, &hash, why) == -1)
		goto out;
	/* The server lower-cases names. */
	(void)snprintf(name, sizeof name, "mailferry-canary-%.8s", suffix);
	for (char *p = name; *p != '\0'; p++)
		if (*p >= 'A' && *p <= 'Z')
			*p = (char)(*p + ('a' - 'A'));
	domain = name_of_domain(j, domain_id, why);
	if (domain == NULL)
		goto out;
	id = create(j, name, domain_id, hash.data, why);
	if (id == NULL)
		goto out;
	address = xasprintf("%s@%s", name, domain);
	r = try_login(address, password, o, why);
	if (destroy(j, id, &inner) == -1) {
		struct why login = *why;

		r = why_set(why, FAIL_FATAL,
		    "%.250s%sthe canary %s cannot be removed: %.100s",
		    r == -1 ? login.text : "", r == -1 ? "; " : "", address,
		    inner.text);
	}
out:
	explicit_bzero(password, sizeof password);
	buf_wipe(&hash);
	free(domain);
	free(id);
	free(address);
	return r;
}
