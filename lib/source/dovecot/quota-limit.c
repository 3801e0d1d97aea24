/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

#include "source/dovecot/quota-limit.h"

#include <string.h>

#include "core/str.h"
#include "source/dovecot/mailbox.h"
#include "source/passwd/quota.h"

static bool
has_quota(const char *plugins)
{
	return str_has_word(plugins, " ,\"", "quota");
}

void
dovecot_set(
    struct dovecot *d, struct extra *x, const char *key, const char *value)
{
	struct buf full = { 0 };

	buf_addf(&full, "userdb_%s", key);
	extra_set(x, arena_adds(&d->asked, buf_str(&full)),
	    arena_adds(&d->asked, value));
	buf_free(&full);
}

/* Whether a list of plugins, of 2.3 or 2.4, has the one that limits. */
static bool
has_quota_plugin(const struct setting *in)
{
	const struct setting *block = NULL;
	const char *words = setting_value(in, "mail_plugins");

	if (words != NULL && has_quota(words))
		return true;
	while ((block = setting_block(in, "mail_plugins", block)) != NULL)
		if (setting_is_yes(setting_value(block, "quota")))
			return true;
	return false;
}

/* Whether a namespace is that of the inbox. */
static bool
is_inbox(const struct dovecot *d, const char *prefix, size_t len)
{
	const struct setting *s = NULL;
	const char *other;

	while ((s = setting_block(&d->conf.top, "namespace", s)) != NULL) {
		if (!setting_is_yes(setting_value(s, "inbox")))
			continue;
		other = setting_value(s, "prefix");
		return strlen(other == NULL ? "" : other) == len &&
		       (len == 0 || strncmp(other, prefix, len) == 0);
	}
	return len == 0;
}

/* Whether a quota root of 2.3, "DRIVER:NAME:WORD:...", limits the inbox: it may be
 * one that only counts, or one of another namespace. */
static bool
root_limits(const struct dovecot *d, const char *root)
{
	static const char ns[] = "ns=";

	while (*root != '\0') {
		size_t len = strcspn(root, ":");

		if (len == strlen("noenforcing") &&
		    strncmp(root, "noenforcing", len) == 0)
			return false;
		if (str_starts(root, ns) &&
		    !is_inbox(d, root + strlen(ns), len - strlen(ns)))
			return false;
		root += len + (root[len] == ':');
	}
	return true;
}

/* Whether there is a quota root, without which no rule limits anybody, and it
 * limits: a plugin block's, or what a userdb gives in its place. */
static bool
has_root(const struct dovecot *d, const char *root)
{
	return root != NULL && *root != '\0' && root_limits(d, root);
}

/* One of the user, otherwise one of all or of a protocol. */
static bool
has_own_root(const struct dovecot *d, const struct pairs *own)
{
	const struct setting *protocol = NULL, *top = &d->conf.top;
	const struct setting *plugin = setting_block(top, "plugin", NULL);
	const char *quota = pairs_get(own, "quota");

	if (quota != NULL)
		return has_root(d, quota);
	if (plugin != NULL && has_root(d, setting_value(plugin, "quota")))
		return true;
	while ((protocol = setting_block(top, "protocol", protocol)) != NULL) {
		plugin = setting_block(protocol, "plugin", NULL);
		if (plugin != NULL &&
		    has_root(d, setting_value(plugin, "quota")))
			return true;
	}
	return false;
}

static bool
is_rooted(const struct dovecot *d, const struct outcome *o)
{
	return has_own_root(d, &o->reply) ||
	       (o->delivers && has_own_root(d, &o->delivery));
}

/* Whether the plugin is on: a user's own list takes the place of the others, which
 * may have it for some protocols only. */
static bool
has_own_plugin(const struct dovecot *d, const struct pairs *own)
{
	const struct setting *protocol = NULL, *top = &d->conf.top;
	const char *words = pairs_get(own, "mail_plugins");

	if (words != NULL)
		return has_quota(words);
	if (has_quota_plugin(top))
		return true;
	while ((protocol = setting_block(top, "protocol", protocol)) != NULL)
		if (has_quota_plugin(protocol))
			return true;
	return false;
}

static bool
limits(const struct dovecot *d, const struct outcome *o)
{
	return has_own_plugin(d, &o->reply) ||
	       (o->delivers && has_own_plugin(d, &o->delivery));
}

const char *
dovecot_quota(const struct dovecot *d, const struct pairs *reply)
{
	const char *key = d->dbs.v24 ? "quota_storage_size" : "quota_rule";

	for (size_t i = 0; i < reply->n; i++)
		if (str_starts(reply->v[i].key, key))
			return reply->v[i].value;
	return NULL;
}

void
dovecot_quota_of_all(
    struct dovecot *d, const struct outcome *o, struct extra *x)
{
	const struct setting *plugin =
	    setting_block(&d->conf.top, "plugin", NULL);

	if (d->dbs.v24 || plugin == NULL || !is_rooted(d, o))
		return;
	for (const struct setting *s = plugin->child; s != NULL; s = s->next)
		if (s->value != NULL && str_starts(s->key, "quota_rule"))
			dovecot_set(d, x, s->key, s->value);
}

/* What a userdb says of quotas. A limit that deliveries alone know, because a login
 * was answered before that userdb was asked, is one all the same: mail is
 * refused. */
static const struct pairs *
limits_of(const struct dovecot *d, const struct outcome *o)
{
	return o->delivers && dovecot_quota(d, &o->reply) == NULL &&
		       dovecot_same_home(d, o) &&
		       user_is_same(o->receiver, o->user)
		   ? &o->delivery
		   : &o->reply;
}

/* --- 2.4 --- */

/* What holds for a quota root: its block beats what a userdb has set, and that the
 * whole configuration. */
static const char *
root_value(const struct dovecot *d, const struct pairs *own,
    const struct setting *root, const char *key)
{
	struct buf full = { 0 };
	const char *value = setting_value(root, key);

	buf_addf(&full, "quota_%s", key);
	if (value == NULL)
		value = setting_value(root, full.data);
	if (value == NULL)
		value = pairs_get(own, full.data);
	if (value == NULL)
		value = setting_value(&d->conf.top, full.data);
	buf_free(&full);
	return value;
}

/* A number of bytes, or of another unit; other where there is none. */
static int64_t
number_of(struct extra *x, const char *value, int64_t other)
{
	int64_t n = other;

	if (value != NULL && !quota_size_read(value, &n))
		x->quota_bad = true;
	return n;
}

/* The limit of a root; 0: it has none, or does not enforce it. */
static int64_t
root_limit(const struct dovecot *d, const struct pairs *own,
    const struct setting *root, struct extra *x)
{
	const char *enforce = root_value(d, own, root, "enforce");
	int64_t size, percentage, extra;

	if (setting_is_yes(root_value(d, own, root, "ignore")) ||
	    (enforce != NULL && !setting_is_yes(enforce)))
		return 0;
	x->quota_partial |=
	    number_of(x, root_value(d, own, root, "message_count"), 0) != 0;
	size = number_of(x, root_value(d, own, root, "storage_size"), 0);
	percentage =
	    number_of(x, root_value(d, own, root, "storage_percentage"), 100);
	extra = number_of(x, root_value(d, own, root, "storage_extra"), 0);
	if (size <= 0 || __builtin_mul_overflow(size, percentage, &size) ||
	    __builtin_add_overflow(size / 100, extra, &size))
		return 0;
	return size;
}

/* Whether a folder has limits of its own, somewhere below a block. */
static bool
has_folder_quota(const struct setting *in)
{
	for (const struct setting *s = in->child; s != NULL; s = s->next) {
		if (s->value != NULL)
			continue;
		if (strcmp(s->key, "mailbox") == 0)
			for (const struct setting *m = s->child; m != NULL;
			     m = m->next)
				if (str_starts(m->key, "quota_"))
					return true;
		if (strcmp(s->key, "namespace") == 0 && has_folder_quota(s))
			return true;
	}
	return false;
}

/* The smallest of the roots' limits. */
static void
set_limit_24(struct dovecot *d, const struct outcome *o, struct extra *x)
{
	const struct setting *top = &d->conf.top, *root = NULL;
	const struct pairs *own = limits_of(d, o);
	size_t n = 0;

	while ((root = setting_block(top, "quota", root)) != NULL) {
		int64_t limit = root_limit(d, own, root, x);

		n += limit != 0;
		if (limit != 0 && (x->quota == -1 || limit < x->quota))
			x->quota = limit;
	}
	x->quota_partial |= has_folder_quota(top);
	if (n > 1)
		emit_note_behind(d->emit, o->user,
		    "several quotas limit the mailbox, of which the smallest "
		    "is carried",
		    NULL);
}

/* --- all --- */

/* Says why what is set somewhere is not the limit. */
static void
say_no_limit(const struct dovecot *d, const struct outcome *o)
{
	if (!limits(d, o))
		emit_note(d->emit, o->user,
		    "a quota that limits nobody, because mail_plugins has no "
		    "quota, is not carried",
		    NULL);
	else
		emit_note(d->emit, o->user,
		    "a quota that limits nobody, because the plugin has no "
		    "quota root that enforces it for the inbox, is not carried",
		    NULL);
}

void
dovecot_limit(struct dovecot *d, const struct outcome *o, struct extra *x)
{
	const struct pairs *own = limits_of(d, o);
	const char *set = dovecot_quota(d, own);

	if (d->dbs.v24) {
		if (limits(d, o))
			set_limit_24(d, o, x);
		if (set == NULL)
			set = setting_value(&d->conf.top, "quota_storage_size");
		if (x->quota == -1 && set != NULL && number_of(x, set, 0) > 0)
			say_no_limit(d, o);
		return;
	}
	for (size_t i = 0; own == &o->delivery && i < own->n; i++)
		if (str_starts(own->v[i].key, "quota_rule"))
			dovecot_set(d, x, own->v[i].key, own->v[i].value);
	if (x->quota > 0 && !(limits(d, o) && is_rooted(d, o))) {
		x->quota = -1;
		say_no_limit(d, o);
	}
}
