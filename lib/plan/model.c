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
#include "secret/secret.h"

struct plan *
plan_new(const struct plan_options *options, const struct plan_calls *calls)
{
	struct plan *p = xcalloc(1, sizeof *p);

	p->options = options;
	p->calls = calls;
	p->judged = xcalloc(1, sizeof *p->judged);
	return p;
}

void
plan_free(struct plan *p)
{
	if (p == NULL)
		return;
	texts_free(&p->texts);
	intern_free(&p->names);
	map_free(&p->domain_map);
	secret_free(p->judged);
	free(p->judged);
	free(p->addresses);
	free(p->domains);
	free(p->accounts);
	free(p->rows);
	free(p->lists);
	free(p->logins);
	free(p->alias_domains);
	free(p->numbers);
	buf_wipe(&p->scratch);
	free(p);
}

const struct plan_counts *
plan_counts(const struct plan *p)
{
	return &p->counts;
}

void
plan_note(struct plan *p, enum note_kind kind, const char *address,
    uint32_t origin, const char *fmt, ...)
{
	struct note note = { kind, address, fmt, plan_string(p, origin) };
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
	p->numbers =
	    grow(p->numbers, p->n_numbers, &p->cap_numbers, sizeof *p->numbers);
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

/* --- domains and addresses --- */

uint32_t
plan_domain(struct plan *p, const char *name)
{
	void **slot = map_get(&p->domain_map, name), **id;
	struct domain *d;

	if (slot != NULL)
		return (uint32_t)(uintptr_t)*slot;
	p->domains =
	    grow(p->domains, p->n_domains, &p->cap_domains, sizeof *p->domains);
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

/* The number of a text that is sanitised already. */
static uint32_t
put_address(struct plan *p, const char *text, size_t len)
{
	uint32_t number = intern_put(&p->names, text, len);

	while (p->n_addresses <= number) { /* the number 0 is none */
		p->addresses = grow(p->addresses, p->n_addresses,
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

const char *
plan_name(const struct plan *p, uint32_t address)
{
	return intern_text(&p->names, address);
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

struct account *
plan_account_of(const struct plan *p, uint32_t address)
{
	const struct address *a = &p->addresses[address];
	struct account *account;

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
	a->owner = (uint32_t)index & 0x1fffffff;
}

const char *
plan_holder(const struct plan *p, uint32_t address)
{
	const struct address *a = &p->addresses[address];

	return plan_name(p, a->kind == OWNER_LIST
				? p->lists[a->owner].address
				: p->accounts[a->owner].address);
}

void
plan_list(
    struct plan *p, uint32_t address, uint32_t origin, struct run recipients)
{
	p->lists = grow(p->lists, p->n_lists, &p->cap_lists, sizeof *p->lists);
	p->lists[p->n_lists] = (struct list){ address, origin, recipients };
	plan_own(p, address, OWNER_LIST, p->n_lists++);
	p->counts.lists++;
}
