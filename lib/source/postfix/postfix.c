/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

#include "source/postfix/postfix.h"

#include <stdlib.h>
#include <string.h>

#include "core/str.h"
#include "record/address.h"
#include "source/alias-name.h"
#include "source/host.h"
#include "source/postfix/locals.h"
#include "source/postfix/notes.h"
#include "source/postfix/rewrite.h"
#include "source/postfix/transport.h"

void
postfix_free(struct postfix *p)
{
	postfix_domains_free(&p->domains);
	postfix_domains_free(&p->locals);
	postfix_asks_free(&p->asks);
	postfix_senders_free(&p->senders);
	free(p->relays.v);
	free(p->apart.v);
	free(p->alike.v);
	arena_free(&p->arena);
	aliases_free(&p->aliases);
	postfix_config_free(&p->config);
}

/* What a table that is only asked, and comes before the one that is read, says of
 * a key: that is the entry. (Postfix, src/global/mail_addr_find.c.) */
static void
ask_before(struct aliases *a, struct emit *e, const char *key)
{
	const bool locals = a->locals, no_markers = a->no_markers,
		   includes = a->includes;
	const char *domain = a->key_domain == NULL ? a->domain : a->key_domain;
	struct place before = e->at;
	struct buf full = { 0 }, value = { 0 };

	buf_adds(&full, key);
	if (strchr(key, '@') == NULL && domain != NULL)
		buf_addf(&full, "@%s", domain);
	if (a->ask(a->ask_ctx, e, full.data, &value)) {
		a->locals = a->no_markers = a->includes = false;
		if (map_get(&a->by_address, full.data) == NULL)
			aliases_add(a, e, full.data, value.data);
		a->locals = locals;
		a->no_markers = no_markers;
		a->includes = includes;
	}
	e->at = before;
	buf_free(&full);
	buf_free(&value);
}

void
postfix_add_alias(void *ctx, struct emit *e, const char *key, char *value)
{
	struct aliases *a = ctx;
	const struct postfix_asks *asks = a->ask_ctx;

	if (asks != NULL && asks->n != 0 && *key != '@')
		ask_before(a, e, key);
	aliases_add(a, e, key, value);
}

/* --- domains --- */

/* myorigin may be the path of a file whose first line is the domain; Debian's
 * is /etc/mailname. NULL: reported. (postconf(5), "myorigin".) */
static const char *
read_origin(struct postfix *p, struct emit *e)
{
	struct buf text = { .max = 4096 };
	struct why why = { 0 };
	char *value = postfix_parameter(&p->config, "myorigin", &why);

	if (value != NULL && *value == '/') {
		char *path = value;

		value = NULL;
		if (host_read_file(path, &text, &why) == 0)
			value = str_trim(arena_add(&p->config.arena,
			    buf_str(&text), strcspn(buf_str(&text), "\n")));
	}
	if (value == NULL)
		emit_fail_at(e, "myorigin", NULL, &why);
	buf_reset(&text);
	if (value != NULL && strchr(value, '.') == NULL && p->below != NULL) {
		buf_addf(&text, "%s.%s", value, p->below);
		value = arena_adds(&p->config.arena, text.data);
	}
	buf_free(&text);
	return value;
}

/* The table of aliases, which virtual_alias_domains may name, too, also has keys
 * that are local names. */
static bool
is_domain_key(void *ctx, const char *key, const char *value)
{
	return alias_is_domain(ctx, key, value);
}

/* failed: not all keys of the aliases are known. */
static void
read_domains(
    struct postfix *p, struct emit *e, const char *aliases, bool failed)
{
	static const char *const names[] = { "virtual_alias_domains",
		"virtual_mailbox_domains" };
	static const int lists[] = { IN_ALIAS_DOMAINS, IN_MAILBOX_DOMAINS };

	p->domains.is_domain = is_domain_key;
	p->domains.ctx = &p->aliases;
	for (size_t i = 0; i < 2 && !emit_stop(e); i++) {
		struct why why = { 0 };
		char *value = postfix_parameter(&p->config, names[i], &why);

		p->domains.list = lists[i];
		if (value == NULL) {
			emit_fail(e, NULL, &why);
		} else if (strcmp(value, aliases) == 0) {
			/* By default the domains are those that the aliases
			 * are in. */
			p->marks = true;
			p->domains.partial |= p->asks.n != 0 || failed;
		} else {
			postfix_domains_read(
			    &p->domains, e, p->config.dir, value, names[i]);
		}
		p->domains.is_domain = NULL;
	}
	for (size_t i = 0; i < p->domains.names.n; i++)
		aliases_domain(&p->aliases, p->domains.names.v[i]);
}

/* Whether "@domain @other" made it another name of a domain. */
static bool
is_other_name(struct postfix *p, const char *domain)
{
	struct buf key = { 0 };
	void **value;

	buf_addf(&key, "@%s", domain);
	value = map_get(&p->aliases.by_address, key.data);
	buf_free(&key);
	return value != NULL && ((struct alias *)*value)->used;
}

static void
emit_domains(struct postfix *p, struct emit *e)
{
	emit_file(e, "postconf");
	for (size_t i = 0; i < p->domains.names.n; i++)
		if (!is_other_name(p, p->domains.names.v[i]))
			emit_domain(e, p->domains.names.v[i]);
}

bool
postfix_delivers(struct postfix *p)
{
	const char *transport =
	    postfix_parameter(&p->config, "virtual_transport", NULL);

	return transport != NULL &&
	       postfix_transport_is(&p->config, transport, "virtual") &&
	       postfix_is_set(&p->config, "transport_maps") == NULL;
}

/* --- domains in two lists --- */

const char *
postfix_hidden_by(const struct postfix *p, const char *domain)
{
	int lists = postfix_domains_lists(&p->domains, domain);

	if (!(lists & IN_MAILBOX_DOMAINS))
		return NULL;
	if (postfix_domains_has(&p->locals, domain))
		return "mydestination";
	return (lists & IN_ALIAS_DOMAINS) ||
		       (p->marks &&
			   map_get(&p->aliases.markers, domain) != NULL)
		   ? "virtual_alias_domains"
		   : NULL;
}

/* Whether only the aliases of a domain get mail. */
static bool
is_of_aliases(const struct postfix *p, const char *domain)
{
	int lists = postfix_domains_lists(&p->domains, domain);

	return !(lists & IN_MAILBOX_DOMAINS) &&
	       !postfix_domains_has(&p->locals, domain) &&
	       ((lists & IN_ALIAS_DOMAINS) ||
		   (p->marks && map_get(&p->aliases.markers, domain) != NULL));
}

/* A domain is to be in one list. (trivial-rewrite(8), resolve.c.) */
static void
say_hidden(struct postfix *p, struct emit *e)
{
	for (size_t i = 0; i < p->domains.names.n; i++) {
		const char *name = p->domains.names.v[i];
		const char *first = postfix_hidden_by(p, name);

		if (first != NULL && *first == 'm')
			emit_note_record(e, name,
			    "in virtual_mailbox_domains and in mydestination, "
			    "which Postfix looks at first: its mail goes to "
			    "local names, and no virtual mailbox gets any");
		else if (first != NULL)
			emit_note_record(e, name,
			    "in virtual_mailbox_domains and in "
			    "virtual_alias_domains, which Postfix looks at "
			    "first: only aliases get mail, and no mailbox");
		else if (postfix_domains_has(&p->locals, name))
			emit_note_record(e, name,
			    "in virtual_alias_domains and in mydestination, "
			    "which Postfix looks at first: an address that is "
			    "not an alias is a local name");
	}
}

/* --- which domains it takes mail for --- */

/* A word of relay_domains also means the domains below it. (postconf(5),
 * "parent_domain_matches_subdomains".) */
static bool
is_relayed(const struct postfix *p, const char *domain)
{
	for (size_t i = 0; i < p->relays.n; i++) {
		const char *name = p->relays.v[i];
		size_t len = strlen(name), all = strlen(domain);

		if (all >= len && strcmp(domain + all - len, name) == 0 &&
		    (all == len || domain[all - len - 1] == '.'))
			return true;
	}
	return false;
}

bool
postfix_serves(void *ctx, const char *domain)
{
	struct postfix *p = ctx;
	const struct aliases *a = &p->aliases;

	return !p->knows_domains || postfix_domains_has(&p->domains, domain) ||
	       postfix_domains_has(&p->locals, domain) ||
	       map_get(&a->markers, domain) != NULL ||
	       /* myorigin is what names are written with, whoever has it. */
	       (p->users_apart && strcmp(a->domain, domain) == 0) ||
	       is_relayed(p, domain);
}

/* The whole of a domain goes somewhere: then its mail is meant to come. */
static bool
has_catch_all(struct postfix *p, const char *domain)
{
	struct buf key = { 0 };
	bool has;

	buf_addf(&key, "@%s", domain);
	has = map_get(&p->aliases.by_address, key.data) != NULL;
	buf_free(&key);
	return has;
}

bool
postfix_has_mailboxes(const struct postfix *p)
{
	const struct strs *names = &p->domains.names;

	for (size_t i = 0; i < names->n; i++)
		if (postfix_domains_lists(&p->domains, names->v[i]) &
		    IN_MAILBOX_DOMAINS)
			return true;
	return p->users_apart &&
	       postfix_domains_has(&p->locals, p->aliases.domain);
}

void
postfix_judge(struct postfix *p, struct emit *e, struct record *r)
{
	const char *domain = address_domain(r->address);

	if (is_of_aliases(p, domain)) {
		r->receive = false;
		emit_note(e, r->address,
		    "a mailbox that gets no mail, because its domain is one "
		    "of aliases alone",
		    "virtual_alias_domains");
	} else if (!postfix_serves(p, domain)) {
		r->receive = false;
		if (!has_catch_all(p, domain))
			emit_domain_elsewhere(e, domain);
		emit_note(e, r->address,
		    "a mailbox in a domain that this server takes no mail for",
		    NULL);
	}
}

/* Reads relay_domains; false where a table or a file says which they are. */
static bool
read_relays(struct postfix *p)
{
	struct why why = { 0 };
	char *value = postfix_parameter(&p->config, "relay_domains", &why);
	char *word;

	while (value != NULL && (word = postfix_word(&value)) != NULL &&
	       *word != '#') {
		struct buf name = { 0 };
		bool good = strpbrk(word, ":/!") == NULL &&
			    domain_normalise(word, &name, NULL) == 0;

		if (good)
			strs_add(
			    &p->relays, arena_adds(&p->arena, buf_str(&name)));
		buf_free(&name);
		if (!good)
			return false;
	}
	return true;
}

/* --- local domains --- */

bool
postfix_is_localhost(const char *name)
{
	return strchr(name, '.') == NULL || str_starts(name, "localhost.");
}

/* The domain that stands for all in mydestination: that of bare names if it is
 * one of them, else the first. NULL: this host has no mailboxes of its own. */
static const char *
local_domain(const struct postfix *p)
{
	const char *first = NULL;

	for (size_t i = 0; i < p->locals.names.n; i++) {
		const char *name = p->locals.names.v[i];

		if (postfix_is_localhost(name))
			continue;
		if (first == NULL || (p->aliases.domain != NULL &&
					 strcmp(name, p->aliases.domain) == 0))
			first = name;
	}
	return first;
}

/* Whether anybody has set up local mail. */
static bool
is_used(struct postfix *p)
{
	return postfix_is_set(&p->config, "mydestination") != NULL ||
	       postfix_is_set(&p->config, "alias_maps") != NULL;
}

/* Without a setting Postfix reads /etc/aliases, and NIS where it was built with
 * it; neither need be there. A Postfix whose local mail nobody has set up gets
 * mail for its own machine alone. NULL: there are none. */
static char *
alias_maps(struct postfix *p, struct emit *e)
{
	static const char preset[] = "hash:/etc/aliases";
	const char *set = postfix_is_set(&p->config, "alias_maps");
	struct why why = { 0 };
	char *value;

	if (!is_used(p) || !postfix_has_local(&p->config))
		return NULL;
	if (set != NULL)
		return arena_adds(&p->config.arena, set);
	value = postfix_parameter(&p->config, "alias_maps", &why);
	if (value == NULL)
		emit_fail_at(e, "alias_maps", NULL, &why);
	if (value == NULL || !str_starts(value, preset) ||
	    !host_has("/etc/aliases.db"))
		return NULL;
	return arena_adds(&p->config.arena, preset);
}

/* Reads mydestination, before any table: names without a domain are in it. The
 * domain that stands for all of it, or NULL. */
static const char *
read_locals(struct postfix *p, struct emit *e)
{
	struct why why = { 0 };
	char *value = postfix_parameter(&p->config, "mydestination", &why);
	const char *domain;

	if (value == NULL) {
		emit_fail_at(e, "mydestination", NULL, &why);
		return NULL;
	}
	postfix_domains_read(
	    &p->locals, e, p->config.dir, value, "mydestination");
	domain = local_domain(p);
	if (domain != NULL && p->aliases.domain != NULL &&
	    strcmp(domain, p->aliases.domain) != 0 && is_used(p))
		p->aliases.also_domain = domain;
	return domain;
}

/* Whether a name without a domain, in a table, is a local one. */
static bool
is_local_origin(struct postfix *p, struct emit *e)
{
	const char *origin = read_origin(p, e);

	return origin != NULL && postfix_domains_has(&p->locals, origin);
}

/* The aliases of local names, after those of all names. */
static void
read_local_aliases(struct postfix *p, struct emit *e, const char *domain)
{
	struct postfix_reader reader = { .dir = p->config.dir,
		.emit = e,
		.entry = postfix_local_alias,
		.ctx = p,
		.asks = &p->asks,
		.of_names = true };
	char *maps = alias_maps(p, e);

	if (domain == NULL) {
		if (maps != NULL)
			emit_note(e, NULL,
			    "alias_maps: only for local names, and there is no "
			    "domain in mydestination",
			    NULL);
		return;
	}
	postfix_name_locals(p, domain);
	for (size_t i = 0; i < p->locals.names.n; i++)
		aliases_domain(&p->aliases, p->locals.names.v[i]);
	p->aliases.key_domain = domain;
	p->aliases.locals = p->aliases.no_markers = p->aliases.includes = true;
	if (maps != NULL)
		postfix_tables(&reader, maps, "alias_maps");
	p->aliases.key_domain = NULL;
	p->aliases.locals = p->aliases.no_markers = p->aliases.includes = false;
	postfix_end_locals(p, e, domain);
}

/* --- all --- */

void
postfix_read(struct postfix *p, struct emit *e)
{
	struct postfix_reader reader = { .dir = p->config.dir,
		.emit = e,
		.entry = postfix_add_alias,
		.ctx = &p->aliases,
		.asks = &p->asks };
	struct why why = { 0 };
	char *maps = postfix_parameter(&p->config, "virtual_alias_maps", &why);
	const char *all, *domain;
	size_t failed;

	if (maps == NULL && p->config.dir == NULL &&
	    !host_has("/etc/postfix")) {
		emit_note(
		    e, NULL, "no Postfix on this machine: no aliases", NULL);
		return;
	}
	emit_file(e, "postconf");
	if (maps == NULL) {
		emit_fail(e, NULL, &why);
		return;
	}
	postfix_rewrite_read(p, e);
	p->users_apart = p->aliases.domain != NULL;
	if (!p->users_apart)
		p->aliases.domain = read_origin(p, e);
	domain = p->local_domain = read_locals(p, e);
	p->aliases.rewrite = postfix_rewrite;
	p->aliases.rewrite_ctx = p;
	p->aliases.delimiter =
	    postfix_is_set(&p->config, "recipient_delimiter");
	p->aliases.ask = postfix_ask;
	p->aliases.ask_ctx = &p->asks;
	p->aliases.shadows = true;
	p->aliases.first_counts = true;
	all = arena_adds(&p->config.arena, maps);
	failed = e->tally->failed;
	p->aliases.names_wait =
	    domain != NULL && p->users_apart && is_local_origin(p, e);
	postfix_tables(&reader, maps, "virtual_alias_maps");
	read_domains(p, e, all, e->tally->failed != failed);
	p->knows_domains =
	    !p->domains.partial && !p->locals.partial && read_relays(p);
	p->aliases.serves = postfix_serves;
	p->aliases.serves_ctx = p;
	read_local_aliases(p, e, domain);
	p->aliases.names_wait = false;
	if (domain != NULL)
		alias_settle_names(&p->aliases, e, domain);
	aliases_domains(&p->aliases, e);
	emit_domains(p, e);
	say_hidden(p, e);
	p->senders.domain = p->aliases.domain;
	postfix_senders_read(&p->senders, e, &p->config);
	postfix_notes(&p->config, e);
}

void
postfix_end(struct postfix *p, struct emit *e)
{
	postfix_link_locals(p, e);
	aliases_emit(&p->aliases, e);
	postfix_senders_emit(&p->senders, e);
}
