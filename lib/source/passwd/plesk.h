/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/* The table that Plesk's mail_auth_view prints: addresses and clear passwords. */
#ifndef FERRY_SOURCE_PASSWD_PLESK_H
#define FERRY_SOURCE_PASSWD_PLESK_H

#include "source/passwd/passwd-file.h"

/* Reads the text; "-" is standard input. */
void plesk_read(struct passwd_file *p, const char *path);

#endif
