/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

#include "doveadm/account.h"

#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"
#include "core/num.h"
#include "core/str.h"
#include "doveadm/mailboxes.h"
#include "doveadm/namespaces.h"

/* Runs a call whose output is short. The text, or NULL and why. */
static char *
ask(struct doveadm_args *a, struct why *why)
{
	struct buf out = { 0 };

	if (doveadm_read(a, &out, why) == -1) {
		buf_free(&out);
		return NULL;
	}
	return out.data == NULL ? xstrdup("") : out.data;
}

static void
set(char **to, const char *value)
{
	free(*to);
	*to = *value == '\0' ? NULL : xstrdup(value);
}

/* The lines "FIELD<tab>VALUE" of "doveadm user". */
static int
read_user(struct doveadm_account *a, const struct doveadm *d,
    struct doveadm_args *args, struct why *why)
{
	char *text, *rest, *line;

	doveadm_args(args, d, DOVEADM_WORDS("user", "--", d->user));
	if ((text = ask(args, why)) == NULL)
		return -1;
	set(&a->fields, text);
	for (rest = text; (line = str_cut(&rest, '\n')) != NULL;) {
		char *value = line, *key = str_cut(&value, '\t');

		if (value == NULL)
			continue;
		if (strcmp(key, "uid") == 0)
			set(&a->uid, value);
		else if (strcmp(key, "gid") == 0)
			set(&a->gid, value);
		else if (strcmp(key, "home") == 0)
			set(&a->home, value);
		else if (strcmp(key, "mail") == 0)
			set(&a->location, value);
		else if (strcmp(key, "mail_path") == 0)
			a->is_24 = true;
		else if (strcmp(key, "lazy_expunge") == 0 ||
			 strcmp(key, "lazy_expunge_mailbox") == 0)
			namespaces_put_waiting(a, value);
		else if (strcmp(key, "mail_plugins") == 0)
			set(&a->plugins, value);
		else if (strstr(key, "/special_use") != NULL)
			a->more_uses = true; /* the user's own */
	}
	free(text);
	return a->uid != NULL ? 0
			      : why_set(why, FAIL_FATAL,
				    "%s: Dovecot has no such user", d->user);
}

/* What the userdb says of a setting for this user; NULL where it does not. The caller
 * frees it. */
static char *
find_field(const struct doveadm_account *a, const char *name)
{
	char *text = xstrdup(a->fields == NULL ? "" : a->fields), *rest = text,
	     *result = NULL, *line;

	while (result == NULL && (line = str_cut(&rest, '\n')) != NULL) {
		char *value = line, *key = str_cut(&value, '\t');

		if (value != NULL && strcmp(key, name) == 0)
			result = xstrdup(value);
	}
	free(text);
	return result;
}

/* The value that the account's settings give to one outside of blocks; "" where they
 * do not. The caller frees it. */
static char *
find_setting(const struct doveadm_account *a, const char *name)
{
	char *text = xstrdup(a->settings), *rest = text, *result = NULL, *line;
	int depth = 0;

	while (result == NULL && (line = str_cut(&rest, '\n')) != NULL) {
		char *value = str_trim(line), *key;
		size_t len = strlen(value);

		depth += len > 0 && value[len - 1] == '{';
		depth -= strcmp(value, "}") == 0;
		key = str_trim(str_cut(&value, '='));
		if (depth == 0 && value != NULL && strcmp(key, name) == 0)
			result = xstrdup(doveconf_unquote(str_trim(value)));
	}
	free(text);
	return result == NULL ? xstrdup("") : result;
}

/* Asks for all settings at once: for each call Dovecot reads its whole configuration.
 * Those of single protocols are only told by -n without a name. */
static int
read_settings(struct doveadm_account *a, const struct doveadm *d,
    struct doveadm_args *args, struct why *why)
{
	doveadm_args(args, d, DOVEADM_WORDS("config", "-n"));
	a->settings = ask(args, why);
	return a->settings == NULL ? -1 : 0;
}

/* The namespace of the INBOX; NULL where none is configured. */
static const struct doveadm_namespace *
home_namespace(const struct doveadm_account *a)
{
	for (size_t i = a->n_namespaces; i-- > 0;)
		if (a->namespaces[i].inbox)
			return &a->namespaces[i];
	return NULL;
}

/* The setting of 2.4 that is in force outside of namespaces: the user's own, else that
 * of all. The caller frees it. */
static char *
user_setting(const struct doveadm_account *a, const char *name)
{
	char *value = find_field(a, name);

	return value != NULL ? value : find_setting(a, name);
}

/* What the namespace of the INBOX has for a setting of 2.4, by the userdb before the
 * configuration; else what is in force outside of namespaces. The caller frees it. */
static char *
own_setting(const struct doveadm_account *a, const char *name)
{
	const struct doveadm_namespace *ns = home_namespace(a);
	const char *own;
	struct buf key = { 0 };
	char *value;

	if (ns == NULL)
		return user_setting(a, name);
	buf_addf(&key, "namespace/%s/%s", ns->name, name);
	value = find_field(a, buf_str(&key));
	buf_free(&key);
	if (value != NULL)
		return value;
	own = namespace_setting(ns, name);
	return own != NULL ? xstrdup(own) : user_setting(a, name);
}

/* Composes what 2.3 calls mail_location of the settings of 2.4 that are not the
 * default: without a layout that is. */
static void
compose_location(struct doveadm_account *a)
{
	static const struct {
		const char *setting, *option;
	} parts[] = { { "mailbox_list_layout", "LAYOUT=" },
		{ "mailbox_root_directory_name", "MAILBOXDIR=" },
		{ "mailbox_subscriptions_filename", "SUBSCRIPTIONS=" } };
	struct buf out = { 0 };
	char *value = own_setting(a, "mail_driver");

	buf_addf(&out, "%s:", value);
	free(value);
	for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
		value = own_setting(a, parts[i].setting);
		if (*value != '\0')
			buf_addf(&out, ":%s%s", parts[i].option, value);
		free(value);
	}
	set(&a->location, buf_str(&out));
	buf_free(&out);
}

/* The location of the INBOX's namespace, which can be its own. */
static void
find_location(struct doveadm_account *a)
{
	const struct doveadm_namespace *ns = home_namespace(a);
	const char *own = ns == NULL ? NULL : namespace_setting(ns, "location");

	if (a->is_24) {
		compose_location(a);
	} else if (own != NULL && *own != '\0') {
		set(&a->location, own);
		a->location_of = ns->name;
	}
}

/* What a namespace says of the place of its mail; "" where it is that of all. */
static const char *
place_of(const struct doveadm_namespace *ns)
{
	const char *place = namespace_setting(ns, "location");

	if (place == NULL)
		place = namespace_setting(ns, "mail_path");
	return place == NULL ? "" : place;
}

/* A second namespace can be another name of the INBOX's: there is no other mail in
 * it. */
static void
leave_second_names(struct doveadm_account *a)
{
	const struct doveadm_namespace *home = home_namespace(a);

	for (size_t i = 0; home != NULL && i < a->n_namespaces; i++) {
		struct doveadm_namespace *ns = &a->namespaces[i];

		if (!ns->inbox && strcmp(place_of(ns), place_of(home)) == 0)
			ns->own = false;
	}
}

static int
read_namespaces(struct doveadm_account *a, const struct doveadm *d,
    struct doveadm_args *args, struct why *why)
{
	char *text;

	doveadm_args(args, d, DOVEADM_WORDS("config", "namespace"));
	if ((text = ask(args, why)) == NULL)
		return -1;
	namespaces_parse(a, text);
	free(text);
	a->prefix = "";
	for (size_t i = 0; i < a->n_namespaces; i++)
		if (a->namespaces[i].inbox) {
			a->namespaces[i].own = true;
			a->prefix = a->namespaces[i].prefix;
			a->separator = a->namespaces[i].separator;
		}
	leave_second_names(a);
	return 0;
}

/* What the userdb says of this user alone: mailboxes in which mail does not stay. */
static void
heed_own_expiry(struct doveadm_account *a)
{
	static const char *const names[] = { "mailbox_autoexpunge",
		"mailbox_autoexpunge_max_mails" };

	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		char *value = find_field(a, names[i]);

		for (size_t j = 0; value != NULL && j < a->n_namespaces; j++)
			a->namespaces[j].expires |=
			    namespaces_expires(names[i], value);
		free(value);
	}
}

/* Between the words of a setting, and of a block. */
#define PLUGIN_ENDS " \t\n="

/* Appends what the settings say of mail_plugins outside of other blocks: of 2.3 a
 * line, of 2.4 a block. */
static void
put_plugins(const struct doveadm_account *a, struct buf *out)
{
	static const char key[] = "mail_plugins";
	char *text = xstrdup(a->settings), *rest = text, *line;
	bool block = false;
	int depth = 0;

	while ((line = str_cut(&rest, '\n')) != NULL) {
		char *words = str_trim(line);
		size_t len = strlen(words);
		bool opens = len > 0 && words[len - 1] == '{';

		if (depth == 0 && str_starts(words, key)) {
			block = opens;
			buf_addf(out, "%s\n", words + sizeof key - 1);
		} else if (block) {
			buf_addf(out, "%s\n", words);
		}
		depth += opens;
		depth -= strcmp(words, "}") == 0;
		block &= depth > 0;
	}
	free(text);
}

const char *
doveadm_find_plugin(const struct doveadm_account *a, const char *const *names)
{
	struct buf plugins = { 0 };
	const char *found = NULL;

	put_plugins(a, &plugins);
	if (a->plugins != NULL)
		buf_addf(&plugins, "\n%s\n", a->plugins);
	for (; found == NULL && *names != NULL; names++)
		if (str_has_word(buf_str(&plugins), PLUGIN_ENDS, *names))
			found = *names;
	buf_free(&plugins);
	return found;
}

/* The escape of listescape, which 2.3 shows in a name that has to have one. */
static void
find_escape(struct doveadm_account *a, const struct doveadm *d)
{
	char *text = a->is_24
			 ? own_setting(a, "mailbox_list_storage_escape_char")
			 : find_setting(a, "mail_plugins");
	bool has = !a->is_24 && str_has_word(text, PLUGIN_ENDS, "listescape");
	char *at;

	if (a->is_24)
		a->escape = *text;
	free(text);
	if (!has || a->indexed)
		return;
	text = doveadm_home_directory(a, d, "~mailferrylook", DOVEADM_MAILBOX);
	at = strstr(text, "7emailferrylook");
	if (at != NULL && at > text)
		a->escape = at[-1];
	free(text);
}

/* Which separator Dovecot takes where none is set: that of the layout, which is
 * seen in where it has a folder below another one. */
static void
read_separator(struct doveadm_account *a, const struct doveadm *d)
{
	bool maildir =
	    a->location != NULL && str_starts(a->location, "maildir:");
	char *dir;

	if (a->location != NULL && strstr(a->location, ":LAYOUT=index") != NULL)
		maildir = a->indexed = true;
	if (a->separator == '\0' && maildir && !a->indexed) {
		a->separator = '/';
		dir = doveadm_home_directory(
		    a, d, "mailferry/look", DOVEADM_MAILBOX);
		if (strstr(dir, "/mailferry/look") == NULL)
			a->separator = '.';
		free(dir);
	}
	if (a->separator == '\0')
		a->separator = '/';
}

int
doveadm_account_read(
    struct doveadm_account *a, const struct doveadm *d, struct why *why)
{
	struct doveadm_args args = { 0 };
	int r = -1;

	if (d->user[strcspn(d->user, "*?")] != '\0')
		return why_set(
		    why, FAIL_FATAL, "%s: not the name of one user", d->user);
	if (read_user(a, d, &args, why) == 0 &&
	    read_namespaces(a, d, &args, why) == 0)
		r = read_settings(a, d, &args, why);
	if (r == 0) {
		find_location(a);
		read_separator(a, d);
		find_escape(a, d);
		namespaces_heed_sessions(a, a->settings);
		heed_own_expiry(a);
	}
	doveadm_args_free(&args);
	return r;
}

size_t
doveadm_keyword_max(const struct doveadm_account *a)
{
	enum {
		USUAL = 50
	};
	char *value = find_setting(a, "mail_max_keyword_length");
	int64_t n = USUAL;
	bool told = parse_num(value, 1, INT32_MAX, &n, NULL);

	free(value);
	return told ? (size_t)n : USUAL;
}

void
doveadm_account_free(struct doveadm_account *a)
{
	doveadm_mailboxes_free(a);
	for (size_t i = 0; i < a->n_closed; i++)
		free(a->closed[i]);
	free(a->closed);
	namespaces_free(a);
	free(a->uid);
	free(a->gid);
	free(a->home);
	free(a->location);
	free(a->settings);
	free(a->fields);
	free(a->plugins);
	*a = (struct doveadm_account){ 0 };
}
