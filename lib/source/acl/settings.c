/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

#include "source/acl/settings.h"

#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"
#include "core/str.h"
#include "source/acl/folders.h"
#include "source/acl/rights.h"
#include "source/doveconf-ask.h"
#include "source/doveconf.h"

enum {
	CONFIG_MAX = 64 << 20
};

struct reader {
	struct acl_settings *to;
	struct emit *emit;
	const struct doveconf *conf;
	const struct setting *shared; /* the first shared namespace; or NULL */
};

void
acl_settings_free(struct acl_settings *s)
{
	free(s->v);
	arena_free(&s->arena);
	*s = (struct acl_settings){ 0 };
}

/* --- entries of 2.4 --- */

/* The line of a list that says the same. The minus of negative rights is with the
 * rights, and the identifier may have any letters. */
static char *
line_of(struct arena *arena, const char *id, const char *rights)
{
	struct buf line = { 0 };
	char *copy;

	buf_addc(&line, '"');
	if (*rights == '-')
		buf_addc(&line, '-');
	for (const char *p = id; *p != '\0'; p++) {
		if (*p == '"' || *p == '\\')
			buf_addc(&line, '\\');
		buf_addc(&line, *p);
	}
	buf_addf(&line, "\" %s", rights + (*rights == '-'));
	copy = arena_adds(arena, line.data);
	buf_free(&line);
	return copy;
}

/* An entry of a namespace takes the place of one of the top. */
static void
put_rule(struct acl_settings *s, const char *id, const char *line)
{
	struct acl_rule rule = { arena_adds(&s->arena, id), line };

	for (size_t i = 0; i < s->n; i++)
		if (strcmp(s->v[i].id, id) == 0) {
			s->v[i] = rule;
			return;
		}
	s->v = xgrow(s->v, s->n, &s->cap, sizeof *s->v);
	s->v[s->n++] = rule;
}

/* "namespace inbox { mailbox Work { acl user=bob" */
static void
note_rule(const struct reader *r, const struct setting *acl, const char *path)
{
	struct buf where = { 0 };

	buf_addf(&where, "%sacl %s", path, acl->name == NULL ? "" : acl->name);
	emit_note_behind(r->emit, NULL,
	    "rights in the settings that are not carried: only those of the "
	    "top, and of the first shared namespace, hold for others",
	    where.data);
	buf_free(&where);
}

static void
take_rule(const struct reader *r, const struct setting *acl, const char *path)
{
	const char *rights = setting_value(acl, "rights");
	struct acl_list check = { 0 };
	struct why why = { 0 };
	char *line;

	if (rights == NULL)
		rights = setting_value(acl, "acl_rights");
	if (acl->name == NULL || rights == NULL)
		return;
	if (strstr(acl->name, "%{") != NULL || strstr(rights, "%{") != NULL) {
		note_rule(r, acl, path);
		return;
	}
	line = line_of(&r->to->arena, acl->name, rights);
	if (acl_add(&check, &r->to->arena, line, false, &why) == -1)
		emit_fail(r->emit, NULL, &why);
	else
		put_rule(r->to, acl->name, line);
	acl_list_free(&check);
}

/* The entries of a block are taken; those of the blocks in it are not. */
static void
walk(const struct reader *r, const struct setting *block, const char *path,
    bool take)
{
	for (const struct setting *s = block->child; s != NULL; s = s->next) {
		struct buf below = { 0 };

		r->emit->at.line = (uint32_t)s->line;
		if (s->value != NULL)
			continue;
		if (strcmp(s->key, "acl") == 0) {
			(take ? take_rule : note_rule)(r, s, path);
		} else if (s != r->shared) {
			buf_addf(&below, "%s%s%s%s { ", path, s->key,
			    s->name == NULL ? "" : " ",
			    s->name == NULL ? "" : s->name);
			walk(r, s, below.data, false);
			buf_free(&below);
		}
	}
}

/* --- namespaces --- */

/* The prefix with the owner's variables as one knows them elsewhere: "%%u" in 2.3,
 * "$user" in 2.4. */
static const char *
prefix_of(struct arena *arena, const char *prefix)
{
	static const char *const variables[][2] = { { "%%", "%" },
		{ "$username", "%n" }, { "$user", "%u" }, { "$domain", "%d" } };
	struct buf out = { 0 };
	const char *copy;

	while (*prefix != '\0') {
		size_t i = 0, n = sizeof variables / sizeof *variables;

		while (i < n && !str_starts(prefix, variables[i][0]))
			i++;
		if (i < n) {
			buf_adds(&out, variables[i][1]);
			prefix += strlen(variables[i][0]);
		} else {
			buf_addc(&out, *prefix++);
		}
	}
	copy = arena_adds(arena, buf_str(&out));
	buf_free(&out);
	return copy;
}

/* Why the folders of a namespace, or the lists in them, are not looked at; NULL
 * where they are. */
static const char *
not_looked_at(const struct reader *r, const struct setting *ns)
{
	const char *type = setting_value(ns, "type");
	const char *place = setting_value(ns, "location");

	if (place == NULL)
		place = setting_value(ns, "mail_path");
	if (ns == r->shared || setting_is_yes(setting_value(ns, "disabled")))
		return NULL;
	if (type != NULL && strcmp(type, "public") == 0)
		return "a public namespace: its folders belong to nobody, and "
		       "are not looked at";
	if (type != NULL && strcmp(type, "shared") == 0)
		return "a further shared namespace, which is not looked at: "
		       "rights are those in the first one";
	if (place == NULL || *place == '\0' ||
	    setting_is_yes(setting_value(ns, "inbox")))
		return NULL;
	return "a namespace with mail in another place, where no lists are "
	       "looked at";
}

static void
read_namespaces(struct reader *r)
{
	const struct setting *ns = NULL, *top = &r->conf->top;
	const char *type, *why, *prefix;

	while (r->shared == NULL &&
	       (ns = setting_block(top, "namespace", ns)) != NULL) {
		type = setting_value(ns, "type");
		if (type != NULL && strcmp(type, "shared") == 0 &&
		    !setting_is_yes(setting_value(ns, "disabled")))
			r->shared = ns;
	}
	for (ns = NULL; (ns = setting_block(top, "namespace", ns)) != NULL;) {
		why = not_looked_at(r, ns);
		prefix = setting_value(ns, "prefix");
		r->emit->at.line = (uint32_t)ns->line;
		if (why != NULL)
			emit_note_behind(r->emit, NULL, why, prefix);
		else if (ns == r->shared && prefix != NULL)
			r->to->prefix = prefix_of(&r->to->arena, prefix);
	}
}

/* --- the rest --- */

/* (Dovecot 2.3, src/lib-storage/mail-user.c, mail_user_plugin_getenv_bool; the words
 * of 2.4 are among them.) */
static bool
is_on(const char *value)
{
	return *value == '\0' || strchr("0nNfF", *value) == NULL;
}

/* "vfile:/etc/dovecot/dovecot-acl:cache_secs=60" */
static const char *
path_of(struct arena *arena, const char *acl)
{
	const char *path = strchr(acl, ':');

	return path == NULL
		   ? NULL
		   : arena_add(arena, path + 1, strcspn(path + 1, ":"));
}

bool
acl_scope_set(struct acl_scope *s, struct arena *arena, const char *name,
    const char *value)
{
	if (strcmp(name, "acl") == 0) {
		s->ignored = *value == '\0';
		s->global = path_of(arena, value);
	} else if (strcmp(name, "acl_driver") == 0) {
		s->ignored = *value == '\0';
	} else if (strcmp(name, "acl_global_path") == 0) {
		s->global = arena_adds(arena, value);
	} else if (strcmp(name, "acl_globals_only") == 0) {
		s->globals_only = is_on(value);
	} else if (strcmp(name, "acl_defaults_from_inbox") == 0) {
		s->inbox_defaults = is_on(value);
	} else {
		return false;
	}
	return true;
}

/* The settings of a block, which is NULL where there is none. */
static void
set_scope(const struct reader *r, const struct setting *block)
{
	const struct setting *s = block == NULL ? NULL : block->child;

	for (; s != NULL; s = s->next)
		if (s->value != NULL)
			(void)acl_scope_set(
			    &r->to->scope, &r->to->arena, s->key, s->value);
}

/* The settings of a block that 2.3 has as options of a location. */
static void
add_places(const struct reader *r, const struct setting *block, struct buf *out)
{
	static const char *const names[][2] = {
		{ "mailbox_list_layout", "LAYOUT=" },
		{ "mail_inbox_path", "INBOX=" },
		{ "mailbox_directory_name", "DIRNAME=" },
		{ "mailbox_root_directory_name", "MAILBOXDIR=" },
		{ "mailbox_list_utf8", "UTF-8" },
	};

	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		const char *value = setting_value(block, names[i][0]);
		bool flag = strchr(names[i][1], '=') == NULL;

		if (value == NULL || (flag && !setting_is_yes(value)))
			continue;
		if (strchr(value, '%') != NULL)
			emit_note_behind(r->emit, NULL,
			    "a place of mail with a variable: not followed",
			    names[i][0]);
		else
			buf_addf(out, ":%s%s", names[i][1], flag ? "" : value);
	}
}

static void
read_places(struct reader *r)
{
	const struct setting *ns = NULL, *top = &r->conf->top;
	struct buf out = { 0 };

	/* "fs" is not printed: it is the default, which a Maildir does not
	 * keep to. */
	buf_adds(&out, ":LAYOUT=" ACL_LAYOUT_UNKNOWN);
	add_places(r, top, &out);
	while ((ns = setting_block(top, "namespace", ns)) != NULL)
		if (setting_is_yes(setting_value(ns, "inbox")))
			add_places(r, ns, &out);
	r->to->places = arena_adds(&r->to->arena, buf_str(&out));
	buf_free(&out);
}

static void
read_24(struct reader *r)
{
	const struct setting *top = &r->conf->top;
	const char *name;
	struct buf path = { 0 };

	set_scope(r, top);
	set_scope(r, r->shared);
	read_places(r);
	walk(r, top, "", true);
	if (r->shared == NULL)
		return;
	if (setting_is_yes(setting_value(r->shared, "acl_ignore")))
		r->to->scope.ignored = true;
	name = r->shared->name;
	buf_addf(&path, "namespace %s { ", name == NULL ? "" : name);
	walk(r, r->shared, path.data, true);
	buf_free(&path);
}

static void
read_23(struct reader *r)
{
	set_scope(r, setting_block(&r->conf->top, "plugin", NULL));
}

int
acl_settings_read(
    struct acl_settings *s, struct emit *e, const char *config, struct why *why)
{
	static const char *const changed[] = { "-n", NULL };
	struct buf text = { .max = CONFIG_MAX };
	struct doveconf conf = { 0 };
	struct reader r = { .to = s, .emit = e, .conf = &conf };
	bool saved;
	int done;

	*s = (struct acl_settings){ 0 };
	emit_file(e, config == NULL ? "doveconf" : config);
	done = doveconf_ask(config, changed, &text, &saved, why);
	if (done == 0)
		done = doveconf_read(&conf, &text, why);
	/* Both releases look at none unless they are told to. */
	s->scope.ignored = done == 0;
	if (done == 0)
		read_namespaces(&r);
	if (done == 0)
		(doveconf_since(&conf, 2, 4, 0) ? read_24 : read_23)(&r);
	doveconf_free(&conf);
	buf_wipe(&text);
	return done;
}
