/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/*
 * What the accounts of the stand-in hold. The content comes from a file that a
 * test writes, a line of JSON for each account:
 *
 *	{"account":"alice@one.test","mailboxes":[{"id":"a","name":"Inbox",
 *	 "parentId":null,"role":"inbox","totalEmails":33}],"emails":72,
 *	 "contacts":8,"events":28,"files":7,"scripts":[{"name":"forward"}]}
 *
 * The file is read for each call, so that a test can change it. An account
 * without a line has the folders that the server makes at the first access.
 */
#ifndef STANDIN_MAIL_H
#define STANDIN_MAIL_H

#include "standin/stalwart.h"

/* The file; NULL: none. */
extern const char *mail_file;

/* Whether this method is answered here. */
bool mail_knows(const char *method);

/* Mailbox/get, and the queries that count; new. */
json_t *mail_method(
    struct object *o, const char *method, const json_t *args, json_t **error);

/* A change of a mailbox: "shareWith" as a whole, or one account of it. NULL, or
 * an error of the object (new). */
json_t *mail_share(struct object *o, const char *mailbox, const json_t *patch);

/* Gives the account the Sieve scripts of the file, once. */
void mail_scripts(struct object *o);

#endif
