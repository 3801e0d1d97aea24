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
		else if (strcmp(key, "mail_path") == 0) {
			set(&a->path, value);
			a->is_24 = true;
		}
	}
	free(text);
	return a->uid != NULL ? 0
			      : why_set(why, FAIL_FATAL,
				    "%s: Dovecot has no such user", d->user);
}

/* A value of doveconf's: 2.4 puts quotes around some. */
static char *
unquote(char *value)
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

static void
take_setting(struct doveadm_namespace *ns, const char *key, char *value)
{
	value = unquote(value);
	if (strcmp(key, "prefix") == 0) {
		value[strcspn(value, "%$")] = '\0';
		free(ns->prefix);
		ns->prefix = xstrdup(value);
	} else if (strcmp(key, "separator") == 0) {
		ns->separator = *value;
	} else if (strcmp(key, "inbox") == 0) {
		ns->inbox = strcmp(value, "yes") == 0;
	} else if (strcmp(key, "disabled") == 0) {
		ns->disabled = strcmp(value, "yes") == 0;
		ns->own &= !ns->disabled;
	} else if ((strcmp(key, "type") == 0 &&
		       strcmp(value, "private") != 0) ||
		   (strcmp(key, "location") == 0 &&
		       str_starts(value, "virtual:")) ||
		   (strcmp(key, "mail_driver") == 0 &&
		       strcmp(value, "virtual") == 0) ||
		   (strcmp(key, "hidden") == 0 && strcmp(value, "yes") == 0)) {
		ns->own = false;
	}
}

static struct doveadm_namespace *
add_namespace(struct doveadm_account *a)
{
	a->namespaces = xgrow(a->namespaces, a->n_namespaces,
	    &a->cap_namespaces, sizeof *a->namespaces);
	a->namespaces[a->n_namespaces] =
	    (struct doveadm_namespace){ .prefix = xstrdup(""), .own = true };
	return &a->namespaces[a->n_namespaces++];
}

/* "namespace NAME {", settings and blocks in it, "}". */
static void
parse_namespaces(struct doveadm_account *a, char *text)
{
	struct doveadm_namespace *ns = NULL;
	char *line;
	int depth = 0;

	while ((line = str_cut(&text, '\n')) != NULL) {
		char *value = str_trim(line), *key;
		size_t len = strlen(value);

		if (len > 0 && value[len - 1] == '{') {
			if (depth++ == 0)
				ns = add_namespace(a);
			continue;
		}
		if (strcmp(value, "}") == 0) {
			depth--;
			continue;
		}
		key = str_trim(str_cut(&value, '='));
		if (depth == 1 && ns != NULL && value != NULL)
			take_setting(ns, key, str_trim(value));
	}
}

/* The separator that Dovecot takes where none is set: that of the layout. */
static char
layout_separator(const struct doveadm_account *a)
{
	return a->location != NULL && str_starts(a->location, "maildir:") &&
		       strstr(a->location, ":LAYOUT=fs") == NULL &&
		       strstr(a->location, ":LAYOUT=index") == NULL
		   ? '.'
		   : '/';
}

static int
read_namespaces(struct doveadm_account *a, const struct doveadm *d,
    struct doveadm_args *args, struct why *why)
{
	char *text;

	doveadm_args(args, d, DOVEADM_WORDS("config", "namespace"));
	if ((text = ask(args, why)) == NULL)
		return -1;
	parse_namespaces(a, text);
	free(text);
	a->prefix = "";
	for (size_t i = 0; i < a->n_namespaces; i++)
		if (a->namespaces[i].inbox) {
			a->namespaces[i].own = true;
			a->prefix = a->namespaces[i].prefix;
			a->separator = a->namespaces[i].separator;
		}
	if (a->separator == '\0')
		a->separator = layout_separator(a);
	return 0;
}

/* The value that the lines of doveconf's give a setting outside of blocks; ""
 * where they do not. The caller frees it. */
static char *
find_setting(char *text, const char *name)
{
	char *line;
	int depth = 0;

	while ((line = str_cut(&text, '\n')) != NULL) {
		char *value = str_trim(line), *key;
		size_t len = strlen(value);

		depth += len > 0 && value[len - 1] == '{';
		depth -= strcmp(value, "}") == 0;
		key = str_trim(str_cut(&value, '='));
		if (depth == 0 && value != NULL && strcmp(key, name) == 0)
			return xstrdup(unquote(str_trim(value)));
	}
	return xstrdup("");
}

/* A setting of 2.4. NULL and why. */
static char *
read_setting(const struct doveadm *d, struct doveadm_args *args,
    const char *name, struct why *why)
{
	char *text, *value;

	doveadm_args(args, d, DOVEADM_WORDS("config", "-n", name));
	if ((text = ask(args, why)) == NULL)
		return NULL;
	value = find_setting(text, name);
	free(text);
	return value;
}

/* Composes what 2.3 calls mail_location of the settings of 2.4 that are not the
 * default. The default of the layout is the driver's, and cannot be told from
 * LAYOUT=fs that was set: it is left to be seen in the tree. */
static int
read_location(struct doveadm_account *a, const struct doveadm *d,
    struct doveadm_args *args, struct why *why)
{
	static const struct {
		const char *setting, *option;
	} parts[] = { { "mailbox_list_layout", "LAYOUT=" },
		{ "mail_control_path", "CONTROL=" },
		{ "mail_inbox_path", "INBOX=" },
		{ "mailbox_directory_name", "DIRNAME=" } };
	struct buf out = { 0 };
	char *value = read_setting(d, args, "mail_driver", why);

	if (value == NULL)
		return -1;
	buf_addf(&out, "%s:%s", value, a->path == NULL ? "" : a->path);
	free(value);
	for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
		value = read_setting(d, args, parts[i].setting, why);
		if (value == NULL) {
			buf_free(&out);
			return -1;
		}
		if (*value != '\0')
			buf_addf(&out, ":%s%s", parts[i].option, value);
		free(value);
	}
	set(&a->location, buf_str(&out));
	buf_free(&out);
	return 0;
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
	    (!a->is_24 || read_location(a, d, &args, why) == 0))
		r = read_namespaces(a, d, &args, why);
	doveadm_args_free(&args);
	return r;
}

void
doveadm_account_free(struct doveadm_account *a)
{
	doveadm_mailboxes_free(a);
	for (size_t i = 0; i < a->n_closed; i++)
		free(a->closed[i]);
	free(a->closed);
	for (size_t i = 0; i < a->n_namespaces; i++)
		free(a->namespaces[i].prefix);
	free(a->namespaces);
	free(a->uid);
	free(a->gid);
	free(a->home);
	free(a->location);
	free(a->path);
	*a = (struct doveadm_account){ 0 };
}
