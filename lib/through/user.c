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
#include "doveadm/namespaces.h"
#include "doveadm/naming.h"
#include "maildir/owner.h"
#include "through/listing.h"

const char *const obstacle_words[] = {
	[OBSTACLE_NONE] = "none",
	[OBSTACLE_STORE] = "store",
	[OBSTACLE_LAYOUT] = "layout",
	[OBSTACLE_SUBSCRIPTIONS] = "subscriptions",
	[OBSTACLE_ENCRYPTED] = "encrypted",
	[OBSTACLE_COMPRESSED] = "compressed",
	[OBSTACLE_ABSENT] = "absent",
};

/* What is not done in a location; NULL: nothing. */
static const char *
find_obstacle(struct located *l, char *text)
{
	char *rest = text;
	const char *driver = str_cut(&rest, ':');

	if (strcmp(driver, "maildir") != 0)
		return *driver == '\0' ? "not told" : driver;
	while (rest != NULL) {
		char *part = str_cut(&rest, ':');

		if (str_starts(part, "SUBSCRIPTIONS=")) {
			free(l->subscriptions);
			l->subscriptions =
			    xstrdup(part + strlen("SUBSCRIPTIONS="));
		} else if (str_starts(part, "MAILBOXDIR=")) {
			return "a Maildir with MAILBOXDIR";
		}
	}
	return l->account.indexed ? "a Maildir with LAYOUT=index" : NULL;
}

static int
check_location(struct located *l, const char *user, struct why *why)
{
	const char *location = l->account.location;
	char *text = xstrdup(location == NULL ? "" : location);
	const char *fault = find_obstacle(l, text);
	int r = 0;

	if (fault != NULL) {
		l->obstacle = OBSTACLE_STORE;
		r = why_set(why, FAIL_FATAL,
		    "%s: the store is %s; see --through-doveadm", user, fault);
	}
	free(text);
	return r;
}

/* A folder that no account has, as Dovecot would lay it on the disk. */
static const struct {
	const char *tail;
	enum tree_layout layout;
	enum tree_names names;
} looks[] = {
	{ "/.mailferry.look&APw-", LAYOUT_MAILDIR, NAMES_MUTF7 },
	{ "/.mailferry.look\xc3\xbc", LAYOUT_MAILDIR, NAMES_UTF8 },
	{ "/mailferry/look&APw-", LAYOUT_FS, NAMES_MUTF7 },
	{ "/mailferry/look\xc3\xbc", LAYOUT_FS, NAMES_UTF8 },
};

static int
say_unknown(struct located *l, const char *dir, struct why *why)
{
	l->obstacle = OBSTACLE_LAYOUT;
	return why_set(why, FAIL_FATAL,
	    "%s: how Dovecot lays folders on the disk is not understood (%s); "
	    "see --through-doveadm",
	    l->doveadm.user, dir);
}

/* Finds out how folders lie, from where that one would be. */
static int
read_layout(struct located *l, char *box, struct tree_hint *hint,
    size_t *number, struct why *why)
{
	for (size_t i = 0; i < sizeof looks / sizeof *looks; i++) {
		size_t len = strlen(looks[i].tail);
		char *at = strstr(box, looks[i].tail);

		if (at == NULL || (at[len] != '\0' && at[len] != '/'))
			continue;
		if (at[len] == '/')
			l->dirname = xstrdup(at + len + 1);
		l->root = xmemdup(box, (size_t)(at - box));
		hint->layout = looks[i].layout;
		hint->names = looks[i].names;
		*number = i;
		return 0;
	}
	return say_unknown(l, box, why);
}

/* The same of its control files: below the mail, or in a tree of their own, in which
 * there is no DIRNAME. */
static int
read_control(struct located *l, const char *box, const char *control,
    const char *tail, struct why *why)
{
	size_t len = strlen(control), n = strlen(tail);

	if (strcmp(box, control) == 0)
		return 0;
	if (len <= n || strcmp(control + len - n, tail) != 0)
		return say_unknown(l, control, why);
	l->control = xmemdup(control, len - n);
	return 0;
}

/* Where Dovecot has the INBOX: the root, or what the layout has for it, need not be
 * told. */
static int
read_inbox(struct located *l, const char *inbox, const char *control,
    const struct tree_hint *hint, struct why *why)
{
	const char *name = hint->layout == LAYOUT_FS ? "INBOX" : ".INBOX";
	char *usual = l->control == NULL ? xstrdup(inbox)
					 : xasprintf("%s/%s", l->control, name);
	char *below = xasprintf(
	    "%s/%s/%s", l->root, name, l->dirname == NULL ? "" : l->dirname);
	int r = *inbox != '\0' && strcmp(usual, control) == 0
		    ? 0
		    : say_unknown(l, control, why);

	if (strcmp(inbox, l->root) != 0 && strcmp(inbox, below) != 0)
		l->inbox = xstrdup(inbox);
	free(usual);
	free(below);
	return r;
}

/* Asks where the mail is, and how folders lie there. Dovecot knows what all its
 * settings come to. */
static int
ask_places(struct located *l, struct tree_hint *hint, struct why *why)
{
	const struct doveadm *d = &l->doveadm;
	const struct doveadm_account *a = &l->account;
	char *name = xasprintf("mailferry%clook\xc3\xbc", a->separator);
	char *box = doveadm_home_directory(a, d, name, DOVEADM_MAILBOX);
	char *control = doveadm_home_directory(a, d, name, DOVEADM_CONTROL);
	char *inbox = doveadm_mailbox_directory(d, "INBOX", DOVEADM_MAILBOX);
	char *inbox_control =
	    doveadm_mailbox_directory(d, "INBOX", DOVEADM_CONTROL);
	size_t i = 0;
	int r = read_layout(l, box, hint, &i, why);

	if (r == 0)
		r = read_control(l, box, control, looks[i].tail, why);
	if (r == 0)
		r = read_inbox(l, inbox, inbox_control, hint, why);
	free(name);
	free(box);
	free(control);
	free(inbox);
	free(inbox_control);
	return r;
}

/* What is told to the scan. */
static void
take_places(const struct located *l, struct scan_options *o)
{
	o->target = l->root;
	o->target_hint.control = l->control;
	o->target_hint.inbox = l->inbox;
	o->target_hint.dirname = l->dirname;
	o->target_hint.subscriptions = l->subscriptions;
	o->target_hint.escape = l->account.escape;
	o->target_hint.separator = l->account.separator;
}

static void
take_roles(struct located *l, const struct doveadm_mailbox *v, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (v[i].role == NULL || !v[i].home)
			continue;
		l->roles = xgrow(l->roles, l->n, &l->cap, sizeof *l->roles);
		l->roles[l->n++] =
		    (struct scan_role){ v[i].path, v[i].role, v[i].unmade };
	}
}

/* True if the directory of the INBOX is there. */
static bool
has_inbox(const struct located *l)
{
	struct stat st;

	return stat(l->inbox == NULL ? l->root : l->inbox, &st) == 0 ||
	       errno != ENOENT;
}

/* The INBOX of an account that nobody has used is not there yet. Dovecot makes it
 * when it is asked for it. Where it says that it has, and nothing is there, its
 * paths are those of another machine or of a container. */
static int
open_inbox(struct located *l, const struct doveadm *d, struct why *why)
{
	if (has_inbox(l))
		return 0;
	if (doveadm_run(d,
		DOVEADM_WORDS(
		    "mailbox", "status", "-u", d->user, "messages", "INBOX"),
		NULL, why) == -1)
		return -1;
	if (has_inbox(l))
		return 0;
	l->obstacle = OBSTACLE_ABSENT;
	return why_set(why, FAIL_FATAL,
	    "%s: the Maildir that Dovecot has is not on this machine (%s); see "
	    "--through-doveadm",
	    d->user, l->root);
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
check_plugins(struct located *l, const struct doveadm *d, struct why *why)
{
	static const char *const names[] = { "mail_crypt", NULL };
	struct buf how = { 0 };
	int r = 0;

	if (doveadm_find_plugin(&l->account, names) != NULL) {
		r = l->account.is_24
			? doveadm_run(d,
			      DOVEADM_WORDS(
				  "config", "-n", "crypt_write_algorithm"),
			      &how, why)
			: doveadm_run(d,
			      DOVEADM_WORDS(
				  "config", "plugin/mail_crypt_save_version"),
			      &how, why);
		if (r == 0 && !is_off(buf_str(&how))) {
			l->obstacle = OBSTACLE_ENCRYPTED;
			r = why_set(why, FAIL_FATAL,
			    "%s: Dovecot encrypts the mail (mail_crypt); see "
			    "--through-doveadm",
			    d->user);
		}
	}
	buf_free(&how);
	return r;
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
	is = doveadm_mailbox_directory(&l->doveadm, name, DOVEADM_MAILBOX);
	if (!is_within(is, ours))
		fault = xasprintf("Dovecot has a namespace of its own for "
				  "\"%s\"; see --map%s",
		    name,
		    doveadm_mailbox_foreign(&l->account, name)
			? ""
			: " and --through-doveadm");
	free(ours);
	free(is);
	return fault;
}

/* The owner of the mail, where root is at work. */
static struct mail_owner
owner_of(const struct located *l)
{
	struct mail_owner o = { 0 };
	int64_t uid, gid;

	if (geteuid() == 0 && l->account.uid != NULL &&
	    l->account.gid != NULL &&
	    parse_num(l->account.uid, 1, UINT32_MAX, &uid, NULL) &&
	    parse_num(l->account.gid, 0, UINT32_MAX, &gid, NULL))
		o = (struct mail_owner){ true, (uid_t)uid, (gid_t)gid };
	return o;
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

static char *
refuse(void *arg, const char *path, const char *dir)
{
	const struct located *l = arg;
	char *name = doveadm_mailbox_name(&l->account, path);
	const struct mail_owner owner = owner_of(l);
	char *fault = NULL;

	if (name != NULL)
		fault = find_hidden(l, name, dir);
	if (name != NULL && fault == NULL && !is_shown(l, name) &&
	    owner_is_kept_out(&owner, l->root, dir))
		fault = xstrdup(OWNER_KEPT_OUT);
	free(name);
	return fault;
}

/* Lists the owner's mail in other namespaces, as Dovecot shows it: it can be in any
 * store. */
static int
list_others(void *arg, struct catalogue *c, struct why *why)
{
	struct located *l = arg;
	bool any = false;

	for (size_t i = 0; i < l->account.n_namespaces; i++)
		any |= l->account.namespaces[i].own &&
		       !l->account.namespaces[i].inbox;
	if (!any)
		return 0;
	if (l->others.tree == NULL &&
	    store_open_others(&l->others, &l->doveadm, c->tree,
		l->fs ? l->root : NULL, why) == -1)
		return -1;
	return store_list(&l->others, c, why);
}

/* Subscriptions can be kept by another namespace, in a file of that one. */
static int
check_subscriptions(struct located *l, struct why *why)
{
	for (size_t i = 0; i < l->account.n_namespaces; i++) {
		const struct doveadm_namespace *ns = &l->account.namespaces[i];
		const char *own = namespace_setting(ns, "subscriptions");

		if (!ns->inbox || own == NULL || strcmp(own, "no") != 0)
			continue;
		l->obstacle = OBSTACLE_SUBSCRIPTIONS;
		return why_set(why, FAIL_FATAL,
		    "%s: Dovecot keeps the subscriptions in another "
		    "namespace; see --subscribe=none and --through-doveadm",
		    l->doveadm.user);
	}
	return 0;
}

/* Asks what the store is and where, and whether it can be written from outside. */
static int
find_store(struct located *l, const struct doveadm *d, bool subscribes,
    bool writes, struct tree_hint *hint, struct why *why)
{
	l->doveadm = *d;
	l->account.files = true;
	if (doveadm_account_read(&l->account, d, why) == -1 ||
	    check_location(l, d->user, why) == -1 ||
	    (subscribes && check_subscriptions(l, why) == -1) ||
	    (writes && check_plugins(l, d, why) == -1))
		return -1;
	return ask_places(l, hint, why);
}

/* Mail that was stored while a plugin was at work can only be read by Dovecot. */
static int
check_readers(struct located *l, const struct doveadm *d, struct why *why)
{
	static const char *const names[] = { "mail_crypt", "zlib",
		"mail_compress", NULL };
	const char *found = doveadm_find_plugin(&l->account, names);

	if (found == NULL)
		return 0;
	l->obstacle =
	    found == names[0] ? OBSTACLE_ENCRYPTED : OBSTACLE_COMPRESSED;
	return why_set(why, FAIL_FATAL,
	    "%s: there may be mail that only Dovecot can read (%s); see "
	    "--through-doveadm",
	    d->user, found);
}

int
user_find_way(struct located *l, const struct doveadm *d, struct why *why)
{
	struct tree_hint hint = { 0 };
	struct why closed;

	if (find_store(l, d, true, true, &hint, why) == 0 &&
	    check_readers(l, d, why) == 0 && open_inbox(l, d, why) == 0)
		return 0;
	if (l->obstacle == OBSTACLE_NONE)
		return -1;
	/* Without its key, nothing can be compared. */
	if (doveadm_run(d,
		DOVEADM_WORDS(
		    "fetch", "-u", d->user, "hdr", "mailbox", "INBOX", "1"),
		NULL, &closed) == 0)
		return 0;
	l->obstacle = OBSTACLE_NONE;
	return why_set(why, FAIL_FATAL, "%s: Dovecot cannot open the mail: %s",
	    d->user, closed.text);
}

int
user_locate(struct located *l, const struct doveadm *d, bool subscribes,
    struct scan_options *o, struct why *why)
{
	o->target = d->user;
	if (find_store(l, d, subscribes, *o->source != '\0', &o->target_hint,
		why) == -1 ||
	    doveadm_mailboxes_read(&l->account, d, why) == -1 ||
	    doveadm_roles_read(&l->account, d, why) == -1 ||
	    open_inbox(l, d, why) == -1)
		return -1;
	take_places(l, o);
	o->mapping.refuse = refuse;
	if (l->account.separator != '/' && l->account.escape == '\0')
		o->mapping.plain = PLAIN_NEVER;
	o->mapping.arg = l;
	o->whose = owner_of(l);
	store_heed(&o->match, &l->account);
	o->list_away = list_others;
	o->away = l;
	l->fs = o->target_hint.layout == LAYOUT_FS;
	take_roles(l, l->account.mailboxes, l->account.n);
	take_roles(l, l->account.latent, l->account.n_latent);
	o->roles = l->roles;
	o->n_roles = l->n;
	return 0;
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
		.location_of = l->account.location_of,
		.prefix = "",
		.files = true,
	};
	int r = doveadm_mailboxes_read(&again, d, why);

	doveadm_account_free(&again);
	return r;
}

void
located_free(struct located *l)
{
	doveadm_account_free(&l->account);
	store_free(&l->others);
	free(l->root);
	free(l->control);
	free(l->inbox);
	free(l->dirname);
	free(l->subscriptions);
	free(l->roles);
	*l = (struct located){ 0 };
}
