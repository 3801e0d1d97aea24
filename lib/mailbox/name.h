/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/*
 * Names of mailboxes as people and protocols write them: modified UTF-7
 * (RFC 3501, 5.1.3), composed letters, and the role that a name suggests.
 */
#ifndef FERRY_MAILBOX_NAME_H
#define FERRY_MAILBOX_NAME_H

#include <stdbool.h>
#include <stddef.h>

#include "core/buf.h"

/* Appends valid UTF-8 as modified UTF-7. -1 if it is not valid. */
int mutf7_encode(struct buf *out, const char *utf8, size_t len);

/* Appends modified UTF-7 as UTF-8. -1 and nothing appended if it is not the one
 * right encoding of a text: Dovecot cannot open a folder of such a name. */
int mutf7_decode(struct buf *out, const char *text, size_t len);

/* Appends the path with its letters composed (NFC): Dovecot compares bytes, but
 * two spellings of one name are one folder to a person. */
void mailbox_put_nfc(struct buf *out, const char *path);

/* Appends a level of a path: with slashes, "/" in it is written as "\\2f", and
 * "\\" as "\\5c"; and the other way round. */
void mailbox_put_level(
    struct buf *out, const char *level, size_t len, bool slashes);
void mailbox_get_level(
    struct buf *out, const char *text, size_t len, bool slashes);

/*
 * The role (RFC 8621, 2, lower case) that a folder of this name commonly has:
 * "sent" for "Sent Items"; "inbox" for the INBOX; NULL for none. Only the last
 * level counts, in any case.
 */
const char *mailbox_role_of_name(const char *path);

#endif
