/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

#include "doveadm/mailboxes.h"

#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"
#include "core/json.h"
#include "core/str.h"
#include "doveadm/naming.h"

enum {
	AT_ONCE = 100, /* mailboxes named in one call */
	PASSES = 8     /* a client can rename mailboxes again and again */
};

static bool
is_closed(const struct doveadm_account *a, const char *name)
{
	for (size_t i = 0; i < a->n_closed; i++)
		if (strcmp(a->closed[i], name) == 0)
			return true;
	return false;
}

static void
add_mailbox(struct doveadm_account *a, const char *name)
{
	const struct doveadm_namespace *ns = doveadm_namespace_of(a, name);
	struct doveadm_mailbox *m;
	bool home = a->n_namespaces == 0 || (ns != NULL && ns->inbox);

	if (*name == '\0' || (!home && (ns == NULL || !ns->own)) ||
	    is_closed(a, name))
		return;
	a->mailboxes = xgrow(a->mailboxes, a->n, &a->cap, sizeof *a->mailboxes);
	m = &a->mailboxes[a->n++];
	*m = (struct doveadm_mailbox){
		.name = xstrdup(name),
		.path = doveadm_path_of(a, name, home),
		.home = home,
	};
}

static int
by_path(const void *a, const void *b)
{
	const struct doveadm_mailbox *x = a, *y = b;

	return strcmp(x->path, y->path);
}

static struct doveadm_mailbox *
find_name(struct doveadm_account *a, const char *name)
{
	for (size_t i = 0; i < a->n; i++)
		if (strcmp(a->mailboxes[i].name, name) == 0)
			return &a->mailboxes[i];
	return NULL;
}

static void
take_status(struct doveadm_mailbox *m, const char *key, const char *value)
{
	int64_t number = strtoll(value, NULL, 10);

	if (strcmp(key, "guid") == 0) {
		free(m->guid);
		m->guid = xstrdup(value);
	} else if (strcmp(key, "uidvalidity") == 0) {
		m->uidvalidity = number;
	} else if (strcmp(key, "uidnext") == 0) {
		m->uidnext = number;
	} else if (strcmp(key, "highestmodseq") == 0) {
		m->modseq = number;
	} else if (strcmp(key, "messages") == 0) {
		m->messages = number;
	}
}

/* One row of "-f json": an object of texts, the first of which is the name of a
 * mailbox. Of a status, the members of m are filled in; else it is added. */
static bool
take_row(struct doveadm_account *a, struct json_reader *in, bool status)
{
	struct doveadm_mailbox *m = NULL;
	char *key, *value;

	if (!jr_enter(in, '{'))
		return false;
	while (jr_member(in, &key)) {
		if (!jr_string(in, &value))
			return false;
		if (strcmp(key, "mailbox") != 0) {
			if (m != NULL)
				take_status(m, key, value);
		} else if (status) {
			m = find_name(a, value);
		} else {
			add_mailbox(a, value);
		}
	}
	return in->error == NULL;
}

/* All rows: a name can have any character in it, a tab or the end of a line too. */
static int
take_rows(struct doveadm_account *a, const struct doveadm *d, struct buf *out,
    bool status, struct why *why)
{
	struct json_reader in;
	bool good = true;

	if (out->len == 0)
		return 0;
	jr_init(&in, out->data);
	good = jr_enter(&in, '[');
	while (good && jr_element(&in))
		good = take_row(a, &in, status);
	if (good && in.error == NULL && jr_done(&in))
		return 0;
	return why_set(
	    why, FAIL_FATAL, "%s: doveadm's answer is not understood", d->user);
}

/* The status of n mailboxes from number first on. *refused: Dovecot could not
 * open some of them, which it does not name. */
static int
read_status(struct doveadm_account *a, const struct doveadm *d, size_t first,
    size_t n, bool *refused, struct why *why)
{
	struct doveadm_args args = { 0 };
	struct buf out = { 0 };
	bool later = a->files && (n > 1 || a->mailboxes[first].home);
	int r;

	doveadm_args(&args, d,
	    DOVEADM_WORDS("-f", "json", "mailbox", "status", "-u", d->user,
		"--", "guid uidvalidity uidnext highestmodseq messages"));
	for (size_t i = first; i < a->n && i < first + n; i++)
		doveadm_args_add(&args, a->mailboxes[i].name);
	r = doveadm_read_some(&args, n == 1, later, &out, refused, why);
	if (r == 0)
		r = take_rows(a, d, &out, true, why);
	buf_free(&out);
	doveadm_args_free(&args);
	return r;
}

static void
free_mailbox(struct doveadm_mailbox *m)
{
	free(m->name);
	free(m->path);
	free(m->role);
	free(m->guid);
}

/* True if one of the first n is the same mailbox under another name, as the
 * INBOX is where the prefix of its namespace is "INBOX.". */
static bool
is_known(const struct doveadm_account *a, size_t n, const char *guid)
{
	for (size_t i = 0; i < n; i++)
		if (a->mailboxes[i].guid != NULL &&
		    strcmp(a->mailboxes[i].guid, guid) == 0)
			return true;
	return false;
}

static bool
is_top(const struct doveadm_mailbox *m)
{
	return m->home && strchr(m->path, '/') == NULL;
}

static void
put_latent(struct doveadm_account *a, const struct doveadm_mailbox *m)
{
	a->latent =
	    xgrow(a->latent, a->n_latent, &a->cap_latent, sizeof *a->latent);
	a->latent[a->n_latent++] = *m;
}

/* Names without a mailbox, which have no status: they only have others below
 * them. */
static void
drop_empty_names(struct doveadm_account *a)
{
	size_t kept = 0;

	for (size_t i = 0; i < a->n; i++) {
		struct doveadm_mailbox *m = &a->mailboxes[i];

		if (m->guid == NULL && is_top(m) && !is_closed(a, m->name))
			put_latent(a, m);
		else if (m->guid == NULL || is_known(a, kept, m->guid))
			free_mailbox(m);
		else
			a->mailboxes[kept++] = *m;
	}
	a->n = kept;
}

/*
 * The setting with which Dovecot lists what is on the disk, and not only what its
 * index has: folders that another program put there are missing in that one
 * (ITERINDEX). NULL where it needs none. The caller frees it.
 */
static char *
list_setting(const struct doveadm_account *a)
{
	static const char option[] = "ITERINDEX";
	struct buf out = { 0 };
	char *copy, *rest, *part;
	bool found = false;

	if (a->is_24)
		return xstrdup("mailbox_list_iter_from_index_dir=no");
	if (a->location == NULL)
		return NULL;
	if (a->location_of == NULL)
		buf_adds(&out, "mail_location=");
	else
		buf_addf(&out, "namespace/%s/location=", a->location_of);
	copy = rest = xstrdup(a->location);
	for (bool first = true; (part = str_cut(&rest, ':')) != NULL;
	     first = false) {
		if (strcmp(part, option) == 0) {
			found = true;
			continue;
		}
		if (!first)
			buf_addc(&out, ':');
		for (; *part != '\0'; part++) {
			/* What "doveadm user" tells has no variables. */
			if (*part == '%' && a->location_of == NULL)
				buf_addc(&out, '%');
			buf_addc(&out, *part);
		}
	}
	free(copy);
	copy = found ? xstrdup(buf_str(&out)) : NULL;
	buf_free(&out);
	return copy;
}

static int
list_mailboxes(
    struct doveadm_account *a, const struct doveadm *d, struct why *why)
{
	struct doveadm_args args = { 0 };
	struct buf out = { 0 };
	char *setting = list_setting(a);
	int r;

	doveadm_mailboxes_free(a);
	doveadm_args(&args, d, DOVEADM_WORDS("-f", "json"));
	if (setting != NULL) {
		doveadm_args_add(&args, "-o");
		doveadm_args_add(&args, setting);
	}
	doveadm_args_add(&args, "mailbox");
	doveadm_args_add(&args, "list");
	doveadm_args_add(&args, "-u");
	doveadm_args_add(&args, d->user);
	r = doveadm_read(&args, &out, why);
	doveadm_args_free(&args);
	free(setting);
	if (r == 0)
		r = take_rows(a, d, &out, false, why);
	buf_free(&out);
	if (a->n > 0)
		qsort(a->mailboxes, a->n, sizeof *a->mailboxes, by_path);
	return r;
}

/* Lists them, and asks for the status of each. *refused: as above. */
static int
look(struct doveadm_account *a, const struct doveadm *d, bool *refused,
    struct why *why)
{
	int r = list_mailboxes(a, d, why);

	*refused = false;
	for (size_t i = 0; r == 0 && i < a->n; i += AT_ONCE) {
		bool some;

		r = read_status(a, d, i, AT_ONCE, &some, why);
		*refused |= some;
	}
	return r;
}

/* The names without a status, as one text; the caller frees it. */
static char *
join_silent(const struct doveadm_account *a)
{
	struct buf out = { 0 };
	char *result;

	for (size_t i = 0; i < a->n; i++)
		if (a->mailboxes[i].guid == NULL)
			buf_addf(&out, "%s\n", a->mailboxes[i].name);
	result = xstrdup(buf_str(&out));
	buf_free(&out);
	return result;
}

/* Which of them cannot be opened: the others have only mailboxes below them.
 * They are not asked for again. */
static int
find_closed(struct doveadm_account *a, const struct doveadm *d, struct why *why)
{
	for (size_t i = 0; i < a->n; i++) {
		bool refused = false;

		if (a->mailboxes[i].guid == NULL &&
		    read_status(a, d, i, 1, &refused, why) == -1)
			return -1;
		if (!refused)
			continue;
		a->closed = xgrow(
		    a->closed, a->n_closed, &a->cap_closed, sizeof *a->closed);
		a->closed[a->n_closed++] = xstrdup(a->mailboxes[i].name);
	}
	return 0;
}

/* One that was renamed or deleted between the list and its status cannot be
 * opened either: so it is looked again until the same ones stay. */
int
doveadm_mailboxes_read(
    struct doveadm_account *a, const struct doveadm *d, struct why *why)
{
	char *before = NULL;
	bool refused = true, settled = false;
	int r = 0;

	for (int pass = 0; r == 0 && !settled && pass < PASSES; pass++) {
		char *silent;

		r = look(a, d, &refused, why);
		silent = join_silent(a);
		settled =
		    !refused || (before != NULL && strcmp(before, silent) == 0);
		free(before);
		before = silent;
	}
	free(before);
	if (r == 0 && !settled)
		r = why_set(why, FAIL_TEMP,
		    "%s: mailboxes are made and removed without a pause",
		    d->user);
	if (r == 0 && refused)
		r = find_closed(a, d, why);
	if (r == 0)
		drop_empty_names(a);
	return r;
}

/* Asks for the special use of one. */
static int
ask_role(struct doveadm_mailbox *m, const struct doveadm *d, struct why *why)
{
	struct buf out = { 0 };
	int r = doveadm_run(d,
	    DOVEADM_WORDS("mailbox", "metadata", "get", "-u", d->user, "--",
		m->name, "/private/specialuse"),
	    &out, why);

	if (r == 0 && buf_str(&out)[0] == '\\') {
		out.data[strcspn(out.data, " \n")] = '\0';
		free(m->role);
		m->role = xstrdup(str_lower(out.data + 1));
	}
	buf_free(&out);
	return r;
}

/* Finds the special use of one: no client can set one that the configuration does
 * not have. */
static int
read_role(const struct doveadm_account *a, struct doveadm_mailbox *m,
    const struct doveadm *d, struct why *why)
{
	const char *role;

	if (a->more_uses || doveadm_mailbox_masked(a, m->name))
		return ask_role(m, d, why);
	role = doveadm_mailbox_role(a, m->name);
	free(m->role);
	m->role = role == NULL ? NULL : xstrdup(role);
	return 0;
}

/* True if a list has the mailbox. */
static bool
has_name(const struct doveadm_mailbox *v, size_t n, const char *name)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(v[i].name, name) == 0)
			return true;
	return false;
}

/* Adds the mailboxes that are to be made where their use is asked for. */
static void
add_unmade(struct doveadm_account *a, const struct doveadm_namespace *ns)
{
	for (size_t i = 0; i < ns->n_uses; i++) {
		const struct doveadm_use *use = &ns->uses[i];
		struct doveadm_mailbox m = { .home = true, .unmade = true };

		if (use->role == NULL || strpbrk(use->name, "*?") != NULL)
			continue;
		m.name = xasprintf("%s%s", a->prefix, use->name);
		m.path = doveadm_path_of(a, m.name, true);
		m.role = xstrdup(use->role);
		if (is_top(&m) && !is_closed(a, m.name) &&
		    !has_name(a->mailboxes, a->n, m.name) &&
		    !has_name(a->latent, a->n_latent, m.name))
			put_latent(a, &m);
		else
			free_mailbox(&m);
	}
}

int
doveadm_roles_read(
    struct doveadm_account *a, const struct doveadm *d, struct why *why)
{
	size_t kept = 0;
	struct why none;

	for (size_t i = 0; i < a->n; i++)
		if (is_top(&a->mailboxes[i]) &&
		    read_role(a, &a->mailboxes[i], d, why) == -1)
			return -1;
	for (size_t i = 0; i < a->n_latent; i++) {
		struct doveadm_mailbox *m = &a->latent[i];

		if (read_role(a, m, d, &none) == 0 && m->role != NULL)
			a->latent[kept++] = *m;
		else
			free_mailbox(m);
	}
	a->n_latent = kept;
	for (size_t i = 0; i < a->n_namespaces; i++)
		if (a->namespaces[i].inbox)
			add_unmade(a, &a->namespaces[i]);
	return 0;
}

void
doveadm_mailboxes_free(struct doveadm_account *a)
{
	for (size_t i = 0; i < a->n; i++)
		free_mailbox(&a->mailboxes[i]);
	free(a->mailboxes);
	for (size_t i = 0; i < a->n_latent; i++)
		free_mailbox(&a->latent[i]);
	free(a->latent);
	a->mailboxes = a->latent = NULL;
	a->n = a->cap = a->n_latent = a->cap_latent = 0;
}

char *
doveadm_mailbox_directory(
    const struct doveadm *d, const char *name, const char *what)
{
	struct buf out = { 0 };
	struct why why; /* a Dovecot that cannot be asked */
	char *result;

	if (doveadm_run(d,
		DOVEADM_WORDS(
		    "mailbox", "path", "-u", d->user, "-t", what, "--", name),
		&out, &why) == -1)
		buf_reset(&out);
	result = xmemdup(buf_str(&out), strcspn(buf_str(&out), "\n"));
	buf_free(&out);
	return result;
}

char *
doveadm_home_directory(const struct doveadm_account *a, const struct doveadm *d,
    const char *rest, const char *what)
{
	char *name = xasprintf("%s%s", a->prefix, rest);
	char *result = doveadm_mailbox_directory(d, name, what);

	free(name);
	return result;
}

void
doveadm_dots_read(struct doveadm_account *a, const struct doveadm *d)
{
	char *dot, *levels;

	if (a->separator == '.' || a->indexed)
		return;
	dot = doveadm_home_directory(a, d, "mailferry.look", DOVEADM_MAILBOX);
	levels =
	    doveadm_home_directory(a, d, "mailferry/look", DOVEADM_MAILBOX);
	/* Where a dot divides the levels on disk, both are one mailbox. */
	a->dots = *dot != '\0' && strcmp(dot, levels) != 0;
	free(dot);
	free(levels);
}
