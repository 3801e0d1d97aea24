/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/* App passwords: new ones under the old names. */
#include "settings/app-passwords.h"

#include <string.h>

#include "core/alloc.h"
#include "settings/owner-internal.h"

static bool
has_app_password(const struct holder *o, const char *name)
{
	return owner_find(o->has[ASK_APP_PASSWORDS], "description", name) !=
	       NULL;
}

/* Secrets of the old server cannot be carried. One that was made by an earlier
 * run, on whatever machine, is not made again: the owner may have removed it since
 * this one has seen it. A line in the file
 * alone may be about an account that is no more. One that an earlier run asked for
 * and did not live to write down is known to nobody. */
static void
make_missing(const struct owner_run *run, struct holder *o)
{
	const struct record_app_password *v = o->want.app_passwords.v;

	for (size_t n = 0; n < o->want.app_passwords.n; n++) {
		const char *fields[] = { o->address, v[n].name };
		bool kept = ledger_has(run->passwords, fields, 2),
		     there = has_app_password(o, v[n].name),
		     made =
			 owner_was_done(run, o, ITEM_APP_PASSWORD, v[n].name),
		     asked =
			 owner_was_done(run, o, ITEM_ASKED_PASSWORD, v[n].name);
		struct owner_item *i;

		if (kept && (there || made)) {
			owner_exists(
			    run, o, ITEM_APP_PASSWORD, v[n].name, NULL);
			continue;
		}
		if (there && (o->sent || (asked && !made))) {
			owner_failed(run, o, ITEM_APP_PASSWORD, v[n].name,
			    "the server has made it, and the answer with it "
			    "was lost: remove it there and run again");
			continue;
		}
		if (there || made) {
			owner_exists_known(run, o, ITEM_APP_PASSWORD, v[n].name,
			    "it is not in the file of app passwords: the owner "
			    "has it, or another file does");
			continue;
		}
		i = owner_item(run, o, ITEM_APP_PASSWORD, v[n].name);
		if (i != NULL)
			i->body = json_pack("{s:s}", "description", v[n].name);
	}
}

/* What the directory revokes works on until somebody removes it. */
static void
note_gone(const struct owner_run *run, const struct holder *o)
{
	const struct record_app_password *v = o->want.app_passwords.v;
	const struct ledger_entry *e = owner_entries(run, o, ITEM_APP_PASSWORD);

	for (; e != NULL; e = e->next) {
		size_t n = 0;

		while (n < o->want.app_passwords.n &&
		       strcmp(v[n].name, e->fourth) != 0)
			n++;
		if (n == o->want.app_passwords.n && owner_is_entry(o, e) &&
		    has_app_password(o, e->fourth))
			owner_exists(run, o, ITEM_APP_PASSWORD, e->fourth,
			    "the directory does not have it any more: it works "
			    "until somebody removes it");
	}
}

void
app_passwords_decide(const struct owner_run *run, struct holder *o)
{
	make_missing(run, o);
	note_gone(run, o);
}
