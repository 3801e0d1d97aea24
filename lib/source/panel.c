/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/* The files of the panels HestiaCP, VestaCP and cPanel: one folder a domain. */

#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"
#include "core/num.h"
#include "core/str.h"
#include "record/address.h"
#include "source/lines.h"
#include "source/passwd-file.h"

/* The folder that holds the file, with a slash, and the folder's name as the
 * domain. False if that is none, which is reported. */
static bool
enter_folder(struct account *a, const char *path, struct buf *folder)
{
	const char *slash = strrchr(path, '/');
	struct buf name = { 0 };
	struct why why = { 0 };
	char *text, *last;
	int r;

	if (slash == NULL || slash == path) {
		why_set(&why, FAIL_FATAL,
		    "the path must hold the domain: DOMAIN/%s", path);
		tally_fail(a->emit->tally, path, NULL, NULL, &why);
		return false;
	}
	buf_add(folder, path, (size_t)(slash - path));
	text = xmemdup(folder->data, folder->len);
	last = strrchr(text, '/');
	r = domain_normalise(last == NULL ? text : last + 1, &name, &why);
	if (r == 0)
		a->naming.domain = arena_adds(&a->emit->arena, name.data);
	else
		tally_fail(a->emit->tally, path, NULL, NULL, &why);
	buf_addc(folder, '/');
	free(text);
	buf_free(&name);
	return r == 0;
}

static void
beside(struct buf *path, const struct buf *folder, const char *name)
{
	buf_reset(path);
	buf_add(path, folder->data, folder->len);
	buf_adds(path, name);
}

/* Names of accounts that keep no copy of what they forward: one a line. */
static void
read_forward_only(struct aliases *only, struct emit *e, const char *path)
{
	struct source_lines in;
	struct buf entry = { 0 };
	char *line;

	if (!source_lines_open(&in, e, path, false))
		return;
	while (source_lines_content(&in, &line)) {
		line = str_trim(line);
		buf_reset(&entry);
		buf_adds(&entry, line);
		aliases_add(only, e, str_lower(line), entry.data);
	}
	source_lines_close(&in);
	buf_free(&entry);
}

/* A forward leaves a copy, unless the account stands in fwd_only. */
static void
mark_copies(struct aliases *a, const struct aliases *only)
{
	for (size_t i = 0; i < a->n; i++)
		a->v[i]->keep =
		    map_get(&only->by_address, a->v[i]->address) == NULL;
}

void
hestia_read(struct passwd_file *p, const char *path)
{
	struct account *a = &p->account;
	struct buf folder = { 0 }, name = { 0 };

	if (enter_folder(a, path, &folder)) {
		struct aliases aliases = { .domain = a->naming.domain },
			       only = { .domain = a->naming.domain };

		beside(&name, &folder, "aliases");
		(void)aliases_read(
		    &aliases, a->emit, name.data, MAP_ALIASES, false);
		beside(&name, &folder, "fwd_only");
		read_forward_only(&only, a->emit, name.data);
		mark_copies(&aliases, &only);
		a->aliases = &aliases;
		aliases_domains(&aliases, a->emit);
		passwd_file_read(p, path);
		passwd_file_end(p);
		aliases_emit(&aliases, a->emit);
		a->aliases = NULL;
		aliases_free(&aliases);
		aliases_free(&only);
	}
	buf_free(&folder);
	buf_free(&name);
}

/* --- cPanel --- */

struct mailbox {
	char *home;
	char *uid, *gid;
	int64_t quota;
};

struct mailboxes {
	struct map by_name; /* -> struct mailbox */
	struct arena arena;
};

static struct mailbox *
mailbox(struct mailboxes *m, const char *name)
{
	void **value = map_get(&m->by_name, name);

	if (value == NULL) {
		struct mailbox *box = arena_alloc(&m->arena, sizeof *box);

		box->quota = -1;
		value = map_put(&m->by_name, arena_adds(&m->arena, name), NULL);
		*value = box;
	}
	return *value;
}

static char *
keep(struct mailboxes *m, const char *text)
{
	return text == NULL ? NULL : arena_adds(&m->arena, text);
}

/* passwd: the Maildir is the home. quota: "name:bytes". */
static void
cpanel_beside(struct mailboxes *m, struct emit *e, const char *path, bool quota)
{
	struct source_lines in;
	struct fields f;
	char *line;

	if (!source_lines_open(&in, e, path, false))
		return;
	while (source_lines_content(&in, &line)) {
		struct mailbox *box;

		fields_split(&f, line);
		box = mailbox(m, f.name);
		if (!quota) {
			box->home = keep(m, f.home);
			box->uid = keep(m, f.uid);
			box->gid = keep(m, f.gid);
		} else if (f.secret == NULL ||
			   !parse_num(
			       f.secret, 0, INT64_MAX, &box->quota, NULL)) {
			emit_bad(e, NULL, "a quota that is no number of bytes");
		}
	}
	source_lines_close(&in);
}

/* The accounts of a shadow file, with what the files beside it say. */
static void
cpanel_accounts(struct account *a, struct mailboxes *m, const char *path)
{
	struct source_lines in;
	struct fields f, shadow;
	char *line;

	if (!source_lines_open(&in, a->emit, path, true))
		return;
	while (source_lines_content(&in, &line)) {
		struct mailbox *box;

		fields_split(&shadow, line);
		if (*shadow.name == '\0')
			continue;
		box = mailbox(m, shadow.name);
		f = (struct fields){ .name = shadow.name,
			.secret = shadow.secret,
			.home = box->home,
			.uid = box->uid,
			.gid = box->gid,
			.quota = box->quota };
		account_emit(a, &f);
	}
	source_lines_close(&in);
}

void
cpanel_read(struct passwd_file *p, const char *path, const char *valiases)
{
	struct account *a = &p->account;
	struct buf folder = { 0 }, name = { 0 };

	if (enter_folder(a, path, &folder)) {
		struct aliases aliases = { .domain = a->naming.domain,
			.catch_all = "*",
			.keep = true };
		struct mailboxes m = { 0 };

		if (valiases != NULL) {
			buf_addf(&name, "%s/%s", valiases, a->naming.domain);
			(void)aliases_read(
			    &aliases, a->emit, name.data, MAP_ALIASES, false);
		}
		beside(&name, &folder, "passwd");
		cpanel_beside(&m, a->emit, name.data, false);
		beside(&name, &folder, "quota");
		cpanel_beside(&m, a->emit, name.data, true);
		a->aliases = &aliases;
		aliases_domains(&aliases, a->emit);
		cpanel_accounts(a, &m, path);
		aliases_emit(&aliases, a->emit);
		a->aliases = NULL;
		aliases_free(&aliases);
		map_free(&m.by_name);
		arena_free(&m.arena);
	}
	buf_free(&folder);
	buf_free(&name);
}
