/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

#include "source/dovecot/walk.h"

#include <string.h>

#include "core/buf.h"
#include "core/str.h"
#include "source/passwd/expand.h"

/* What a lookup comes to, as the server's enum passdb_result. */
enum result {
	RESULT_OK,
	RESULT_UNKNOWN,  /* no such user, or no such password */
	RESULT_NEXT,     /* "noauthenticate": the next passdb decides */
	RESULT_DISABLED, /* a deny passdb has the user */
	RESULT_BROKEN
};

/* --- variables --- */

struct naming_fields {
	const struct walk *w;
	struct buf name;
};

/* "passdb:FIELD" and "userdb:FIELD", with or without ":DEFAULT" after them. */
static bool
field_variable(void *ctx, const char *name, const char **value)
{
	struct naming_fields *n = ctx;
	const struct pairs *from;
	const char *colon;

	if (str_starts(name, "passdb:"))
		from = &n->w->extra.now;
	else if (str_starts(name, "userdb:"))
		from = &n->w->reply.now;
	else
		return false;
	name += strlen("passdb:");
	colon = strchr(name, ':');
	buf_reset(&n->name);
	buf_add(&n->name, name,
	    colon == NULL ? strlen(name) : (size_t)(colon - name));
	*value = pairs_get(from, buf_str(&n->name));
	if (*value == NULL)
		*value = colon == NULL ? "" : colon + 1;
	return true;
}

/*
 * A text with its variables replaced, owned by the arena; as it is where one
 * of them is not known, which is reported, but NULL where that would be taken
 * for a list of networks: the field is not set. user: the name before the first field
 * of the block or the answer, whatever those have made of it.
 * (auth-request-var-expand.c: one table for all of them.)
 */
static const char *
expanded(struct walk *w, const struct link *link, const char *user,
    const char *key, const char *text)
{
	struct naming_fields fields = { .w = w };
	struct expansion x = { .user = user,
		.login = w->login,
		.lookup = field_variable,
		.ctx = &fields };
	struct buf out = { 0 };
	const char *result = text;

	if (strchr(text, '%') == NULL)
		return text;
	if (expansion_put(&x, text, &out))
		result = arena_adds(w->arena, buf_str(&out));
	else
		w->c->unknown(w->c->ctx, link, key, x.unknown);
	if (result == text && strcmp(key, "allow_nets") == 0)
		result = NULL;
	buf_wipe(&out);
	buf_free(&fields.name);
	return result;
}

/* --- fields --- */

/* What the suffix of a key asks for: to be set only where it is not set yet
 * (2.3 and 2.4 have another word for it), or to be taken away. */
enum suffix {
	SUFFIX_NONE,
	SUFFIX_IF_NEW,
	SUFFIX_REMOVE
};

static enum suffix
cut_suffix(struct walk *w, const char **key)
{
	static const struct {
		const char *text;
		enum suffix suffix;
	} suffixes[] = {
		{ ":protected", SUFFIX_IF_NEW },
		{ ":default", SUFFIX_IF_NEW },
		{ ":remove", SUFFIX_REMOVE },
	};
	size_t len = strlen(*key);

	for (size_t i = 0; i < sizeof suffixes / sizeof *suffixes; i++) {
		size_t n = strlen(suffixes[i].text);

		if (len <= n || strcmp(*key + len - n, suffixes[i].text) != 0)
			continue;
		*key = arena_add(w->arena, *key, len - n);
		return suffixes[i].suffix;
	}
	return SUFFIX_NONE;
}

/* Whether the key changes the user's name, which is then done. */
static bool
renames(struct walk *w, const char *key, const char *value)
{
	struct buf name = { 0 };
	bool changes = user_renamed(w->user, key, value, &name);

	if (changes && name.len == 0)
		w->failed = true;
	else if (changes)
		w->user = arena_adds(w->arena, name.data);
	buf_free(&name);
	return changes;
}

static void
set_reply(struct walk *w, const char *key, const char *value)
{
	enum suffix suffix = cut_suffix(w, &key);

	if (value == NULL)
		return;
	if (suffix == SUFFIX_REMOVE)
		pairs_undo_remove(&w->reply, w->arena, key);
	else if (suffix == SUFFIX_IF_NEW &&
		 pairs_get(&w->reply.now, key) != NULL)
		return;
	else if (!renames(w, key, value))
		pairs_undo_set(&w->reply, w->arena, key, value);
}

/* Sets the fields that the block of a userdb has by itself. */
static void
set_block_reply(
    struct walk *w, const struct link *link, const struct pairs *fields)
{
	const char *user = w->user;

	for (size_t i = 0; fields != NULL && i < fields->n; i++)
		set_reply(w, fields->v[i].key,
		    expanded(
			w, link, user, fields->v[i].key, fields->v[i].value));
}

/* The userdbs that are asked. */
static const struct link *
first_userdb(const struct walk *w)
{
	return w->delivery ? w->c->deliveries : w->c->userdbs;
}

static const struct link *
end_of_userdbs(const struct walk *w)
{
	return w->delivery ? w->c->deliveries + w->c->ndeliveries
			   : w->c->userdbs + w->c->nuserdbs;
}

/* The passdbs, likewise. */
static const struct link *
first_passdb(const struct walk *w)
{
	return w->delivery ? w->c->knowing : w->c->passdbs;
}

static const struct link *
end_of_passdbs(const struct walk *w)
{
	return w->delivery ? w->c->knowing + w->c->nknowing
			   : w->c->passdbs + w->c->npassdbs;
}

/* The answer of the userdbs begins with the fields of the first. */
static void
begin_reply(struct walk *w, const struct link *link)
{
	w->has_reply = true;
	w->reply = (struct pairs_undo){ 0 };
	if (link != NULL)
		set_block_reply(w, link, link->before);
}

/* Whether a secret is more than a tag in braces. */
static bool
has_text(const struct answer *a)
{
	const char *text = a->secret, *end;

	if (text == NULL)
		return false;
	end = *text == '{' ? strchr(text, '}') : NULL;
	return *(end == NULL ? text : end + 1) != '\0';
}

static void
set_extra(
    struct walk *w, const struct answer *a, const char *key, const char *value)
{
	enum suffix suffix = cut_suffix(w, &key);

	if (suffix == SUFFIX_REMOVE) {
		pairs_undo_remove(&w->extra, w->arena, key);
		return;
	}
	if (value == NULL ||
	    (suffix == SUFFIX_IF_NEW && pairs_get(&w->extra.now, key) != NULL))
		return;
	if (strcmp(key, "nopassword") == 0 && !w->c->nopassword_wins &&
	    a != NULL && has_text(a) &&
	    pairs_get(&w->extra.now, "noauthenticate") == NULL)
		return; /* the server says so, and goes on with the password */
	if (renames(w, key, value)) {
		/* Kept, as a mark that it is set. */
	} else if (strcmp(key, "fail") == 0) {
		w->failed = true;
	} else if (strcmp(key, "allow_nets") == 0) {
		/* An empty list allows nobody. */
		w->failed |= value[strspn(value, ", ")] == '\0';
	} else if (strcmp(key, "noauthenticate") == 0) {
		pairs_undo_set(&w->extra, w->arena, "nopassword", "");
	} else if (str_starts(key, "userdb_")) {
		w->prefetch = true;
		if (!w->has_reply)
			begin_reply(w, first_userdb(w));
		set_reply(w, key + strlen("userdb_"), value);
	}
	pairs_undo_set(&w->extra, w->arena, key, value);
}

static void
set_block_extra(struct walk *w, const struct link *link, const struct answer *a,
    const struct pairs *fields)
{
	const char *user = w->user;

	for (size_t i = 0; fields != NULL && i < fields->n; i++)
		set_extra(w, a, fields->v[i].key,
		    expanded(
			w, link, user, fields->v[i].key, fields->v[i].value));
}

/* Sets the fields that a database has answered. */
static void
set_answer(struct walk *w, const struct link *link, const struct answer *a,
    bool is_passdb)
{
	const char *user = w->user;

	if (a->gecos != NULL && *a->gecos != '\0')
		w->gecos = a->gecos;
	if (is_passdb)
		w->prefetch |= a->prefetch;
	for (size_t i = 0; i < a->fields.n; i++) {
		const char *key = a->fields.v[i].key;
		const char *value = a->fields.v[i].value;

		if (i == a->block_from)
			user = w->user;
		if (a->variables)
			value = expanded(w, link, user, key, value);
		if (is_passdb)
			set_extra(w, a, key, value);
		else
			set_reply(w, key, value);
	}
}

/* What a database says of the user, under the name of now. service: of a login. */
static const struct answer *
ask(const struct walk *w, const struct link *link, const char *service)
{
	struct asked who = { w->user, w->login, &w->extra.now, &w->reply.now,
		w->delivery ? w->c->delivery : service };

	/* The answer is the caller's, and holds nothing of who. */
	/* cppcheck-suppress returnDanglingLifetime */
	return w->c->ask(w->c->ctx, link, &who);
}

/* --- one passdb --- */

/* A secret is in the way: it fits if it is the one that was typed. */
static bool
fits(struct walk *w, const struct answer *a)
{
	struct secrets *s = w->secrets;
	bool known = false;

	for (size_t i = 0; i < s->n; i++)
		known |= answer_same_secret(s->v[i], a);
	if (!known && s->n < TRIED_MAX)
		s->v[s->n++] = a;
	return answer_same_secret(a, w->typed);
}

static bool
is_challenge(const struct walk *w)
{
	return w->asking == ASK_PASSWORD && !w->forced &&
	       rules_challenge(w->mechanism);
}

/* A challenge is checked after the lookups, with what they have given. (passdb.c,
 * passdb_handle_credentials.) */
static enum result
give(struct walk *w, const struct answer *a)
{
	if (pairs_get(&w->extra.now, "noauthenticate") != NULL)
		return RESULT_OK; /* for the next passdb to decide */
	if (w->c->nopassword_wins && !a->empty &&
	    pairs_get(&w->extra.now, "nopassword") != NULL)
		return RESULT_UNKNOWN; /* it leaves no password */
	/* An empty password is one, which nobody types. */
	if (!has_text(a))
		return w->delayed != NULL ||
			       (a->secret != NULL && rules_suits(w->mechanism,
							 a->secret, a->scheme))
			   ? RESULT_OK
			   : RESULT_UNKNOWN;
	if (w->c->is_dead(w->c->ctx, a))
		return RESULT_UNKNOWN;
	(void)fits(w, a);
	if (!rules_suits(w->mechanism, a->secret, a->scheme))
		return RESULT_UNKNOWN;
	w->given = a;
	return RESULT_OK;
}

/* What the lookup of a user who is in the passdb comes to. */
static enum result
verify(struct walk *w, const struct link *link, const struct answer *a)
{
	if (w->authenticated && !is_challenge(w))
		return RESULT_OK;
	if (link->rules.deny)
		return w->forced ? RESULT_UNKNOWN : RESULT_DISABLED;
	w->known = true;
	if (is_challenge(w))
		return give(w, a);
	if (w->forced || pairs_get(&w->extra.now, "nopassword") != NULL)
		return RESULT_OK;
	if (w->asking == ASK_EXISTS)
		return a->secret != NULL ? RESULT_OK : RESULT_UNKNOWN;
	if (a->hidden)
		return fits(w, a) ? RESULT_OK : RESULT_UNKNOWN;
	if (!has_text(a) || w->c->is_dead(w->c->ctx, a))
		return RESULT_UNKNOWN;
	return fits(w, a) ? RESULT_OK : RESULT_UNKNOWN;
}

/* Another process that is asked for a secret, instead of whether one fits, tells
 * nothing else where it has none. (src/auth/auth-worker-server.c.) */
static enum result
take_answer(struct walk *w, const struct link *link, const struct answer *a)
{
	struct walk before = *w;
	enum result result;

	before.extra = pairs_undo_copy(&w->extra, w->arena);
	before.reply = pairs_undo_copy(&w->reply, w->arena);
	set_answer(w, link, a, true);
	result = verify(w, link, a);
	if (result == RESULT_UNKNOWN && link->blocking &&
	    (is_challenge(w) || w->asking == ASK_EXISTS)) {
		before.known = w->known;
		*w = before;
	}
	return result;
}

static enum result
look_up(struct walk *w, const struct link *link)
{
	const struct answer *a;
	enum result result;

	w->given = NULL;
	set_block_extra(w, link, NULL, link->before);
	a = ask(w, link, w->c->service);
	switch (a->found) {
	case FOUND_NO:
		result = RESULT_UNKNOWN;
		break;
	case FOUND_UNSURE:
		/* Nothing says that it denies somebody. A static userdb that
		 * cannot ask it fails. */
		w->seen_broken |= w->asking == ASK_EXISTS;
		if (link->rules.deny || w->asking == ASK_EXISTS)
			result = RESULT_UNKNOWN;
		else if (w->authenticated)
			result = RESULT_OK;
		else
			result = fits(w, a) ? RESULT_OK : RESULT_UNKNOWN;
		w->unsure_used |= result == RESULT_OK;
		break;
	case FOUND_YES:
		result = take_answer(w, link, a);
		break;
	default:
		w->seen_broken = true;
		result = RESULT_BROKEN;
		break;
	}
	/* Too late for a "noauthenticate" of override_fields. */
	if (result == RESULT_OK &&
	    pairs_get(&w->extra.now, "noauthenticate") != NULL)
		result = RESULT_NEXT;
	set_block_extra(w, link, a, link->after);
	if (link->rules.deny && !w->forced && result != RESULT_UNKNOWN)
		return RESULT_DISABLED;
	return result;
}

/* --- the passdbs --- */

/* Sets what follows from a rule; whether the next database is asked. */
static bool
follow_rule(struct walk *w, enum rule rule, bool ok)
{
	switch (rule) {
	case RULE_RETURN:
		return false;
	case RULE_RETURN_OK:
		w->success = true;
		return false;
	case RULE_RETURN_FAIL:
		w->success = false;
		return false;
	case RULE_CONTINUE:
		w->authenticated |= ok;
		return true;
	case RULE_CONTINUE_OK:
		w->success = w->authenticated = true;
		return true;
	default:
		w->success = false;
		return true;
	}
}

static enum rule
rule_of(const struct rules *r, enum result result)
{
	if (result == RESULT_OK)
		return r->success;
	if (result == RESULT_NEXT)
		return RULE_CONTINUE;
	return result == RESULT_BROKEN ? r->internalfail : r->failure;
}

/* Keeps what a lookup has set, or takes it back. A new name stays. */
static void
keep_fields(struct walk *w, bool keep)
{
	if (keep) {
		pairs_undo_mark(&w->extra, w->arena);
		if (w->has_reply)
			pairs_undo_mark(&w->reply, w->arena);
		w->prefetch_kept = w->prefetch;
	} else {
		pairs_undo_back(&w->extra, w->arena);
		pairs_undo_back(&w->reply, w->arena);
		w->prefetch = w->prefetch_kept;
	}
}

static bool
is_skipped(const struct walk *w, const struct link *link)
{
	const struct rules *r = &link->rules;

	if (r->mechanisms != NULL &&
	    !rules_mechanism(
		r->mechanisms, w->asking == ASK_EXISTS ? "none" : w->mechanism))
		return true;
	if (r->names != NULL && !rules_name(r->names, w->user))
		return true;
	return r->skip == SKIP_DONE       ? w->authenticated
	       : r->skip == SKIP_NOT_DONE ? !w->authenticated
					  : false;
}

static const struct link *
next_passdb(const struct walk *w, const struct link *link)
{
	const struct link *end = end_of_passdbs(w);

	while (link < end && is_skipped(w, link))
		link++;
	return link == end ? NULL : link;
}

/* Whether what was typed answers the challenge, where there is one. */
static bool
meets_challenge(const struct walk *w)
{
	const struct answer *a = w->given != NULL ? w->given : w->delayed;

	return !is_challenge(w) || w->unsure_used ||
	       (a != NULL && w->typed != NULL &&
		   answer_same_secret(a, w->typed));
}

bool
walk_passdbs(struct walk *w)
{
	const struct link *link = next_passdb(w, first_passdb(w));

	while (link != NULL) {
		enum result result = look_up(w, link);
		bool more;

		if (result == RESULT_DISABLED)
			return false;
		if (w->failed && result == RESULT_OK)
			result = RESULT_UNKNOWN;
		w->failed = false;
		more = follow_rule(
		    w, rule_of(&link->rules, result), result == RESULT_OK);
		pairs_undo_remove(&w->extra, w->arena, "nopassword");
		pairs_undo_remove(&w->extra, w->arena, "noauthenticate");
		keep_fields(w, result == RESULT_OK || result == RESULT_NEXT);
		link = next_passdb(w, link + 1);
		if (more && link != NULL) {
			if (w->authenticated && w->delayed == NULL)
				w->delayed = w->given;
			continue;
		}
		if (result == RESULT_NEXT)
			return false; /* no passdb is left to decide */
		if (w->asking == ASK_EXISTS)
			return w->success || result == RESULT_OK;
		return w->success && meets_challenge(w) &&
		       pairs_get(&w->extra.now, "nologin") == NULL;
	}
	return false;
}

/* --- the userdbs --- */

/* A static userdb knows whom the passdbs know, where nobody has logged in.
 * (src/auth/userdb-static.c.) */
static bool
exists(struct walk *w)
{
	struct secrets none = { 0 }, *kept = w->secrets;
	bool found;

	w->asking = ASK_EXISTS;
	/* cppcheck-suppress autoVariables */
	w->secrets = &none;
	found = walk_passdbs(w);
	w->secrets = kept;
	w->success = false;
	return found;
}

static enum result
look_up_mailbox(struct walk *w, const struct link *link)
{
	const struct answer *a;

	/* (src/auth/userdb-prefetch.c) */
	if (link->prefetch && !w->prefetch)
		return end_of_userdbs(w) - first_userdb(w) == 1
			   ? RESULT_BROKEN
			   : RESULT_UNKNOWN;
	if (link->prefetch)
		return RESULT_OK;
	if (link->checks_passdbs && w->delivery && !exists(w))
		return RESULT_UNKNOWN;
	a = ask(w, link, w->c->mailbox_service);
	switch (a->found) {
	case FOUND_YES:
		break;
	case FOUND_UNSURE:
		w->unsure_used |= w->trust_unsure;
		return w->trust_unsure ? RESULT_OK : RESULT_UNKNOWN;
	case FOUND_NO:
		return RESULT_UNKNOWN;
	default:
		return RESULT_BROKEN;
	}
	set_answer(w, link, a, false);
	return RESULT_OK;
}

static const struct link *
next_userdb(const struct walk *w, const struct link *link)
{
	const struct link *end = end_of_userdbs(w);

	while (
	    link < end && (link->rules.skip == SKIP_DONE          ? w->success
			      : link->rules.skip == SKIP_NOT_DONE ? !w->success
								  : false))
		link++;
	return link == end ? NULL : link;
}

bool
walk_userdbs(struct walk *w)
{
	const struct link *link = first_userdb(w);

	w->success = false;
	while (link != NULL) {
		const struct link *next;
		enum result result;
		enum rule rule;
		bool more;

		if (!w->has_reply)
			begin_reply(w, link);
		else
			set_block_reply(w, link, link->before);
		result = look_up_mailbox(w, link);
		w->seen_broken |= result == RESULT_BROKEN;
		rule = rule_of(&link->rules, result);
		more = rule == RULE_CONTINUE || rule == RULE_CONTINUE_OK ||
		       rule == RULE_CONTINUE_FAIL;
		if (rule == RULE_RETURN_OK || rule == RULE_CONTINUE_OK)
			w->success = true;
		else if (rule == RULE_RETURN_FAIL || rule == RULE_CONTINUE_FAIL)
			w->success = false;
		next = next_userdb(w, link + 1);
		if (!more || next == NULL) {
			if (w->success)
				set_block_reply(w, link, link->after);
			break;
		}
		if (result == RESULT_OK) {
			set_block_reply(w, link, link->after);
			pairs_undo_mark(&w->reply, w->arena);
		} else {
			pairs_undo_back(&w->reply, w->arena);
		}
		link = next;
	}
	return w->success;
}
