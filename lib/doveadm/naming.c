/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

#include "doveadm/naming.h"

#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"
#include "core/buf.h"
#include "core/str.h"
#include "mailbox/name.h"

const struct doveadm_namespace *
doveadm_namespace_of(const struct doveadm_account *a, const char *name)
{
	const struct doveadm_namespace *found = NULL;

	for (size_t i = 0; i < a->n_namespaces; i++) {
		const struct doveadm_namespace *ns = &a->namespaces[i];

		if (ns->inbox && str_eq_nocase(name, "INBOX"))
			return ns;
		if (!ns->disabled && str_starts(name, ns->prefix) &&
		    (found == NULL ||
			strlen(ns->prefix) > strlen(found->prefix) ||
			(ns->inbox && strcmp(ns->prefix, found->prefix) == 0)))
			found = ns;
	}
	return found;
}

/* True if a level can have a slash in it. */
static bool
has_slashes(const struct doveadm_account *a)
{
	return a->escape != '\0' && a->separator != '/';
}

char *
doveadm_path_of(const struct doveadm_account *a, const char *name, bool home)
{
	struct buf path = { 0 }, nfc = { 0 };
	char *result;

	if (home && str_starts(name, a->prefix) &&
	    name[strlen(a->prefix)] != '\0')
		name += strlen(a->prefix);
	for (const char *p = name; *p != '\0'; p++)
		if (*p == a->separator)
			buf_addc(&path, '/');
		else
			mailbox_put_level(&path, p, 1, has_slashes(a));
	mailbox_put_nfc(&nfc, buf_str(&path));
	result = xstrdup(buf_str(&nfc));
	buf_free(&path);
	buf_free(&nfc);
	if (str_eq_nocase(result, "INBOX"))
		memcpy(result, "INBOX", sizeof "INBOX" - 1);
	return result;
}

/* The other namespace that a name belongs to; NULL: none. */
static const struct doveadm_namespace *
other_namespace(const struct doveadm_account *a, const char *name)
{
	const struct doveadm_namespace *found = doveadm_namespace_of(a, name);
	size_t len = strlen(name);

	if (str_eq_nocase(name, "INBOX"))
		return NULL;
	/* The name of a whole namespace: "Archive" where a prefix is "Archive/". */
	for (size_t i = 0; i < a->n_namespaces; i++)
		if (strncmp(a->namespaces[i].prefix, name, len) == 0 &&
		    a->namespaces[i].prefix[len] == a->separator &&
		    a->namespaces[i].prefix[len + 1] == '\0' &&
		    !a->namespaces[i].disabled)
			found = &a->namespaces[i];
	return found != NULL && !found->inbox ? found : NULL;
}

bool
doveadm_mailbox_hidden(const struct doveadm_account *a, const char *name)
{
	return other_namespace(a, name) != NULL;
}

bool
doveadm_mailbox_foreign(const struct doveadm_account *a, const char *name)
{
	const struct doveadm_namespace *ns = other_namespace(a, name);

	return ns != NULL && !ns->own;
}

char *
doveadm_mailbox_name(const struct doveadm_account *a, const char *path)
{
	struct buf level = { 0 }, name = { 0 };
	char *copy, *rest, *result = NULL;

	if (strcmp(path, "INBOX") == 0)
		return xstrdup(path);
	buf_adds(&name, a->prefix);
	copy = rest = xstrdup(path);
	do {
		char *text = str_cut(&rest, '/');

		buf_reset(&level);
		mailbox_get_level(&level, text, strlen(text), has_slashes(a));
		if (strchr(buf_str(&level), a->separator) != NULL)
			break;
		buf_adds(&name, buf_str(&level));
		if (rest == NULL)
			result = xstrdup(buf_str(&name));
		else
			buf_addc(&name, a->separator);
	} while (rest != NULL);
	buf_free(&level);
	buf_free(&name);
	free(copy);
	return result;
}

/* True if expunged mail waits in a mailbox, which rest is in its namespace. */
static bool
is_waiting(const struct doveadm_account *a, const char *name, const char *rest)
{
	for (size_t i = 0; i < a->n_waiting; i++) {
		const char *waiting = a->waiting[i];

		if (strcmp(waiting, name) == 0 || strcmp(waiting, rest) == 0 ||
		    (waiting[strlen(waiting) - 1] == a->separator &&
			str_starts(name, waiting)))
			return true;
	}
	return false;
}

static const char *
without_prefix(const struct doveadm_namespace *ns, const char *name)
{
	return str_starts(name, ns->prefix) ? name + strlen(ns->prefix) : name;
}

/* The next of the uses in which the configuration has the mailbox; NULL: no more. */
static const struct doveadm_use *
next_use(const struct doveadm_namespace *ns, const char *name, size_t *at)
{
	while (*at < ns->n_uses) {
		const struct doveadm_use *use = &ns->uses[(*at)++];

		if (str_matches(
			use->name, strlen(use->name), without_prefix(ns, name)))
			return use;
	}
	return NULL;
}

static bool
name_expires(const struct doveadm_account *a, const char *name)
{
	const struct doveadm_namespace *ns = doveadm_namespace_of(a, name);
	const struct doveadm_use *use;

	if (ns == NULL)
		return is_waiting(a, name, name);
	for (size_t at = 0; (use = next_use(ns, name, &at)) != NULL;)
		if (use->expires)
			return true;
	return ns->expires || is_waiting(a, name, without_prefix(ns, name));
}

/* The name of the mailbox of a path; NULL: there can be none. The caller frees it. */
static char *
name_of_path(const struct doveadm_account *a, const char *path)
{
	for (size_t i = 0; i < a->n; i++)
		if (strcmp(a->mailboxes[i].path, path) == 0)
			return xstrdup(a->mailboxes[i].name);
	return doveadm_mailbox_name(a, path);
}

bool
doveadm_mailbox_expires(const struct doveadm_account *a, const char *path)
{
	char *name = name_of_path(a, path);
	bool expires = name != NULL && name_expires(a, name);

	free(name);
	return expires;
}

bool
doveadm_mailbox_is_trash(const struct doveadm_account *a, const char *path)
{
	char *name = name_of_path(a, path);
	const struct doveadm_namespace *ns =
	    name == NULL ? NULL : other_namespace(a, name);
	const struct doveadm_use *use;
	bool found = false;

	for (size_t at = 0;
	     ns != NULL && (use = next_use(ns, name, &at)) != NULL;)
		found |= use->role != NULL && strcmp(use->role, "trash") == 0;
	free(name);
	return found;
}

const char *
doveadm_mailbox_role(const struct doveadm_account *a, const char *name)
{
	const struct doveadm_namespace *ns = doveadm_namespace_of(a, name);

	for (size_t i = 0; ns != NULL && i < ns->n_uses; i++)
		if (strcmp(ns->uses[i].name, without_prefix(ns, name)) == 0)
			return ns->uses[i].role;
	return NULL;
}

bool
doveadm_mailbox_masked(const struct doveadm_account *a, const char *name)
{
	const struct doveadm_namespace *ns = doveadm_namespace_of(a, name);
	const struct doveadm_use *use;

	for (size_t at = 0;
	     ns != NULL && (use = next_use(ns, name, &at)) != NULL;)
		if (use->role != NULL && strpbrk(use->name, "*?") != NULL)
			return true;
	return false;
}
