/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

#include "source/fieldmap/row-account.h"

#include <stdint.h>
#include <string.h>

#include "core/num.h"
#include "core/str.h"
#include "secret/classify.h"
#include "source/address-list.h"
#include "source/fieldmap/member.h"

static void
add_logins(struct rows *m, const char *spelling)
{
	struct record *r = &m->r;

	spelling = row_trimmed(m, spelling);
	if (strcmp(spelling, r->address) != 0 && strchr(spelling, '@') != NULL)
		strs_add(&r->logins, spelling);
	eval_all(&m->eval, FIELD_LOGINS, &m->list);
	for (size_t i = 0; i < m->list.n; i++)
		if (strcmp(m->list.v[i], r->address) != 0 &&
		    !strs_has(&r->logins, m->list.v[i]))
			strs_add(&r->logins, m->list.v[i]);
}

static bool
has_scheme(const char *secret)
{
	return *secret == '{' && strchr(secret, '}') != NULL;
}

/* The scheme of a password without one. */
static const char *
default_scheme(struct rows *m)
{
	const char *scheme = m->default_scheme;

	if (scheme == NULL)
		scheme = eval_first(&m->eval, FIELD_DEFAULT_SCHEME);
	return scheme == NULL ? "CRYPT" : scheme;
}

/* How good a password is for the target: the fewer, the better. */
static int
rank(const struct rows *m, const char *secret, const char *scheme)
{
	static const int ranks[] = { [SECRET_VERBATIM] = 0,
		[SECRET_TRANSCODED] = 1,
		[SECRET_UNUSABLE] = 2,
		[SECRET_NONE] = 3 };
	struct secret s = { 0 };
	int result;

	secret_judge(&s, secret, scheme, m->r.address);
	result = ranks[s.verdict];
	secret_free(&s);
	return result;
}

/* The best of several: the first of those that the target takes with the least
 * change. The others are reported. */
static const char *
best_secret(struct rows *m, const struct strs *list)
{
	const char *scheme = default_scheme(m);
	size_t best = 0;
	int least = 0;

	for (size_t i = 0; i < list->n; i++) {
		int r = rank(m, list->v[i], scheme);

		if (i == 0 || r < least) {
			best = i;
			least = r;
		}
	}
	for (size_t i = 0; i < list->n; i++)
		if (i != best)
			emit_note(m->emit, m->r.address,
			    "several passwords: only one is carried", NULL);
	return list->v[best];
}

static void
add_secret(struct rows *m)
{
	struct record *r = &m->r;

	eval_all(&m->eval, FIELD_SECRET, &m->list);
	if (m->list.n == 0)
		return;
	r->secret = m->list.n == 1 ? m->list.v[0] : best_secret(m, &m->list);
	if (!has_scheme(r->secret))
		r->default_scheme = default_scheme(m);
}

/* 0 and less mean no limit. False: reported. */
static bool
add_quota(struct rows *m)
{
	const char *text = eval_first(&m->eval, FIELD_QUOTA);
	int64_t n;

	if (text == NULL ||
	    (*text == '-' && parse_num(text, INT64_MIN, 0, &n, NULL)))
		return true;
	if (!parse_size(text, &n)) {
		struct why why = { 0 };

		why_set(&why, FAIL_DATA,
		    "the quota is not a number of bytes: \"%s\"",
		    row_brief(text));
		emit_fail(m->emit, m->r.address, &why);
		return false;
	}
	if (n > 0)
		m->r.quota = n;
	return true;
}

static int64_t
get_id(struct rows *m, enum field field)
{
	const char *text = eval_first(&m->eval, field);
	int64_t n = -1;

	if (text != NULL && !parse_num(text, 0, UINT32_MAX - 1, &n, NULL))
		emit_note(m->emit, m->r.address,
		    "a uid or gid that is not a number", row_brief(text));
	return n;
}

static void
add_catch_all(struct rows *m, const char *address)
{
	struct alias *alias = aliases_entry(&m->aliases, m->emit, address);

	if (alias != NULL)
		aliases_target(&m->aliases, m->emit, alias,
		    eval_copy(&m->eval, m->r.address));
}

/* Addresses of a member. A catch-all among the other addresses of an account is an
 * alias of its own. */
static void
add_addresses(struct rows *m, enum field field, struct strs *to)
{
	eval_all(&m->eval, field, &m->more);
	row_add_addresses(m, to, add_catch_all);
}

/* A forward that the account's own row has. A target that is one of the
 * account's logins is the account. */
static void
add_forward(struct rows *m, bool *bad)
{
	struct record *r = &m->r;
	struct alias *alias;
	int keep;

	eval_all(&m->eval, FIELD_FORWARD, &m->more);
	if (m->more.n == 0)
		return;
	alias = aliases_entry(&m->aliases, m->emit, r->address);
	if (alias == NULL)
		return;
	keep = row_flag(m, FIELD_KEEP, r->address, bad);
	alias->keep = alias->keep || keep == 1;
	for (size_t i = 0; i < m->more.n; i++) {
		char *rest = row_list(m, m->more.v[i]), *text;

		while ((text = address_list_next(&rest)) != NULL) {
			if (strs_has(&r->logins, text))
				text = eval_copy(&m->eval, r->address);
			if (row_pass(m, r->address, text))
				aliases_target(
				    &m->aliases, m->emit, alias, text);
		}
	}
}

/* Words, or networks. */
static void
add_words(struct rows *m, struct strs *to)
{
	for (size_t i = 0; i < m->list.n; i++) {
		char *rest = row_list(m, m->list.v[i]), *text;

		while ((text = address_list_next(&rest)) != NULL)
			if (!strs_has(to, text))
				strs_add(to, text);
	}
}

/* What else there is about an account. */
static void
add_settings(struct rows *m)
{
	struct record *r = &m->r;

	if (!eval_sets(&m->eval, FIELD_DISABLED, FIELD_ADMIN))
		return;
	eval_each(&m->eval, FIELD_DISABLED, &m->list);
	add_words(m, &r->disabled);
	eval_all(&m->eval, FIELD_ALLOW_NETS, &m->list);
	add_words(m, &r->allow_nets);
	eval_all(&m->eval, FIELD_ACL_GROUPS, &m->list);
	add_words(m, &r->acl_groups);
	eval_each(&m->eval, FIELD_ACL_SETTINGS, &r->acl_settings);
	row_add_senders(m);
	r->locale = eval_first(&m->eval, FIELD_LOCALE);
	r->time_zone = eval_first(&m->eval, FIELD_TIME_ZONE);
	r->admin = eval_first(&m->eval, FIELD_ADMIN);
}

static void
add_texts(struct rows *m)
{
	struct record *r = &m->r;

	r->name = eval_first(&m->eval, FIELD_NAME);
	r->otp = eval_first(&m->eval, FIELD_OTP);
	r->home = eval_first(&m->eval, FIELD_HOME);
	r->mail = eval_first(&m->eval, FIELD_MAIL);
	r->uid = get_id(m, FIELD_UID);
	r->gid = get_id(m, FIELD_GID);
}

/* False: reported. */
static bool
add_flags(struct rows *m)
{
	struct record *r = &m->r;
	bool bad = false;

	if (row_flag(m, FIELD_ACTIVE, r->address, &bad) == 0)
		r->active = false;
	r->receive = row_flag(m, FIELD_RECEIVE, r->address, &bad) != 0;
	if (row_is_over(m, r->address, &bad)) {
		r->active = r->receive = false;
		emit_note(m->emit, r->address,
		    "expired: the account is carried as inactive", NULL);
	}
	return !bad;
}

void
row_read_account(struct rows *m)
{
	struct record *r = &m->r;
	const char *spelling = eval_first(&m->eval, FIELD_ADDRESS), *address;
	bool bad = false;

	record_reset(r, REC_ACCOUNT);
	/* A row without an address may not be a mailbox: then it is not an error. */
	if (spelling == NULL && !row_pass(m, NULL, NULL))
		return;
	address = row_address(m, spelling);
	if (address == NULL)
		return;
	r->address = address;
	map_prefetch(&m->emit->seen, address);
	add_logins(m, spelling);
	add_secret(m);
	add_texts(m);
	add_addresses(m, FIELD_ALIASES, &r->aliases);
	add_addresses(m, FIELD_GROUPS, &r->groups);
	add_settings(m);
	if (!add_flags(m) || !add_quota(m))
		return;
	add_forward(m, &bad);
	if (bad)
		return;
	aliases_forward(&m->aliases, m->emit, r);
	(void)emit_record(m->emit, r);
}

void
row_read_group(struct rows *m)
{
	struct record *r = &m->r;
	const char *address =
	    row_address(m, eval_first(&m->eval, FIELD_ADDRESS));

	record_reset(r, REC_GROUP);
	if (address == NULL)
		return;
	r->address = address;
	r->name = eval_first(&m->eval, FIELD_NAME);
	add_addresses(m, FIELD_ALIASES, &r->aliases);
	if (add_quota(m))
		(void)emit_record(m->emit, r);
}
