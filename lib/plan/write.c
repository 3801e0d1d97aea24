/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/*
 * plan_write: the objects as lines of a plan (mailferry-plan(5)). Containers
 * are maps, never arrays: a list has keys "0", "1" and so on, a set has its
 * members as keys (Stalwart, configuration/object-encoding.md).
 */
#include "plan/plan.h"

#include <stdio.h>
#include <string.h>

#include "core/json.h"
#include "plan/model.h"
#include "plan/name.h"
#include "record/address.h"

enum {
	PLAN_BATCH = 500
};

/* One line being built. */
struct writer {
	struct plan *plan;
	int (*write)(void *arg, const char *line, size_t len);
	void *arg;
	struct buf line;
	struct buf id; /* scratch for client ids */
	size_t n;      /* objects in the line */
	int result;
};

static const char *
client_id(struct writer *w, const char *kind, const char *address, bool ref)
{
	buf_reset(&w->id);
	if (ref)
		buf_addc(&w->id, '#');
	name_client_id(kind, address, &w->id);
	return w->id.data;
}

static void
put_line(struct writer *w)
{
	buf_addc(&w->line, '\n');
	if (w->result == 0)
		w->result = w->write(w->arg, w->line.data, w->line.len);
	explicit_bzero(w->line.data, w->line.len);
	buf_reset(&w->line);
}

static void
end_line(struct writer *w)
{
	if (w->n == 0)
		return;
	jw_close(&w->line, '}');
	jw_close(&w->line, '}');
	put_line(w);
	w->n = 0;
}

/* Begins an object in the line; a new line where there is none or it is full.
 * scope: a domain whose other objects a reconcile takes away. */
static void
begin_object(struct writer *w, const char *object, const char *match2,
    const char *kind, const char *address, const struct domain *scope)
{
	bool reconcile = scope != NULL && w->plan->options->reconcile;

	if (w->n == PLAN_BATCH && !reconcile)
		end_line(w);
	if (w->n++ == 0) {
		jw_open(&w->line, '{');
		jw_kstr(&w->line, "@type", reconcile ? "reconcile" : "upsert");
		jw_kstr(&w->line, "object", object);
		jw_key(&w->line, "matchOn");
		jw_open(&w->line, '[');
		jw_str(&w->line, "name");
		if (match2 != NULL)
			jw_str(&w->line, match2);
		jw_close(&w->line, ']');
		jw_key(&w->line, "value");
		jw_open(&w->line, '{');
	}
	jw_key(&w->line, client_id(w, kind, address, false));
	jw_open(&w->line, '{');
}

static void
domain_ref(struct writer *w, const struct domain *d)
{
	jw_kstr(&w->line, "domainId",
	    d->id != NULL ? d->id : client_id(w, "d", d->name, true));
}

/* "name" and "domainId" of an address. */
static void
address_members(struct writer *w, const char *address, const struct domain *d)
{
	jw_key(&w->line, "name");
	jw_strn(
	    &w->line, address, (size_t)(address_domain(address) - 1 - address));
	domain_ref(w, d);
}

static void
common_members(struct writer *w, const char *description)
{
	const struct plan_options *o = w->plan->options;

	jw_kstr(&w->line, "description",
	    description != NULL ? description : o->description);
	jw_kstr(&w->line, "memberTenantId", o->tenant);
}

/* A set: each member as a key with the value true. */
static void
put_set(struct writer *w, const char *name, const struct chain *c)
{
	if (c->first == NULL)
		return;
	jw_key(&w->line, name);
	jw_open(&w->line, '{');
	for (const struct link *l = c->first; l != NULL; l = l->next)
		jw_kbool(&w->line, l->text, true);
	jw_close(&w->line, '}');
}

static void
put_number_key(struct writer *w, size_t n)
{
	char key[24];

	(void)snprintf(key, sizeof key, "%zu", n);
	jw_key(&w->line, key);
}

static void
put_domain(struct writer *w, const struct domain *d)
{
	const struct plan_options *o = w->plan->options;

	begin_object(w, "Domain", NULL, "d", d->name, NULL);
	jw_kstr(&w->line, "name", d->name);
	put_set(w, "aliases", &d->aliases);
	if (o->allow_relaying)
		jw_kbool(&w->line, "allowRelaying", true);
	if (o->manual_dkim) {
		jw_key(&w->line, "dkimManagement");
		jw_open(&w->line, '{');
		jw_kstr(&w->line, "@type", "Manual");
		jw_close(&w->line, '}');
	}
	common_members(w, NULL);
	jw_close(&w->line, '}');
	w->plan->counts.domains++;
}

static void
put_credentials(struct writer *w, const struct account *a)
{
	if (a->secret == NULL)
		return;
	jw_key(&w->line, "credentials");
	jw_open(&w->line, '{');
	jw_key(&w->line, "0");
	jw_open(&w->line, '{');
	jw_kstr(&w->line, "@type", "Password");
	jw_kstr(&w->line, "secret", a->secret);
	jw_kstr(&w->line, "otpAuth", a->otp);
	jw_close(&w->line, '}');
	jw_close(&w->line, '}');
}

static void
put_aliases(struct writer *w, const struct account *a)
{
	size_t n = 0;

	if (a->aliases.first == NULL)
		return;
	jw_key(&w->line, "aliases");
	jw_open(&w->line, '{');
	for (const struct link *l = a->aliases.first; l != NULL; l = l->next) {
		put_number_key(w, n++);
		jw_open(&w->line, '{');
		address_members(w, l->text,
		    plan_find_domain(w->plan, address_domain(l->text)));
		if (!l->enabled)
			jw_kbool(&w->line, "enabled", false);
		jw_close(&w->line, '}');
	}
	jw_close(&w->line, '}');
}

/* The server has no switch for an account; permissions that are taken away do
 * the same. */
static void
put_permissions(struct writer *w, const struct account *a)
{
	if ((a->flags & (ACC_LOCKED | ACC_NO_RECEIVE)) == 0)
		return;
	jw_key(&w->line, "permissions");
	jw_open(&w->line, '{');
	jw_kstr(&w->line, "@type", "Merge");
	jw_key(&w->line, "disabledPermissions");
	jw_open(&w->line, '{');
	if ((a->flags & ACC_LOCKED) != 0)
		jw_kbool(&w->line, "authenticate", true);
	if ((a->flags & ACC_NO_RECEIVE) != 0)
		jw_kbool(&w->line, "emailReceive", true);
	jw_close(&w->line, '}');
	jw_close(&w->line, '}');
}

/* The groups that exist; the others are noted. */
static void
put_groups(struct writer *w, const struct account *a)
{
	bool open = false;

	for (const struct link *l = a->groups.first; l != NULL; l = l->next) {
		struct why why = { 0 };
		const char *address = plan_canonical(w->plan, l->text, &why);
		const struct account *g =
		    address == NULL ? NULL : plan_account_of(w->plan, address);

		if (g == NULL || (g->flags & ACC_GROUP) == 0) {
			plan_note(w->plan, NOTE_LEFT, a->address, a->origin,
			    "a member of %s, which is no group here", l->text);
			continue;
		}
		if (!open) {
			jw_key(&w->line, "memberGroupIds");
			jw_open(&w->line, '{');
			open = true;
		}
		jw_kbool(&w->line, client_id(w, "g", g->address, true), true);
	}
	if (open)
		jw_close(&w->line, '}');
}

static void
count_account(struct plan_counts *counts, const struct account *a)
{
	if ((a->flags & ACC_GROUP) != 0) {
		counts->groups++;
		return;
	}
	counts->accounts++;
	if ((a->flags & ACC_VERBATIM) != 0)
		counts->verbatim++;
	else if ((a->flags & ACC_TRANSCODED) != 0)
		counts->transcoded++;
	else if ((a->flags & ACC_TEMPORARY) != 0)
		counts->temporary++;
	else
		counts->without_secret++;
}

static void
put_account(struct writer *w, const struct account *a)
{
	const struct domain *d = &w->plan->domains[a->domain];
	bool group = (a->flags & ACC_GROUP) != 0;

	begin_object(w, "Account", "domainId", group ? "g" : "u", a->address,
	    group ? NULL : d);
	jw_kstr(&w->line, "@type", group ? "Group" : "User");
	address_members(w, a->address, d);
	put_credentials(w, a);
	if (a->quota > 0) {
		jw_key(&w->line, "quotas");
		jw_open(&w->line, '{');
		jw_kint(&w->line, "maxDiskQuota", a->quota);
		jw_close(&w->line, '}');
	}
	put_aliases(w, a);
	put_groups(w, a);
	put_permissions(w, a);
	common_members(w, a->name);
	jw_close(&w->line, '}');
	count_account(&w->plan->counts, a);
}

static void
put_list(struct writer *w, const struct list *l)
{
	const struct domain *d = &w->plan->domains[l->domain];

	begin_object(w, "MailingList", "domainId", "l", l->address, d);
	address_members(w, l->address, d);
	put_set(w, "recipients", &l->recipients);
	common_members(w, NULL);
	jw_close(&w->line, '}');
}

/* An object whose domain has no id here cannot be written. */
static bool
has_domain(
    struct writer *w, uint32_t domain, const char *address, const char *origin)
{
	const struct domain *d = &w->plan->domains[domain];

	if (d->id != NULL || !w->plan->options->no_domains)
		return true;
	plan_note(w->plan, NOTE_REFUSED, address, origin,
	    "the domain %s has no id (--existing-domain %s=ID)", d->name,
	    d->name);
	return false;
}

static void
put_accounts(struct writer *w, bool groups)
{
	for (size_t i = 0; i < w->plan->n_accounts && w->result == 0; i++) {
		const struct account *a = &w->plan->accounts[i];

		if (((a->flags & ACC_GROUP) != 0) == groups &&
		    (a->flags & ACC_REFUSED) == 0 &&
		    has_domain(w, a->domain, a->address, a->origin))
			put_account(w, a);
	}
	end_line(w);
}

/* --- reconcile: a line for each domain, which takes away what else is there */

static void
scope_line(struct writer *w, const struct domain *d)
{
	jw_close(&w->line, '}');
	jw_key(&w->line, "scope");
	jw_open(&w->line, '{');
	domain_ref(w, d);
	jw_close(&w->line, '}');
	jw_close(&w->line, '}');
	put_line(w);
	w->n = 0;
}

static void
reconcile_domain(struct writer *w, uint32_t domain)
{
	struct plan *p = w->plan;

	for (size_t i = 0; i < p->n_accounts; i++)
		if (p->accounts[i].domain == domain &&
		    (p->accounts[i].flags & (ACC_GROUP | ACC_REFUSED)) == 0 &&
		    has_domain(w, domain, p->accounts[i].address,
			p->accounts[i].origin))
			put_account(w, &p->accounts[i]);
	if (w->n != 0)
		scope_line(w, &p->domains[domain]);
	for (size_t i = 0; i < p->n_lists; i++)
		if (p->lists[i].domain == domain &&
		    has_domain(
			w, domain, p->lists[i].address, p->lists[i].origin))
			put_list(w, &p->lists[i]);
	if (w->n != 0)
		scope_line(w, &p->domains[domain]);
}

/* --- the whole plan --- */

static void
put_domains(struct writer *w)
{
	if (w->plan->options->no_domains)
		return;
	for (size_t i = 0; i < w->plan->n_domains && w->result == 0; i++) {
		const struct domain *d = &w->plan->domains[i];

		if (d->alias_of == NULL && d->id == NULL)
			put_domain(w, d);
	}
	end_line(w);
}

/* Last, because the address must exist when the server checks it. */
static void
put_catch_alls(struct writer *w)
{
	for (size_t i = 0; i < w->plan->n_domains && w->result == 0; i++) {
		const struct domain *d = &w->plan->domains[i];

		if (d->catch_all == NULL ||
		    (d->id == NULL && w->plan->options->no_domains))
			continue;
		jw_open(&w->line, '{');
		jw_kstr(&w->line, "@type", "update");
		jw_kstr(&w->line, "object", "Domain");
		jw_kstr(&w->line, "id",
		    d->id != NULL ? d->id : client_id(w, "d", d->name, true));
		jw_key(&w->line, "value");
		jw_open(&w->line, '{');
		jw_kstr(&w->line, "catchAllAddress", d->catch_all);
		jw_close(&w->line, '}');
		jw_close(&w->line, '}');
		put_line(w);
	}
}

int
plan_write(struct plan *p,
    int (*write)(void *arg, const char *line, size_t len), void *arg)
{
	struct writer w = { .plan = p, .write = write, .arg = arg };

	put_domains(&w);
	put_accounts(&w, true);
	if (p->options->reconcile) {
		for (size_t i = 0; i < p->n_domains && w.result == 0; i++)
			reconcile_domain(&w, (uint32_t)i);
	} else {
		put_accounts(&w, false);
		for (size_t i = 0; i < p->n_lists && w.result == 0; i++)
			if (has_domain(&w, p->lists[i].domain,
				p->lists[i].address, p->lists[i].origin))
				put_list(&w, &p->lists[i]);
		end_line(&w);
	}
	put_catch_alls(&w);
	buf_wipe(&w.line);
	buf_free(&w.id);
	return w.result;
}
