/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/* The two grammars in which Dovecot writes a quota. */
#ifndef FERRY_SOURCE_PASSWD_QUOTA_H
#define FERRY_SOURCE_PASSWD_QUOTA_H

#include <stdbool.h>
#include <stdint.h>

/* A limit of 0 is none. */
struct quota_rule {
	bool whole;    /* of the whole account, not of one mailbox */
	bool messages; /* it limits the number of messages too */
	int64_t bytes; /* -1: it does not say */
};

/*
 * Reads a quota_rule of Dovecot 2.3, "MAILBOX:LIMITS": the limits are divided
 * by ":"; "storage=" counts in KiB and "bytes=" in bytes unless a unit letter
 * follows. False for what Dovecot refuses.
 */
bool quota_rule_read(const char *text, struct quota_rule *rule);

/* Reads a quota_storage_size of Dovecot 2.4, bytes without a unit;
 * "unlimited" is 0. */
bool quota_size_read(const char *text, int64_t *bytes);

#endif
