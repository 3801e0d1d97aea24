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

void
aliases_free(struct aliases *a)
{
	for (size_t i = 0; i < a->n; i++)
		free(a->v[i]->targets.v);
	free(a->v);
	map_free(&a->by_address);
	arena_free(&a->arena);
	*a = (struct aliases){ 0 };
}

/* The normalised form of an address, or of a bare name in the local domain;
 * NULL and why. Owned by the arena. */
static const char *
normalise(struct aliases *a, const char *text, struct why *why)
{
	struct buf full = { 0 }, out = { 0 };
	const char *result = NULL;

	buf_adds(&full, text);
	if (a->catch_all != NULL && strcmp(text, a->catch_all) == 0)
		buf_reset(&full);
	else if (strncmp(text, "*@", 2) == 0) /* HestiaCP's catch-all */
		(void)memmove(full.data, full.data + 1, full.len--);
	if (strchr(full.data, '@') == NULL) {
		if (a->domain == NULL) {
			why_set(why, FAIL_DATA,
			    "a name without a domain: see --domain");
			goto out;
		}
		buf_addf(&full, "@%s", a->domain);
	}
	if (emit_address(full.data, true, &out, why) == 0)
		result = arena_add(&a->arena, out.data, out.len);
out:
	buf_free(&full);
	buf_free(&out);
	return result;
}

/* Right-hand sides that are no address, in Postfix's, Sendmail's and Exim's
 * writing. */
static bool
is_special(const char *target)
{
	if (*target == '"')
		target++;
	return *target == '|' || *target == '/' || *target == ':';
}

/* "<user@domain>" is the address within. */
static char *
strip_angle(char *target)
{
	size_t len = strlen(target);

	if (*target != '<' || len < 2 || target[len - 1] != '>')
		return target;
	target[len - 1] = '\0';
	return target + 1;
}

void
aliases_target(
    struct aliases *a, struct emit *e, struct alias *alias, char *target)
{
	struct why why = { 0 };
	const char *address;

	target = strip_angle(target);
	if (str_starts(target, ":fail:") || str_starts(target, ":blackhole:")) {
		/* Refusing and discarding need no alias. */
		emit_drop(
		    e, alias->address, "mail is refused or discarded there");
		return;
	}
	if (is_special(target)) {
		emit_bad(e, alias->address,
		    "a target that is no address (a command, a file or a "
		    "list) is not carried");
		return;
	}
	address = normalise(a, target, &why);
	if (address == NULL)
		why_set(&why, FAIL_DATA,
		    strchr(target, '@') == NULL
			? "a target without a domain: see --domain"
			: "a target that is no mail address");
	if (address == NULL)
		emit_fail(e, alias->address, &why);
	else if (!strs_has(&alias->targets, address))
		strs_add(&alias->targets, address);
}

/* A domain name as a key, with any value: Postfix takes mail for that domain.
 * (virtual(5), "VIRTUAL ALIAS DOMAINS".) */
static bool
is_domain_marker(const char *key, const char *value)
{
	return strchr(key, '@') == NULL && strchr(key, '.') != NULL &&
	       strchr(value, '@') == NULL;
}

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
	alias->at = e->at;
	if (e->at.name != NULL)
		alias->at.name = arena_adds(&a->arena, e->at.name);
	alias->keep = a->keep;
	*value = alias;
	a->v = grow(a->v, a->n, &a->cap, sizeof *a->v);
	a->v[a->n++] = alias;
	return alias;
}

/* A key that comes again is left out by Postfix (postmap: duplicate entry). */
static struct alias *
new_entry(struct aliases *a, struct emit *e, const char *address)
{
	struct why why = { 0 };
	bool added;
	struct alias *alias = entry(a, e, address, &added);

	if (added)
		return alias;
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
	const char *key = normalise(a, address, &why);
	bool added;

	if (key != NULL)
		return entry(a, e, key, &added);
	emit_fail(e, NULL, &why);
	return NULL;
}

void
aliases_add(struct aliases *a, struct emit *e, const char *key, char *value)
{
	struct why why = { 0 };
	const char *address;
	struct alias *alias;
	char *target;

	if (is_domain_marker(key, value)) {
		emit_drop(e, NULL, "a line that only names a domain");
		return;
	}
	address = normalise(a, key, &why);
	if (address == NULL) {
		emit_fail(e, NULL, &why);
		return;
	}
	alias = new_entry(a, e, address);
	if (alias == NULL)
		return;
	if (*value == '|' || *value == ':') {
		/* A command, or Exim's reason, may hold blanks and commas. */
		aliases_target(a, e, alias, value);
		return;
	}
	while ((target = postfix_target(&value)) != NULL)
		aliases_target(a, e, alias, target);
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

	if (!required && access(path, F_OK) == -1 && errno == ENOENT)
		return true;
	emit_file(e, path);
	if (postfix_map_open(&m, path, style, &why) == -1) {
		emit_fail(e, NULL, &why);
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
	e->at = before;
	return n == 0;
}

void
aliases_domains(struct aliases *a, struct emit *e)
{
	for (size_t i = 0; i < a->n; i++) {
		struct alias *alias = a->v[i];
		const char *target;

		e->at = alias->at;
		if (*alias->address != '@' || alias->targets.n != 1)
			continue;
		target = alias->targets.v[0];
		if (*target != '@')
			continue;
		alias->used = true;
		if (strcmp(target, alias->address) != 0)
			emit_domain_alias(e, target + 1, alias->address + 1);
	}
}

void
aliases_forward(struct aliases *a, struct emit *e, struct record *r)
{
	void **value = map_get(&a->by_address, r->address);
	struct alias *alias;
	bool self = false;

	if (value == NULL)
		return;
	alias = *value;
	alias->used = true;
	for (size_t i = 0; i < alias->targets.n; i++) {
		if (strcmp(alias->targets.v[i], r->address) == 0)
			self = true;
		else
			strs_add(&r->forward, alias->targets.v[i]);
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

/* Writes one alias; a target that stands for a whole domain cannot be one. */
static void
emit_alias(struct emit *e, const struct aliases *a, const struct alias *alias,
    struct record *r)
{
	record_reset(r, REC_ALIAS);
	r->address = alias->address;
	r->active = !a->inactive;
	for (size_t i = 0; i < alias->targets.n; i++) {
		const char *target = alias->targets.v[i];

		if (*target == '@')
			emit_bad(e, alias->address,
			    "a target that stands for a whole domain is not "
			    "carried");
		else if (strcmp(target, alias->address) == 0)
			emit_note(e, alias->address,
			    "an alias that points to itself, without an "
			    "account",
			    NULL);
		else
			strs_add(&r->targets, target);
	}
	if (r->targets.n != 0)
		(void)emit_record(e, r);
}

void
aliases_emit(struct aliases *a, struct emit *e)
{
	struct record r = { 0 };

	for (size_t i = 0; i < a->n && !emit_stop(e); i++) {
		const struct alias *alias = a->v[i];
		const char *target =
		    alias->targets.n == 1 ? alias->targets.v[0] : "";

		e->at = alias->at;
		if (!alias->used)
			emit_alias(e, a, alias, &r);
		else if (*alias->address == '@' && *target == '@')
			emit_domain(e, target + 1);
	}
	for (size_t i = 0; i < a->n; i++) {
		const struct alias *alias = a->v[i];

		e->at = alias->at;
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
