/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

#include "plan/switches.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"
#include "core/num.h"
#include "core/str.h"
#include "record/address.h"

const char *const protocol_permissions[] = {
	[PROTOCOL_IMAP] = "imapAuthenticate",
	[PROTOCOL_POP3] = "pop3Authenticate",
	[PROTOCOL_SMTP] = "emailSend",
	[PROTOCOL_SIEVE] = "sieveAuthenticate",
};
static const char *const protocols[] = {
	[PROTOCOL_IMAP] = "imap",
	[PROTOCOL_POP3] = "pop3",
	[PROTOCOL_SMTP] = "smtp",
	[PROTOCOL_SIEVE] = "sieve",
};

enum {
	KEY_MAX = 255 /* the schema of MemoryLookupKey */
};

struct taker {
	struct plan *plan;
	struct model_account *account;
	const char *address;
	struct extras *to;
};

#define LEFT(t, ...)                                                           \
	plan_note((t)->plan, NOTE_LEFT, (t)->address, (t)->account->origin,    \
	    __VA_ARGS__)

#define CARRIED(t, text)                                                       \
	plan_note(                                                             \
	    (t)->plan, NOTE_CARRIED, (t)->address, (t)->account->origin, text)

/* --- protocols --- */

static void
take_protocols(const struct taker *t, const struct strs *disabled)
{
	if (disabled->n == 0)
		return;
	if (!t->plan->options->protocols) {
		LEFT(t, "protocols are switched off (--protocols carries it)");
		return;
	}
	for (size_t i = 0; i < disabled->n; i++) {
		size_t k = 0;

		while (k < sizeof protocols / sizeof *protocols &&
		       strcmp(protocols[k], disabled->v[i]) != 0)
			k++;
		if (k < sizeof protocols / sizeof *protocols)
			t->to->disabled |= 1U << k;
		else
			LEFT(t,
			    "%s is switched off, for which the server has no "
			    "permission",
			    disabled->v[i]);
	}
}

/* --- networks --- */

/* An address, or a network as "address/bits". */
static bool
is_network(const char *text)
{
	char *copy = xstrdup(text), *bits = strchr(copy, '/');
	unsigned char raw[sizeof(struct in6_addr)];
	int64_t n, most;
	bool good;

	if (bits != NULL)
		*bits++ = '\0';
	most = inet_pton(AF_INET, copy, raw) == 1    ? 32
	       : inet_pton(AF_INET6, copy, raw) == 1 ? 128
						     : -1;
	good =
	    most != -1 && (bits == NULL || parse_num(bits, 0, most, &n, NULL));
	free(copy);
	return good;
}

static void
take_networks(const struct taker *t, const struct strs *nets)
{
	struct plan *p = t->plan;
	struct run run = plan_run(p);

	if (nets->n == 0)
		return;
	if (!p->options->networks || t->account->secret == 0) {
		LEFT(t,
		    !p->options->networks
			? "logins from some networks only (--networks carries "
			  "it)"
			: "logins from some networks only: the account has no "
			  "password");
		return;
	}
	for (size_t i = 0; i < nets->n; i++)
		if (is_network(nets->v[i]))
			plan_append(p, &run, plan_text(p, nets->v[i]));
		else
			LEFT(t,
			    "logins from %s: not an address or network; from "
			    "elsewhere they are refused",
			    nets->v[i]);
	t->to->networks = run;
	t->to->shut_out = run.n == 0;
	/* An empty set would let everybody in. */
	if (run.n == 0)
		LEFT(t, "logins from some networks only: none of them can be "
			"carried, and logins are open to all");
}

/* --- sending as others --- */

static bool
is_own(const struct taker *t, const char *sender)
{
	struct plan *p = t->plan;
	uint32_t number = plan_address(p, sender, NULL);
	const struct address *a;

	if (number == 0)
		return false;
	a = &p->addresses[plan_canonical(p, number)];
	return (a->kind == OWNER_ACCOUNT || a->kind == OWNER_ALIAS) &&
	       &p->accounts[a->owner] == t->account;
}

/* The key of a sender; "@domain" is a pattern. False, and a note, where there
 * cannot be one. */
static bool
make_key(const struct taker *t, const char *sender, struct buf *key)
{
	bool all = *sender == '@';
	struct why why = { 0 };
	size_t start;

	buf_reset(key);
	buf_addf(key, "%s %s", t->address, all ? "*" : "");
	start = key->len;
	if (address_normalise(sender, true, key, &why) == -1)
		LEFT(t, "the right to send as %s: %s", sender, why.text);
	else if (key->len > KEY_MAX)
		LEFT(t, "the right to send as %s: more than %d bytes", sender,
		    KEY_MAX);
	else if (all && strpbrk(t->address, "*?[]{}\\") != NULL)
		LEFT(t,
		    "the right to send as anybody of %s: the account's own "
		    "address would be a pattern",
		    sender + 1);
	else
		return !is_own(t, key->data + start);
	return false;
}

static void
take_send_as(const struct taker *t, const struct strs *senders)
{
	struct plan *p = t->plan;
	struct run run = plan_run(p);
	struct buf key = { 0 };

	for (size_t i = 0; i < senders->n; i++)
		if (make_key(t, senders->v[i], &key))
			plan_append(p, &run, plan_text(p, key.data));
	if (p->options->send_as) {
		t->to->send_as = run;
		p->counts.send_as += run.n;
	} else if (run.n != 0) {
		LEFT(t, "the right to send as others (--send-as carries it)");
	}
	buf_free(&key);
}

/* --- language --- */

static void
take_language(const struct taker *t, const struct record *all)
{
	struct plan *p = t->plan;

	if (p->options->locale) {
		t->to->locale = plan_text(p, all->locale);
		t->to->time_zone = plan_text(p, all->time_zone);
		return;
	}
	if (all->locale != NULL)
		LEFT(t, "the owner's language (--locale carries it)");
	if (all->time_zone != NULL)
		LEFT(t, "the owner's time zone (--locale carries it)");
}

static void
note_carried(const struct taker *t)
{
	const struct extras *s = t->to;

	if (s->disabled != 0)
		CARRIED(t, "protocols are switched off");
	if (s->networks.n != 0)
		CARRIED(t, "logins from some networks only");
	if (s->send_as.n != 0)
		CARRIED(t, "the right to send as others");
	if (s->locale != 0)
		CARRIED(t, "the owner's language");
	if (s->time_zone != 0)
		CARRIED(t, "the owner's time zone");
}

void
plan_take_switches(
    struct plan *p, struct model_account *a, const struct record *all)
{
	struct extras s = plan_extras(p, a);
	struct taker t = { p, a, plan_name(p, a->address), &s };

	take_protocols(&t, &all->disabled);
	take_networks(&t, &all->allow_nets);
	take_send_as(&t, &all->send_as);
	take_language(&t, all);
	if (all->admin != NULL)
		LEFT(&t,
		    "an administrator's rights (%s): give them by hand on the "
		    "new server",
		    all->admin);
	note_carried(&t);
	if (s.disabled == 0 && s.networks.n == 0 && !s.shut_out &&
	    s.send_as.n == 0 && s.locale == 0 && s.time_zone == 0)
		return;
	*plan_extras_put(p, a) = s;
}
