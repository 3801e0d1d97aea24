/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

#include "plan/model.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"
#include "plan/name.h"
#include "record/address.h"

void
plan_note(struct plan *p, enum note_kind kind, const char *address,
    uint32_t origin, const char *fmt, ...)
{
	struct note note = { kind, address, fmt, plan_string(p, origin), fmt,
		1 };
	char *reason = NULL;
	va_list ap;

	va_start(ap, fmt);
	if (vasprintf(&reason, fmt, ap) == -1)
		reason = NULL;
	va_end(ap);
	if (reason != NULL)
		note.reason = reason;
	p->calls->note(p->calls->arg, &note);
	free(reason);
}

/* --- strings, runs --- */

uint32_t
plan_text(struct plan *p, const char *s)
{
	return s == NULL ? 0 : texts_add(&p->texts, s, strlen(s));
}

const char *
plan_string(const struct plan *p, uint32_t number)
{
	return texts_get(&p->texts, number);
}

struct run
plan_run(const struct plan *p)
{
	return (struct run){ .at = (uint32_t)p->n_numbers };
}

void
plan_append(struct plan *p, struct run *run, uint32_t number)
{
	p->numbers = xgrow(
	    p->numbers, p->n_numbers, &p->cap_numbers, sizeof *p->numbers);
	p->numbers[p->n_numbers++] = number;
	run->n++;
}

void
plan_set(struct plan *p)
{
	p->stamp++;
}

bool
plan_once(struct plan *p, uint32_t address)
{
	bool first = p->addresses[address].stamp != p->stamp;

	p->addresses[address].stamp = p->stamp;
	return first;
}

struct extras
plan_extras(const struct plan *p, const struct model_account *a)
{
	struct extras none = { 0 };

	return a->extras == 0 ? none : p->extras[AT(a->extras)];
}

struct extras *
plan_extras_put(struct plan *p, struct model_account *a)
{
	if (a->extras == 0) {
		p->extras = xgrow(
		    p->extras, p->n_extras, &p->cap_extras, sizeof *p->extras);
		p->extras[p->n_extras++] = (struct extras){ 0 };
		a->extras = (uint32_t)p->n_extras;
	}
	return &p->extras[AT(a->extras)];
}

/* --- domains and addresses --- */

uint32_t
plan_domain(struct plan *p, const char *name)
{
	void **slot = map_get(&p->domain_map, name), **id;
	struct domain *d;

	if (slot != NULL)
		return (uint32_t)(uintptr_t)*slot;
	p->domains = xgrow(
	    p->domains, p->n_domains, &p->cap_domains, sizeof *p->domains);
	d = &p->domains[p->n_domains];
	*d = (struct domain){ .name = plan_string(p, plan_text(p, name)) };
	id = map_get(&p->options->existing, name);
	if (id != NULL) {
		d->id = *id;
		d->ref = *id;
	} else {
		buf_reset(&p->scratch);
		buf_addc(&p->scratch, '#');
		name_client_id("d", d->name, &p->scratch);
		d->ref = plan_string(p, plan_text(p, p->scratch.data));
	}
	*map_put(&p->domain_map, d->name, NULL) =
	    (void *)(uintptr_t)p->n_domains;
	return (uint32_t)p->n_domains++;
}

/* The number of an address that is sanitised already. */
static uint32_t
put_address(struct plan *p, const char *text, size_t len)
{
	uint32_t number = intern_put(&p->names, text, len);

	while (p->n_addresses <= number) { /* the number 0 is none */
		p->addresses = xgrow(p->addresses, p->n_addresses,
		    &p->cap_addresses, sizeof *p->addresses);
		p->addresses[p->n_addresses++] = (struct address){ 0 };
		if (p->n_addresses > number)
			p->addresses[number].domain = plan_domain(
			    p, address_domain(plan_name(p, number)));
	}
	return number;
}

uint32_t
plan_address(struct plan *p, const char *text, struct why *why)
{
	int r;

	buf_reset(&p->scratch);
	if (*text == '@') {
		buf_addc(&p->scratch, '@');
		r = name_domain(text + 1, &p->scratch, why);
	} else {
		r = name_address(text, &p->scratch, why);
	}
	return r == -1 ? 0 : put_address(p, p->scratch.data, p->scratch.len);
}

uint32_t
plan_outside(struct plan *p, const char *text, struct why *why)
{
	struct why refused = { 0 };
	uint32_t sane = plan_address(p, text, &refused), number;
	struct buf raw = { 0 };

	if (*text == '@' || name_outside(text, &raw, why) == -1) {
		buf_free(&raw);
		if (sane == 0 && *text == '@' && why != NULL)
			*why = refused;
		return *text == '@' ? sane : 0;
	}
	if (sane != 0 && strcmp(raw.data, plan_name(p, sane)) == 0) {
		buf_free(&raw);
		return sane;
	}
	number = put_address(p, raw.data, raw.len);
	p->addresses[number].kind = OWNER_NOBODY;
	p->addresses[number].next = sane;
	buf_free(&raw);
	return number;
}

uint32_t
plan_target(struct plan *p, uint32_t address)
{
	const struct address *a = &p->addresses[address];

	if (a->kind == OWNER_NOBODY) {
		if (!p->domains[a->domain].local)
			return address;
		address = a->next;
	}
	return address == 0 ? 0 : plan_canonical(p, address);
}

const char *
plan_name(const struct plan *p, uint32_t address)
{
	return intern_text(&p->names, address);
}

bool
plan_is_catch_all(const struct plan *p, uint32_t address)
{
	return *plan_name(p, address) == '@';
}

uint32_t
plan_canonical(struct plan *p, uint32_t address)
{
	const struct domain *d = &p->domains[p->addresses[address].domain];
	const char *name;

	if (d->alias_of == 0)
		return address;
	name = plan_name(p, address);
	buf_reset(&p->scratch);
	buf_add(&p->scratch, name, (size_t)(address_domain(name) - name));
	buf_adds(&p->scratch, p->domains[AT(d->alias_of)].name);
	return put_address(p, p->scratch.data, p->scratch.len);
}

bool
plan_has_tail(const struct plan *p, uint32_t address)
{
	const char *name = plan_name(p, address), *plus = strchr(name, '+');

	return plus != NULL && plus < address_domain(name);
}

/* The address without what the server takes off before it looks it up; 0 if
 * there is nothing to take off, or nothing known without it. */
static uint32_t
without_tail(const struct plan *p, uint32_t address)
{
	const char *name = plan_name(p, address);
	struct buf base = { 0 };
	uint32_t number;

	if (!plan_has_tail(p, address))
		return 0;
	buf_add(&base, name, strcspn(name, "+"));
	buf_adds(&base, address_domain(name) - 1);
	number = intern_get(&p->names, base.data, base.len);
	buf_free(&base);
	return number;
}

struct model_account *
plan_account_of(const struct plan *p, uint32_t address)
{
	const struct address *a = &p->addresses[address];
	struct model_account *account;

	if (a->kind == OWNER_NONE) {
		address = without_tail(p, address);
		if (address == 0)
			return NULL;
		a = &p->addresses[address];
	}
	if (a->kind != OWNER_ACCOUNT && a->kind != OWNER_ALIAS)
		return NULL;
	account = &p->accounts[a->owner];
	return (account->flags & ACC_REFUSED) != 0 ? NULL : account;
}

bool
plan_is_local(const struct plan *p, uint32_t address)
{
	return p->domains[p->addresses[address].domain].local;
}

struct row *
plan_catch_all_of(struct plan *p, uint32_t address)
{
	const struct address *a = &p->addresses[plan_canonical(p, address)];
	uint32_t row = p->domains[a->domain].catch_row;

	if (row == 0 || plan_is_catch_all(p, address) || p->options->partial ||
	    p->spare_all || p->domains[a->domain].spare_accounts ||
	    a->absent != 0 || a->row != 0 || a->kind != OWNER_NONE ||
	    plan_account_of(p, address) != NULL)
		return NULL;
	return &p->rows[AT(row)];
}

uint32_t
plan_catch_all_target(struct plan *p, const struct row *row)
{
	uint32_t target = p->numbers[row->leaves.at], lowered;
	const struct model_account *account = plan_account_of(p, target);
	const char *name = plan_name(p, target);
	struct buf lower = { 0 };
	struct why why = { 0 };

	if (account != NULL)
		return account->address;
	lowered = address_lower(name, strlen(name), &lower) == 0
		      ? plan_outside(p, buf_str(&lower), &why)
		      : 0;
	buf_free(&lower);
	if (lowered == 0 || lowered == target)
		return target;
	plan_note(p, NOTE_CHANGED, plan_name(p, row->address), row->origin,
	    "the catch-all leads to %s, not to %s: the server writes it in "
	    "lower case; see that its own server takes that for the same",
	    plan_name(p, lowered), plan_name(p, target));
	return lowered;
}

bool
plan_is_missing(const struct plan *p, uint32_t domain)
{
	return p->options->no_domains && p->domains[domain].id == NULL;
}

void
plan_own(struct plan *p, uint32_t address, enum owner kind, size_t index)
{
	struct address *a = &p->addresses[address];

	a->kind = (unsigned int)kind & 7;
	a->owner = (uint32_t)index & 0x0fffffff;
}

const char *
plan_holder(const struct plan *p, uint32_t address)
{
	const struct address *a = &p->addresses[address];

	return plan_name(p, a->kind == OWNER_LIST
				? p->lists[a->owner].address
				: p->accounts[a->owner].address);
}

static void
spare_for(struct plan *p, uint32_t domain, const char *address)
{
	if (p->domains[domain].spare_for == 0)
		p->domains[domain].spare_for = plan_text(p, address);
}

void
plan_spare_accounts(struct plan *p, uint32_t domain, const char *address)
{
	p->domains[domain].spare_accounts = true;
	spare_for(p, domain, address);
}

void
plan_spare_lists(struct plan *p, uint32_t domain, const char *address)
{
	p->domains[domain].spare_lists = true;
	spare_for(p, domain, address);
}

void
plan_keep_list(struct plan *p, uint32_t address)
{
	p->kept = xgrow(p->kept, p->n_kept, &p->cap_kept, sizeof *p->kept);
	p->kept[p->n_kept++] = address;
}

void
plan_list(struct plan *p, uint32_t address, uint32_t origin,
    struct run recipients, bool lacks)
{
	p->lists = xgrow(p->lists, p->n_lists, &p->cap_lists, sizeof *p->lists);
	p->lists[p->n_lists] =
	    (struct list){ address, origin, recipients, lacks };
	plan_own(p, address, OWNER_LIST, p->n_lists++);
	p->counts.lists++;
}
