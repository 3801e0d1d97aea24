/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

#include "source/passwd/extra-fields.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "core/str.h"
#include "source/passwd/quota.h"

enum kind {
	FLAG,
	TEXT, /* an empty one is none */
	LIST, /* an empty one is one */
	SIZE,
	SKIP /* says nothing about the account */
};

static const struct field {
	const char *key;
	enum kind kind;
	size_t offset;
} fields[] = {
	{ "allow_nets", LIST, offsetof(struct extra, allow_nets) },
	{ "delay_until", SKIP, 0 },
	{ "fail", FLAG, offsetof(struct extra, fail) },
	{ "noauthenticate", FLAG, offsetof(struct extra, noauthenticate) },
	{ "nologin", FLAG, offsetof(struct extra, nologin) },
	{ "nopassword", FLAG, offsetof(struct extra, nopassword) },
	{ "reason", SKIP, 0 },
	{ "user", TEXT, offsetof(struct extra, user) },
	{ "userdb_acl_groups", TEXT, offsetof(struct extra, acl_groups) },
	{ "userdb_gid", TEXT, offsetof(struct extra, gid) },
	{ "userdb_home", TEXT, offsetof(struct extra, home) },
	{ "userdb_mail", TEXT, offsetof(struct extra, mail) },
	{ "userdb_mail_driver", TEXT, offsetof(struct extra, mail_driver) },
	{ "userdb_mail_path", TEXT, offsetof(struct extra, mail_path) },
	{ "userdb_quota_storage_size", SIZE, 0 },
	{ "userdb_uid", TEXT, offsetof(struct extra, uid) },
};

static const char rule_key[] = "userdb_quota_rule";

void
extra_init(struct extra *x)
{
	*x = (struct extra){ .quota = -1, .size = -1 };
}

static const struct field *
find(const char *key)
{
	for (size_t i = 0; i < sizeof fields / sizeof *fields; i++)
		if (strcmp(fields[i].key, key) == 0)
			return &fields[i];
	return NULL;
}

/* What a suffix of the key asks for: ":protected" (2.3) and ":default" (2.4)
 * set a field only where it is not set, ":remove" takes it away. */
enum mode {
	SET,
	SET_NEW,
	REMOVE
};

static enum mode
cut_suffix(char *key)
{
	char *colon = strrchr(key, ':');

	if (colon == NULL)
		return SET;
	if (strcmp(colon, ":protected") == 0 ||
	    strcmp(colon, ":default") == 0) {
		*colon = '\0';
		return SET_NEW;
	}
	if (strcmp(colon, ":remove") == 0) {
		*colon = '\0';
		return REMOVE;
	}
	return SET;
}

static void
set_size(struct extra *x, const char *value, enum mode mode)
{
	if (mode == SET_NEW && x->quota != -1)
		return;
	if (mode == REMOVE)
		x->size = -1;
	else if (!quota_size_read(value, &x->size))
		x->quota_bad = true;
	x->quota = x->size;
}

/* Rules are read in the order of their numbers, so that of two for the whole
 * account the one with the higher number holds. (Dovecot 2.3,
 * src/plugins/quota/quota.c, quota_root_add_rules.) */
static void
follow_rules(struct extra *x)
{
	x->quota = x->size;
	x->quota_bad = x->quota_partial = false;
	for (size_t i = 0; i < EXTRA_RULES_MAX; i++) {
		const struct extra_rule *r = &x->rules[i];

		if (!r->set && x->rules_end)
			return;
		if (!r->set)
			continue;
		x->quota_bad |= r->bad;
		if (r->bad)
			continue;
		x->quota_partial |= !r->is.whole || r->is.messages;
		if (r->is.whole && r->is.bytes != -1)
			x->quota = r->is.bytes;
	}
}

/* A rule takes the place of another with its number, which the configuration may
 * have, whatever the two limit. */
static void
set_rule(struct extra *x, const char *number, const char *value, enum mode mode)
{
	long n = *number == '\0' ? 1 : strtol(number, NULL, 10);
	struct extra_rule *r;

	if (n < 1 || n > EXTRA_RULES_MAX || (n == 1 && *number != '\0'))
		return; /* the server does not read it either, or hardly */
	r = &x->rules[n - 1];
	if (mode == SET_NEW && r->set)
		return;
	r->set = mode != REMOVE;
	r->bad = r->set && !quota_rule_read(value, &r->is);
	follow_rules(x);
}

/* The name of a setting of access lists, or of a namespace; NULL for another
 * field. Dovecot 2.3 also takes a plugin's with "plugin/" before it. */
static const char *
acl_key(const char *key)
{
	static const char userdb[] = "userdb_", plugin[] = "plugin/";

	if (!str_starts(key, userdb))
		return NULL;
	key += strlen(userdb);
	if (str_starts(key, plugin))
		key += strlen(plugin);
	return strcmp(key, "acl") == 0 || str_starts(key, "acl_") ||
		       str_starts(key, "acl/") || str_starts(key, "namespace/")
		   ? key
		   : NULL;
}

/* False where there are too many. */
static bool
set_acl(struct extra *x, const char *key, const char *value, enum mode mode)
{
	size_t i = 0;

	while (i < x->n_acl && strcmp(x->acl[i].key, key) != 0)
		i++;
	if (mode == REMOVE) {
		if (i < x->n_acl)
			x->acl[i] = x->acl[--x->n_acl];
		return true;
	}
	if (i == EXTRA_ACL_MAX)
		return false;
	if (i < x->n_acl && mode == SET_NEW)
		return true;
	x->acl[i] = (struct extra_field){ key, value };
	if (i == x->n_acl)
		x->n_acl++;
	return true;
}

void
extra_set(struct extra *x, char *key, const char *value)
{
	enum mode mode = cut_suffix(key);
	const struct field *f = find(key);
	const char *number = key + strlen(rule_key), *acl;
	void *at;

	if (f == NULL && str_starts(key, rule_key) &&
	    (*number == '\0' || is_digits(number))) {
		set_rule(x, number, value, mode);
		return;
	}
	if (f == NULL) {
		acl = acl_key(key);
		if (acl == NULL || !set_acl(x, acl, value, mode))
			x->other = key;
		return;
	}
	at = (char *)x + f->offset;
	if (f->kind == SIZE)
		set_size(x, value, mode);
	else if (f->kind == FLAG)
		*(bool *)at = mode != REMOVE;
	else if (f->kind != SKIP && mode == REMOVE)
		*(const char **)at = NULL;
	else if (f->kind != SKIP && (mode == SET || *(const char **)at == NULL))
		*(const char **)at =
		    f->kind == TEXT && *value == '\0' ? NULL : value;
}

void
extra_read(struct extra *x, char *text)
{
	char *field, *value;

	while ((field = str_cut(&text, ' ')) != NULL) {
		if (*field == '\0')
			continue;
		value = strchr(field, '=');
		if (value != NULL)
			*value++ = '\0';
		extra_set(x, field, value == NULL ? "" : value);
	}
}
