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

/* What became of an identity that was put in; v: what the server has; NULL:
 * nothing that is known. */
static enum owner_put
put_of(const struct owner_run *run, const struct holder *o,
    const struct record_identity *w, const json_t *v)
{
	char *label = label_of(o, w), wish[OWNER_DIGEST], there[OWNER_DIGEST];
	enum owner_put put;

	wish_digest(w, wish);
	state_digest(v, there);
	put = owner_put(
	    run, o, ITEM_IDENTITY, label, wish, v == NULL ? NULL : there);
	free(label);
	return put;
}

static bool
was_done(const struct owner_run *run, const struct holder *o,
    const struct record_identity *w)
{
	char *label = label_of(o, w);
	bool done = owner_was_done(run, o, ITEM_IDENTITY, label);

	free(label);
	return done;
}

/* The members that the server has otherwise, by name; new. */
static json_t *
differences(const json_t *v, const struct record_identity *w)
{
	json_t *names = json_array();

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

/* One that the record wants, and the server's that it becomes; NULL: none. */
struct wish {
	const struct record_identity *want;
	const json_t *there;
	bool same; /* there is as it is wanted */
	bool put;  /* it is as it was put in, and was wanted then */
};

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

/* In this order one of the server's is given away: what is as somebody wants it
 * stays; what was put in is whose it was; one that nobody has touched is for whom it has the name of, else for
 * the owner's main identity, else for the first. */
enum claim {
	CLAIM_SAME,
	CLAIM_PUT,
	CLAIM_NAME,
	CLAIM_MAIN,
	CLAIM_ANY,
	CLAIMS
};

static bool
may_claim(const struct wishes *all, const struct record_identity *w,
    const json_t *v, enum claim claim)
{
	if (!is_of(v, w))
		return false;
	if (claim == CLAIM_SAME)
		return is_same(all->o, v, w);
	if (claim == CLAIM_PUT)
		return put_of(all->run, all->o, w, v) == PUT_OURS;
	return is_untouched(all->o, v) && !was_done(all->run, all->o, w) &&
	       !is_too_long(w) &&
	       (claim != CLAIM_NAME ||
		   is_text(v, "name", name_of(all->o, w))) &&
	       (claim != CLAIM_MAIN || w->is_default);
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
			    may_claim(all, w->want, v, claim)) {
				w->there = v;
				w->same = claim == CLAIM_SAME;
				w->put = claim == CLAIM_PUT;
			}
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
send(const struct owner_run *run, struct holder *o, const struct wish *wish,
    const char *label)
{
	struct owner_item *i = owner_item(run, o, ITEM_IDENTITY, label);
	const char *id = owner_text(wish->there, "id");

	if (i == NULL)
		return;
	i->body = body_of(o, wish->want, wish->there);
	i->id = id == NULL ? NULL : xstrdup(id);
	wish_digest(wish->want, i->wish);
	state_digest(i->body, i->there);
}

static void
same(const struct owner_run *run, struct holder *o, const struct wish *wish,
    const char *label)
{
	char digest[OWNER_DIGEST], there[OWNER_DIGEST];

	wish_digest(wish->want, digest);
	state_digest(wish->there, there);
	owner_exists_as(run, o, ITEM_IDENTITY, label, digest, there);
}

static void
decide(const struct wishes *all, struct holder *o, const struct wish *wish)
{
	const struct owner_run *run = all->run;
	const struct record_identity *w = wish->want;
	enum owner_put put = wish->put ? PUT_OURS : put_of(run, o, w, NULL);
	char *label = label_of(o, w);

	if (wish->same)
		same(run, o, wish, label);
	else if (is_too_long(w))
		owner_failed(run, o, ITEM_IDENTITY, label,
		    "the signature has more than the 2047 bytes that the "
		    "server takes");
	else if (put == PUT_OURS || put == PUT_THEIRS) {
		if (owner_differs(run, o, ITEM_IDENTITY, label, put,
			wish->put ? differences(wish->there, w) : NULL))
			send(run, o, wish, label);
	} else if (owner_was_done(run, o, ITEM_IDENTITY, label))
		owner_exists(run, o, ITEM_IDENTITY, label,
		    "the owner has changed it since: it is left alone");
	else if (wish->there == NULL && has_name(all, w))
		owner_exists(run, o, ITEM_IDENTITY, label,
		    "another one of this name is there: it is left alone");
	else
		send(run, o, wish, label);
	free(label);
}

void
identities_decide(const struct owner_run *run, struct holder *o)
{
	const struct record_identity *want = o->want.identities.v;
	struct wishes all = { run, o, NULL, o->want.identities.n };

	all.v = xcalloc(all.n + 1, sizeof *all.v);
	for (size_t i = 0; i < all.n; i++)
		all.v[i].want = &want[i];
	for (enum claim claim = CLAIM_SAME; claim < CLAIMS; claim++)
		assign(&all, claim);
	for (size_t i = 0; i < all.n; i++)
		decide(&all, o, &all.v[i]);
	free(all.v);
}
