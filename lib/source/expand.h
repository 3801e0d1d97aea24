/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/* Dovecot's variables in a text, as far as a user's name decides them. */
#ifndef FERRY_SOURCE_EXPAND_H
#define FERRY_SOURCE_EXPAND_H

#include <stdbool.h>

#include "core/buf.h"

/*
 * Appends text with the variables of both releases replaced, and %% by a
 * percent sign: those of the user's name (%u, %n, %d, %{user | domain}), which
 * may have no domain, and those that say what a login over IMAP with TLS from
 * this host is (%s, %r, %c). The modifiers of 2.3 (L U R T D, offset and width)
 * and the filters of 2.4 (lower, upper, reverse, username, domain) are known.
 * False at another variable or modifier: out is then of no use.
 */
bool expand_user(const char *text, const char *user, struct buf *out);

#endif
