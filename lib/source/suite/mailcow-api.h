/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/* The directory of a mailcow, through its HTTP API, which shows no password
 * hashes. */
#ifndef FERRY_SOURCE_SUITE_MAILCOW_API_H
#define FERRY_SOURCE_SUITE_MAILCOW_API_H

#include <stdbool.h>

#include "source/suite/webapi.h"

/* Reads everything through w, whose headers hold the key. app_passwords: they
 * are counted, one request a mailbox. */
void mailcow_api_read(struct emit *e, struct webapi *w, bool app_passwords);

#endif
