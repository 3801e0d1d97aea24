/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/*
 * The Maildir++ quota file maildirsize, in the control root fd: a line with the
 * limits, then a line with bytes and messages for each change (Dovecot,
 * plugins/quota/quota-maildir.c; maildrop, README.maildirquota).
 */
#ifndef FERRY_MAILDIR_QUOTA_H
#define FERRY_MAILDIR_QUOTA_H

#include <stdbool.h>
#include <stdint.h>

#include "core/why.h"

/* True if there is one. */
bool has_quota_file(int fd);

/* Tells it, if there is one, that messages came (or, negative, went). 0, or -1
 * and why (DATA); also where there is nothing to tell, but no file that could be
 * told: a symbolic link. */
int quota_note(int fd, int64_t bytes, int64_t messages, struct why *why);

/* Limits and use, in bytes and messages; a limit of 0 is none. */
struct quota {
	int64_t bytes_limit, messages_limit;
	int64_t bytes, messages;
};

/* False if there is none, or none that can be understood: Dovecot counts again
 * then. */
bool quota_read(struct quota *q, int fd);

#endif
