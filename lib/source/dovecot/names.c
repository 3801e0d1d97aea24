/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

#include "source/dovecot/names.h"

#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"
#include "core/str.h"
#include "record/address.h"
#include "source/alias-ask.h"
#include "source/dovecot/logins.h"
#include "source/dovecot/second-names.h"
#include "source/passwd/expand.h"

/* A listed name that waits: without a domain, or one of several of a user. */
struct bare_name {
	const char *name;
	struct place at;
	bool of_passdb;
	struct bare_name *next;
};

/* The addresses of mailboxes that Postfix knows, or "@domain". */
struct keys {
	struct dovecot *d;
	struct strs names;
	struct place *at;
	size_t cap;
};

/* Whether the server makes one user of addresses in two domains. */
static bool
merges_domains(const struct dovecot *d)
{
	struct buf one = { 0 }, two = { 0 };
	bool merges = expand_user(d->name_format, "a@one.test", &one) &&
		      expand_user(d->name_format, "a@two.test", &two) &&
		      strcmp(buf_str(&one), buf_str(&two)) == 0;

	buf_free(&one);
	buf_free(&two);
	return merges;
}

void
dovecot_begin_names(struct dovecot *d)
{
	d->bare_tail = &d->bare;
	d->merges = merges_domains(d);
}

/* --- what a name may be --- */

/* (src/auth/auth-request.c.) */
bool
dovecot_is_name(const struct dovecot *d, const char *user)
{
	return d->name_chars == NULL ||
	       user[strspn(user, d->name_chars)] == '\0';
}

/* A login with the letters that auth_username_translation makes of its own.
 * (src/auth/auth-request.c, auth_request_fix_username.) */
const char *
dovecot_translated(struct dovecot *d, const char *name)
{
	char *copy;

	if (d->translation == NULL)
		return name;
	copy = arena_adds(&d->arena, name);
	for (size_t i = 0; name[i] != '\0'; i++)
		for (const char *t = d->translation;
		     t[0] != '\0' && t[1] != '\0'; t += 2)
			if (name[i] == t[0])
				copy[i] = t[1];
	return copy;
}

/* A name without blanks around it and before its domain. */
static char *
unpadded(struct dovecot *d, const char *name)
{
	char *copy = arena_adds(&d->asked, name), *trimmed = str_trim(copy);
	char *at = strrchr(trimmed, '@'), *end = at;

	while (end != NULL && end > trimmed && end[-1] == ' ')
		end--;
	if (end != at)
		memmove(end, at, strlen(at) + 1);
	return trimmed;
}

/* A name for a message: an address, which a password in the wrong place is
 * not. */
const char *
dovecot_shown(struct dovecot *d, const char *name)
{
	const char *trimmed = unpadded(d, name), *result = NULL;
	struct buf address = { 0 };

	if (emit_address(trimmed, false, &address, NULL) == 0 &&
	    strpbrk(trimmed, " :{}$") == NULL)
		result = arena_adds(&d->asked, address.data);
	buf_free(&address);
	return result;
}

/* Whether a name is one that may log in, once the blanks are gone. */
bool
dovecot_is_padded(struct dovecot *d, const char *name)
{
	const char *trimmed = unpadded(d, name);

	return strcmp(trimmed, name) != 0 && *trimmed != '\0' &&
	       dovecot_is_name(d, trimmed);
}

/* --- names without a mailbox --- */

static bool
asks_sql_or_ldap(const struct dovecot *d)
{
	for (size_t i = 0; i < d->dbs.n; i++) {
		const struct userdb *db = &d->dbs.v[i];

		if (!db->is_passdb && db->driver != NULL &&
		    db->driver->own_fields && !db->is_static)
			return true;
	}
	return false;
}

static bool
has_capitals(const char *s)
{
	while (*s != '\0' && !(*s >= 'A' && *s <= 'Z'))
		s++;
	return *s != '\0';
}

void
dovecot_report_unknown(struct dovecot *d, const char *listed, const char *user)
{
	const char *id = dovecot_shown(d, listed);

	if (d->dbs.several)
		return; /* which was said */
	if (dovecot_is_padded(d, user))
		emit_bad(d->emit, id,
		    "a listed name with blanks: its user logs in "
		    "without them where the database passes over them, as "
		    "MySQL does: take them out of the row");
	else if (!dovecot_is_name(d, user))
		emit_bad(d->emit, id,
		    "a listed name with letters that no login may have "
		    "(auth_username_chars): left out");
	else if (d->lists_passdb)
		emit_drop(d->emit, id,
		    "a login of a passdb without a mailbox: "
		    "no userdb has it");
	else if (strcmp(dovecot_translated(d, listed), listed) != 0)
		emit_bad(d->emit, id,
		    "a listed name that the server does not find, because "
		    "letters in it become others (auth_username_translation): "
		    "left out");
	else if (has_capitals(listed) && !has_capitals(user))
		emit_bad(d->emit, id,
		    "a listed name that the server does not find, because of "
		    "its capitals (auth_username_format): left out");
	else if (asks_sql_or_ldap(d))
		emit_bad(d->emit, id,
		    "a listed name that the query of one user does not find "
		    "(switched off?): left out");
	else if (strpbrk(listed, "\"\\'") != NULL)
		emit_bad(d->emit, id,
		    "a listed name that the server does not find, because a "
		    "quote or a backslash in a passwd-file needs a backslash "
		    "before it: left out");
	else
		emit_bad(d->emit, id,
		    "a listed name that the server does not find, because "
		    "fields are missing or wrong: left out");
}

/* --- names that are listed --- */

static char *
with_domain(struct dovecot *d, const char *name, const char *domain)
{
	struct buf full = { 0 };
	char *copy;

	buf_addf(&full, "%s@%s", name, domain);
	copy = arena_adds(&d->arena, full.data);
	buf_free(&full);
	return copy;
}

static struct bare_name *
wait_for_end(struct dovecot *d, const char *name)
{
	struct bare_name *b = arena_alloc(&d->arena, sizeof *b);

	b->name = arena_adds(&d->arena, name);
	b->at = emit_kept(&d->arena, d->emit->at);
	b->of_passdb = d->lists_passdb;
	*d->bare_tail = b;
	d->bare_tail = &b->next;
	return b;
}

/* Where addresses in two domains are one user, which is the account is decided
 * when all are known. */
static void
listed_whole(struct dovecot *d, const char *name)
{
	const char *user = d->merges ? dovecot_user_of(d, name) : NULL;

	if (user == NULL) {
		dovecot_name(d, name);
		return;
	}
	(void)map_put_copy(&d->waiting, &d->arena, user, NULL);
	(void)wait_for_end(d, name);
}

/* A name without a domain waits for its addresses, unless its domain is given
 * and makes another user of it. */
static void
listed_bare(struct dovecot *d, const char *name)
{
	const char *domain = d->options->domain;
	struct bare_name *b;
	bool added;
	void **value = map_put_copy(&d->bare_names, &d->arena, name, &added);

	if (!added)
		return;
	b = *value = wait_for_end(d, name);
	if (domain != NULL && !d->merges)
		dovecot_name_at(
		    d, b->name, with_domain(d, b->name, domain), true);
}

void
dovecot_listed(void *ctx, const char *name, const char *domain)
{
	struct dovecot *d = ctx;

	if (strchr(name, '@') == NULL && domain == NULL)
		domain = d->realm;
	if (strchr(name, '@') == NULL && domain != NULL)
		name = with_domain(d, name, domain);
	second_names_listed(d, name);
	if (strchr(name, '@') != NULL)
		listed_whole(d, name);
	else
		listed_bare(d, name);
}

/* --- names that Postfix has --- */

static void
add_key(void *ctx, const char *key)
{
	struct keys *k = ctx;

	if (strchr(key, '@') == NULL)
		return;
	k->at = xgrow(k->at, k->names.n, &k->cap, sizeof *k->at);
	k->at[k->names.n] = emit_kept(&k->d->arena, k->d->emit->at);
	strs_add(&k->names, arena_adds(&k->d->arena, key));
}

/* Every name that was listed has an address in a domain of the keys. */
static void
add_whole_domains(struct keys *k)
{
	struct dovecot *d = k->d;

	for (size_t i = 0, n = k->names.n; d->merges && i < n; i++) {
		const char *key = k->names.v[i];

		if (*key != '@')
			continue;
		d->emit->at = k->at[i];
		for (const struct bare_name *b = d->bare; b != NULL;
		     b = b->next)
			if (strchr(b->name, '@') == NULL)
				add_key(k, with_domain(d, b->name, key + 1));
	}
}

/* Of an LDAP filter with the name alone, every domain has every name: of these the
 * ones are followed that tables and entries have. */
static void
say_domains(const struct keys *k)
{
	size_t domains = 0;

	for (size_t i = 0; i < k->names.n; i++)
		domains += *k->names.v[i] == '@';
	if (domains > 1 && !k->d->merges && k->d->dbs.forms.local)
		emit_note_record(k->d->emit, "virtual_mailbox_domains",
		    "a filter of Dovecot looks for the name without its "
		    "domain, so that every name has mail in each of several "
		    "domains: only addresses that are known are carried");
}

/* Whether the mail for an address comes to its mailbox, in the domain that was
 * given (preferred: otherwise in any). */
static bool
is_main(struct dovecot *d, const char *key, bool preferred)
{
	const char *domain = d->options->domain;
	struct buf address = { 0 };
	bool is = emit_address(key, false, &address, NULL) == 0;

	if (is && preferred)
		is = domain != NULL &&
		     strcmp(address_domain(address.data), domain) == 0;
	if (is && d->account.aliases != NULL)
		is = !alias_takes(d->account.aliases, d->emit, address.data);
	buf_free(&address);
	return is;
}

static void
follow_key(struct dovecot *d, const char *key, bool all)
{
	size_t len = strcspn(key, "@");
	const char *name = arena_add(&d->asked, key, len);
	void **value = map_get(&d->bare_names, name);

	if (!d->merges && value != NULL) {
		const struct bare_name *b = *value;

		dovecot_name_at(d, b->name, key, false);
	} else if (!all || (d->merges && dovecot_knows(d, key))) {
		dovecot_name(d, key);
	}
}

enum which {
	WHICH_PREFERRED,
	WHICH_MAIN,
	WHICH_ALL
};

static void
follow_keys(struct keys *k, enum which which, bool all)
{
	struct dovecot *d = k->d;

	for (size_t i = 0; i < k->names.n && !userdbs_stop(&d->dbs); i++) {
		const char *key = k->names.v[i];

		if (*key == '@')
			continue;
		if (which != WHICH_ALL &&
		    !is_main(d, key, which == WHICH_PREFERRED))
			continue;
		d->emit->at = k->at[i];
		follow_key(d, key, all);
	}
}

/* Follows the names that wait; preferred: only their addresses in the domain that
 * was given, where a user may have others. */
static void
follow_waiting(struct dovecot *d, bool preferred)
{
	for (const struct bare_name *b = d->bare;
	     b != NULL && !userdbs_stop(&d->dbs); b = b->next) {
		const char *name = b->name;

		if (preferred && strchr(name, '@') == NULL)
			name = with_domain(d, name, d->options->domain);
		if (preferred && !is_main(d, name, true))
			continue;
		d->lists_passdb = b->of_passdb;
		d->emit->at = b->at;
		dovecot_name(d, name);
	}
}

void
dovecot_end_names(struct dovecot *d, bool all)
{
	const struct dovecot_options *o = d->options;
	struct keys keys = { .d = d };

	if (o->names != NULL && (!all || d->merges || d->bare != NULL))
		o->names(o->names_ctx, d->emit, add_key, &keys);
	add_whole_domains(&keys);
	say_domains(&keys);
	d->lists_passdb = true;
	follow_keys(&keys, WHICH_PREFERRED, all);
	follow_keys(&keys, WHICH_MAIN, all);
	if (d->merges && o->domain != NULL)
		follow_waiting(d, true);
	follow_waiting(d, false);
	d->lists_passdb = true;
	follow_keys(&keys, WHICH_ALL, all);
	d->lists_passdb = false;
	free(keys.names.v);
	free(keys.at);
}
