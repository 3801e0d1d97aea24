/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/* The mail files of cPanel. */
#ifndef FERRY_SOURCE_PASSWD_CPANEL_H
#define FERRY_SOURCE_PASSWD_CPANEL_H

#include "source/passwd/passwd-file.h"

/*
 * Reads the accounts of a domain's folder, whose file "shadow" path names, with
 * homes and quotas from "passwd" and "quota" in the same folder. The domain is
 * the name of the folder. valiases (may be NULL) is the folder that holds a
 * file of aliases for each domain.
 */
void cpanel_read(struct passwd_file *p, const char *path, const char *valiases);

#endif
