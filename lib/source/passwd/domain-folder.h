/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/* Panels keep the files of one mail domain in a folder that has its name. */
#ifndef FERRY_SOURCE_PASSWD_DOMAIN_FOLDER_H
#define FERRY_SOURCE_PASSWD_DOMAIN_FOLDER_H

#include <stdbool.h>

#include "core/buf.h"
#include "source/passwd/account.h"

/*
 * Makes the name of the folder that holds the file the domain of bare names,
 * and appends the folder's path, with a slash at its end. False if the name is
 * not a domain, which is reported.
 */
bool domain_folder_enter(
    struct account *a, const char *path, struct buf *folder);

/* Sets path to a file of that folder. */
void domain_folder_file(
    struct buf *path, const struct buf *folder, const char *name);

#endif
