/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/*
 * Lists of mail addresses as Postfix reads them on the right-hand side of its
 * tables: RFC 822 with missing commas added, so that
 * "Ann <a@one.test>, b@one.test (Bob) c@one.test" is three addresses.
 * (Postfix, src/global/tok822_parse.c.)
 */
#ifndef FERRY_SOURCE_ADDRESS_LIST_H
#define FERRY_SOURCE_ADDRESS_LIST_H

#include "core/buf.h"

/*
 * Appends the addresses of a list to out, a line each: without names, comments,
 * group names and angle brackets; a backslash is taken away from what follows
 * it; quotes stay only where the local part needs them. What is not an address
 * ("|command", "/file", ":include:/file") is a line, too, without quotes.
 */
void address_list_read(const char *text, struct buf *out);

/* Cuts the next line off; NULL after the last. */
char *address_list_next(char **lines);

#endif
