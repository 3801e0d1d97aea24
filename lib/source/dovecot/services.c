/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

#include "source/dovecot/services.h"

#include <stdlib.h>
#include <string.h>

#include "core/str.h"
#include "source/dovecot/chain-links.h"

/* The words of a record, each for one or two services. */
enum protocol {
	PROTOCOL_IMAP,
	PROTOCOL_POP3,
	PROTOCOL_SMTP,
	PROTOCOL_SIEVE,
	PROTOCOLS
};

static const char *const protocols[PROTOCOLS] = {
	[PROTOCOL_IMAP] = "imap",
	[PROTOCOL_POP3] = "pop3",
	[PROTOCOL_SMTP] = "smtp",
	[PROTOCOL_SIEVE] = "sieve",
};

/* The mail server asks for "smtp", Dovecot's own server for "submission". */
static const struct {
	const char *name;
	enum protocol protocol;
} services[SERVICES_MAX] = {
	{ "pop3", PROTOCOL_POP3 },
	{ "smtp", PROTOCOL_SMTP },
	{ "submission", PROTOCOL_SMTP },
	{ "sieve", PROTOCOL_SIEVE },
};

/* Whether a mail server may ask for logins: it has a socket in a folder of its
 * own, or a port. */
static bool
has_listener(const struct setting *top)
{
	const struct setting *service = NULL, *s;

	while ((service = setting_block(top, "service", service)) != NULL) {
		if (service->name == NULL || strcmp(service->name, "auth") != 0)
			continue;
		if (setting_block(service, "inet_listener", NULL) != NULL)
			return true;
		s = NULL;
		while ((s = setting_block(service, "unix_listener", s)) != NULL)
			if (s->name != NULL && *s->name == '/')
				return true;
	}
	return false;
}

static bool
is_offered(const struct setting *top, const char *name)
{
	const char *offered = setting_value(top, "protocols");

	if (strcmp(name, "smtp") == 0)
		return has_listener(top);
	if (offered == NULL || *offered == '\0')
		return strcmp(name, "pop3") == 0; /* one of the default */
	return str_has_word(offered, " ,", name);
}

static bool
has_protocol(const struct setting *top, const char *name)
{
	const struct setting *s = NULL;

	while ((s = setting_block(top, "protocol", s)) != NULL)
		if (s->name != NULL && strcmp(s->name, name) == 0)
			return true;
	return false;
}

/* A server without LMTP has dovecot-lda deliver, or somebody else, who does not
 * ask Dovecot at all: then nothing says so in the configuration. */
void
services_delivery(struct dovecot *d)
{
	const struct setting *top = &d->conf.top;
	const char *offered = setting_value(top, "protocols");
	const bool is_default = offered == NULL || *offered == '\0';
	const bool lmtp = is_default || str_has_word(offered, " ,", "lmtp");

	d->chain.delivery = lmtp ? "lmtp" : "lda";
	d->delivers =
	    !d->options->mail_elsewhere &&
	    ((lmtp && !is_default) || has_protocol(top, d->chain.delivery));
}

void
services_link(struct dovecot *d)
{
	for (size_t i = 0; i < SERVICES_MAX; i++) {
		struct service *s = &d->services[i];

		s->name = services[i].name;
		s->offered = is_offered(&d->conf.top, s->name);
		dovecot_link_service(d, s);
	}
}

bool
services_ask(const struct dovecot *d, const struct userdb *db)
{
	if (userdb_serves(db, "imap") || userdb_serves(db, d->chain.delivery))
		return true;
	for (size_t i = 0; i < SERVICES_MAX; i++)
		if (userdb_serves(db, services[i].name) &&
		    (db->is_passdb || strcmp(services[i].name, "smtp") != 0))
			return true;
	return false;
}

static const char *
words_of(struct dovecot *d, unsigned int set)
{
	struct buf out = { 0 };
	const char *words;

	for (size_t i = 0; i < PROTOCOLS; i++)
		if ((set & 1U << i) != 0)
			buf_addf(&out, "%s%s", out.len == 0 ? "" : ",",
			    protocols[i]);
	words = arena_adds(&d->asked, buf_str(&out));
	buf_free(&out);
	return words;
}

static bool
is_same_text(const char *a, const char *b)
{
	return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

/* Compares a login with that for IMAP, both of which are possible. */
static void
compare(struct outcome *o, const struct outcome *other, enum protocol protocol)
{
	if (o->secret != NULL && other->secret != NULL &&
	    strcmp(o->secret->secret, other->secret->secret) != 0)
		o->another = true;
	if (protocol == PROTOCOL_POP3)
		o->elsewhere |= strcmp(o->user, other->user) != 0 ||
				!is_same_text(pairs_get(&o->reply, "home"),
				    pairs_get(&other->reply, "home"));
}

/* A login that opens no mailbox lets somebody in who has one all the same. */
static void
let_in(struct outcome *o, const struct outcome *other)
{
	if (other->found) {
		*o = *other;
	} else if (o->found) {
		o->login = true;
		o->unsure = other->unsure;
		o->mechanism = other->mechanism;
		o->secret = other->secret;
		o->any_password = other->any_password;
	}
}

void
services_follow(
    struct dovecot *d, const char *listed, const char *user, struct outcome *o)
{
	unsigned int asked = 1U << PROTOCOL_IMAP;
	unsigned int open = o->login ? asked : 0;

	for (size_t i = 0; i < SERVICES_MAX; i++) {
		const struct service *s = &d->services[i];
		enum protocol protocol = services[i].protocol;
		struct outcome other = { 0 };

		if (!s->apart && !(s->offered && d->dbs.by_service))
			continue;
		if (userdbs_stop(&d->dbs))
			return;
		chain_follow(&s->chain, listed, user, &d->asked, &other);
		asked |= 1U << protocol;
		if (!other.login)
			continue;
		open |= 1U << protocol;
		if (o->login)
			compare(o, &other, protocol);
		else if (protocol != PROTOCOL_SIEVE)
			let_in(o, &other);
	}
	if (!o->login || open == asked)
		return;
	for (struct outcome *one = o; one != NULL; one = one->next)
		one->disabled = words_of(d, asked & ~open);
}
