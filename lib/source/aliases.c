/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

#include "source/aliases.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/alloc.h"
#include "core/str.h"
#include "record/address.h"
#include "source/address-list.h"
#include "source/alias-ask.h"
#include "source/alias-extension.h"
#include "source/alias-name.h"
#include "source/host.h"
#include "source/lines.h"

enum {
	FEW = 32,            /* targets that are compared one by one */
	INCLUDE_DEPTH = 100, /* as Postfix has it */
	CHAIN_MAX = 32       /* names of domains for names of domains */
};

void
aliases_free(struct aliases *a)
{
	for (size_t i = 0; i < a->n; i++) {
		free(a->v[i]->targets.v);
		map_free(&a->v[i]->has);
	}
	free(a->v);
	free(a->bare);
	free(a->names);
	free(a->named.v);
	map_free(&a->by_address);
	map_free(&a->key_domains);
	map_free(&a->markers);
	map_free(&a->included);
	arena_free(&a->arena);
	*a = (struct aliases){ 0 };
}

/* The normalised form of an address, or of a bare name in the domain (NULL: it
 * has none); NULL and why. Owned by the arena. */
static const char *
normalise(
    struct aliases *a, const char *text, const char *domain, struct why *why)
{
	struct buf full = { 0 }, out = { 0 };
	const char *result = NULL;

	if (strchr(text, '@') != NULL) {
		if (emit_address(text, true, &out, why) == 0)
			result = arena_add(&a->arena, out.data, out.len);
	} else if (domain == NULL) {
		why_set(
		    why, FAIL_DATA, "a name without a domain: see --domain");
	} else {
		buf_addf(&full, "%s@%s", text, domain);
		if (emit_address(full.data, true, &out, why) == 0)
			result = arena_add(&a->arena, out.data, out.len);
	}
	buf_free(&full);
	buf_free(&out);
	return result;
}

/* The address that a key is about; NULL and why. */
static const char *
normalise_key(struct aliases *a, const char *key, struct why *why)
{
	const char *domain = a->key_domain == NULL ? a->domain : a->key_domain;

	if (a->star_at && str_starts(key, "*@"))
		key++;
	else if (a->catch_all != NULL && strcmp(key, a->catch_all) == 0)
		key = "";
	return normalise(a, key, domain, why);
}

/* --- targets --- */

/* Whether a list was read for the same alias with the same rights: lists may name
 * each other. (Postfix, src/local/include.c, been_here.) */
static bool
was_here(struct aliases *a, const char *address, const char *path)
{
	struct buf key = { 0 };
	bool added;

	buf_addf(&key, "%s %lld %s", address, (long long)a->rights.uid, path);
	(void)map_put_copy(&a->included, &a->arena, key.data, &added);
	buf_free(&key);
	return !added;
}

/* Opens a list that Postfix would read. False: it would not, or it cannot be
 * opened, which is reported; or it was read. */
static bool
open_list(struct aliases *a, struct emit *e, const char *address,
    const char *path, struct source_lines *in)
{
	int fd = -1;
	bool known =
	    a->depth > 0 || rights_of_table(e->files[e->at.file], &a->rights);

	if (known && was_here(a, address, path))
		return false;
	if (known)
		fd = rights_include(path, &a->rights);
	if (fd == -1) {
		emit_bad(e, address,
		    "the list that :include: names is not there, or its owner "
		    "or mode lets Postfix not read it: its members are not "
		    "carried");
		return false;
	}
	if (a->depth < INCLUDE_DEPTH) {
		source_lines_of(in, e, path, fd);
		return true;
	}
	(void)close(fd);
	emit_bad(e, address,
	    "the list that :include: names cannot be read: its members are not "
	    "carried");
	return false;
}

/* Adds the targets in a file that ":include:" names, a list on each line.
 * (aliases(5).) */
static void
include(
    struct aliases *a, struct emit *e, struct alias *alias, const char *path)
{
	struct place before = e->at;
	struct rights rights = a->rights;
	struct source_lines in;
	struct buf list = { 0 };
	char *line, *target;

	if (!open_list(a, e, alias->address, path, &in)) {
		a->rights = rights;
		return;
	}
	a->depth++;
	while (source_lines_included(&in, &line)) {
		char *rest;

		buf_reset(&list);
		address_list_read(line, &list);
		rest = list.data;
		while ((target = address_list_next(&rest)) != NULL)
			aliases_target(a, e, alias, target);
	}
	a->depth--;
	a->rights = rights;
	source_lines_close(&in);
	buf_free(&list);
	e->at = before;
}

/* Adds a target once; of many, a map knows which are there. */
static void
add_target(struct aliases *a, struct alias *alias, const char *address)
{
	bool added = true;

	if (alias->targets.n < FEW) {
		if (strs_has(&alias->targets, address))
			return;
	} else {
		for (size_t i = 0; alias->has.n == 0 && i < alias->targets.n;
		     i++)
			(void)map_put(&alias->has, alias->targets.v[i], NULL);
		(void)map_put_copy(&alias->has, &a->arena, address, &added);
	}
	if (added)
		strs_add(&alias->targets, address);
}

/* Refusing and discarding need no alias: Exim's ":fail:" and ":blackhole:". */
static bool
is_refusal(const char *target)
{
	return str_starts(target, ":fail:") ||
	       str_starts(target, ":blackhole:");
}

void
aliases_target(
    struct aliases *a, struct emit *e, struct alias *alias, const char *target)
{
	struct why why = { 0 };
	struct buf whole = { 0 };
	const char *address;

	if (a->take != NULL && a->take(a->take_ctx, alias->address, target))
		return;
	if (is_refusal(target)) {
		emit_drop(
		    e, alias->address, "mail is refused or discarded there");
		return;
	}
	if (a->includes && str_starts_nocase(target, ":include:")) {
		include(a, e, alias, target + strlen(":include:"));
		return;
	}
	if (strchr("|/:", *target) != NULL) {
		emit_bad(e, alias->address,
		    "a target that is not an address (a command, a file or a "
		    "list) is not carried");
		/* Not its text, which may hold a password. */
		if (*target == '|')
			emit_note_record(e, alias->address,
			    "its mail goes to a command (Mailman, a program), "
			    "which is not carried");
		return;
	}
	buf_adds(&whole, target);
	if (a->rewrite != NULL)
		a->rewrite(a->rewrite_ctx, &whole);
	if (alias_name_waits(a, alias, buf_str(&whole))) {
		buf_free(&whole);
		return;
	}
	address = normalise(a, buf_str(&whole), a->domain, &why);
	buf_free(&whole);
	if (address == NULL)
		why_set(&why, FAIL_DATA,
		    strchr(target, '@') == NULL
			? "a target without a domain: see --domain"
			: "a target that is not a valid mail address");
	if (address == NULL)
		emit_fail(e, alias->address, &why);
	else
		add_target(a, alias, address);
}

/* --- entries --- */

/* The entry of a normalised address; *added: it is new. */
static struct alias *
entry(struct aliases *a, const struct emit *e, const char *address, bool *added)
{
	void **value = map_put(&a->by_address, address, added);
	struct alias *alias;

	if (!*added)
		return *value;
	alias = arena_alloc(&a->arena, sizeof *alias);
	alias->address = address;
	alias->at = emit_kept(&a->arena, e->at);
	alias->keep = a->keep;
	(void)map_put(&a->key_domains, address_domain(address), NULL);
	*value = alias;
	a->v = xgrow(a->v, a->n, &a->cap, sizeof *a->v);
	a->v[a->n++] = alias;
	return alias;
}

/*
 * What virtual aliases leave with a local name goes on to the local aliases: an
 * entry that names itself gets their targets instead. False if it does not.
 */
static bool
goes_on(const struct aliases *a, struct alias *alias)
{
	struct strs *t = &alias->targets;

	if (!a->locals || alias->local)
		return false;
	for (size_t i = 0; i < t->n; i++)
		if (strcmp(t->v[i], alias->address) == 0) {
			t->v[i] = t->v[--t->n];
			map_free(&alias->has);
			alias->has = (struct map){ 0 };
			alias->local = true;
			return true;
		}
	return false;
}

/* Postfix looks for a whole address in all tables first, and for its name then.
 * (virtual(5), "TABLE SEARCH ORDER".) */
static bool
hides_name(const struct aliases *a, const struct alias *alias, bool bare)
{
	return !a->locals && !alias->local && alias->bare != bare;
}

static void
say_hidden_name(struct emit *e, const char *address)
{
	emit_note(e, address,
	    "an entry of a name without a domain, which that of the address "
	    "hides, is not carried; other domains of mydestination may have it",
	    NULL);
}

/* A key that comes again is left out by Postfix (postmap: duplicate entry). */
static struct alias *
new_entry(struct aliases *a, struct emit *e, const char *address, bool bare)
{
	struct why why = { 0 };
	bool added;
	struct alias *alias = entry(a, e, address, &added);

	if (added) {
		alias->local = a->locals;
		alias->bare = bare;
	}
	if (added || goes_on(a, alias))
		return alias;
	if (hides_name(a, alias, bare)) {
		say_hidden_name(e, address);
		if (bare)
			return NULL;
		alias->bare = false;
		alias->at = emit_kept(&a->arena, e->at);
		alias->targets.n = 0;
		map_free(&alias->has);
		alias->has = (struct map){ 0 };
		return alias;
	}
	if (a->first_counts && alias->at.file != e->at.file) {
		emit_drop(e, address, "an entry that an earlier table hides");
		return NULL;
	}
	why_set(&why, FAIL_DATA, "the alias is there twice, first at %s",
	    emit_where(e, alias->at));
	emit_fail(e, address, &why);
	return NULL;
}

struct alias *
aliases_entry(struct aliases *a, struct emit *e, const char *address)
{
	struct why why = { 0 };
	const char *key = normalise_key(a, address, &why);
	bool added;

	if (key != NULL)
		return entry(a, e, key, &added);
	emit_fail(e, NULL, &why);
	return NULL;
}

/* Adds an entry whose key is known not to be a domain. */
static void
add_one(struct aliases *a, struct emit *e, const char *key, const char *value)
{
	struct buf list = { 0 };
	struct why why = { 0 };
	const char *address = normalise_key(a, key, &why), *target;
	struct alias *alias;
	char *rest;

	if (address == NULL) {
		emit_fail(e, NULL, &why);
		return;
	}
	alias = new_entry(a, e, address, strchr(key, '@') == NULL);
	if (alias == NULL)
		return;
	/* A command, or Exim's reason, may hold blanks and commas. */
	if (*value == '|' || is_refusal(value))
		buf_addf(&list, "%s\n", value);
	else
		address_list_read(value, &list);
	rest = list.data;
	while ((target = address_list_next(&rest)) != NULL)
		aliases_target(a, e, alias, target);
	buf_free(&list);
}

/* The same; a bare name is one of several domains where they share them. */
static void
add(struct aliases *a, struct emit *e, const char *key, const char *value)
{
	const char *before = a->key_domain;

	add_one(a, e, key, value);
	if (a->also_domain == NULL || before != NULL ||
	    strchr(key, '@') != NULL)
		return;
	a->key_domain = a->also_domain;
	add_one(a, e, key, value);
	a->key_domain = before;
}

/*
 * A key of a lookup table such as "one.test" or "first.last" may say that
 * Postfix takes mail for a domain, with any value, or be a local name.
 * (virtual(5), "VIRTUAL ALIAS DOMAINS".)
 */
static bool
may_be_domain(const char *key, const char *value)
{
	return strchr(key, '@') == NULL && strchr(key, '.') != NULL &&
	       strchr(value, '@') == NULL;
}

void
aliases_add(
    struct aliases *a, struct emit *e, const char *key, const char *value)
{
	if (!a->star_at && str_starts(key, "*@")) {
		emit_drop(
		    e, NULL, "a key with \"*@\", which Postfix never finds");
		return;
	}
	if (!a->no_markers && may_be_domain(key, value)) {
		a->bare =
		    xgrow(a->bare, a->nbare, &a->bare_cap, sizeof *a->bare);
		a->bare[a->nbare++] =
		    (struct alias_bare){ .key = arena_adds(&a->arena, key),
			    .value = arena_adds(&a->arena, value),
			    .at = e->at };
		return;
	}
	add(a, e, key, value);
}

void
aliases_domain(struct aliases *a, const char *domain)
{
	bool added;

	(void)map_put_copy(&a->key_domains, &a->arena, domain, &added);
}

static void
add_marker(struct aliases *a, const char *key)
{
	struct buf name = { 0 };
	bool added;

	if (domain_normalise(key, &name, NULL) == 0)
		(void)map_put_copy(
		    &a->markers, &a->arena, buf_str(&name), &added);
	buf_free(&name);
}

/* Now that all keys are known: one that is the domain of another is a domain,
 * any other is a name. */
static void
settle_bare(struct aliases *a, struct emit *e)
{
	struct place before = e->at;

	for (size_t i = 0; i < a->nbare; i++) {
		const struct alias_bare *b = &a->bare[i];

		e->at = b->at;
		if (alias_is_domain(a, b->key, b->value)) {
			emit_drop(e, NULL, "a line that only names a domain");
			add_marker(a, b->key);
		} else {
			add(a, e, b->key, b->value);
		}
	}
	a->nbare = 0;
	e->at = before;
}

bool
aliases_read(struct aliases *a, struct emit *e, const char *path,
    enum map_style style, bool required)
{
	struct place before = e->at;
	struct postfix_map m;
	struct why why = { 0 };
	char *key, *value;
	int n;

	a->no_markers = style == MAP_ALIASES;
	if (!required && !host_has(path) && errno == ENOENT)
		return true;
	emit_file(e, path);
	if (postfix_map_open(&m, path, style, &why) == -1) {
		emit_fail(e, NULL, &why);
		a->no_markers = false;
		e->at = before;
		return false;
	}
	while ((n = postfix_map_next(&m, &key, &value, &why)) != 0) {
		e->at.line = (uint32_t)m.line;
		if (n == 1)
			aliases_add(a, e, key, value);
		else
			emit_fail(e, NULL, &why);
		if (n == -1 && why.kind == FAIL_FATAL)
			break;
	}
	postfix_map_close(&m);
	a->no_markers = false;
	e->at = before;
	return n == 0;
}

/* Whether mail from elsewhere comes for an address. An entry for the whole
 * domain says that it is meant to. */
static bool
is_served(const struct aliases *a, const struct alias *alias)
{
	return a->serves == NULL ||
	       map_get(&a->by_address, strrchr(alias->address, '@')) != NULL ||
	       a->serves(a->serves_ctx, address_domain(alias->address));
}

/*
 * Postfix rewrites the addresses of other servers as well, in mail that its own
 * users send. The new server would take over the whole domain.
 */
static void
drop_elsewhere(struct emit *e, const struct alias *alias)
{
	emit_drop(e, alias->address,
	    "an alias in a domain that this server takes no mail for");
	emit_note_record(e, alias->address,
	    "the server takes no mail for this domain, but what its own users "
	    "send to the address goes elsewhere; not carried");
}

/* What an entry for a whole domain makes of it, "@domain", which may itself be
 * another name of one; NULL: no other name. */
static const char *
other_domain(const struct aliases *a, const struct alias *alias)
{
	const char *target = NULL;

	for (int depth = 0; depth < CHAIN_MAX; depth++) {
		void **next;

		if (*alias->address != '@' || alias->targets.n != 1 ||
		    *alias->targets.v[0] != '@')
			break;
		target = alias->targets.v[0];
		next = map_get(&a->by_address, target);
		if (next == NULL || *next == alias)
			break;
		alias = *next;
	}
	return target;
}

void
aliases_domains(struct aliases *a, struct emit *e)
{
	settle_bare(a, e);
	for (size_t i = 0; i < a->n; i++) {
		struct alias *alias = a->v[i];
		const char *target = other_domain(a, alias);

		e->at = alias->at;
		if (target == NULL)
			continue;
		alias->used = true;
		if (strcmp(target, alias->address) != 0)
			emit_domain_alias(e, target + 1, alias->address + 1);
	}
}

/* An account without an entry of its own: a catch-all may come first. */
static void
note_shadow(struct aliases *a, struct emit *e, const char *address)
{
	void **value = map_get(&a->by_address, strrchr(address, '@'));
	struct alias *alias;

	if (!a->shadows || value == NULL)
		return;
	alias = *value;
	if (alias->used)
		return;
	alias->shadowed++;
	emit_note(e, address,
	    "its domain's catch-all gets its mail on the old server; here the "
	    "mailbox does",
	    NULL);
}

void
aliases_forward(struct aliases *a, struct emit *e, struct record *r)
{
	struct alias *alias = alias_of(a, e, r->address);
	bool self = false;

	if (alias == NULL) {
		note_shadow(a, e, r->address);
		return;
	}
	alias->used = true;
	for (size_t i = 0; i < alias->targets.n; i++) {
		const char *target =
		    alias_forward_target(a, e, alias->targets.v[i]);

		if (strcmp(target, r->address) == 0)
			self = true;
		else if (!strs_has(&r->forward, target))
			strs_add(&r->forward, target);
	}
	if (r->forward.n == 0 && self) {
		struct place at = e->at;

		e->at = alias->at;
		emit_drop(e, r->address,
		    "an alias of an account that points to itself");
		e->at = at;
	}
	r->keep = self || alias->keep;
}

/* Writes one alias; a target that is a whole domain cannot be one. */
static void
emit_alias(struct emit *e, struct aliases *a, const struct alias *alias,
    struct record *r)
{
	record_reset(r, REC_ALIAS);
	r->address = alias->address;
	r->active = !a->inactive;
	for (size_t i = 0; i < alias->targets.n; i++) {
		const char *target =
		    alias_without_extension(a, e, alias->targets.v[i]);

		if (*target == '@')
			emit_bad(e, alias->address,
			    "a target that is a whole domain is not "
			    "carried");
		/* A name may be a user of the system, whom another reader lists. */
		else if ((alias->targets.n == 1 || !alias->bare) &&
			 strcmp(target, alias->address) == 0)
			emit_note(e, alias->address,
			    "an alias that points to itself, without an "
			    "account",
			    NULL);
		else if (target == alias->targets.v[i] ||
			 (!strs_has(&alias->targets, target) &&
			     !strs_has(&r->targets, target)))
			strs_add(&r->targets, target);
	}
	if (r->targets.n != 0)
		(void)emit_record(e, r);
}

void
aliases_emit(struct aliases *a, struct emit *e)
{
	struct record r = { 0 };

	settle_bare(a, e);
	alias_ask_rest(a, e);
	for (size_t i = 0; i < a->n && !emit_stop(e); i++) {
		const struct alias *alias = a->v[i];
		const char *target = other_domain(a, alias);

		e->at = alias->at;
		if (alias->shadowed != 0)
			emit_note_record(e, alias->address,
			    "this catch-all gets the mail of mailboxes that "
			    "have no alias of their own; on the new server "
			    "they get it themselves");
		if (!alias->used && !is_served(a, alias))
			drop_elsewhere(e, alias);
		else if (!alias->used)
			emit_alias(e, a, alias, &r);
		else if (target != NULL)
			emit_domain(e, target + 1);
	}
	for (size_t i = 0; i < a->n; i++) {
		struct alias *alias = a->v[i];

		e->at = alias->at;
		if (alias->used)
			alias_check_forward(a, e, alias);
		if (alias->used && *alias->address == '@' &&
		    emit_has_domain(e, alias->address + 1))
			emit_bad(e, alias->address,
			    "another name of a domain, and it has addresses of "
			    "its own");
	}
	record_free(&r);
}

void
aliases_emit_rest(struct aliases *a, struct emit *e)
{
	for (size_t i = 0; i < a->n; i++)
		if (map_get(&e->seen, a->v[i]->address) != NULL)
			a->v[i]->used = true;
	aliases_emit(a, e);
}
