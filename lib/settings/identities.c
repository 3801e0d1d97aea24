/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/* Identities with their signatures: RFC 8621, 6. */
#include "settings/identities.h"

#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"
#include "core/str.h"
#include "settings/addresses.h"
#include "settings/owner-internal.h"

/* What the server takes of a signature, in bytes. */
enum {
	SIGNATURE_MAX = 2047
};

static bool
is_text(const json_t *v, const char *member, const char *text)
{
	const char *s = owner_text(v, member);

	return strcmp(s == NULL ? "" : s, text == NULL ? "" : text) == 0;
}

static bool
is_address(const json_t *v, const char *member, const char *text)
{
	return addresses_same(json_object_get(v, member), text);
}

/* The server makes one for each address of an account, with the account's
 * description as its name, or its address where there is none. */
static bool
is_untouched(const struct holder *o, const json_t *v)
{
	return (is_text(v, "name", o->address) ||
		   is_text(v, "name", owner_text(v, "email")) ||
		   (o->description != NULL &&
		       is_text(v, "name", o->description))) &&
	       is_text(v, "textSignature", NULL) &&
	       is_text(v, "htmlSignature", NULL) &&
	       is_address(v, "replyTo", NULL) && is_address(v, "bcc", NULL);
}

static const char *
name_of(const struct holder *o, const struct record_identity *w)
{
	return w->name != NULL          ? w->name
	       : o->description != NULL ? o->description
					: o->address;
}

static bool
is_same(
    const struct holder *o, const json_t *v, const struct record_identity *w)
{
	return is_text(v, "name", name_of(o, w)) &&
	       is_text(v, "textSignature", w->text) &&
	       is_text(v, "htmlSignature", w->html) &&
	       is_address(v, "replyTo", w->reply_to) &&
	       is_address(v, "bcc", w->bcc);
}

static void
set_addresses(json_t *body, const char *member, const char *text)
{
	json_t *list = addresses_new(text);

	if (list != NULL)
		(void)json_object_set_new(body, member, list);
}

/* Of one that exists the address is not sent: it is what it was found by. */
static json_t *
body_of(const struct holder *o, const struct record_identity *w, bool made)
{
	json_t *body = json_pack("{s:s, s:s, s:s}", "name", name_of(o, w),
	    "textSignature", w->text == NULL ? "" : w->text, "htmlSignature",
	    w->html == NULL ? "" : w->html);

	if (made)
		(void)json_object_set_new(
		    body, "email", json_string(w->address));
	set_addresses(body, "replyTo", w->reply_to);
	set_addresses(body, "bcc", w->bcc);
	return body;
}

/* The name of an identity in results and in the ledger. */
static char *
label_of(const struct holder *o, const struct record_identity *w)
{
	return xasprintf("%s <%s>", name_of(o, w), w->address);
}

/* What the server has for the address: the same, one of the same name, one that
 * nobody has touched. used: those that a wish before this one has taken. */
struct match {
	const json_t *same, *named, *untouched;
	size_t untouched_at;
};

static bool
is_of(const json_t *v, const struct record_identity *w)
{
	const char *email = owner_text(v, "email");

	return email != NULL && str_eq_nocase(email, w->address);
}

static struct match
find(const struct holder *o, const struct record_identity *w, const bool *used)
{
	struct match m = { 0 };
	json_t *v;
	size_t i;

	json_array_foreach (o->has[ASK_IDENTITIES], i, v) {
		if (!is_of(v, w))
			continue;
		if (is_same(o, v, w))
			m.same = v;
		else if (is_untouched(o, v) && !used[i] &&
			 m.untouched == NULL) {
			m.untouched = v;
			m.untouched_at = i;
		} else if (is_text(v, "name", name_of(o, w)))
			m.named = v;
	}
	return m;
}

static void
decide(const struct owner_run *run, struct holder *o,
    const struct record_identity *w, bool *used)
{
	struct match m = find(o, w, used);
	char *label = label_of(o, w);
	const char *id = owner_text(m.untouched, "id");
	struct owner_item *i;

	if (m.same != NULL)
		owner_exists(run, o, ITEM_IDENTITY, label, NULL);
	else if (owner_was_done(run, o, ITEM_IDENTITY, label))
		owner_exists(run, o, ITEM_IDENTITY, label,
		    "the owner has changed it since: it is left alone");
	else if (m.named != NULL)
		owner_exists(run, o, ITEM_IDENTITY, label,
		    "another one of this name is there: it is left alone");
	else if ((w->text != NULL && strlen(w->text) > SIGNATURE_MAX) ||
		 (w->html != NULL && strlen(w->html) > SIGNATURE_MAX))
		owner_failed(run, o, ITEM_IDENTITY, label,
		    "the signature has more than the 2047 bytes that the "
		    "server takes");
	else if ((i = owner_item(run, o, ITEM_IDENTITY, label)) != NULL) {
		i->body = body_of(o, w, id == NULL);
		if (id != NULL) {
			i->id = xstrdup(id);
			used[m.untouched_at] = true;
		}
	}
	free(label);
}

/* Those of the server that are as the record wants one: none of the others may
 * take their place. */
static void
keep_same(const struct holder *o, bool *used)
{
	const struct record_identity *w = o->want.identities.v;
	json_t *v;
	size_t i;

	json_array_foreach (o->has[ASK_IDENTITIES], i, v)
		for (size_t n = 0; !used[i] && n < o->want.identities.n; n++)
			used[i] = is_of(v, &w[n]) && is_same(o, v, &w[n]);
}

void
identities_decide(const struct owner_run *run, struct holder *o)
{
	const struct record_identity *v = o->want.identities.v;
	bool *used =
	    xcalloc(json_array_size(o->has[ASK_IDENTITIES]) + 1, sizeof *used);

	keep_same(o, used);
	for (size_t i = 0; i < o->want.identities.n; i++)
		decide(run, o, &v[i], used);
	free(used);
}
