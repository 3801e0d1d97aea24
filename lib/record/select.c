/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

#include "record/select-internal.h"

#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"
#include "core/arena.h"
#include "core/buf.h"
#include "core/map.h"
#include "core/strtab.h"
#include "record/address.h"

struct selection *
select_new(bool keep_rest)
{
	struct selection *s = xcalloc(1, sizeof *s);

	s->keep_rest = keep_rest;
	return s;
}

void
select_free(struct selection *s)
{
	if (s == NULL)
		return;
	intern_free(&s->names);
	arena_free(&s->lines);
	buf_free(&s->text);
	free(s->name);
	free(s->items);
	free(s->numbers);
	free(s->edges);
	free(s->taken);
	free(s->mine);
	free(s);
}

/* --- names --- */

static uint32_t
number_of(struct selection *s, const char *text, size_t len)
{
	uint32_t number = intern_put(&s->names, text, len);

	while (number >= s->cap_name) {
		size_t cap = s->cap_name == 0 ? 64 : 2 * s->cap_name;

		s->name = xreallocarray(s->name, cap, sizeof *s->name);
		memset(s->name + s->cap_name, 0,
		    (cap - s->cap_name) * sizeof *s->name);
		s->cap_name = cap;
	}
	return number;
}

static struct name *
name_of(struct selection *s, const char *text)
{
	uint32_t number = number_of(s, text, strlen(text));

	return &s->name[number];
}

/* An address or domain of a record: targets keep the spelling of the directory,
 * and what is not an address (a command, a file) is a name like any other. */
static uint32_t
number_of_member(struct selection *s, const char *text)
{
	buf_reset(&s->text);
	if (strchr(text, '@') == NULL ||
	    address_normalise(text, true, &s->text, NULL) == -1) {
		buf_reset(&s->text);
		buf_adds(&s->text, text);
	}
	return number_of(s, buf_str(&s->text), s->text.len);
}

static const char *
text_of(const struct selection *s, uint32_t number)
{
	return intern_text(&s->names, number);
}

/* The domain of an address; of a domain itself. */
static struct name *
domain_of(struct selection *s, uint32_t number)
{
	const char *text = text_of(s, number), *domain = address_domain(text);

	return name_of(s, domain == NULL ? text : domain);
}

int
select_address(struct selection *s, const char *address, struct why *why)
{
	buf_reset(&s->text);
	if (address_normalise(address, false, &s->text, why) == -1)
		return -1;
	name_of(s, buf_str(&s->text))->flags |= WANTED;
	return 0;
}

int
select_domain(struct selection *s, const char *domain, struct why *why)
{
	buf_reset(&s->text);
	if (domain_normalise(domain, &s->text, why) == -1)
		return -1;
	name_of(s, buf_str(&s->text))->flags |= WANTED;
	return 0;
}

int
select_done(struct selection *s, const char *address, struct why *why)
{
	buf_reset(&s->text);
	if (address_normalise(address, false, &s->text, why) == -1)
		return -1;
	name_of(s, buf_str(&s->text))->flags |= DONE;
	return 0;
}

/* --- records --- */

static struct select_run
add_names(struct selection *s, const struct strs *list)
{
	struct select_run run = { s->n_numbers, list->n };

	for (size_t i = 0; i < list->n; i++) {
		uint32_t number = number_of_member(s, list->v[i]);

		s->numbers = xgrow(s->numbers, s->n_numbers, &s->cap_numbers,
		    sizeof *s->numbers);
		s->numbers[s->n_numbers++] = number;
	}
	return run;
}

/* Whether a record is chosen by its own name or its domain's, which is then
 * found. */
static bool
is_chosen(struct selection *s, uint32_t number)
{
	struct name *own = &s->name[number], *domain;
	bool chosen = (own->flags & WANTED) != 0;

	if (chosen)
		own->flags |= FOUND;
	domain = domain_of(s, number);
	if ((domain->flags & WANTED) == 0)
		return chosen;
	domain->flags |= FOUND;
	return true;
}

/* A record that is neither an account, a group, an alias nor a domain. */
static bool
is_other(const struct select_item *item)
{
	return item->type != REC_DOMAIN && item->type != REC_ACCOUNT &&
	       item->type != REC_GROUP && item->type != REC_ALIAS;
}

/* An account: true if its record is kept. */
static bool
choose_account(
    struct selection *s, const struct record *r, struct select_item *item)
{
	bool done = (s->name[item->name].flags & DONE) != 0;

	item->chosen = is_chosen(s, item->name);
	domain_of(s, item->name)->flags |= FULL;
	s->name[item->name].flags |= ACCOUNT;
	s->accounts++;
	if (item->chosen || done)
		s->covered++;
	if (!item->chosen && !s->keep_rest)
		return false;
	item->names = add_names(s, &r->aliases);
	item->forward = add_names(s, &r->forward);
	item->groups = add_names(s, &r->groups);
	return true;
}

void
select_add(
    struct selection *s, const struct record *r, const char *line, size_t len)
{
	struct select_item item = { .type = r->type };

	if (record_owner(r) != NULL)
		item.name = number_of_member(s, record_owner(r));
	if (!is_other(&item))
		s->name[item.name].flags |= HELD;
	if (r->type == REC_ACCOUNT) {
		if (!choose_account(s, r, &item))
			return;
	} else if (!is_other(&item)) {
		if (r->type == REC_GROUP)
			domain_of(s, item.name)->flags |= FULL;
		item.chosen = is_chosen(s, item.name);
		item.names = add_names(
		    s, r->type == REC_ALIAS ? &r->targets : &r->aliases);
	}
	item.line = arena_add(&s->lines, line, len);
	s->items = xgrow(s->items, s->n_items, &s->cap_items, sizeof *s->items);
	s->items[s->n_items++] = item;
}

/* --- one spelling for each address --- */

/* "@a" -> "@b": the row of a whole domain. */
static bool
is_domain_row(const struct selection *s, const struct select_item *item)
{
	return item->type == REC_ALIAS && item->names.n == 1 &&
	       *text_of(s, item->name) == '@' &&
	       *text_of(s, s->numbers[item->names.at]) == '@';
}

/* As mkaccounts has it: a domain with accounts of its own is not an alias. */
static void
set_main(struct selection *s, const char *alias, const char *domain)
{
	uint32_t main = number_of(s, domain, strlen(domain));
	struct name *n = name_of(s, alias);

	if ((n->flags & FULL) == 0 && strcmp(alias, domain) != 0)
		n->main = main;
}

static void
find_alias_domains(struct selection *s)
{
	for (size_t i = 0; i < s->n_items; i++) {
		const struct select_item *item = &s->items[i];
		const uint32_t *v = s->numbers + item->names.at;

		if (is_domain_row(s, item))
			set_main(
			    s, text_of(s, item->name) + 1, text_of(s, *v) + 1);
		for (size_t k = 0;
		     item->type == REC_DOMAIN && k < item->names.n; k++)
			set_main(s, text_of(s, s->numbers[item->names.at + k]),
			    text_of(s, item->name));
	}
}

/* The address in its own domain, without what follows a plus sign where that is
 * the way to somebody. */
static uint32_t
canonical(struct selection *s, uint32_t number)
{
	const char *text = text_of(s, number), *domain = address_domain(text);
	const char *plus = domain == NULL ? NULL : strchr(text, '+');
	uint32_t main, stripped;

	if (domain == NULL || domain == text + 1)
		return number;
	main = name_of(s, domain)->main;
	if (main != 0) {
		buf_reset(&s->text);
		buf_add(&s->text, text, (size_t)(domain - text));
		buf_adds(&s->text, text_of(s, main));
		number = number_of(s, buf_str(&s->text), s->text.len);
		text = text_of(s, number);
		domain = address_domain(text);
		plus = strchr(text, '+');
	}
	if (plus == NULL || plus == text || plus > domain)
		return number;
	buf_reset(&s->text);
	buf_add(&s->text, text, (size_t)(plus - text));
	buf_adds(&s->text, domain - 1);
	stripped = intern_get(&s->names, buf_str(&s->text), s->text.len);
	return stripped == 0 ? number : stripped;
}

/* --- what leads to what --- */

/* Puts an item in front of a list of names. */
static void
add_edge(struct selection *s, size_t i, size_t *first)
{
	s->edges = xgrow(s->edges, s->n_edges, &s->cap_edges, sizeof *s->edges);
	s->edges[s->n_edges] = (struct edge){ i, *first };
	*first = ++s->n_edges;
}

static void
link_alias(struct selection *s, size_t i, struct select_run targets)
{
	for (size_t k = 0; k < targets.n; k++) {
		uint32_t to = canonical(s, s->numbers[targets.at + k]);

		add_edge(s, i, &s->name[to].first_edge);
	}
}

static void
prepend(struct selection *s, size_t i, size_t *first)
{
	s->items[i].next = *first;
	*first = i + 1;
}

static void
link_row(struct selection *s, size_t i)
{
	const struct select_item *item = &s->items[i];

	add_edge(s, i, &domain_of(s, item->name)->first_row);
	add_edge(s, i, &domain_of(s, s->numbers[item->names.at])->first_row);
}

/* Of nobody: a note of an address that no record has is everybody's, too. */
static bool
is_common(const struct selection *s, const struct select_item *item)
{
	return item->name == 0 || (item->type == REC_NOTE &&
				      (s->name[item->name].flags & HELD) == 0);
}

static void
link_items(struct selection *s)
{
	for (size_t i = 0; i < s->n_items; i++) {
		struct select_item *item = &s->items[i];
		uint32_t own;

		if (is_common(s, item))
			continue;
		own = canonical(s, item->name);
		item->next_own = s->name[item->name].first_own;
		s->name[item->name].first_own = i + 1;
		if (is_domain_row(s, item)) {
			if ((domain_of(s, item->name)->flags & FULL) == 0)
				link_row(s, i);
		} else if (item->type == REC_ALIAS) {
			prepend(s, i, &s->name[own].first_alias);
			link_alias(s, i, item->names);
		} else if (is_other(item)) {
			prepend(s, i, &s->name[own].first_other);
		}
	}
}

/* --- a part --- */

static void
take(struct selection *s, size_t i)
{
	if (s->items[i].part == s->part)
		return;
	s->items[i].part = s->part;
	s->taken = xgrow(s->taken, s->n_taken, &s->cap_taken, sizeof *s->taken);
	s->taken[s->n_taken++] = i;
}

/* The address of an account that stays. */
static bool
is_of_others(const struct selection *s, uint32_t number)
{
	return (s->name[number].flags & ACCOUNT) != 0 &&
	       s->name[number].chosen != s->part;
}

/* An alias that leads to what is chosen, or is its forward. */
static void
take_alias(struct selection *s, size_t i)
{
	if (!is_of_others(s, canonical(s, s->items[i].name)))
		take(s, i);
}

static void
make_mine(struct selection *s, uint32_t number)
{
	number = canonical(s, number);
	if (s->name[number].mine == s->part)
		return;
	s->name[number].mine = s->part;
	s->mine = xgrow(s->mine, s->n_mine, &s->cap_mine, sizeof *s->mine);
	s->mine[s->n_mine++] = number;
	for (size_t at = s->name[number].first_alias; at != 0;
	     at = s->items[at - 1].next)
		take_alias(s, at - 1);
	for (size_t at = s->name[number].first_edge; at != 0;
	     at = s->edges[at - 1].next)
		take_alias(s, s->edges[at - 1].item);
}

static void
take_groups(struct selection *s, struct select_run groups)
{
	for (size_t k = 0; k < groups.n; k++) {
		uint32_t group = s->numbers[groups.at + k];

		for (size_t at = s->name[group].first_own; at != 0;
		     at = s->items[at - 1].next_own)
			if (s->items[at - 1].type == REC_GROUP)
				take(s, at - 1);
	}
}

/* What is taken grows on the way, here and below. */
static void
take_all_that_leads(struct selection *s)
{
	for (size_t i = 0; i < s->n_taken; i++) {
		const struct select_item *item = &s->items[s->taken[i]];

		if (item->type == REC_DOMAIN || item->name == 0)
			continue;
		take_groups(s, item->groups);
		make_mine(s, item->name);
		for (size_t k = 0; item->type != REC_ALIAS && k < item->names.n;
		     k++)
			make_mine(s, s->numbers[item->names.at + k]);
	}
}

static void
follow(struct selection *s, struct select_run run)
{
	for (size_t k = 0; k < run.n; k++) {
		uint32_t to = canonical(s, s->numbers[run.at + k]);

		if (is_of_others(s, to))
			continue;
		for (size_t at = s->name[to].first_alias; at != 0;
		     at = s->items[at - 1].next)
			take(s, at - 1);
	}
}

static void
take_what_it_leads_to(struct selection *s)
{
	for (size_t i = 0; i < s->n_taken; i++) {
		const struct select_item *item = &s->items[s->taken[i]];

		if (item->type == REC_ALIAS)
			follow(s, item->names);
		else if (item->type == REC_ACCOUNT)
			follow(s, item->forward);
	}
}

/* --- domains --- */

/* With a domain go its record, keys and their like, and the rows that make it the
 * mirror of another, or another its mirror, unless that has accounts. */
static void
take_domain_named(struct selection *s, struct name *domain)
{
	if (domain->taken == s->part)
		return;
	domain->taken = s->part;
	for (size_t at = domain->first_own; at != 0;
	     at = s->items[at - 1].next_own)
		if (s->items[at - 1].type == REC_DOMAIN ||
		    is_other(&s->items[at - 1]))
			take(s, at - 1);
	for (size_t at = domain->first_row; at != 0; at = s->edges[at - 1].next)
		take(s, s->edges[at - 1].item);
}

static void
take_domain(struct selection *s, uint32_t number)
{
	uint32_t main = domain_of(s, number)->main;

	take_domain_named(s, domain_of(s, number));
	if (main != 0)
		take_domain_named(s, &s->name[main]);
}

/* Whether the domains of a record's other names are part of it: of aliases of an
 * account, and of the one target of an alias, which would pass for an address
 * elsewhere without its domain. */
static bool
names_domains(const struct select_item *item)
{
	return item->type == REC_ACCOUNT || item->type == REC_GROUP ||
	       (item->type == REC_ALIAS && item->names.n == 1);
}

static void
take_domains(struct selection *s)
{
	for (size_t i = 0; i < s->n_taken; i++) {
		const struct select_item *item = &s->items[s->taken[i]];

		if (is_common(s, item))
			continue;
		take_domain(s, item->name);
		for (size_t k = 0; names_domains(item) && k < item->names.n;
		     k++)
			take_domain(s, s->numbers[item->names.at + k]);
	}
}

/* Settings and what a later release knows, of the same addresses. */
static void
take_others(struct selection *s)
{
	for (size_t i = 0; i < s->n_mine; i++) {
		if (is_of_others(s, s->mine[i]))
			continue;
		for (size_t at = s->name[s->mine[i]].first_other; at != 0;
		     at = s->items[at - 1].next)
			take(s, at - 1);
	}
}

/* --- all of it --- */

static int
by_number(const void *a, const void *b)
{
	const size_t *x = a, *y = b;

	return *x < *y ? -1 : *x > *y;
}

static void
complete(struct selection *s)
{
	take_all_that_leads(s);
	take_what_it_leads_to(s);
	take_domains(s);
	take_others(s);
	if (s->n_taken != 0)
		qsort(s->taken, s->n_taken, sizeof *s->taken, by_number);
}

static void
begin_part(struct selection *s)
{
	if (s->part++ == 0) {
		find_alias_domains(s);
		link_items(s);
	}
	s->n_taken = s->n_mine = 0;
}

static void
choose(struct selection *s, size_t i)
{
	if (s->items[i].type == REC_ACCOUNT)
		s->name[s->items[i].name].chosen = s->part;
	take(s, i);
}

void
select_resolve(struct selection *s, struct select_counts *counts)
{
	*counts = (struct select_counts){ 0 };
	s->all = s->keep_rest && s->covered == s->accounts;
	counts->last = s->all;
	begin_part(s);
	for (size_t i = 0; i < s->n_items; i++)
		if (s->items[i].chosen || is_common(s, &s->items[i]))
			choose(s, i);
	complete(s);
	for (size_t i = 0; i < s->n_items; i++) {
		const struct select_item *item = &s->items[i];

		if (item->part != s->part && !s->all)
			continue;
		counts->records++;
		counts->accounts += item->type == REC_ACCOUNT;
		counts->aliases += item->type == REC_ALIAS;
	}
	counts->left = s->n_items - counts->records;
	if (!s->keep_rest)
		counts->left += s->accounts - counts->accounts;
}

const char *
select_each(struct selection *s, size_t *at)
{
	begin_part(s);
	for (; *at < s->n_items; ++*at) {
		const struct select_item *item = &s->items[*at];

		/* A second record of the same account came with the first. */
		if (item->type != REC_ACCOUNT ||
		    s->name[item->name].chosen != 0)
			continue;
		for (size_t own = s->name[item->name].first_own; own != 0;
		     own = s->items[own - 1].next_own)
			choose(s, own - 1);
		complete(s);
		return text_of(s, item->name);
	}
	return NULL;
}

bool
select_next(const struct selection *s, size_t *at, const char **line)
{
	if (*at == (s->all ? s->n_items : s->n_taken))
		return false;
	*line = s->items[s->all ? *at : s->taken[*at]].line;
	++*at;
	return true;
}

bool
select_common(const struct selection *s, size_t *at, const char **line)
{
	while (*at < s->n_items && !is_common(s, &s->items[*at]))
		++*at;
	if (*at == s->n_items)
		return false;
	*line = s->items[(*at)++].line;
	return true;
}

bool
select_owns(const struct selection *s, const char *domain)
{
	uint32_t number = intern_get(&s->names, domain, strlen(domain));

	return number != 0 && (s->name[number].flags & FULL) != 0;
}

const char *
select_owned_mirror(const struct selection *s)
{
	for (size_t i = 0; i < s->n_items; i++) {
		const struct select_item *item = &s->items[i];
		const uint32_t *v = s->numbers + item->names.at;

		for (size_t k = 0;
		     item->type == REC_DOMAIN && k < item->names.n; k++)
			if (v[k] != item->name &&
			    (s->name[v[k]].flags & FULL) != 0)
				return text_of(s, v[k]);
	}
	return NULL;
}

bool
select_missing(const struct selection *s, size_t *at, const char **name)
{
	while (*at < s->names.n &&
	       (s->name[*at + 1].flags & (WANTED | FOUND)) != WANTED)
		++*at;
	if (*at == s->names.n)
		return false;
	*name = text_of(s, (uint32_t)++ * at);
	return true;
}
