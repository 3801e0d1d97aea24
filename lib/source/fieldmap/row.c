/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

#include "source/fieldmap/row.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/str.h"
#include "record/address.h"
#include "source/address-list.h"
#include "source/fieldmap/member.h"
#include "source/fieldmap/row-account.h"
#include "source/fieldmap/row-settings.h"

void
rows_init(struct rows *m, struct emit *emit, const char *domain,
    const char *default_scheme)
{
	*m = (struct rows){ .emit = emit,
		.domain = domain,
		.default_scheme = default_scheme,
		.aliases = { .domain = domain, .star_at = true },
		.weak = { .domain = domain, .star_at = true },
		.inactive = {
		    .domain = domain, .star_at = true, .inactive = true } };
}

void
rows_free(struct rows *m)
{
	eval_free(&m->eval);
	free(m->list.v);
	free(m->more.v);
	record_free(&m->r);
	aliases_free(&m->aliases);
	aliases_free(&m->weak);
	aliases_free(&m->inactive);
	arena_free(&m->arena);
}

/* --- aliases --- */

/* One address of an alias row. */
static void
read_alias(struct rows *m, struct aliases *to, const char *address)
{
	struct emit *e = m->emit;
	struct alias *alias = aliases_entry(to, e, address);

	if (alias == NULL)
		return;
	for (size_t i = 0; i < m->more.n; i++) {
		char *rest = row_list(m, m->more.v[i]), *text;

		while ((text = address_list_next(&rest)) != NULL)
			if (row_pass(m, alias->address, text))
				aliases_target(to, e, alias, text);
	}
}

static void
read_aliases(struct rows *m)
{
	struct strs addresses = { 0 };
	struct aliases *to = m->eval.section->weak ? &m->weak : &m->aliases;
	const char *text = eval_first(&m->eval, FIELD_ADDRESS),
		   *id = row_shown(m, text);
	bool bad = false;
	int active;

	if (!row_pass(m, id, NULL))
		return;
	if (text == NULL) {
		emit_bad(m->emit, NULL, "the row has no address");
		return;
	}
	if (row_is_over(m, id, &bad)) {
		emit_drop(m->emit, id, "an alias that has expired");
		return;
	}
	active = row_flag(m, FIELD_ACTIVE, id, &bad);
	if (bad)
		return;
	if (active == 0)
		to = &m->inactive;
	eval_all(&m->eval, FIELD_ADDRESS, &addresses);
	eval_all(&m->eval, FIELD_TARGETS, &m->more);
	if (m->more.n == 0)
		emit_drop(m->emit, id, "an alias without a target");
	for (size_t i = 0; i < addresses.n && m->more.n > 0; i++)
		read_alias(m, to, addresses.v[i]);
	free(addresses.v);
}

/* --- domains and names --- */

/* A normalised domain; NULL: reported. */
static const char *
get_domain(struct rows *m, const char *text)
{
	struct buf *out = eval_scratch(&m->eval);
	struct why why = { 0 };

	if (text == NULL) {
		emit_bad(m->emit, NULL, "the row has no domain");
		return NULL;
	}
	text = str_trim(eval_copy(&m->eval, text));
	if (domain_normalise(*text == '@' ? text + 1 : text, out, &why) == 0)
		return out->data;
	emit_fail(m->emit, NULL, &why);
	return NULL;
}

static void
read_domain(struct rows *m)
{
	const char *text = eval_first(&m->eval, FIELD_DOMAIN), *domain;
	bool bad = false;
	int active;

	if (!row_pass(m, text, NULL))
		return;
	domain = get_domain(m, text);
	if (domain == NULL)
		return;
	active = row_flag(m, FIELD_ACTIVE, domain, &bad);
	if (bad)
		return;
	if (m->eval.section->kind == FIELDMAP_DOMAIN_ALIAS && active == 0) {
		emit_drop(m->emit, domain, "another name of it is not active");
		return;
	}
	eval_all(&m->eval, FIELD_ALIASES, &m->more);
	for (size_t i = 0; i < m->more.n; i++) {
		const char *alias = get_domain(m, m->more.v[i]);

		if (alias != NULL && strcmp(alias, domain) != 0)
			emit_domain_alias(m->emit, domain, alias);
	}
	if (m->eval.section->kind == FIELDMAP_DOMAIN_ALIAS)
		return;
	if (active == 0)
		emit_domain_inactive(m->emit, domain);
	else
		emit_domain(m->emit, domain);
}

/* The names that stand for an address elsewhere in the directory. */
static void
read_name(struct rows *m)
{
	const char *address = eval_first(&m->eval, FIELD_ADDRESS);
	bool added;

	if (address == NULL || !row_pass(m, address, NULL))
		return;
	address = arena_adds(&m->arena, address);
	eval_all(&m->eval, FIELD_LOGINS, &m->list);
	for (size_t i = 0; i < m->list.n; i++) {
		char *name = str_lower(eval_copy(&m->eval, m->list.v[i]));
		void **value =
		    map_put_copy(&m->eval.names, &m->arena, name, &added);

		if (added)
			*value = (void *)(uintptr_t)address;
	}
}

/* Of a row that only counts, not even an address need be good. */
static void
read_note(struct rows *m)
{
	(void)row_pass(
	    m, row_shown(m, eval_first(&m->eval, FIELD_ADDRESS)), NULL);
}

void
rows_add(struct rows *m, const struct fieldmap_section *section,
    const struct strs *cells)
{
	static void (*const read[])(struct rows *) = {
		[FIELDMAP_NAME] = read_name,
		[FIELDMAP_DOMAIN_ALIAS] = read_domain,
		[FIELDMAP_ALIAS] = read_aliases,
		[FIELDMAP_DOMAIN] = read_domain,
		[FIELDMAP_GROUP] = row_read_group,
		[FIELDMAP_ACCOUNT] = row_read_account,
		[FIELDMAP_SETTINGS] = row_read_settings,
		[FIELDMAP_NOTE] = read_note,
	};

	eval_begin(&m->eval, section, cells);
	read[section->kind](m);
}

void
rows_end_kind(struct rows *m, enum fieldmap_kind kind)
{
	if (kind == FIELDMAP_ALIAS) {
		aliases_domains(&m->aliases, m->emit);
		aliases_domains(&m->weak, m->emit);
	} else if (kind == FIELDMAP_ACCOUNT) {
		aliases_emit(&m->aliases, m->emit);
		aliases_emit_rest(&m->weak, m->emit);
		aliases_emit_rest(&m->inactive, m->emit);
	}
}
