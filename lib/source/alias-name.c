/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

#include "source/alias-name.h"

#include <string.h>

#include "core/alloc.h"
#include "core/str.h"

bool
alias_name_waits(struct aliases *a, struct alias *alias, const char *target)
{
	if (!a->names_wait || strchr(target, '@') != NULL)
		return false;
	a->names = xgrow(a->names, a->nnames, &a->names_cap, sizeof *a->names);
	a->names[a->nnames++] =
	    (struct alias_name){ alias, arena_adds(&a->arena, target) };
	return true;
}

void
alias_settle_names(struct aliases *a, struct emit *e, const char *domain)
{
	struct place before = e->at;
	struct buf full = { 0 }, key = { 0 };

	for (size_t i = 0; i < a->nnames; i++) {
		const struct alias_name *n = &a->names[i];
		void **other = NULL;

		buf_reset(&full);
		buf_reset(&key);
		buf_addf(&full, "%s@%s", n->name, domain);
		if (emit_address(full.data, false, &key, NULL) == 0)
			other = map_get(&a->by_address, buf_str(&key));
		if (other == NULL || *other == n->alias) {
			buf_reset(&full);
			buf_addf(&full, "%s@%s", n->name, a->domain);
		}
		e->at = n->alias->at;
		aliases_target(a, e, n->alias, buf_str(&full));
	}
	a->nnames = 0;
	e->at = before;
	buf_free(&full);
	buf_free(&key);
}

/* What people write where the value does not matter; "anything" is virtual(5)'s
 * own word. */
static bool
is_placeholder(const char *value)
{
	static const char *const words[] = { "anything", "virtual", "domain",
		"ok", "x", "yes", "1", "-", "dummy", "whatever", "ignored" };

	for (size_t i = 0; i < sizeof words / sizeof *words; i++)
		if (str_eq_nocase(value, words[i]))
			return true;
	return false;
}

bool
alias_is_domain(const struct aliases *a, const char *key, const char *value)
{
	return map_get(&a->key_domains, key) != NULL || is_placeholder(value) ||
	       strcmp(key, value) == 0;
}
