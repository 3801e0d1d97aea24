/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

#include "ldap/entry.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "core/alloc.h"

/* Places in the entry's text, which moves while it grows. */
struct entry_item {
	size_t name, name_len;
	size_t data, len;
};

void
entry_init(struct ldap_entry *e)
{
	*e = (struct ldap_entry){ 0 };
	buf_init(&e->text, ENTRY_MAX);
}

void
entry_reset(struct ldap_entry *e, const char *dn, size_t len)
{
	buf_reset(&e->text);
	e->n = 0;
	buf_add(&e->text, dn, len);
	buf_addc(&e->text, '\0');
}

void
entry_free(struct ldap_entry *e)
{
	buf_wipe(&e->text);
	free(e->items);
	*e = (struct ldap_entry){ 0 };
}

/* The length of a name without ";binary". */
static size_t
without_binary(const char *name, size_t len)
{
	static const char option[] = ";binary";
	size_t n = sizeof option - 1;

	if (len > n && strncasecmp(name + len - n, option, n) == 0)
		return len - n;
	return len;
}

void
entry_add(struct ldap_entry *e, const char *name, size_t name_len,
    const char *data, size_t len)
{
	struct entry_item item = { .name = e->text.len };

	item.name_len = without_binary(name, name_len);
	item.len = len;
	buf_add(&e->text, name, item.name_len);
	item.data = e->text.len;
	buf_add(&e->text, data, len);
	buf_addc(&e->text, '\0');
	if (e->text.overflow)
		return;
	e->items = xgrow(e->items, e->n, &e->cap, sizeof *e->items);
	e->items[e->n++] = item;
}

bool
entry_too_large(const struct ldap_entry *e)
{
	return e->text.overflow;
}

const char *
entry_dn(const struct ldap_entry *e)
{
	return buf_str(&e->text);
}

bool
entry_next(
    const struct ldap_entry *e, const char *name, size_t *at, struct value *v)
{
	size_t len = strlen(name);

	while (*at < e->n) {
		const struct entry_item *item = &e->items[(*at)++];

		if (item->name_len != len ||
		    strncasecmp(e->text.data + item->name, name, len) != 0)
			continue;
		*v = (struct value){ e->text.data + item->data, item->len };
		return true;
	}
	return false;
}

size_t
entry_count(const struct ldap_entry *e, const char *name)
{
	struct value v;
	size_t at = 0, n = 0;

	while (entry_next(e, name, &at, &v))
		n++;
	return n;
}
