/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/* The digits of crypt(3): its own base64. */
#ifndef FERRY_SECRET_CRYPT64_H
#define FERRY_SECRET_CRYPT64_H

#include <stddef.h>

/* The value of a digit of crypt(3)'s alphabet "./0-9A-Za-z"; -1 if none. */
int crypt64_value(char c);
/* How many bytes at the start of s are such digits. */
size_t crypt64_span(const char *s);

#endif
