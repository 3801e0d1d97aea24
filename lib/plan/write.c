/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/*
 * plan_write: the objects as lines of a plan (mailferry-plan(5)). Containers
 * are maps, never arrays: a list has keys "0", "1" and so on, a set has its
 * members as keys (Stalwart, configuration/object-encoding.md).
 */
#include "plan/write.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"
#include "core/json.h"
#include "plan/model.h"
#include "plan/name.h"
#include "plan/switches.h"
#include "plan/write-domain.h"
#include "plan/write-internal.h"
#include "record/address.h"
#include "record/record.h"

/* The server takes this many in one call (maxObjectsInSet). */
enum {
	PLAN_BATCH = 500
};

/* --- lines --- */

void
writer_line(struct writer *w)
{
	buf_addc(&w->line, '\n');
	if (w->result == 0)
		w->result = w->write(w->arg, w->line.data, w->line.len, w->why);
	buf_reset(&w->line);
	w->n = 0;
}

/* The members of an operation before its value. */
void
writer_operation(struct writer *w, const char *type, const char *object)
{
	jw_open(&w->line, '{');
	jw_kstr(&w->line, "@type", type);
	jw_kstr(&w->line, "object", object);
}

void
writer_end(struct writer *w)
{
	if (w->n == 0)
		return;
	jw_close(&w->line, '}');
	jw_close(&w->line, '}');
	writer_line(w);
}

static const char *
client_id(struct writer *w, const char *kind, const char *address, bool ref)
{
	buf_reset(&w->id);
	if (ref)
		buf_addc(&w->id, '#');
	name_client_id(kind, address, &w->id);
	return w->id.data;
}

/* Whether others than those of the plan may have aliases and be on its lists. */
bool
writer_is_part(const struct plan *p)
{
	return p->options->part || p->refused;
}

/* What tells the objects of a kind apart. The order of that of accounts and lists
 * says whether the plan is of a part: mailferry-plan(5). */
static void
put_match(struct writer *w, char kind)
{
	bool part = (writer_is_part(w->plan) || w->lacks) &&
		    strchr("gutpl", kind) != NULL;

	if (part)
		jw_str(&w->line, "domainId");
	jw_str(&w->line, kind == 'k'   ? "selector"
			 : kind == 's' ? "namespace"
				       : "name");
	if (kind == 's')
		jw_str(&w->line, "key");
	else if (kind != 'd' && !part)
		jw_str(&w->line, "domainId");
}

/* Begins a line of objects. */
static void
begin_objects(struct writer *w, const char *operation, const char *object,
    const char *kind)
{
	writer_operation(w, operation, object);
	jw_key(&w->line, "matchOn");
	jw_open(&w->line, '[');
	put_match(w, *kind);
	jw_close(&w->line, ']');
	jw_key(&w->line, "value");
	jw_open(&w->line, '{');
}

/* Begins an object in the current line, or in a new one. */
void
writer_object(struct writer *w, const char *operation, const char *object,
    const char *kind, const char *address)
{
	if (w->n++ == 0)
		begin_objects(w, operation, object, kind);
	jw_key(&w->line, client_id(w, kind, address, false));
	jw_open(&w->line, '{');
}

/* Ends an object, and a line that is full. */
void
writer_object_end(struct writer *w)
{
	jw_close(&w->line, '}');
	if (w->n == PLAN_BATCH && !w->whole)
		writer_end(w);
}

/* --- members --- */

/* "name" and "domainId" of an address. */
static void
address_members(struct writer *w, uint32_t address)
{
	const struct plan *p = w->plan;
	const char *name = plan_name(p, address);

	jw_key(&w->line, "name");
	jw_strn(&w->line, name, (size_t)(address_domain(name) - 1 - name));
	jw_kstr(
	    &w->line, "domainId", p->domains[p->addresses[address].domain].ref);
}

void
writer_common(struct writer *w, const char *description)
{
	const struct plan_options *o = w->plan->options;

	jw_kstr(&w->line, "description",
	    description != NULL ? description : o->description);
	jw_kstr(&w->line, "memberTenantId", o->tenant);
}

void
writer_variant(struct writer *w, const char *name, const char *type)
{
	jw_key(&w->line, name);
	jw_open(&w->line, '{');
	jw_kstr(&w->line, "@type", type);
}

static void
put_networks(struct writer *w, struct extras s)
{
	const struct plan *p = w->plan;

	if (s.networks.n == 0 && (!p->options->networks ||
				     !p->options->whole_accounts || s.shut_out))
		return;
	jw_key(&w->line, "allowedIps");
	jw_open(&w->line, '{');
	for (uint32_t n = 0; n < s.networks.n; n++)
		jw_kbool(&w->line,
		    plan_string(p, p->numbers[s.networks.at + n]), true);
	jw_close(&w->line, '}');
}

static void
put_credentials(struct writer *w, const struct model_account *a)
{
	struct extras extras = plan_extras(w->plan, a);

	if (a->secret == 0)
		return;
	jw_key(&w->line, "credentials");
	jw_open(&w->line, '{');
	writer_variant(w, "0", "Password");
	jw_kstr(&w->line, "secret", plan_string(w->plan, a->secret));
	jw_kstr(&w->line, "otpAuth", plan_string(w->plan, extras.otp));
	put_networks(w, extras);
	jw_close(&w->line, '}');
	jw_close(&w->line, '}');
}

/* What the account does not have: one that exists may have it from before. */
static void
put_nothing(struct writer *w, const char *name)
{
	if (!w->plan->options->whole_accounts)
		return;
	jw_key(&w->line, name);
	jw_open(&w->line, '{');
	jw_close(&w->line, '}');
}

static void
put_quota(struct writer *w, const struct model_account *a)
{
	if (a->quota == 0) {
		put_nothing(w, "quotas");
		return;
	}
	jw_key(&w->line, "quotas");
	jw_open(&w->line, '{');
	jw_kint(&w->line, "maxDiskQuota", a->quota);
	jw_close(&w->line, '}');
}

static void
put_aliases(struct writer *w, const struct model_account *a)
{
	unsigned int n = 0;
	uint32_t next;

	if (a->first_alias == 0) {
		put_nothing(w, "aliases");
		return;
	}
	jw_key(&w->line, "aliases");
	jw_open(&w->line, '{');
	for (uint32_t alias = a->first_alias; alias != 0; alias = next) {
		const struct address *at = &w->plan->addresses[alias];
		char key[16];

		(void)snprintf(key, sizeof key, "%u", n++);
		jw_key(&w->line, key);
		jw_open(&w->line, '{');
		address_members(w, alias);
		if (at->kind == OWNER_ALIAS_OFF)
			jw_kbool(&w->line, "enabled", false);
		jw_close(&w->line, '}');
		next = at->next;
	}
	jw_close(&w->line, '}');
}

static void
put_groups(struct writer *w, const struct model_account *a)
{
	const struct plan *p = w->plan;

	if (a->groups.n == 0) {
		if ((a->flags & ACC_GROUP) == 0)
			put_nothing(w, "memberGroupIds");
		return;
	}
	jw_key(&w->line, "memberGroupIds");
	jw_open(&w->line, '{');
	for (uint32_t n = 0; n < a->groups.n; n++) {
		const struct model_account *g =
		    &p->accounts[p->numbers[a->groups.at + n]];

		jw_kbool(&w->line,
		    client_id(w, "g", plan_name(p, g->address), true), true);
	}
	jw_close(&w->line, '}');
}

/* The server cannot switch an account off; taking permissions away does the
 * same. */
static void
put_permissions(struct writer *w, const struct model_account *a)
{
	uint32_t disabled = plan_extras(w->plan, a).disabled;

	if ((a->flags & (ACC_LOCKED | ACC_NO_RECEIVE)) == 0 && disabled == 0) {
		if (w->plan->options->whole_accounts &&
		    (a->flags & ACC_GROUP) == 0) {
			writer_variant(w, "permissions", "Inherit");
			jw_close(&w->line, '}');
		}
		return;
	}
	writer_variant(w, "permissions", "Merge");
	jw_key(&w->line, "disabledPermissions");
	jw_open(&w->line, '{');
	if ((a->flags & ACC_LOCKED) != 0)
		jw_kbool(&w->line, "authenticate", true);
	if ((a->flags & ACC_NO_RECEIVE) != 0)
		jw_kbool(&w->line, "emailReceive", true);
	for (size_t i = PROTOCOL_IMAP; i <= PROTOCOL_SIEVE; i++)
		if ((disabled & 1U << i) != 0)
			jw_kbool(&w->line, protocol_permissions[i], true);
	jw_close(&w->line, '}');
	jw_close(&w->line, '}');
}

/* --- objects --- */

static void
count_account(struct plan_counts *counts, const struct model_account *a)
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

/* What client ids of accounts begin with. stalwart-apply says of a temporary password
 * that it is not set, and of an owner who has no second factor in a directory whose
 * factors are carried, that one there stays. */
static const char *
account_kind(const struct writer *w, const struct model_account *a)
{
	const struct plan_options *o = w->plan->options;

	if ((a->flags & ACC_GROUP) != 0)
		return "g";
	if ((a->flags & ACC_TEMPORARY) != 0)
		return "t";
	return o->carry_otp && a->secret != 0 &&
		       plan_extras(w->plan, a).otp == 0
		   ? "p"
		   : "u";
}

static void
put_account(
    struct writer *w, const char *operation, const struct model_account *a)
{
	bool group = (a->flags & ACC_GROUP) != 0;
	struct extras s = plan_extras(w->plan, a);

	writer_object(w, operation, "Account", account_kind(w, a),
	    plan_name(w->plan, a->address));
	jw_kstr(&w->line, "@type", group ? "Group" : "User");
	address_members(w, a->address);
	put_credentials(w, a);
	put_quota(w, a);
	put_aliases(w, a);
	put_groups(w, a);
	put_permissions(w, a);
	/* A directory without names at all proves nothing of one. */
	if (a->name == 0 && w->plan->options->description == NULL &&
	    w->plan->options->reconcile && w->plan->named &&
	    !writer_is_part(w->plan))
		jw_knull(&w->line, "description");
	jw_kstr(&w->line, "locale", plan_string(w->plan, s.locale));
	jw_kstr(&w->line, "timeZone", plan_string(w->plan, s.time_zone));
	writer_common(w, plan_string(w->plan, a->name));
	writer_object_end(w);
	count_account(&w->plan->counts, a);
}

static void
put_list(struct writer *w, const char *operation, const struct list *l)
{
	const struct plan *p = w->plan;

	writer_object(
	    w, operation, "MailingList", "l", plan_name(p, l->address));
	address_members(w, l->address);
	jw_key(&w->line, "recipients");
	jw_open(&w->line, '{');
	for (uint32_t n = 0; n < l->recipients.n; n++)
		jw_kbool(&w->line,
		    plan_name(p, p->numbers[l->recipients.at + n]), true);
	jw_close(&w->line, '}');
	writer_common(w, NULL);
	writer_object_end(w);
}

static void
put_accounts(struct writer *w, bool groups)
{
	for (size_t i = 0; i < w->plan->n_accounts && w->result == 0; i++) {
		const struct model_account *a = &w->plan->accounts[i];

		if (((a->flags & ACC_GROUP) != 0) == groups &&
		    (a->flags & ACC_REFUSED) == 0)
			put_account(w, "upsert", a);
	}
	writer_end(w);
}

/*
 * Lists whose aliases name others, too, whose accounts the input does not have: a
 * directory may not have been read, and nobody is taken from them. order: of the
 * lists, by number; NULL: as they are.
 */
static void
put_lacking_lists(
    struct writer *w, const uint32_t *order, size_t from, size_t end)
{
	w->whole = false;
	w->lacks = true;
	for (size_t i = from; i < end && w->result == 0; i++) {
		const struct list *l =
		    &w->plan->lists[order == NULL ? i : order[i]];

		if (l->lacks)
			put_list(w, "upsert", l);
	}
	writer_end(w);
	w->lacks = false;
}

/* --- reconcile: a line for each domain, which takes away what else is there */

/* The indexes 0..n-1 in the order of their domains, those of domain d from
 * start[d] to start[d + 1]. The caller frees both. */
struct by_domain {
	uint32_t *order;
	uint32_t *start;
};

static struct by_domain
sort_by_domain(const struct plan *p, size_t n,
    uint32_t (*address)(const struct plan *p, size_t i))
{
	struct by_domain s = { xcalloc(n + 1, sizeof *s.order),
		xcalloc(p->n_domains + 2, sizeof *s.start) };

	for (size_t i = 0; i < n; i++)
		s.start[p->addresses[address(p, i)].domain + 2]++;
	for (size_t d = 2; d < p->n_domains + 2; d++)
		s.start[d] += s.start[d - 1];
	for (size_t i = 0; i < n; i++)
		s.order[s.start[p->addresses[address(p, i)].domain + 1]++] =
		    (uint32_t)i;
	return s;
}

static uint32_t
account_address(const struct plan *p, size_t i)
{
	return p->accounts[i].address;
}

static uint32_t
list_address(const struct plan *p, size_t i)
{
	return p->lists[i].address;
}

static uint32_t
kept_address(const struct plan *p, size_t i)
{
	return p->kept[i];
}

/* Ends the line of a domain: a reconcile line takes only objects of the domain
 * away. names: what the server's objects have in it; NULL: any. */
static void
end_domain(struct writer *w, const struct domain *d, const char *names)
{
	if (!w->whole || w->line.len == 0) {
		writer_end(w);
		return;
	}
	jw_close(&w->line, '}');
	jw_key(&w->line, "scope");
	jw_open(&w->line, '{');
	jw_kstr(&w->line, "domainId", d->ref);
	jw_kstr(&w->line, "name", names);
	jw_close(&w->line, '}');
	jw_close(&w->line, '}');
	if (w->line.len > PLAN_LINE_MAX && w->result == 0)
		w->result = why_set(w->why, FAIL_FATAL,
		    "%s has too many accounts for one reconcile line", d->name);
	writer_line(w);
}

/* The operation for objects of a domain: if the plan does not have them all,
 * they are added to what is there. */
static const char *
operation(struct writer *w, bool spared)
{
	w->whole = !spared;
	return spared ? "upsert" : "reconcile";
}

/*
 * All lists of the domain go but those of the plan, and these addresses. No object
 * has a name with a blank in it, so that stalwart-cli takes nothing away by this;
 * stalwart-apply knows what it says (mailferry-plan(5)).
 */
static void
put_others(struct writer *w, const struct domain *d, const uint32_t *kept,
    const uint32_t *end)
{
	const struct plan *p = w->plan;
	struct buf names = { 0 };

	buf_addc(&names, '!');
	for (; kept < end; kept++) {
		const char *name = plan_name(p, p->kept[*kept]);

		buf_addc(&names, ' ');
		buf_add(
		    &names, name, (size_t)(address_domain(name) - 1 - name));
	}
	begin_objects(w, "reconcile", "MailingList", "l");
	end_domain(w, d, names.data);
	buf_free(&names);
}

/* The lists of a domain, and what becomes of others that are there. */
static void
reconcile_lists(struct writer *w, uint32_t d, const struct by_domain *lists,
    const struct by_domain *kept)
{
	const struct plan *p = w->plan;
	const struct domain *domain = &p->domains[d];
	bool some = kept->start[d] != kept->start[d + 1];
	const char *op;

	put_lacking_lists(
	    w, lists->order, lists->start[d], lists->start[d + 1]);
	op = operation(w, domain->spare_lists);

	if (some)
		op = "upsert";
	for (uint32_t i = lists->start[d]; i < lists->start[d + 1]; i++)
		if (!p->lists[lists->order[i]].lacks)
			put_list(w, op, &p->lists[lists->order[i]]);
	if (w->whole && domain->local && domain->alias_of == 0 &&
	    !plan_is_missing(p, d)) {
		/* The last list may be gone. */
		if (w->n == 0 && !some)
			begin_objects(w, op, "MailingList", "l");
		end_domain(w, domain, NULL);
		if (some)
			put_others(w, domain, kept->order + kept->start[d],
			    kept->order + kept->start[d + 1]);
	}
	end_domain(w, domain, NULL);
}

static void
reconcile_domain(struct writer *w, uint32_t d, const struct by_domain *accounts,
    const struct by_domain *lists, const struct by_domain *kept)
{
	const struct plan *p = w->plan;
	const struct domain *domain = &p->domains[d];
	const char *op = operation(w, domain->spare_accounts);

	for (uint32_t i = accounts->start[d]; i < accounts->start[d + 1]; i++) {
		const struct model_account *a =
		    &p->accounts[accounts->order[i]];

		if ((a->flags & (ACC_GROUP | ACC_REFUSED)) == 0)
			put_account(w, op, a);
	}
	end_domain(w, domain, NULL);
	reconcile_lists(w, d, lists, kept);
	w->whole = false;
}

static void
put_reconciles(struct writer *w)
{
	const struct plan *p = w->plan;
	struct by_domain accounts =
	    sort_by_domain(p, p->n_accounts, account_address);
	struct by_domain lists = sort_by_domain(p, p->n_lists, list_address);
	struct by_domain kept = sort_by_domain(p, p->n_kept, kept_address);

	for (uint32_t d = 0; d < p->n_domains && w->result == 0; d++)
		reconcile_domain(w, d, &accounts, &lists, &kept);
	free(kept.order);
	free(kept.start);
	free(accounts.order);
	free(accounts.start);
	free(lists.order);
	free(lists.start);
}

/* --- the whole plan --- */

/* Who may send as whom; a key with "*" is a pattern. */
static void
put_send_as(struct writer *w, const char *key)
{
	writer_object(w, "upsert", "MemoryLookupKey", "s", key);
	jw_kstr(&w->line, "namespace", SEND_AS_NAMESPACE);
	jw_kstr(&w->line, "key", key);
	jw_kbool(&w->line, "isGlobPattern", strstr(key, " *@") != NULL);
	writer_object_end(w);
}

static void
put_rights(struct writer *w)
{
	const struct plan *p = w->plan;

	for (size_t i = 0; i < p->n_accounts && w->result == 0; i++) {
		struct run keys = plan_extras(p, &p->accounts[i]).send_as;

		if ((p->accounts[i].flags & ACC_REFUSED) != 0)
			continue;
		for (uint32_t n = 0; n < keys.n; n++)
			put_send_as(w, plan_string(p, p->numbers[keys.at + n]));
	}
	writer_end(w);
}

int
plan_write(struct plan *p,
    int (*write)(void *arg, const char *line, size_t len, struct why *why),
    void *arg, struct why *why)
{
	struct writer w = { .plan = p, .write = write, .arg = arg, .why = why };

	writer_domains(&w);
	writer_manual_updates(&w);
	writer_signings(&w);
	put_accounts(&w, true);
	if (p->options->reconcile) {
		put_reconciles(&w);
	} else {
		put_accounts(&w, false);
		for (size_t i = 0; i < p->n_lists && w.result == 0; i++)
			if (!p->lists[i].lacks)
				put_list(&w, "upsert", &p->lists[i]);
		writer_end(&w);
		put_lacking_lists(&w, NULL, 0, p->n_lists);
	}
	put_rights(&w);
	writer_domain_updates(&w);
	buf_wipe(&w.line);
	buf_free(&w.id);
	return w.result;
}
