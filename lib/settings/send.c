/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

#include "settings/send.h"
#include "jmap/destroy.h"
#include "jmap/member.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"
#include "core/str.h"
#include "jmap/seterror.h"
#include "settings/owner-internal.h"

static const char *const asks[ASKS] = {
	[ASK_SCRIPTS] = "SieveScript/get",
	[ASK_VACATION] = "VacationResponse/get",
	[ASK_IDENTITIES] = "Identity/get",
	[ASK_APP_PASSWORDS] = "x:AppPassword/get",
	[ASK_MAILBOXES] = "Mailbox/get",
};

/* How many bytes a request may grow to; the server's own limit is in the
 * session. */
enum {
	SIZE_MAX_BYTES = 2 << 20
};

size_t
settings_asks(const struct owner_run *run, const struct holder *o)
{
	size_t n = 0;

	for (enum owner_ask ask = 0; ask < ASKS; ask++)
		n += owner_asks(run, o, ask);
	return n;
}

void
settings_ask(
    struct jmap_request *r, const struct owner_run *run, struct holder *o)
{
	for (enum owner_ask ask = 0; ask < ASKS; ask++) {
		char *args;

		if (!owner_asks(run, o, ask))
			continue;
		args = xasprintf("{\"accountId\":\"%s\",\"ids\":null}", o->id);
		o->ask[ask] = r->calls;
		jmap_add(r, asks[ask], args);
		free(args);
	}
}

int
settings_answers(const struct jmap_request *r, const struct owner_run *run,
    struct holder *o, struct why *why)
{
	for (enum owner_ask ask = 0; ask < ASKS; ask++) {
		json_t *answer;

		if (!owner_asks(run, o, ask))
			continue;
		if (jmap_answer(r, o->ask[ask], asks[ask], &answer, why) !=
		    JMAP_OK)
			return -1;
		json_decref(o->has[ask]);
		o->has[ask] = json_incref(json_object_get(answer, "list"));
	}
	return 0;
}

/* --- sending --- */

/* Creation ids are known throughout a request. */
static void
name_item(struct owner_item *i, const struct jmap_request *r, size_t n)
{
	(void)snprintf(i->made, sizeof i->made, "m%zu-%zu", r->calls, n);
}

static json_t *
blob_of(const struct owner_item *i)
{
	return json_pack("{s:[{s:s}], s:s}", "data", "data:asText", i->text,
	    "type", "application/sieve");
}

static json_t *
script_of(const struct owner_item *i)
{
	json_t *body = json_pack("{s:s}", "name", i->name);

	(void)json_object_set_new(
	    body, "blobId", json_sprintf("#b%s", i->made));
	return body;
}

static json_t *
ask_all(const struct holder *o)
{
	return json_pack("{s:s, s:n}", "accountId", o->id, "ids");
}

/* Scripts that are not activated: their texts, then they themselves; and, where
 * one has got another text, what the server calls that now. */
static void
send_scripts(struct jmap_request *r, struct holder *o)
{
	json_t *blobs = json_object(), *made = json_object(),
	       *changed = json_object(),
	       *call = json_pack("{s:s}", "accountId", o->id);
	size_t upload = r->calls;

	for (size_t n = 0; n < o->n; n++) {
		struct owner_item *i = &o->items[n];
		char *blob;

		if (i->kind != ITEM_SCRIPT || i->sent)
			continue;
		name_item(i, r, n);
		blob = xasprintf("b%s", i->made);
		(void)json_object_set_new(blobs, blob, blob_of(i));
		if (i->id == NULL)
			(void)json_object_set_new(made, i->made, script_of(i));
		else
			(void)json_object_set_new(changed, i->id,
			    json_pack(
				"{s:o}", "blobId", json_sprintf("#%s", blob)));
		i->upload = upload;
		i->call = upload + 1;
		i->sent = true;
		free(blob);
	}
	jmap_add_json(r, "Blob/upload",
	    json_pack("{s:s, s:o}", "accountId", o->id, "create", blobs));
	if (json_object_size(made) != 0)
		(void)json_object_set(call, "create", made);
	if (json_object_size(changed) != 0)
		(void)json_object_set(call, "update", changed);
	jmap_add_json(r, "SieveScript/set", call);
	if (json_object_size(changed) != 0)
		jmap_add_json(r, asks[ASK_SCRIPTS], ask_all(o));
	json_decref(made);
	json_decref(changed);
}

static void
send_active(struct jmap_request *r, struct holder *o, struct owner_item *i)
{
	json_t *blobs;
	char *blob;

	i->sent = true;
	i->upload = i->call = r->calls;
	if (i->text == NULL) {
		jmap_add_json(r, "SieveScript/set",
		    json_pack("{s:s, s:s}", "accountId", o->id,
			"onSuccessActivateScript", i->id));
		return;
	}
	name_item(i, r, 0);
	i->call++;
	blobs = json_object();
	blob = xasprintf("b%s", i->made);
	(void)json_object_set_new(blobs, blob, blob_of(i));
	free(blob);
	jmap_add_json(r, "Blob/upload",
	    json_pack("{s:s, s:o}", "accountId", o->id, "create", blobs));
	jmap_add_json(r, "SieveScript/set",
	    json_pack("{s:s, s:{s:o}, s:o}", "accountId", o->id, "create",
		i->made, script_of(i), "onSuccessActivateScript",
		json_sprintf("#%s", i->made)));
}

static const char *const setters[ITEM_KINDS] = {
	[ITEM_VACATION] = "VacationResponse/set",
	[ITEM_SCRIPT] = "SieveScript/set",
	[ITEM_ACTIVE] = "SieveScript/set",
	[ITEM_IDENTITY] = "Identity/set",
	[ITEM_SHARE] = "Mailbox/set",
	[ITEM_APP_PASSWORD] = "x:AppPassword/set",
};
static const enum owner_ask lookers[ITEM_KINDS] = {
	[ITEM_VACATION] = ASKS,
	[ITEM_SCRIPT] = ASKS,
	[ITEM_ACTIVE] = ASKS,
	[ITEM_IDENTITY] = ASK_IDENTITIES,
	[ITEM_SHARE] = ASKS,
	[ITEM_APP_PASSWORD] = ASK_APP_PASSWORDS,
};

/* What has no name that the server keeps unique is read back after it is made:
 * another run may have made it as well, since both have looked. */
static void
look_back(struct jmap_request *r, struct holder *o, enum item_kind kind)
{
	for (size_t n = 0; n < o->n; n++)
		if (o->items[n].kind == kind && o->items[n].sent)
			o->items[n].look = r->calls;
	jmap_add_json(r, asks[lookers[kind]], ask_all(o));
}

static void
add_body(struct owner_item *i, json_t *create, json_t *update, json_t *destroy)
{
	if (i->twin)
		(void)json_array_append_new(destroy, json_string(i->id));
	else if (i->kind == ITEM_VACATION)
		(void)json_object_set(update, "singleton", i->body);
	else if (i->id != NULL)
		(void)json_object_set(update, i->id, i->body);
	else
		(void)json_object_set(create, i->made, i->body);
}

/* All of a kind in one call: what is made, what is there and changed, and what
 * goes. */
static void
send_bodies(struct jmap_request *r, struct holder *o, enum item_kind kind)
{
	json_t *create = json_object(), *update = json_object(),
	       *destroy = json_array(),
	       *call = json_pack("{s:s}", "accountId", o->id);
	bool makes;

	for (size_t n = 0; n < o->n; n++) {
		struct owner_item *i = &o->items[n];

		if (i->kind != kind || i->sent)
			continue;
		name_item(i, r, n);
		i->call = i->upload = r->calls;
		i->sent = true;
		add_body(i, create, update, destroy);
	}
	makes = json_object_size(create) != 0;
	if (makes)
		(void)json_object_set(call, "create", create);
	if (json_array_size(destroy) != 0)
		(void)json_object_set(call, "destroy", destroy);
	if (json_object_size(update) != 0)
		(void)json_object_set(call, "update", update);
	json_decref(create);
	json_decref(update);
	json_decref(destroy);
	jmap_add_json(r, setters[kind], call);
	if (makes && lookers[kind] != ASKS)
		look_back(r, o, kind);
}

/* The first item of a kind that is not sent. */
static struct owner_item *
unsent(const struct holder *o, enum item_kind kind)
{
	for (size_t n = 0; n < o->n; n++)
		if (o->items[n].kind == kind && !o->items[n].sent)
			return &o->items[n];
	return NULL;
}

/* In the order in which it has to happen: a vacation message first, because it
 * takes the place of the active script; what a wrapper includes before it. */
bool
settings_send(const struct jmap *j, struct jmap_request *r, struct holder *o)
{
	for (enum item_kind kind = ITEM_VACATION; kind <= ITEM_APP_PASSWORD;
	     kind++) {
		struct owner_item *i = unsent(o, kind);
		size_t needs = kind == ITEM_SCRIPT ? 3
			       : kind == ITEM_VACATION || kind == ITEM_SHARE
				   ? 1
				   : 2;

		if (i == NULL)
			continue;
		if (r->calls != 0 && (r->calls + needs > j->max_calls ||
					 r->body.len > SIZE_MAX_BYTES))
			return false;
		if (kind == ITEM_SCRIPT)
			send_scripts(r, o);
		else if (kind == ITEM_ACTIVE)
			send_active(r, o, i);
		else
			send_bodies(r, o, kind);
	}
	return true;
}

/* --- what two runs have made at a time --- */

/* Ids count up, in these digits, without leading ones that are 0. */
static bool
is_older(const char *a, const char *b)
{
	static const char digits[] = "abcdefghijklmnopqrstuvwxyz792013";

	if (strlen(a) != strlen(b))
		return strlen(a) < strlen(b);
	while (*a != '\0' && *a == *b)
		a++, b++;
	return strcspn(digits, (char[]){ *a, '\0' }) <
	       strcspn(digits, (char[]){ *b, '\0' });
}

/* Whether both are one thing twice, for the owner. */
static bool
is_like(const json_t *body, const json_t *v)
{
	static const char *const members[] = { "description", "email", "name",
		"textSignature", "htmlSignature" };

	for (size_t i = 0; i < sizeof members / sizeof *members; i++) {
		const char *want = owner_text(body, members[i]),
			   *has = owner_text(v, members[i]);

		if (want != NULL && strcmp(want, has == NULL ? "" : has) != 0)
			return false;
	}
	return true;
}

/* How many of the list are like it; older: that are older than this one. */
static size_t
count_like(const json_t *list, const json_t *body, const char *older)
{
	size_t found = 0, at;
	json_t *v;

	json_array_foreach (list, at, v) {
		const char *id = owner_text(v, "id");

		if (id != NULL && is_like(body, v) &&
		    (older == NULL || is_older(id, older)))
			found++;
	}
	return found;
}

/* What the item was made as; NULL: it was not. */
static const char *
made_id(const struct jmap_request *r, const struct owner_item *i)
{
	json_t *answer;
	struct why why = { 0 };

	if (i->id != NULL ||
	    jmap_answer(r, i->call, setters[i->kind], &answer, &why) != JMAP_OK)
		return NULL;
	return owner_text(
	    json_object_get(json_object_get(answer, "created"), i->made), "id");
}

/* Whether as many as there should be - those that were there, and those that this
 * run makes - are older. */
static bool
is_twin(const struct jmap_request *r, const struct holder *o,
    const struct owner_item *i, const char *id)
{
	size_t wanted = count_like(o->has[lookers[i->kind]], i->body, NULL);
	json_t *answer;
	struct why why = { 0 };

	if (jmap_answer(r, i->look, asks[lookers[i->kind]], &answer, &why) !=
	    JMAP_OK)
		return false;
	for (size_t n = 0; n < o->n; n++)
		wanted += o->items[n].kind == i->kind &&
			  o->items[n].look == i->look &&
			  o->items[n].id == NULL &&
			  is_like(i->body, o->items[n].body);
	return count_like(json_object_get(answer, "list"), i->body, id) >=
	       wanted;
}

/* Those that are ours and newer go with the next request. */
static void
find_twins(const struct jmap_request *r, struct holder *o)
{
	const char *id;

	for (size_t n = 0; n < o->n; n++) {
		struct owner_item *i = &o->items[n];

		if (i->sent && i->look != 0 && (id = made_id(r, i)) != NULL)
			i->twin = is_twin(r, o, i, id);
	}
	for (size_t n = 0; n < o->n; n++) {
		struct owner_item *i = &o->items[n];

		if (!i->twin || i->id != NULL)
			continue;
		i->id = xstrdup(made_id(r, i));
		i->sent = false;
		i->look = 0;
		free(i->note);
		i->note = xstrdup("another run has made it at the same time: "
				  "what this one had made is taken away again");
	}
}

/* As judge. */
static int
judge_twin(const struct owner_run *run, const struct holder *o,
    const struct owner_item *i, const json_t *answer, struct why *why)
{
	if (jmap_is_gone(answer, i->id))
		return owner_done(run, o, i, NULL, NULL, why) == -1 ? -1 : 1;
	why_set(why, FAIL_DATA,
	    "another run has made one like it: remove this one, %s", i->id);
	return 0;
}

/* --- outcomes --- */

/* Writes a new app password into its file, before anything else can fail. */
static int
keep_password(const struct owner_run *run, const struct holder *o,
    const struct owner_item *i, const json_t *made, struct why *why)
{
	const char *secret = jmap_text(made, "secret");
	const char *fields[] = { o->address, i->name, secret };

	if (secret == NULL)
		return why_set(why, FAIL_FATAL,
		    "the server does not show the app password that it made");
	return ledger_add(run->passwords, fields, 3, true, why);
}

/* What the server calls the text of a script now; NULL: it does not say. */
static const char *
blob_id(const struct jmap_request *r, const struct owner_item *i,
    const json_t *good)
{
	json_t *answer;
	struct why why = { 0 };

	if (i->id == NULL)
		return jmap_text(good, "blobId");
	if (i->kind != ITEM_SCRIPT ||
	    jmap_answer(r, i->call + 1, asks[ASK_SCRIPTS], &answer, &why) !=
		JMAP_OK)
		return NULL;
	return owner_text(
	    owner_find(json_object_get(answer, "list"), "id", i->id), "blobId");
}

/* Whether the server refuses a script for its name, which nothing had when this
 * run looked: another run has made it since. */
static bool
is_raced(
    const struct holder *o, const struct owner_item *i, const json_t *error)
{
	const char *type = jmap_text(error, "type");
	json_t *v;
	size_t n;

	if (type == NULL || strcmp(type, "alreadyExists") != 0 ||
	    i->name == NULL)
		return false;
	json_array_foreach (o->has[ASK_SCRIPTS], n, v)
		if (str_eq_nocase(owner_text(v, "name"), i->name))
			return false;
	return true;
}

/* What the server says of one item: 1 done, 0 refused and why, -1 and why when
 * the run has to stop. */
static int
judge(const struct jmap_request *r, const struct owner_run *run,
    const struct holder *o, const struct owner_item *i, const json_t *answer,
    struct why *why)
{
	const char *key = i->kind == ITEM_VACATION ? "singleton"
			  : i->id != NULL          ? i->id
						   : i->made;
	bool update = i->kind == ITEM_VACATION || i->id != NULL;
	const json_t *good = json_object_get(
			 answer, update ? "updated" : "created"),
		     *bad = json_object_get(
			 json_object_get(
			     answer, update ? "notUpdated" : "notCreated"),
			 key);

	if (i->twin)
		return judge_twin(run, o, i, answer, why);
	/* An activation alone has no object that it is about. */
	if (i->kind == ITEM_ACTIVE && i->text == NULL)
		return owner_done(run, o, i, NULL, NULL, why) == -1 ? -1 : 1;
	if (json_object_get(good, key) == NULL) {
		jmap_set_error(bad, i->body, why);
		if (is_raced(o, i, bad))
			why_set(why, FAIL_TEMP,
			    "another run has made it at the same time: run it "
			    "again");
		return 0;
	}
	if (i->kind == ITEM_APP_PASSWORD &&
	    keep_password(run, o, i, json_object_get(good, key), why) == -1)
		return -1;
	good = json_object_get(good, key);
	return owner_done(run, o, i, blob_id(r, i, good),
		   i->id != NULL ? i->id : jmap_text(good, "id"), why) == -1
		   ? -1
		   : 1;
}

/* The call that an item was in: its answer, or what became of it. */
static enum jmap_status
answer_of(const struct jmap_request *r, const struct owner_item *i,
    json_t **answer, struct why *why)
{
	enum jmap_status status = JMAP_OK;

	if (i->upload != i->call)
		status = jmap_answer(r, i->upload, "Blob/upload", answer, why);
	if (status == JMAP_OK)
		status = jmap_answer(r, i->call, setters[i->kind], answer, why);
	return status;
}

enum send_outcome
settings_outcome(const struct jmap_request *r, const struct owner_run *run,
    struct holder *o, struct why *why)
{
	enum send_outcome outcome = SEND_DONE;
	size_t n = 0;

	find_twins(r, o);
	while (n < o->n) {
		struct owner_item *i = &o->items[n];
		enum setting_status done =
		    i->twin ? SET_EXISTS
		    : i->id != NULL && (i->body != NULL || i->text != NULL)
			? SET_UPDATED
			: SET_CREATED;
		struct why reason = { 0 };
		enum jmap_status status;
		json_t *answer;
		int judged;

		if (!i->sent) {
			n++;
			continue;
		}
		status = answer_of(r, i, &answer, &reason);
		if (status == JMAP_UNSURE || status == JMAP_BROKEN)
			return SEND_LOST;
		judged = status == JMAP_OK
			     ? judge(r, run, o, i, answer, &reason)
			     : 0;
		if (judged == -1) {
			if (outcome == SEND_DONE)
				*why = reason;
			outcome = SEND_STOP;
			owner_forget(o, n);
			continue;
		}
		run->report(run->arg, o, i->kind,
		    judged == 1 ? done : SET_FAILED, i->name,
		    judged == 1 ? i->note : NULL, NULL, &reason);
		owner_forget(o, n);
	}
	return outcome;
}
