/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/* Dovecot's variables in a text, as far as a user's name decides them. */
#ifndef FERRY_SOURCE_EXPAND_H
#define FERRY_SOURCE_EXPAND_H

#include <stdbool.h>

#include "core/buf.h"

/*
 * Appends text with %u, %n, %d (2.3; also with the modifiers L and U),
 * %{user}, %{username}, %{domain} and 2.4's %{user|username|lower} replaced
 * from the address, and %% by a percent sign. False at another variable: out
 * is then of no use.
 */
bool expand_user(const char *text, const char *address, struct buf *out);

#endif
