/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/* The passwd-files that Dovecot looks users up in. */
#ifndef FERRY_SOURCE_DOVECOT_USERDB_PASSWD_FILE_H
#define FERRY_SOURCE_DOVECOT_USERDB_PASSWD_FILE_H

#include "source/dovecot/userdb.h"

extern const struct userdb_driver userdb_passwd_file;

/* Gives back the files that all such databases have read. */
void userdb_passwd_files_free(struct userdbs *all);

#endif
