/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/* What docker-mailserver's configuration folder has beside accounts and aliases. */
#ifndef FERRY_SOURCE_PASSWD_DMS_FILES_H
#define FERRY_SOURCE_PASSWD_DMS_FILES_H

#include "source/emit.h"

/*
 * Writes the Sieve script of an account, LOGIN.dovecot.sieve, which the container
 * puts into the mailbox with each start. login is the name as the file of accounts
 * has it.
 */
void dms_script(
    struct emit *e, const char *dir, const char *login, const char *address);

/* When the accounts are written: a note record for each file that does something
 * to mail, and for each such parameter in those of Postfix. */
void dms_notes(struct emit *e, const char *dir);

#endif
