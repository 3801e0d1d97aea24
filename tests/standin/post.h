/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/*
 * Mail that really is in the accounts of the stand-in: put there by
 * Email/import or by a delivery, read by Email/query, Email/get and a download
 * of its blob. An account that has a line in the file of mail.h is not seen
 * here: its content is what the file says.
 */
#ifndef STANDIN_POST_H
#define STANDIN_POST_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "standin/stalwart.h"

/*
 * Delivers a message, as it stands on the wire, into the mailbox with this role
 * or, failing that, this name ("inbox", "Work"; NULL: the inbox). Returns the
 * id of the email, valid until the account goes, or NULL where there is no such
 * mailbox. No two
 * threads may be here at once.
 */
const char *post_deliver(
    struct object *o, const char *mailbox, const char *data, size_t len);

/* The account's mailboxes with their counts, an array; new. */
json_t *post_mailboxes(struct object *o);

/* Whether this method is answered here; and the answer, new. NULL and *error,
 * a method error, where it fails. */
bool post_knows(const char *method);
json_t *post_method(struct object *o, const char *method, const json_t *args,
    const json_t *ids, json_t **error);

#endif
