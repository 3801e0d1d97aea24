/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

#include "source/postfix/senders.h"

#include <stdlib.h>
#include <string.h>

#include "core/str.h"
#include "record/address.h"
#include "source/postfix/tables.h"

static const char parameter[] = "smtpd_sender_login_maps";

struct login {
	const char *address;
	struct strs senders;
	struct place at;
	struct login *next;
};

/* An address or a bare name, normalised; NULL: it is neither. */
static const char *
address_of(struct postfix_senders *s, const char *name)
{
	struct buf full = { 0 }, out = { 0 };
	const char *address = NULL;

	buf_adds(&full, name);
	if (strchr(name, '@') == NULL && s->domain != NULL)
		buf_addf(&full, "@%s", s->domain);
	if (emit_address(full.data, *name == '@', &out, NULL) == 0)
		address = arena_adds(&s->arena, out.data);
	buf_free(&full);
	buf_free(&out);
	return address;
}

static struct login *
login(struct postfix_senders *s, const struct emit *e, const char *address)
{
	bool added;
	void **value = map_put(&s->by_login, address, &added);
	struct login *l;

	if (!added)
		return *value;
	l = arena_alloc(&s->arena, sizeof *l);
	*l = (struct login){ .address = address, .at = e->at };
	if (s->tail == NULL)
		s->tail = &s->first;
	*s->tail = l;
	s->tail = &l->next;
	*value = l;
	return l;
}

/* "address login, login": the owners of an address. */
static void
add_sender(void *ctx, struct emit *e, const char *key, char *value)
{
	struct postfix_senders *s = ctx;
	const char *sender = address_of(s, key), *owner;
	char *word;

	while (sender != NULL && (word = postfix_word(&value)) != NULL) {
		owner = address_of(s, word);
		if (owner == NULL)
			emit_note_behind(e, sender,
			    "a login without a domain that may send as it is "
			    "not carried",
			    word);
		else if (strcmp(owner, sender) != 0 &&
			 !strs_has(&login(s, e, owner)->senders, sender))
			strs_add(&login(s, e, owner)->senders, sender);
	}
}

void
postfix_senders_read(
    struct postfix_senders *s, struct emit *e, struct postfix_config *config)
{
	static const char all_of[] = "unionmap:{";
	struct postfix_reader reader = { .dir = config->dir,
		.emit = e,
		.entry = add_sender,
		.ctx = s,
		.asks = &s->asks,
		.optional = true };
	const char *set = postfix_is_set(config, parameter);
	const struct place before = e->at;
	char *list, *word;

	if (set == NULL) {
		emit_file(e, "postconf");
		emit_note(e, NULL,
		    "smtpd_sender_login_maps is not set: a login may send as "
		    "any address unless another rule forbids it, on the new "
		    "server as its own only",
		    NULL);
		e->at = before;
		return;
	}
	list = arena_adds(&s->arena, set);
	while ((word = postfix_word(&list)) != NULL) {
		if (str_starts(word, all_of)) {
			word += strlen(all_of);
			word[strcspn(word, "}")] = '\0';
		}
		postfix_tables(&reader, word, parameter);
	}
}

/* Asks for each address of the dump, and for the whole of each domain. */
static void
ask_all(struct postfix_senders *s, struct emit *e)
{
	const struct map *const maps[] = { &e->seen, &e->domains };
	struct strs keys = { 0 };
	const char *name;
	void *value;

	for (size_t i = 0; i < 2; i++)
		for (size_t at = 0; map_next(maps[i], &at, &name, &value);)
			strs_add(&keys, name);
	for (size_t i = 0; i < keys.n && !emit_stop(e); i++) {
		struct buf key = { 0 }, logins = { 0 };

		buf_addf(&key, "%s%s",
		    strchr(keys.v[i], '@') == NULL ? "@" : "", keys.v[i]);
		if (postfix_ask(&s->asks, e, key.data, &logins))
			add_sender(s, e, key.data, logins.data);
		buf_free(&key);
		buf_free(&logins);
	}
	free(keys.v);
}

/* Whether the domain has accounts of others: Postfix looks "@domain" up for an
 * address that has no entry, and the new server for all. */
static bool
is_shared(const struct emit *e, const char *domain, const char *login)
{
	const char *address;
	void *value;

	for (size_t at = 0; map_next(&e->seen, &at, &address, &value);)
		if (strcmp(address_domain(address), domain) == 0 &&
		    strcmp(address, login) != 0 && emit_has_account(e, address))
			return true;
	return false;
}

static void
emit_login(struct record *r, struct emit *e, const struct login *l)
{
	record_reset(r, REC_SETTINGS);
	r->address = l->address;
	for (size_t i = 0; i < l->senders.n; i++) {
		const char *sender = l->senders.v[i];

		if (*sender == '@' && is_shared(e, sender + 1, l->address))
			emit_note_behind(e, l->address,
			    "a right to send as the rest of a domain is not "
			    "carried: on the new server it would be one to "
			    "send as other accounts",
			    sender);
		else
			strs_add(&r->send_as, sender);
	}
	if (r->send_as.n != 0)
		(void)emit_plain(e, r);
}

void
postfix_senders_emit(struct postfix_senders *s, struct emit *e)
{
	struct record r = { 0 };

	if (s->asks.n != 0)
		ask_all(s, e);
	for (const struct login *l = s->first; l != NULL; l = l->next) {
		e->at = l->at;
		if (emit_has_account(e, l->address))
			emit_login(&r, e, l);
		else
			emit_drop(e, l->address,
			    "the right of an address elsewhere to send as "
			    "others");
	}
	record_free(&r);
}

void
postfix_senders_free(struct postfix_senders *s)
{
	for (struct login *l = s->first; l != NULL; l = l->next)
		free(l->senders.v);
	map_free(&s->by_login);
	postfix_asks_free(&s->asks);
	arena_free(&s->arena);
}
