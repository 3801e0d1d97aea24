/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

#include "source/passwd/cpanel.h"

#include <stdlib.h>
#include <string.h>

#include "core/num.h"
#include "core/str.h"
#include "source/lines.h"
#include "source/passwd/autoreply.h"
#include "source/passwd/domain-folder.h"

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
cpanel_details(
    struct mailboxes *m, struct emit *e, const char *path, bool quota)
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
			emit_bad(
			    e, NULL, "a quota that is not a number of bytes");
		}
	}
	source_lines_close(&in);
}

/* The accounts of a shadow file, with what the other files of the folder say. */
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

/* --- automatic replies --- */

struct replies {
	const struct emit *emit;
	struct map callers; /* address -> struct caller */
	struct arena arena;
	const char *home;
	bool aliases_known;
};

/* An address whose aliases call the program that answers. */
struct caller {
	struct place at;
	bool used;
};

static bool
is_call(void *ctx, const char *address, const char *target)
{
	struct replies *replies = ctx;
	struct caller *caller;

	if (!str_starts(target, "|/usr/local/cpanel/bin/autorespond "))
		return false;
	caller = arena_alloc(&replies->arena, sizeof *caller);
	caller->at = replies->emit->at;
	*map_put_copy(&replies->callers, &replies->arena, address, NULL) =
	    caller;
	return true;
}

static void
read_autoreply(void *ctx, struct emit *e, const char *address)
{
	struct replies *replies = ctx;
	void **found = map_get(&replies->callers, address);

	if (found != NULL)
		((struct caller *)*found)->used = true;
	autoreply_cpanel(e, address, replies->home,
	    found != NULL || !replies->aliases_known);
}

/* Those of addresses without a mailbox. */
static void
report_others(const struct replies *replies, struct emit *e)
{
	const char *address;
	void *value;

	for (size_t at = 0;
	     map_next(&replies->callers, &at, &address, &value);) {
		const struct caller *caller = value;

		e->at = caller->at;
		if (!caller->used)
			emit_bad(e, address,
			    "an automatic reply of an address without a "
			    "mailbox is not carried");
	}
}

/* "/home/USER", of "/home/USER/etc/DOMAIN/". */
static char *
home_of(struct arena *arena, const struct buf *folder)
{
	char *home = arena_add(arena, folder->data, folder->len - 1);

	for (int i = 0; i < 2; i++) {
		char *slash = strrchr(home, '/');

		if (slash == NULL)
			return arena_adds(arena, i == 0 ? ".." : ".");
		*slash = '\0';
	}
	return home;
}

void
cpanel_read(struct passwd_file *p, const char *path, const char *valiases)
{
	struct account *a = &p->account;
	struct buf folder = { 0 }, name = { 0 };

	if (domain_folder_enter(a, path, &folder)) {
		struct replies replies = { .emit = a->emit,
			.aliases_known = valiases != NULL };
		struct aliases aliases = { .domain = a->naming.domain,
			.catch_all = "*",
			.keep = true,
			.take = is_call,
			.take_ctx = &replies };
		struct mailboxes m = { 0 };

		if (valiases != NULL) {
			buf_addf(&name, "%s/%s", valiases, a->naming.domain);
			(void)aliases_read(
			    &aliases, a->emit, name.data, MAP_ALIASES, false);
		}
		domain_folder_file(&name, &folder, "passwd");
		cpanel_details(&m, a->emit, name.data, false);
		domain_folder_file(&name, &folder, "quota");
		cpanel_details(&m, a->emit, name.data, true);
		replies.home = home_of(&replies.arena, &folder);
		a->aliases = &aliases;
		a->more = read_autoreply;
		a->more_ctx = &replies;
		aliases_domains(&aliases, a->emit);
		cpanel_accounts(a, &m, path);
		aliases_emit(&aliases, a->emit);
		report_others(&replies, a->emit);
		a->aliases = NULL;
		a->more = NULL;
		aliases_free(&aliases);
		map_free(&replies.callers);
		arena_free(&replies.arena);
		map_free(&m.by_name);
		arena_free(&m.arena);
	}
	buf_free(&folder);
	buf_free(&name);
}
