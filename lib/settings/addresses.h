/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/* The addresses that an identity's answers go to, and that get copies: lists as
 * webmails keep them, "Boss <boss@one.test>, team@one.test" (RFC 5322, 3.4). */
#ifndef FERRY_SETTINGS_ADDRESSES_H
#define FERRY_SETTINGS_ADDRESSES_H

#include <jansson.h>
#include <stdbool.h>

/* An array of EmailAddress objects (RFC 8621, 4.1.2.3), new; NULL where text is
 * NULL or has no address. */
json_t *addresses_new(const char *text);

/* Whether the server's list (null: none) has the same addresses. */
bool addresses_same(const json_t *there, const char *text);

#endif
