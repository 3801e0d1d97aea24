/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

#include "through/user.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/alloc.h"
#include "core/num.h"
#include "core/str.h"
#include "doveadm/mailboxes.h"

/* A path of a location, the home in place of "~". NULL and why where a variable
 * is left in it: doveadm shows settings of 2.4 as they are written. */
static char *
expand(const struct located *l, const char *path, struct why *why)
{
	const char *home = l->account.home;

	if (path[0] == '~' && (path[1] == '/' || path[1] == '\0') &&
	    home != NULL)
		return xasprintf("%s%s", home, path + 1);
	if (path[0] == '/' && strchr(path, '%') == NULL)
		return xstrdup(path);
	(void)why_set(why, FAIL_FATAL,
	    "%s: not a path that is known here; name the target itself", path);
	return NULL;
}

/* One option of a location: "LAYOUT=fs". */
static int
take_option(struct located *l, const char *text, struct scan_options *o,
    struct why *why)
{
	if (str_starts(text, "LAYOUT=")) {
		const char *layout = text + strlen("LAYOUT=");

		if (str_eq_nocase(layout, "index"))
			return why_set(why, FAIL_FATAL,
			    "LAYOUT=index: see --through-doveadm");
		o->target_hint.layout =
		    str_eq_nocase(layout, "fs") ? LAYOUT_FS : LAYOUT_MAILDIR;
	} else if (strcmp(text, "UTF-8") == 0) {
		o->target_hint.names = NAMES_UTF8;
	} else if (str_starts(text, "CONTROL=")) {
		free(l->control);
		l->control = expand(l, text + strlen("CONTROL="), why);
		return l->control == NULL ? -1 : 0;
	} else if (str_starts(text, "INBOX=")) {
		free(l->inbox);
		l->inbox = expand(l, text + strlen("INBOX="), why);
		return l->inbox == NULL ? -1 : 0;
	}
	return 0;
}

/* "maildir:~/Maildir:LAYOUT=fs:CONTROL=..." */
static int
take_location(
    struct located *l, char *text, struct scan_options *o, struct why *why)
{
	char *rest = text;
	const char *driver = str_cut(&rest, ':');

	if (strcmp(driver, "maildir") != 0 || rest == NULL)
		return why_set(why, FAIL_FATAL,
		    "%s: the store is %s; see --through-doveadm", o->target,
		    *driver == '\0' ? "not told" : driver);
	if (!l->account.is_24)
		o->target_hint.layout = LAYOUT_MAILDIR;
	o->target_hint.names = NAMES_MUTF7;
	l->root = expand(l, str_cut(&rest, ':'), why);
	if (l->root == NULL)
		return -1;
	while (rest != NULL)
		if (take_option(l, str_cut(&rest, ':'), o, why) == -1)
			return -1;
	/* What is told to be where it would be looked for anyway needs no hint:
	 * the INBOX has to be there then. */
	if (l->inbox != NULL && strcmp(l->inbox, l->root) == 0) {
		free(l->inbox);
		l->inbox = NULL;
	}
	o->target = l->root;
	o->target_hint.control = l->control;
	o->target_hint.inbox = l->inbox;
	return 0;
}

static void
take_roles(struct located *l, const struct doveadm_mailbox *v, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (v[i].role == NULL || !v[i].home)
			continue;
		l->roles = xgrow(l->roles, l->n, &l->cap, sizeof *l->roles);
		l->roles[l->n++] = (struct scan_role){ v[i].path, v[i].role };
	}
}

/* The INBOX of an account that nobody has used is not there yet. Dovecot makes it
 * when it is asked for it. */
static int
open_inbox(const struct located *l, const struct doveadm *d, struct why *why)
{
	struct stat st;

	if (stat(l->inbox == NULL ? l->root : l->inbox, &st) == 0 ||
	    errno != ENOENT)
		return 0;
	return doveadm_run(d,
	    DOVEADM_WORDS(
		"mailbox", "status", "-u", d->user, "messages", "INBOX"),
	    NULL, why);
}

/* True if a text of settings has the word, outside of a comment. */
static bool
has_word(const char *text, const char *word)
{
	size_t len = strlen(word);

	for (const char *at = text; (at = strstr(at, word)) != NULL; at += len)
		if ((at == text || strchr(" \t\n=", at[-1]) != NULL) &&
		    (at[len] == '\0' || strchr(" \t\n", at[len]) != NULL))
			return true;
	return false;
}

/* True if the setting says that nothing is encrypted any more, and old mail is
 * only read. */
static bool
is_off(const char *text)
{
	const char *value = strchr(text, '=');

	if (value == NULL)
		return false;
	value += 1 + strspn(value + 1, " \"\n");
	return *value == '\0' || (value[0] == '0' && value[1] == '\n');
}

/*
 * Mail that Dovecot encrypts must not be put beside it in clear. What the plugin
 * compresses can be mixed with what is not. 0, or -1 and why.
 */
static int
check_plugins(const struct located *l, const struct doveadm *d, struct why *why)
{
	struct buf plugins = { 0 }, how = { 0 };
	int r = doveadm_run(
	    d, DOVEADM_WORDS("config", "mail_plugins"), &plugins, why);

	if (r == 0 && has_word(buf_str(&plugins), "mail_crypt")) {
		r = l->account.is_24
			? doveadm_run(d,
			      DOVEADM_WORDS(
				  "config", "-n", "crypt_write_algorithm"),
			      &how, why)
			: doveadm_run(d,
			      DOVEADM_WORDS(
				  "config", "plugin/mail_crypt_save_version"),
			      &how, why);
		if (r == 0 && !is_off(buf_str(&how)))
			r = why_set(why, FAIL_FATAL,
			    "%s: Dovecot encrypts the mail (mail_crypt); see "
			    "--through-doveadm",
			    d->user);
	}
	buf_free(&plugins);
	buf_free(&how);
	return r;
}

static bool
is_same_dir(const char *a, const char *b)
{
	struct stat x, y;

	return stat(a, &x) == 0 && stat(b, &y) == 0 && x.st_dev == y.st_dev &&
	       x.st_ino == y.st_ino;
}

/* True if a path is the directory, or lies in it. */
static bool
is_within(const char *path, const char *dir)
{
	size_t len = strlen(dir);

	while (len > 1 && dir[len - 1] == '/')
		len--;
	return strncmp(path, dir, len) == 0 &&
	       (path[len] == '/' || path[len] == '\0');
}

/* A namespace can have its mail in another place than mail_location says. */
static int
check_inbox(const struct located *l, const struct doveadm *d,
    const struct scan_options *o, struct why *why)
{
	const char *wanted = l->inbox == NULL ? l->root : l->inbox;
	char *is = doveadm_mailbox_directory(d, "INBOX");
	int r = 0;

	if (*is != '\0' && !is_same_dir(is, wanted) &&
	    (o->target_hint.layout == LAYOUT_MAILDIR ? strcmp(is, wanted) != 0
						     : !is_within(is, wanted)))
		r = why_set(why, FAIL_FATAL,
		    "%s: Dovecot has the INBOX in %s, not in %s: the location "
		    "of its namespace is another one; name the target itself, "
		    "or see --through-doveadm",
		    d->user, is, wanted);
	free(is);
	return r;
}

/* What is wrong with a folder that Dovecot looks for in another namespace; the
 * caller frees it. NULL: nothing. */
static char *
find_hidden(const struct located *l, const char *name, const char *dir)
{
	char *ours, *is, *fault = NULL;

	if (!doveadm_mailbox_hidden(&l->account, name))
		return NULL;
	/* A namespace can be another name of the same place, or be switched off
	 * for this user. */
	ours = xasprintf("%s/%s", l->root, dir);
	is = doveadm_mailbox_directory(&l->doveadm, name);
	if (!is_within(is, ours))
		fault = xasprintf("Dovecot has a namespace of its own for "
				  "\"%s\"; see --map and --through-doveadm",
		    name);
	free(ours);
	free(is);
	return fault;
}

/* True if its mode lets somebody else than the owner of the mail into a directory
 * alone, as far as can be seen: he may be in more groups than he is said to be. */
static bool
is_foreign(const struct located *l, const char *path)
{
	struct stat st;
	int64_t uid, gid;

	if (geteuid() != 0 || stat(path, &st) == -1 || l->account.uid == NULL ||
	    l->account.gid == NULL ||
	    !parse_num(l->account.uid, 0, UINT32_MAX, &uid, NULL) ||
	    !parse_num(l->account.gid, 0, UINT32_MAX, &gid, NULL) || uid == 0)
		return false;
	if (st.st_uid == (uid_t)uid)
		return (st.st_mode & 0700) != 0700;
	if (st.st_gid == (gid_t)gid)
		return (st.st_mode & 070) != 070;
	return (st.st_mode & 07) != 07;
}

/* True if Dovecot shows a mailbox to its owner. */
static bool
is_shown(const struct located *l, const char *name)
{
	for (size_t i = 0; i < l->account.n; i++)
		if (strcmp(l->account.mailboxes[i].name, name) == 0)
			return true;
	return false;
}

/* The same of one that lies where only root can see it, or would: below such a
 * folder, new ones get its owner. */
static char *
find_foreign(const struct located *l, const char *name, const char *dir)
{
	static const char *const boxes[] = { "", "/cur" };
	char divider = *dir == '.' ? '.' : '/';
	char *copy = xstrdup(dir), *end;
	bool foreign = false;

	if (strcmp(dir, ".") != 0 && !is_shown(l, name))
		do {
			for (size_t i = 0; i < 2; i++) {
				char *path = xasprintf(
				    "%s/%s%s", l->root, copy, boxes[i]);

				foreign |= is_foreign(l, path);
				free(path);
			}
			end = strrchr(copy, divider);
			if (end != NULL)
				*end = '\0';
		} while (!foreign && end != NULL && end > copy);
	free(copy);
	return foreign ? xstrdup("the owner of the mail may not enter it; see "
				 "maildir-check")
		       : NULL;
}

static char *
refuse(void *arg, const char *path, const char *dir)
{
	const struct located *l = arg;
	char *name = doveadm_mailbox_name(&l->account, path);
	char *fault = NULL;

	if (name != NULL)
		fault = find_hidden(l, name, dir);
	if (name != NULL && fault == NULL)
		fault = find_foreign(l, name, dir);
	free(name);
	return fault;
}

int
user_locate(struct located *l, const struct doveadm *d, struct scan_options *o,
    struct why *why)
{
	char *text;
	int r;

	o->target = d->user;
	if (doveadm_account_read(&l->account, d, why) == -1 ||
	    doveadm_mailboxes_read(&l->account, d, why) == -1 ||
	    doveadm_roles_read(&l->account, d, why) == -1 ||
	    (*o->source != '\0' && check_plugins(l, d, why) == -1))
		return -1;
	text = xstrdup(l->account.location == NULL ? "" : l->account.location);
	r = take_location(l, text, o, why);
	free(text);
	if (r == 0)
		r = open_inbox(l, d, why);
	if (r == 0)
		r = check_inbox(l, d, o, why);
	l->doveadm = *d;
	o->mapping.refuse = refuse;
	if (l->account.separator != '/')
		o->mapping.plain = PLAIN_NEVER;
	o->mapping.arg = l;
	take_roles(l, l->account.mailboxes, l->account.n);
	take_roles(l, l->account.latent, l->account.n_latent);
	o->roles = l->roles;
	o->n_roles = l->n;
	return r;
}

int
user_relist(const struct located *l, const struct doveadm *d, struct why *why)
{
	char *name = doveadm_mailbox_name(&l->account, "mailferrylook");
	struct why made; /* a run that was killed can have left it */
	int r;

	(void)doveadm_run(d,
	    DOVEADM_WORDS("mailbox", "create", "-u", d->user, "--", name), NULL,
	    &made);
	r = doveadm_run(d,
	    DOVEADM_WORDS("mailbox", "delete", "-u", d->user, "-e", "--", name),
	    NULL, why);
	free(name);
	return r;
}

int
user_list_new(const struct located *l, const struct doveadm *d, struct why *why)
{
	struct doveadm_account again = {
		.is_24 = l->account.is_24,
		.location = l->account.location == NULL
				? NULL
				: xstrdup(l->account.location),
		.prefix = "",
	};
	int r = doveadm_mailboxes_read(&again, d, why);

	doveadm_account_free(&again);
	return r;
}

void
located_free(struct located *l)
{
	doveadm_account_free(&l->account);
	free(l->root);
	free(l->control);
	free(l->inbox);
	free(l->roles);
	*l = (struct located){ 0 };
}
