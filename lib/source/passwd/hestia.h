/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/* The mail files of HestiaCP and VestaCP. */
#ifndef FERRY_SOURCE_PASSWD_HESTIA_H
#define FERRY_SOURCE_PASSWD_HESTIA_H

#include "source/passwd/passwd-file.h"

/*
 * Reads the accounts of a domain's folder, whose file "passwd" path names, and
 * the aliases from "aliases" and "fwd_only" in the same folder. The domain is
 * the name of the folder.
 */
void hestia_read(struct passwd_file *p, const char *path);

#endif
