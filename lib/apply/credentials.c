/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/*
 * A password goes by the pointer of its entry, credentials/0/secret as a rule,
 * because a whole list of credentials would end the owner's app passwords and API
 * keys.
 */
#include "apply/credentials.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "apply/entry.h"
#include "core/alloc.h"
#include "core/num.h"
#include "core/str.h"
#include "jmap/member.h"

/* The key of the password among the credentials of an account; NULL if it has
 * none. */
const char *
credentials_password(const json_t *credentials)
{
	const char *key;
	json_t *v;

	json_object_foreach ((json_t *)(uintptr_t)credentials, key, v) {
		const char *type = jmap_text(v, "@type");

		if (type != NULL && strcmp(type, "Password") == 0)
			return key;
	}
	return NULL;
}

/* The key of a new entry: a pointer to a secret there makes a password. One to an
 * entry of another kind, such as an app password, is refused. */
static char *
next_key(const json_t *credentials)
{
	unsigned long next = 0;
	const char *key;
	json_t *v;

	json_object_foreach ((json_t *)(uintptr_t)credentials, key, v)
		if (strtoul(key, NULL, 10) >= next)
			next = strtoul(key, NULL, 10) + 1;
	return xasprintf("%lu", next);
}

void
credentials_patch(
    json_t *patch, const json_t *credentials, const json_t *current)
{
	static const char *const members[] = { "secret", "otpAuth", "expiresAt",
		"allowedIps" };
	const json_t *first = json_object_get(credentials, "0");
	const char *has = credentials_password(current);
	char *key = has == NULL ? next_key(current) : xstrdup(has);

	for (size_t i = 0; i < sizeof members / sizeof *members; i++) {
		json_t *v = json_object_get(first, members[i]);
		char *pointer;

		if (v == NULL)
			continue;
		pointer = xasprintf("credentials/%s/%s", key, members[i]);
		(void)json_object_set(patch, pointer, v);
		free(pointer);
	}
	free(key);
}

/* Whether passwords are changed as the plan says. */
bool
credentials_are_set(const struct apply *a)
{
	return a->options->update && !a->options->keep_passwords;
}

/* Whether a password would be changed, and the plan has none for the owner. */
bool
credentials_are_missing(const struct apply *a, const json_t *body)
{
	const char *type = jmap_text(body, "@type");

	return credentials_are_set(a) && type != NULL &&
	       strcmp(type, "User") == 0 &&
	       json_object_size(json_object_get(body, "credentials")) == 0;
}

/* No password in the plan is no reason to take one away: the directory may not
 * show it, and the owner may have got it here. But it has to be said. */
static void
note_password(
    const struct apply *a, struct apply_entry *e, const json_t *current)
{
	if (!credentials_are_missing(a, entry_body(e)) ||
	    credentials_password(json_object_get(current, "credentials")) ==
		NULL)
		return;
	entry_add_differing(e, "credentials");
	entry_add_note(e,
	    "the plan has no password for it, and the one that it has stays in "
	    "force (mkaccounts --no-secret=temp gives it another)");
}

/* A temporary password is handed out from a file, which does not know that the
 * account keeps its own. */
static void
note_temporary(const struct apply *a, struct apply_entry *e)
{
	if (!credentials_are_set(a) && e->ref != NULL &&
	    str_starts(e->ref, "t-") &&
	    json_object_get(entry_body(e), "credentials") != NULL)
		entry_add_note(e,
		    "the temporary password of the plan is not set: the "
		    "account exists, and keeps its own (-u without "
		    "--keep-passwords sets it)");
}

void
credentials_note(struct apply *a, struct apply_entry *e, const json_t *current)
{
	note_password(a, e, current);
	note_temporary(a, e);
	if (credentials_are_set(a) && e->ref != NULL &&
	    str_starts(e->ref, "p-"))
		a->without_factor++;
}

/* The server shows nobody's second factor, and owners may have set one up there. */
void
credentials_name_factors(const struct apply *a)
{
	char *text;

	if (a->without_factor == 0)
		return;
	text =
	    xasprintf("the plan has none for %zu account%s that exist%s: one "
		      "that the server has, from an earlier run or the "
		      "owner's own, stays in force, and it shows nobody's; "
		      "for who is asked for a code and has none set otpAuth "
		      "of the password to null there",
		a->without_factor, plural(a->without_factor),
		a->without_factor == 1 ? "s" : "");
	a->options->say(a->options->arg, "second factors", text);
	free(text);
}
