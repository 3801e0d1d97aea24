/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

#include "doveadm/namespaces.h"

#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"
#include "core/str.h"

char *
doveconf_unquote(char *value)
{
	char *to = value;
	size_t len = strlen(value);

	if (len < 2 || value[0] != '"' || value[len - 1] != '"')
		return value;
	value[len - 1] = '\0';
	for (const char *p = value + 1; *p != '\0'; p++) {
		if (*p == '\\' && p[1] != '\0')
			p++;
		*to++ = *p;
	}
	*to = '\0';
	return value;
}

const char *
namespace_setting(const struct doveadm_namespace *ns, const char *key)
{
	for (size_t i = 0; i < ns->n_settings; i++)
		if (strcmp(ns->settings[i].key, key) == 0)
			return ns->settings[i].value;
	return NULL;
}

/* True if it has the setting with this value. */
static bool
is_set(const struct doveadm_namespace *ns, const char *key, const char *value)
{
	const char *is = namespace_setting(ns, key);

	return is != NULL && strcmp(is, value) == 0;
}

static void
put_setting(struct doveadm_namespace *ns, const char *key, const char *value)
{
	ns->settings = xgrow(ns->settings, ns->n_settings, &ns->cap_settings,
	    sizeof *ns->settings);
	ns->settings[ns->n_settings].key = xstrdup(key);
	ns->settings[ns->n_settings++].value = xstrdup(value);
}

void
namespaces_put_waiting(struct doveadm_account *a, const char *name)
{
	if (*name == '\0')
		return;
	a->waiting = xgrow(
	    a->waiting, a->n_waiting, &a->cap_waiting, sizeof *a->waiting);
	a->waiting[a->n_waiting++] = xstrdup(name);
}

bool
namespaces_expires(const char *key, const char *value)
{
	static const char long_form[] = "mailbox_";

	if (str_starts(key, long_form))
		key += sizeof long_form - 1;
	value += strspn(value, "0");
	return (strcmp(key, "autoexpunge") == 0 ||
		   strcmp(key, "autoexpunge_max_mails") == 0) &&
	       *value >= '1' && *value <= '9';
}

/* What follows from the settings of a block that is read. */
static void
settle(struct doveadm_namespace *ns)
{
	const char *prefix = namespace_setting(ns, "prefix");
	const char *type = namespace_setting(ns, "type");
	const char *location = namespace_setting(ns, "location");
	const char *separator = namespace_setting(ns, "separator");

	if (prefix != NULL) {
		free(ns->prefix);
		ns->prefix = xmemdup(prefix, strcspn(prefix, "%$"));
	}
	ns->separator = separator == NULL ? '\0' : *separator;
	ns->inbox = is_set(ns, "inbox", "yes");
	ns->disabled = is_set(ns, "disabled", "yes");
	for (size_t i = 0; i < ns->n_settings; i++)
		ns->expires |= namespaces_expires(
		    ns->settings[i].key, ns->settings[i].value);
	ns->own = !ns->disabled && !is_set(ns, "hidden", "yes") &&
		  !is_set(ns, "list", "no") &&
		  !is_set(ns, "mail_driver", "virtual") &&
		  (type == NULL || strcmp(type, "private") == 0) &&
		  (location == NULL || !str_starts(location, "virtual:"));
}

static struct doveadm_namespace *
add_namespace(struct doveadm_account *a, const char *name)
{
	a->namespaces = xgrow(a->namespaces, a->n_namespaces,
	    &a->cap_namespaces, sizeof *a->namespaces);
	a->namespaces[a->n_namespaces] =
	    (struct doveadm_namespace){ .name = xstrdup(name),
		    .prefix = xstrdup("") };
	return &a->namespaces[a->n_namespaces++];
}

static struct doveadm_use *
add_use(struct doveadm_namespace *ns, const char *name)
{
	ns->uses = xgrow(ns->uses, ns->n_uses, &ns->cap_uses, sizeof *ns->uses);
	ns->uses[ns->n_uses] = (struct doveadm_use){ .block = xstrdup(name),
		.name = xstrdup(name) };
	return &ns->uses[ns->n_uses++];
}

/* A setting of a mailbox. Of several special uses the first counts. */
static void
take_use(struct doveadm_use *use, const char *key, const char *value)
{
	if (strcmp(key, "name") == 0 && *value != '\0') {
		free(use->name);
		use->name = xstrdup(value);
	} else if (strcmp(key, "special_use") == 0 && *value == '\\') {
		free(use->role);
		use->role =
		    str_lower(xmemdup(value + 1, strcspn(value + 1, " ,\"")));
	} else if (namespaces_expires(key, value)) {
		use->expires = true;
	}
}

/* The name of a block, of 'mailbox "Sent Items" {'. */
static char *
block_name(char *line)
{
	line[strlen(line) - 1] = '\0';
	(void)str_cut(&line, ' ');
	return line == NULL ? NULL : doveconf_unquote(str_trim(line));
}

/* "namespace NAME {", settings and blocks in it, "}". */
void
namespaces_parse(struct doveadm_account *a, char *text)
{
	struct doveadm_namespace *ns = NULL;
	struct doveadm_use *use = NULL;
	char *line;
	int depth = 0;

	while ((line = str_cut(&text, '\n')) != NULL) {
		char *value = str_trim(line), *key;
		size_t len = strlen(value);

		if (len > 0 && value[len - 1] == '{') {
			bool mailbox = str_starts(value, "mailbox ");
			const char *name = block_name(value);

			if (depth++ == 0)
				ns = add_namespace(a, name == NULL ? "" : name);
			else if (depth == 2 && mailbox && name != NULL)
				use = add_use(ns, name);
			continue;
		}
		if (strcmp(value, "}") == 0) {
			use = NULL;
			if (--depth == 0 && ns != NULL)
				settle(ns);
			continue;
		}
		key = str_trim(str_cut(&value, '='));
		if (value == NULL)
			continue;
		value = doveconf_unquote(str_trim(value));
		if (strcmp(key, "lazy_expunge_mailbox") == 0)
			namespaces_put_waiting(a, value);
		if (depth == 1 && ns != NULL)
			put_setting(ns, key, value);
		else if (depth == 2 && use != NULL)
			take_use(use, key, value);
	}
}

/* The block that a line is in, of a configuration. */
struct nesting {
	struct doveadm_account *a;
	struct doveadm_namespace *ns; /* NULL: in none that is known */
	struct doveadm_use *use;      /* NULL: of all its mailboxes */
	int depth, ns_at, use_at, plugin_at, other_at; /* 0: not in one */
};

static struct doveadm_namespace *
find_namespace(const struct doveadm_account *a, const char *name)
{
	for (size_t i = 0; i < a->n_namespaces; i++)
		if (strcmp(a->namespaces[i].name, name) == 0)
			return &a->namespaces[i];
	return NULL;
}

static struct doveadm_use *
find_use(struct doveadm_namespace *ns, const char *name)
{
	for (size_t i = 0; i < ns->n_uses; i++)
		if (strcmp(ns->uses[i].block, name) == 0)
			return &ns->uses[i];
	return add_use(ns, name);
}

/* True for the block of sessions that are not those of all IMAP clients. */
static bool
is_other_session(const char *line)
{
	return str_starts(line, "local") || str_starts(line, "remote") ||
	       (str_starts(line, "protocol ") &&
		   !str_starts(line, "protocol imap ") &&
		   (!str_starts(line, "protocol !") ||
		       str_starts(line, "protocol !imap ")));
}

static void
enter(struct nesting *n, char *line)
{
	bool plugin = str_starts(line, "plugin ");
	bool namespace = str_starts(line, "namespace ");
	bool mailbox = str_starts(line, "mailbox ");
	bool other = is_other_session(line);
	const char *name = block_name(line);

	n->depth++;
	if (plugin && n->plugin_at == 0)
		n->plugin_at = n->depth;
	if (other && n->other_at == 0)
		n->other_at = n->depth;
	if (namespace && n->ns_at == 0) {
		n->ns_at = n->depth;
		n->ns = find_namespace(n->a, name == NULL ? "" : name);
	}
	if (mailbox && n->ns != NULL && n->use_at == 0 && name != NULL) {
		n->use_at = n->depth;
		n->use = find_use(n->ns, name);
	}
}

static void
leave(struct nesting *n)
{
	if (n->ns_at == n->depth) {
		n->ns_at = 0;
		n->ns = NULL;
	}
	if (n->use_at == n->depth) {
		n->use_at = 0;
		n->use = NULL;
	}
	if (n->plugin_at == n->depth)
		n->plugin_at = 0;
	if (n->other_at == n->depth)
		n->other_at = 0;
	n->depth--;
}

/* A special use is that of IMAP; what removes mail in any session, removes it. */
static void
take_setting(struct nesting *n, const char *key, const char *value)
{
	if (strcmp(key, "lazy_expunge_mailbox") == 0 ||
	    (n->plugin_at != 0 && strcmp(key, "lazy_expunge") == 0)) {
		namespaces_put_waiting(n->a, value);
	} else if (n->use != NULL) {
		if (n->other_at == 0 || strcmp(key, "special_use") != 0)
			take_use(n->use, key, value);
	} else if (namespaces_expires(key, value)) {
		for (size_t i = 0; i < n->a->n_namespaces; i++)
			if (n->ns_at == 0 || n->ns == &n->a->namespaces[i])
				n->a->namespaces[i].expires = true;
	}
}

void
namespaces_heed_sessions(struct doveadm_account *a, const char *settings)
{
	struct nesting n = { .a = a };
	char *text = xstrdup(settings), *rest = text, *line;

	while ((line = str_cut(&rest, '\n')) != NULL) {
		char *value = str_trim(line), *key;
		size_t len = strlen(value);

		if (len > 0 && value[len - 1] == '{') {
			enter(&n, value);
		} else if (strcmp(value, "}") == 0) {
			leave(&n);
		} else {
			key = str_trim(str_cut(&value, '='));
			if (value != NULL)
				take_setting(
				    &n, key, doveconf_unquote(str_trim(value)));
		}
	}
	free(text);
}

static void
namespace_free(struct doveadm_namespace *ns)
{
	for (size_t i = 0; i < ns->n_settings; i++) {
		free(ns->settings[i].key);
		free(ns->settings[i].value);
	}
	for (size_t i = 0; i < ns->n_uses; i++) {
		free(ns->uses[i].block);
		free(ns->uses[i].name);
		free(ns->uses[i].role);
	}
	free(ns->settings);
	free(ns->uses);
	free(ns->name);
	free(ns->prefix);
}

void
namespaces_free(struct doveadm_account *a)
{
	for (size_t i = 0; i < a->n_namespaces; i++)
		namespace_free(&a->namespaces[i]);
	free(a->namespaces);
	for (size_t i = 0; i < a->n_waiting; i++)
		free(a->waiting[i]);
	free(a->waiting);
	a->waiting = NULL;
	a->n_waiting = a->cap_waiting = 0;
	a->namespaces = NULL;
	a->n_namespaces = a->cap_namespaces = 0;
}
