/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/* The domains themselves, their keys, and what they get when all else is there. */
#include "plan/write-domain.h"

#include "core/json.h"
#include "plan/model.h"
#include "plan/write-internal.h"

/* The server makes no keys by itself. */
static void
put_manual_dkim(struct writer *w)
{
	writer_variant(w, "dkimManagement", "Manual");
	jw_close(&w->line, '}');
}

/* Whether all accounts of a domain are in the plan. */
static bool
is_whole(const struct plan *p, const struct domain *d)
{
	return !writer_is_part(p) && !p->spare_all && !d->spare_accounts;
}

/* Whether what the directory does not have goes: with --reconcile, where aliases
 * were read at all. */
static bool
takes_back(const struct plan *p, const struct domain *d)
{
	return p->options->reconcile && is_whole(p, d) &&
	       p->n_rows + p->n_alias_domains != 0;
}

static void
put_domain(struct writer *w, const struct domain *d)
{
	const struct plan *p = w->plan;
	const struct plan_options *o = p->options;

	writer_object(w, "upsert", "Domain", "d", d->name);
	jw_kstr(&w->line, "name", d->name);
	if ((d->first_alias != 0 && !writer_is_part(p)) ||
	    (takes_back(p, d) && !d->left_aliases)) {
		jw_key(&w->line, "aliases");
		jw_open(&w->line, '{');
		for (uint32_t i = d->first_alias; i != 0;
		     i = p->domains[AT(i)].next)
			jw_kbool(&w->line, p->domains[AT(i)].name, true);
		jw_close(&w->line, '}');
	}
	if (o->allow_relaying || (o->reconcile && is_whole(p, d)))
		jw_kbool(&w->line, "allowRelaying", o->allow_relaying);
	if (o->manual_dkim || d->keys)
		put_manual_dkim(w);
	writer_common(w, NULL);
	writer_object_end(w);
	w->plan->counts.domains++;
}

void
writer_domains(struct writer *w)
{
	const struct plan *p = w->plan;

	for (size_t i = 0; i < p->n_domains && w->result == 0; i++) {
		const struct domain *d = &p->domains[i];

		if (d->local && d->alias_of == 0 && d->id == NULL &&
		    !p->options->no_domains)
			put_domain(w, d);
	}
	writer_end(w);
}

/* Before its keys, a domain that we do not create is told to make none. */
void
writer_manual_updates(struct writer *w)
{
	const struct plan *p = w->plan;

	for (size_t i = 0; i < p->n_domains && w->result == 0; i++) {
		const struct domain *d = &p->domains[i];

		if (d->id == NULL || !d->keys)
			continue;
		writer_operation(w, "update", "Domain");
		jw_kstr(&w->line, "id", d->ref);
		jw_key(&w->line, "value");
		jw_open(&w->line, '{');
		put_manual_dkim(w);
		jw_close(&w->line, '}');
		jw_close(&w->line, '}');
		writer_line(w);
	}
}

static void
put_signing(struct writer *w, const struct signing *s)
{
	const struct plan *p = w->plan;
	const struct domain *d = &p->domains[s->domain];
	const char *selector = plan_string(p, s->selector);
	struct buf name = { 0 };

	buf_addf(&name, "%s._domainkey.%s", selector, d->name);
	writer_object(w, "upsert", "DkimSignature", "k", name.data);
	buf_free(&name);
	jw_kstr(&w->line, "@type",
	    s->ed25519 ? "Dkim1Ed25519Sha256" : "Dkim1RsaSha256");
	jw_kstr(&w->line, "domainId", d->ref);
	jw_kstr(&w->line, "selector", selector);
	writer_variant(w, "privateKey", "Text");
	jw_kstr(&w->line, "secret", plan_string(p, s->key));
	jw_close(&w->line, '}');
	jw_kstr(&w->line, "memberTenantId", p->options->tenant);
	writer_object_end(w);
	w->plan->counts.signings++;
}

void
writer_signings(struct writer *w)
{
	const struct plan *p = w->plan;

	for (size_t i = 0; i < p->n_signings && w->result == 0; i++)
		if (!p->signings[i].refused)
			put_signing(w, &p->signings[i]);
	writer_end(w);
}

/* Whether one that the domain may have from before goes. */
static bool
no_catch_all(const struct plan *p, size_t i)
{
	const struct domain *d = &p->domains[i];

	return takes_back(p, d) && d->local && d->alias_of == 0 &&
	       d->catch_all == 0 && !d->left_catch_all &&
	       !plan_is_missing(p, (uint32_t)i);
}

/*
 * What a domain gets last: the catch-all, because its address must exist, and,
 * in a part and where we do not create the domain, its aliases, by pointer, so that
 * those that it has stay.
 */
void
writer_domain_updates(struct writer *w)
{
	const struct plan *p = w->plan;

	for (size_t i = 0; i < p->n_domains && w->result == 0; i++) {
		const struct domain *d = &p->domains[i];
		bool aliases = (d->id != NULL || writer_is_part(p)) &&
			       d->first_alias != 0,
		     none = no_catch_all(p, i);

		if (d->catch_all == 0 && !aliases && !none)
			continue;
		writer_operation(w, "update", "Domain");
		jw_kstr(&w->line, "id", d->ref);
		jw_key(&w->line, "value");
		jw_open(&w->line, '{');
		for (uint32_t n = aliases ? d->first_alias : 0; n != 0;
		     n = p->domains[AT(n)].next) {
			buf_reset(&w->id);
			buf_addf(&w->id, "aliases/%s", p->domains[AT(n)].name);
			jw_kbool(&w->line, w->id.data, true);
		}
		if (d->catch_all != 0)
			jw_kstr(&w->line, "catchAllAddress",
			    plan_name(p, d->catch_all));
		else if (none)
			jw_knull(&w->line, "catchAllAddress");
		jw_close(&w->line, '}');
		jw_close(&w->line, '}');
		writer_line(w);
	}
}
