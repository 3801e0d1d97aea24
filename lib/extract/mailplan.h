/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/* Which message goes into which folder, and which letter each keyword has
 * there. All of it is decided before the first message is written. */
#ifndef FERRY_EXTRACT_MAILPLAN_H
#define FERRY_EXTRACT_MAILPLAN_H

#include "extract/mail.h"

/* Finds the folder of every message. 0, or -1 and why (FATAL). */
int mail_plan(struct mail *m, struct why *why);
/* The directory of a folder by its number. */
const char *mail_dir(const struct mail *m, uint32_t folder);

/*
 * Calls each for the keywords of a message, a JSON array, that IMAP allows.
 * Returns how many it does not; -1 if it is not an array.
 */
int keywords_each(const char *json, size_t len,
    void (*each)(void *arg, const char *keyword), void *arg);

#endif
