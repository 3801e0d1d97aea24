/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/* The configuration volume of docker-mailserver. */
#ifndef FERRY_SOURCE_PASSWD_DMS_H
#define FERRY_SOURCE_PASSWD_DMS_H

#include "source/emit.h"
#include "source/passwd/account.h"

/* Reads all files of the folder. domain (may be NULL) is that of names without
 * one: the host's. */
void dms_read(struct emit *e, const char *dir, const char *domain);

#endif
