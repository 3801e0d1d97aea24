/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/* Identities with their signatures: RFC 8621, 6. */
#include "settings/identities.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"
#include "core/str.h"
#include "settings/addresses.h"
#include "settings/gone.h"
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

static bool
is_too_long(const struct record_identity *w)
{
	return (w->text != NULL && strlen(w->text) > SIGNATURE_MAX) ||
	       (w->html != NULL && strlen(w->html) > SIGNATURE_MAX);
}

static void
set_addresses(json_t *body, const char *member, const char *text)
{
	json_t *list = addresses_new(text);

	if (list != NULL)
		(void)json_object_set_new(body, member, list);
}

/* What of there has to go, because the record has none. */
static void
clear_addresses(json_t *body, const json_t *there, const char *member)
{
	if (json_object_get(body, member) == NULL &&
	    json_array_size(json_object_get(there, member)) != 0)
		(void)json_object_set_new(body, member, json_null());
}

/* Of one that exists, there, the address is not sent: it is what it was found
 * by. */
static json_t *
body_of(const struct holder *o, const struct record_identity *w,
    const json_t *there)
{
	json_t *body = json_pack("{s:s, s:s, s:s}", "name", name_of(o, w),
	    "textSignature", w->text == NULL ? "" : w->text, "htmlSignature",
	    w->html == NULL ? "" : w->html);

	if (there == NULL)
		(void)json_object_set_new(
		    body, "email", json_string(w->address));
	set_addresses(body, "replyTo", w->reply_to);
	set_addresses(body, "bcc", w->bcc);
	clear_addresses(body, there, "replyTo");
	clear_addresses(body, there, "bcc");
	return body;
}

/* The name of an identity in results and in the ledger. */
static char *
label_of(const struct holder *o, const struct record_identity *w)
{
	return xasprintf("%s <%s>", name_of(o, w), w->address);
}

static bool
is_of(const json_t *v, const struct record_identity *w)
{
	const char *email = owner_text(v, "email");

	return email != NULL && str_eq_nocase(email, w->address);
}

/* --- what was put in, and is it still there? --- */

/* One that the record wants, and the server's that it becomes; NULL: none. */
struct wish {
	const struct record_identity *want;
	const json_t *there;
	bool same;          /* there is as it is wanted */
	enum owner_put put; /* what became of it since it was put in */
	char *label;        /* in results and in the ledger */
};

static void
wish_digest(const struct record_identity *w, char out[OWNER_DIGEST])
{
	json_t *wish = json_pack("{s:s?, s:s?, s:s?, s:s?, s:s?}", "name",
	    w->name, "text", w->text, "html", w->html, "replyTo", w->reply_to,
	    "bcc", w->bcc);

	owner_digest_json(wish, out);
	json_decref(wish);
}

static json_t *
emails_of(const json_t *list)
{
	json_t *emails = json_array(), *v;
	size_t i;

	json_array_foreach (list, i, v)
		(void)json_array_append(emails, json_object_get(v, "email"));
	return emails;
}

/* Of what the server has, or gets. */
static void
state_digest(const json_t *v, char out[OWNER_DIGEST])
{
	json_t *state = json_pack("{s:s?, s:s?, s:s?, s:o, s:o}", "name",
	    owner_text(v, "name"), "textSignature",
	    owner_text(v, "textSignature"), "htmlSignature",
	    owner_text(v, "htmlSignature"), "replyTo",
	    emails_of(json_object_get(v, "replyTo")), "bcc",
	    emails_of(json_object_get(v, "bcc")));

	owner_digest_json(state, out);
	json_decref(state);
}

/* Of what is left of it when all is taken back but the name; and what stands for
 * the wish then. */
static const char no_wish[] = "-";

static void
emptied_digest(const json_t *v, char out[OWNER_DIGEST])
{
	json_t *left = json_pack("{s:s?, s:s, s:s}", "name",
	    owner_text(v, "name"), "textSignature", "", "htmlSignature", "");

	state_digest(left, out);
	json_decref(left);
}

static bool
was_done(const struct owner_run *run, const struct holder *o, const char *label)
{
	return owner_was_done(run, o, ITEM_IDENTITY, label) &&
	       owner_put(run, o, ITEM_IDENTITY, label, OWNER_MOVED, NULL) !=
		   PUT_SAME;
}

/* What became of an identity that was put in; v: what the server has; NULL:
 * nothing that is known. */
static enum owner_put
put_of(const struct owner_run *run, const struct holder *o,
    const struct wish *w, const json_t *v)
{
	char wish[OWNER_DIGEST], there[OWNER_DIGEST];

	if (!was_done(run, o, w->label))
		return PUT_UNKNOWN;
	wish_digest(w->want, wish);
	state_digest(v, there);
	return owner_put(
	    run, o, ITEM_IDENTITY, w->label, wish, v == NULL ? NULL : there);
}

/* The same of one that was put in under another name. */
static enum owner_put
put_as(const struct owner_run *run, const struct holder *o, const char *label,
    const json_t *v)
{
	char there[OWNER_DIGEST];

	state_digest(v, there);
	return owner_untouched(run, o, ITEM_IDENTITY, label, there)
		   ? PUT_OURS
		   : PUT_THEIRS;
}

/* The members that the server has otherwise, by name; new. */
static json_t *
differences(
    const struct holder *o, const json_t *v, const struct record_identity *w)
{
	json_t *names = json_array();

	if (!is_text(v, "name", name_of(o, w)))
		(void)json_array_append_new(names, json_string("name"));
	if (!is_text(v, "textSignature", w->text))
		(void)json_array_append_new(
		    names, json_string("textSignature"));
	if (!is_text(v, "htmlSignature", w->html))
		(void)json_array_append_new(
		    names, json_string("htmlSignature"));
	if (!is_address(v, "replyTo", w->reply_to))
		(void)json_array_append_new(names, json_string("replyTo"));
	if (!is_address(v, "bcc", w->bcc))
		(void)json_array_append_new(names, json_string("bcc"));
	return names;
}

/* --- which of the server's is meant --- */

struct wishes {
	const struct owner_run *run;
	const struct holder *o;
	struct wish *v;
	size_t n;
};

static bool
is_taken(const struct wishes *all, const json_t *v)
{
	for (size_t i = 0; i < all->n; i++)
		if (all->v[i].there == v)
			return true;
	return false;
}

/* The name that one of the server's was put in under; NULL. */
static const char *
put_name(const struct wishes *all, const json_t *v)
{
	const char *id = owner_text(v, "id");

	return id == NULL ? NULL : owner_identity_of(all->run, all->o, id);
}

static bool
is_wanted(const struct wishes *all, const char *label)
{
	for (size_t i = 0; i < all->n && all->v[i].label != NULL; i++)
		if (strcmp(all->v[i].label, label) == 0)
			return true;
	return false;
}

/* In this order one of the server's is given away: what is as somebody wants it
 * stays; what was put in is whose it was, or of whom the directory has given another
 * name since; one that nobody has touched is for whom it has the name of, else for
 * the owner's main identity, else for the first. */
enum claim {
	CLAIM_SAME,
	CLAIM_PUT,
	CLAIM_RENAMED,
	CLAIM_NAME,
	CLAIM_MAIN,
	CLAIM_ANY,
	CLAIMS
};

static bool
may_claim(const struct wishes *all, const struct wish *wish, const json_t *v,
    enum claim claim)
{
	const struct record_identity *w = wish->want;
	const char *label = put_name(all, v);

	if (!is_of(v, w))
		return false;
	if (claim == CLAIM_SAME)
		return is_same(all->o, v, w);
	if (claim == CLAIM_PUT)
		return label != NULL && strcmp(label, wish->label) == 0;
	if (was_done(all->run, all->o, wish->label))
		return false;
	if (claim == CLAIM_RENAMED)
		return label != NULL && !is_wanted(all, label);
	return label == NULL && is_untouched(all->o, v) && !is_too_long(w) &&
	       (claim != CLAIM_NAME ||
		   is_text(v, "name", name_of(all->o, w))) &&
	       (claim != CLAIM_MAIN || w->is_default);
}

static void
take(
    const struct wishes *all, struct wish *w, const json_t *v, enum claim claim)
{
	w->there = v;
	w->same = claim == CLAIM_SAME;
	if (claim == CLAIM_PUT)
		w->put = put_of(all->run, all->o, w, v);
	if (claim == CLAIM_RENAMED)
		w->put = put_as(all->run, all->o, put_name(all, v), v);
}

static void
assign(struct wishes *all, enum claim claim)
{
	json_t *v;
	size_t at;

	for (size_t i = 0; i < all->n; i++) {
		struct wish *w = &all->v[i];

		json_array_foreach (all->o->has[ASK_IDENTITIES], at, v)
			if (w->there == NULL && !is_taken(all, v) &&
			    may_claim(all, w, v, claim))
				take(all, w, v, claim);
	}
}

/* Whether one that no wish has taken is called so. */
static bool
has_name(const struct wishes *all, const struct record_identity *w)
{
	json_t *v;
	size_t i;

	json_array_foreach (all->o->has[ASK_IDENTITIES], i, v)
		if (is_of(v, w) && is_text(v, "name", name_of(all->o, w)) &&
		    !is_taken(all, v))
			return true;
	return false;
}

static void
send(const struct owner_run *run, struct holder *o, const struct wish *wish)
{
	struct owner_item *i = owner_item(run, o, ITEM_IDENTITY, wish->label);
	const char *id = owner_text(wish->there, "id");

	if (i == NULL)
		return;
	i->body = body_of(o, wish->want, wish->there);
	i->id = id == NULL ? NULL : xstrdup(id);
	wish_digest(wish->want, i->wish);
	state_digest(i->body, i->there);
}

static void
same(const struct owner_run *run, struct holder *o, const struct wish *wish)
{
	char digest[OWNER_DIGEST], there[OWNER_DIGEST];

	wish_digest(wish->want, digest);
	state_digest(wish->there, there);
	owner_exists_as(run, o, ITEM_IDENTITY, wish->label, digest, there,
	    owner_text(wish->there, "id"));
}

static void
decide(const struct wishes *all, struct holder *o, const struct wish *wish)
{
	const struct owner_run *run = all->run;
	const struct record_identity *w = wish->want;
	const char *label = wish->label;

	if (wish->same)
		same(run, o, wish);
	else if (is_too_long(w))
		owner_failed(run, o, ITEM_IDENTITY, label,
		    "the signature has more than the 2047 bytes that the "
		    "server takes");
	else if (wish->put == PUT_OURS || wish->put == PUT_THEIRS) {
		if (owner_differs(run, o, ITEM_IDENTITY, label, wish->put,
			wish->put == PUT_OURS ? differences(o, wish->there, w)
					      : NULL))
			send(run, o, wish);
	} else if (was_done(run, o, label))
		owner_exists(run, o, ITEM_IDENTITY, label,
		    "the owner has changed it since: it is left alone");
	else if (wish->there == NULL && has_name(all, w))
		owner_exists(run, o, ITEM_IDENTITY, label,
		    "another one of this name is there: it is left alone");
	else
		send(run, o, wish);
}

/* --- what the directory does not have any more --- */

/* The identity stays, because an address without one cannot be written from. */
static void
take_back(const struct owner_run *run, struct holder *o, const json_t *v,
    const char *label)
{
	struct owner_item *i = owner_noted_item(run, o, ITEM_IDENTITY, label,
	    "the directory does not have it any more: it loses what it had "
	    "from there, but its name");

	if (i == NULL)
		return;
	i->body =
	    json_pack("{s:s, s:s}", "textSignature", "", "htmlSignature", "");
	clear_addresses(i->body, v, "replyTo");
	clear_addresses(i->body, v, "bcc");
	i->id = xstrdup(owner_text(v, "id"));
	(void)snprintf(i->wish, sizeof i->wish, "%s", no_wish);
	emptied_digest(v, i->there);
}

static void
decide_gone(const struct wishes *all, struct holder *o, const json_t *v)
{
	const char *label = put_name(all, v);
	enum owner_put put;
	char there[OWNER_DIGEST];

	if (label == NULL || is_taken(all, v) || is_wanted(all, label))
		return;
	state_digest(v, there);
	put = owner_put(all->run, o, ITEM_IDENTITY, label, no_wish, there);
	if (put != PUT_SAME &&
	    owner_goes(all->run, o, ITEM_IDENTITY, label, put == PUT_OURS,
		"takes its signatures and other addresses away"))
		take_back(all->run, o, v, label);
}

/* Two of one name and address are told apart by their order; new. */
static char *
free_label(const struct wishes *all, size_t i)
{
	char *plain = label_of(all->o, all->v[i].want), *label = xstrdup(plain);

	for (unsigned int n = 2; is_wanted(all, label); n++) {
		free(label);
		label = xasprintf("%s (%u)", plain, n);
	}
	free(plain);
	return label;
}

void
identities_decide(const struct owner_run *run, struct holder *o)
{
	const struct record_identity *want = o->want.identities.v;
	struct wishes all = { run, o, NULL, o->want.identities.n };
	json_t *v;
	size_t at;

	all.v = xcalloc(all.n + 1, sizeof *all.v);
	for (size_t i = 0; i < all.n; i++) {
		all.v[i].want = &want[i];
		all.v[i].label = free_label(&all, i);
		all.v[i].put = put_of(run, o, &all.v[i], NULL);
	}
	for (enum claim claim = CLAIM_SAME; claim < CLAIMS; claim++)
		assign(&all, claim);
	for (size_t i = 0; i < all.n; i++)
		decide(&all, o, &all.v[i]);
	json_array_foreach (o->has[ASK_IDENTITIES], at, v)
		decide_gone(&all, o, v);
	for (size_t i = 0; i < all.n; i++)
		free(all.v[i].label);
	free(all.v);
}
