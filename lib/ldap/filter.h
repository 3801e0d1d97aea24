/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/*
 * LDAP search filters (RFC 4515): a value written into one, and a filter tried
 * on an entry without a server.
 */
#ifndef FERRY_LDAP_FILTER_H
#define FERRY_LDAP_FILTER_H

#include <stdbool.h>
#include <stddef.h>

#include "core/buf.h"
#include "core/why.h"
#include "ldap/entry.h"

/* Appends a value of any bytes, escaped so that it stands for itself in a
 * filter. */
void filter_escape(struct buf *out, const char *value, size_t len);

struct filter;

/* The caller frees the result with filter_free. NULL and why (DATA): it is
 * not a filter, or has an extensible match, which only a server can do. */
struct filter *filter_parse(const char *text, struct why *why);
void filter_free(struct filter *f);

/*
 * Whether an entry matches. There is no schema here: values are compared
 * without regard to ASCII case, as those of mail addresses, names, DNs and
 * words are, and numbers by their value.
 */
bool filter_match(const struct filter *f, const struct ldap_entry *e);

/*
 * A conjunction in two: server gets what to ask a server for, rest the negations
 * of single tests that were members of it, for filter_match, or nothing; names
 * the attributes that those look at, each with a NUL after it. For a server that
 * does not know an attribute or a class, its test is Undefined and so is the
 * negation of it: it would find no entry at all (RFC 4511 4.5.1.7).
 */
void filter_split(
    const char *text, struct buf *server, struct buf *rest, struct buf *names);

#endif
