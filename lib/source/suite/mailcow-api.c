/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/*
 * The paths and members are those of data/web/json_api.php and of
 * data/web/inc/functions.mailbox.inc.php in mailcow-dockerized. Numbers are
 * texts in some of its releases; "active" is a word for people in old ones,
 * which also have "active_int".
 */
#include "source/suite/mailcow-api.h"

#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"
#include "core/arena.h"
#include "core/map.h"
#include "core/str.h"
#include "record/address.h"
#include "source/aliases.h"
#include "source/suite/webrows.h"

enum domain_state {
	DOMAIN_ON = 1,
	DOMAIN_OFF,
	DOMAIN_RELAY
};

struct mailbox {
	const char *address;
	bool spam_aliases; /* it may have aliases for some time */
};

struct mailcow {
	struct emit *emit;
	struct webapi *api;
	struct aliases aliases, inactive;
	struct arena arena;
	struct map states;   /* of domains -> enum domain_state */
	struct strs domains; /* as they came */
	struct mailbox *mailboxes;
	size_t n, cap;
	struct record r;
	struct buf address, path;
	const char *id; /* the mailbox that is asked for */
};

typedef void row_reader(void *ctx, const struct web_field *f);

#define FIELDS(f) (f), sizeof(f) / sizeof *(f)

/* Reads all rows of a path; name (may be NULL) is its last segment. False:
 * reported. */
static bool
get_rows(struct mailcow *m, const char *object, const char *name,
    struct web_field *fields, size_t n, row_reader *each)
{
	struct why why = { 0 };
	int r;

	buf_reset(&m->path);
	buf_addf(&m->path, "/api/v1/get/%s", object);
	if (name != NULL) {
		buf_addc(&m->path, '/');
		str_percent(&m->path, name);
	}
	r = webapi_get(m->api, m->path.data, &why);
	if (r == -1 && m->api->reply.status == 401)
		why_set(&why, FAIL_FATAL,
		    "the server does not accept this API key, or not from "
		    "this address: see the list of addresses next to the key");
	if (r == 0)
		r = web_rows(m->api->reply.body.data, fields, n, each, m, &why);
	if (r == -1)
		webapi_fail(m->api, m->emit, m->path.data, &why);
	return r == 0 && !emit_stop(m->emit);
}

/* The first of two numbers that is there. */
static int64_t
number(const struct web_field *a, const struct web_field *b, int64_t none)
{
	if (a->number >= 0)
		return a->number;
	return b->number >= 0 ? b->number : none;
}

/* --- domains --- */

static const char *
normal_domain(struct mailcow *m, const char *text)
{
	struct why why = { 0 };

	buf_reset(&m->address);
	if (text == NULL)
		emit_bad(m->emit, NULL, "a domain without a name");
	else if (domain_normalise(text, &m->address, &why) == -1)
		emit_fail(m->emit, NULL, &why);
	else
		return arena_adds(&m->arena, m->address.data);
	return NULL;
}

static enum domain_state
domain_state(const struct mailcow *m, const char *domain)
{
	void **state = map_get(&m->states, domain);

	return state == NULL ? DOMAIN_ON : (enum domain_state)(uintptr_t)*state;
}

enum {
	D_NAME,
	D_ACTIVE_INT,
	D_ACTIVE,
	D_RELAY_INT,
	D_RELAY,
	D_UNKNOWN_INT,
	D_UNKNOWN
};

/*
 * A domain that is relayed has recipients and no mailboxes, unless it relays
 * only what it does not know.
 */
static void
add_domain(void *ctx, const struct web_field *f)
{
	struct mailcow *m = ctx;
	const char *name = normal_domain(m, f[D_NAME].text);
	enum domain_state state = DOMAIN_ON;

	if (name == NULL)
		return;
	if (number(&f[D_ACTIVE_INT], &f[D_ACTIVE], 1) == 0)
		state = DOMAIN_OFF;
	if (number(&f[D_RELAY_INT], &f[D_RELAY], 0) != 0) {
		if (number(&f[D_UNKNOWN_INT], &f[D_UNKNOWN], 0) == 0)
			state = DOMAIN_RELAY;
		else
			emit_note_behind(m->emit, name,
			    "mail for unknown addresses of a domain is "
			    "relayed: not carried",
			    NULL);
	}
	if (state == DOMAIN_RELAY)
		emit_drop(m->emit, name, "a domain that is only relayed");
	*map_put(&m->states, name, NULL) = (void *)(uintptr_t)state;
	strs_add(&m->domains, name);
}

enum {
	AD_ALIAS,
	AD_TARGET,
	AD_ACTIVE_INT,
	AD_ACTIVE
};

static void
add_alias_domain(void *ctx, const struct web_field *f)
{
	struct mailcow *m = ctx;
	const char *alias = normal_domain(m, f[AD_ALIAS].text), *target;

	if (alias == NULL)
		return;
	target = normal_domain(m, f[AD_TARGET].text);
	if (target == NULL)
		return;
	if (number(&f[AD_ACTIVE_INT], &f[AD_ACTIVE], 1) == 0)
		emit_note_behind(m->emit, alias,
		    "an alias domain that is switched off is not carried",
		    NULL);
	else if (domain_state(m, target) == DOMAIN_RELAY)
		emit_drop(m->emit, alias, "a domain that is only relayed");
	else
		emit_domain_alias(m->emit, target, alias);
}

static bool
read_domains(struct mailcow *m)
{
	struct web_field domain[] = { [D_NAME] = { .name = "domain_name" },
		[D_ACTIVE_INT] = { .name = "active_int" },
		[D_ACTIVE] = { .name = "active" },
		[D_RELAY_INT] = { .name = "backupmx_int" },
		[D_RELAY] = { .name = "backupmx" },
		[D_UNKNOWN_INT] = { .name = "relay_unknown_only_int" },
		[D_UNKNOWN] = { .name = "relay_unknown_only" } };
	struct web_field alias[] = { [AD_ALIAS] = { .name = "alias_domain" },
		[AD_TARGET] = { .name = "target_domain" },
		[AD_ACTIVE_INT] = { .name = "active_int" },
		[AD_ACTIVE] = { .name = "active" } };

	if (!get_rows(m, "domain/all", NULL, FIELDS(domain), add_domain) ||
	    !get_rows(
		m, "alias-domain/all", NULL, FIELDS(alias), add_alias_domain))
		return false;
	for (size_t i = 0; i < m->domains.n; i++) {
		enum domain_state state = domain_state(m, m->domains.v[i]);

		if (state == DOMAIN_OFF)
			emit_domain_inactive(m->emit, m->domains.v[i]);
		else if (state == DOMAIN_ON)
			emit_domain(m->emit, m->domains.v[i]);
	}
	return true;
}

/* --- aliases --- */

/* Takes out the targets that are orders to the old server. */
static void
take_orders(struct mailcow *m, const char *address, char *targets)
{
	static const struct {
		const char *target, *text;
	} orders[] = {
		{ "null@localhost",
		    "mail that is thrown away without a word: not carried" },
		{ "spam@localhost",
		    "mail that teaches the spam filter: not carried" },
		{ "ham@localhost",
		    "mail that teaches the spam filter: not carried" },
	};
	char *rest = targets, *end = targets, *target;

	while ((target = str_cut(&rest, ',')) != NULL) {
		size_t i = 0, len;

		target = str_trim(target);
		while (i < sizeof orders / sizeof *orders &&
		       !str_eq_nocase(target, orders[i].target))
			i++;
		if (i < sizeof orders / sizeof *orders) {
			emit_note_behind(
			    m->emit, address, orders[i].text, NULL);
			continue;
		}
		len = strlen(target);
		(void)memmove(end, target, len);
		end += len;
		if (rest != NULL)
			*end++ = ',';
	}
	*end = '\0';
}

enum {
	A_ADDRESS,
	A_GOTO,
	A_ACTIVE_INT,
	A_ACTIVE,
	A_INTERNAL
};

static void
add_alias(void *ctx, const struct web_field *f)
{
	struct mailcow *m = ctx;
	const char *domain;
	char *targets;
	bool off;

	if (f[A_ADDRESS].text == NULL || f[A_GOTO].text == NULL) {
		emit_bad(m->emit, NULL, "an alias without address or target");
		return;
	}
	domain = address_domain(f[A_ADDRESS].text);
	if (domain != NULL && domain_state(m, domain) == DOMAIN_RELAY) {
		emit_drop(m->emit, f[A_ADDRESS].text,
		    "an address in a domain that is only relayed");
		return;
	}
	targets = arena_adds(&m->arena, f[A_GOTO].text);
	take_orders(m, f[A_ADDRESS].text, targets);
	if (*targets == '\0')
		return;
	if (f[A_INTERNAL].number == 1)
		emit_note_behind(m->emit, f[A_ADDRESS].text,
		    "an alias for senders of the server itself is open to all",
		    NULL);
	/* 2 is on as well, as in Postfix's query. */
	off = number(&f[A_ACTIVE_INT], &f[A_ACTIVE], 1) == 0 ||
	      (domain != NULL && domain_state(m, domain) == DOMAIN_OFF);
	aliases_add(off ? &m->inactive : &m->aliases, m->emit,
	    f[A_ADDRESS].text, targets);
}

static bool
read_aliases(struct mailcow *m)
{
	struct web_field f[] = { [A_ADDRESS] = { .name = "address" },
		[A_GOTO] = { .name = "goto" },
		[A_ACTIVE_INT] = { .name = "active_int" },
		[A_ACTIVE] = { .name = "active" },
		[A_INTERNAL] = { .name = "internal" } };

	return get_rows(m, "alias/all", NULL, FIELDS(f), add_alias);
}

/* --- mailboxes --- */

enum {
	M_USERNAME,
	M_NAME,
	M_QUOTA,
	M_ACTIVE_INT,
	M_ACTIVE,
	M_AUTHSOURCE,
	M_SPAM_ALIASES,
	M_IMAP,
	M_POP3,
	M_SMTP,
	M_SIEVE,
	M_FORCE,
	M_FIELDS
};

static void
note_attributes(struct mailcow *m, const struct web_field *f)
{
	static const char *const protocols[] = { "imap", "pop3", "smtp",
		"sieve" };
	const char *source = f[M_AUTHSOURCE].text;

	if (source != NULL && *source != '\0' && strcmp(source, "mailcow") != 0)
		emit_note_word(m->emit, m->r.address,
		    "the password is not mailcow's own, but of another service",
		    source);
	for (int i = M_IMAP; i <= M_SIEVE; i++)
		if (f[i].number == 0)
			strs_add(&m->r.disabled, protocols[i - M_IMAP]);
	if (f[M_FORCE].number == 1)
		emit_note_behind(m->emit, m->r.address,
		    "the owner must set a new password: not carried", NULL);
}

/* 1: on; 2: mail is taken, nobody can log in; 0: off. */
static void
set_active(struct mailcow *m, int64_t active, const char *domain)
{
	m->r.active = active == 1;
	m->r.receive = active != 0;
	if (domain_state(m, domain) == DOMAIN_OFF)
		m->r.active = m->r.receive = false;
}

static void
add_mailbox(void *ctx, const struct web_field *f)
{
	struct mailcow *m = ctx;
	struct record *r = &m->r;
	struct why why = { 0 };

	buf_reset(&m->address);
	if (f[M_USERNAME].text == NULL ||
	    emit_address(f[M_USERNAME].text, false, &m->address, &why) == -1) {
		emit_bad(m->emit, NULL, "a mailbox without an address");
		return;
	}
	record_reset(r, REC_ACCOUNT);
	r->address = arena_adds(&m->arena, m->address.data);
	if (strcmp(f[M_USERNAME].text, r->address) != 0)
		strs_add(&r->logins, f[M_USERNAME].text);
	if (f[M_NAME].text != NULL && *f[M_NAME].text != '\0')
		r->name = f[M_NAME].text;
	if (f[M_QUOTA].number > 0)
		r->quota = f[M_QUOTA].number;
	set_active(m, number(&f[M_ACTIVE_INT], &f[M_ACTIVE], 1),
	    address_domain(r->address));
	note_attributes(m, f);
	aliases_forward(&m->aliases, m->emit, r);
	if (emit_record(m->emit, r) == -1)
		return;
	m->mailboxes = xgrow(m->mailboxes, m->n, &m->cap, sizeof *m->mailboxes);
	m->mailboxes[m->n++] =
	    (struct mailbox){ r->address, f[M_SPAM_ALIASES].number != 0 };
}

static void
drop_relayed(void *ctx, const struct web_field *f)
{
	struct mailcow *m = ctx;

	emit_drop(m->emit, f[M_USERNAME].text,
	    "an address in a domain that is only relayed");
}

static void
drop_resource(void *ctx, const struct web_field *f)
{
	struct mailcow *m = ctx;

	emit_drop(m->emit, f->text, "a resource of the calendar");
}

static bool
read_mailboxes(struct mailcow *m)
{
	static const char in[] = "attributes";
	struct web_field f[M_FIELDS] = { [M_USERNAME] = { .name = "username" },
		[M_NAME] = { .name = "name" },
		[M_QUOTA] = { .name = "quota" },
		[M_ACTIVE_INT] = { .name = "active_int" },
		[M_ACTIVE] = { .name = "active" },
		[M_AUTHSOURCE] = { .name = "authsource" },
		[M_SPAM_ALIASES] = { .name = "spam_aliases" },
		[M_IMAP] = { .name = "imap_access", .in = in },
		[M_POP3] = { .name = "pop3_access", .in = in },
		[M_SMTP] = { .name = "smtp_access", .in = in },
		[M_SIEVE] = { .name = "sieve_access", .in = in },
		[M_FORCE] = { .name = "force_pw_update", .in = in } };
	struct web_field resource[] = { { .name = "name" } };

	for (size_t i = 0; i < m->domains.n; i++)
		if (!get_rows(m, "mailbox/all", m->domains.v[i], FIELDS(f),
			domain_state(m, m->domains.v[i]) == DOMAIN_RELAY
			    ? drop_relayed
			    : add_mailbox))
			return false;
	return get_rows(
	    m, "resource/all", NULL, FIELDS(resource), drop_resource);
}

/* --- what belongs to one mailbox --- */

enum {
	T_ADDRESS,
	T_PERMANENT
};

/* The API leaves out what is over. */
static void
add_temporary(void *ctx, const struct web_field *f)
{
	struct mailcow *m = ctx;
	char *target;

	if (f[T_ADDRESS].text == NULL)
		return;
	target = arena_adds(&m->arena, m->id);
	if (f[T_PERMANENT].number != 1)
		emit_note_behind(m->emit, f[T_ADDRESS].text,
		    "an alias for some time becomes one for good", NULL);
	aliases_add(&m->aliases, m->emit, f[T_ADDRESS].text, target);
}

/* Their secrets are hashes of mailcow's: the names alone can be carried. */
static void
add_app_password(void *ctx, const struct web_field *f)
{
	struct mailcow *m = ctx;
	struct record_app_password *p;

	if (f->text == NULL || *f->text == '\0') {
		emit_note_behind(m->emit, m->id,
		    "an app password without a name is not carried", NULL);
		return;
	}
	p = record_add(&m->r, &m->r.app_passwords);
	p->name = arena_adds(&m->arena, f->text);
}

static bool
read_app_passwords(struct mailcow *m)
{
	struct web_field password[] = { { .name = "name" } };

	record_reset(&m->r, REC_SETTINGS);
	m->r.address = m->id;
	if (!get_rows(
		m, "app-passwd/all", m->id, FIELDS(password), add_app_password))
		return false;
	if (m->r.app_passwords.n != 0)
		(void)emit_plain(m->emit, &m->r);
	return true;
}

static void
count_rule(void *ctx, const struct web_field *f)
{
	struct mailcow *m = ctx;

	emit_note_behind(m->emit, f->text, "a BCC rule is not carried", NULL);
}

static bool
read_belongings(struct mailcow *m, bool app_passwords)
{
	struct web_field temporary[] = { [T_ADDRESS] = { .name = "address" },
		[T_PERMANENT] = { .name = "permanent" } };
	struct web_field rule[] = { { .name = "local_dest" } };

	for (size_t i = 0; i < m->n; i++) {
		m->id = m->mailboxes[i].address;
		if (m->mailboxes[i].spam_aliases &&
		    !get_rows(m, "time_limited_aliases", m->id,
			FIELDS(temporary), add_temporary))
			return false;
		if (app_passwords && !read_app_passwords(m))
			return false;
	}
	return get_rows(m, "bcc/all", NULL, FIELDS(rule), count_rule);
}

void
mailcow_api_read(struct emit *e, struct webapi *w, bool app_passwords)
{
	struct mailcow m = {
		.emit = e, .api = w, .inactive = { .inactive = true }
	};

	emit_file(e, http_base(w->http));
	if (read_domains(&m) && read_aliases(&m) && read_mailboxes(&m) &&
	    read_belongings(&m, app_passwords)) {
		aliases_emit(&m.aliases, e);
		aliases_emit_rest(&m.inactive, e);
	}
	record_free(&m.r);
	buf_free(&m.address);
	buf_free(&m.path);
	map_free(&m.states);
	free(m.domains.v);
	free(m.mailboxes);
	aliases_free(&m.aliases);
	aliases_free(&m.inactive);
	arena_free(&m.arena);
}
