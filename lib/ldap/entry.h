/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/*
 * An entry of a directory as LDAP and LDIF have it: a DN, and attributes that
 * each have any number of values of any bytes.
 */
#ifndef FERRY_LDAP_ENTRY_H
#define FERRY_LDAP_ENTRY_H

#include <stdbool.h>
#include <stddef.h>

#include "core/buf.h"

/* The largest entry that is read, photographs and all. */
enum {
	ENTRY_MAX = 16 << 20
};

struct ldap_entry {
	struct buf text;
	struct entry_item *items;
	size_t n, cap;
};

/* A value of an attribute; followed by a NUL that is not counted. */
struct value {
	const char *data;
	size_t len;
};

/* Ready for use, and empty; the storage is kept by entry_reset, and given back
 * overwritten by entry_free: entries hold passwords. */
void entry_init(struct ldap_entry *e);
void entry_reset(struct ldap_entry *e, const char *dn, size_t len);
void entry_free(struct ldap_entry *e);

/* Adds a value. The transfer option ";binary" (RFC 4522) is not part of a
 * name, other options are. */
void entry_add(struct ldap_entry *e, const char *name, size_t name_len,
    const char *data, size_t len);

/* True if something did not fit into ENTRY_MAX. */
bool entry_too_large(const struct ldap_entry *e);

/* The DN, which is "" for the root; good until the next change. */
const char *entry_dn(const struct ldap_entry *e);

/*
 * Steps through the values of an attribute: *at begins as 0. False at the end.
 * Names have no case (RFC 4512, 2.5). A name without options does not find
 * "cn;lang-de", as Dovecot and Postfix do not.
 */
bool entry_next(
    const struct ldap_entry *e, const char *name, size_t *at, struct value *v);

/* How many values an attribute has. */
size_t entry_count(const struct ldap_entry *e, const char *name);

#endif
