/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/* The mail files of DirectAdmin. */
#ifndef FERRY_SOURCE_PASSWD_DIRECTADMIN_H
#define FERRY_SOURCE_PASSWD_DIRECTADMIN_H

#include "source/passwd/passwd-file.h"

/*
 * Reads the accounts of a domain's folder, whose file "passwd" path names, with
 * "quota" and "aliases" in the same folder. The domain is the name of the
 * folder.
 */
void directadmin_read(struct passwd_file *p, const char *path);

#endif
