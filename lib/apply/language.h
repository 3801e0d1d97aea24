/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/* Languages and time zones of accounts, in the words of the server. */
#ifndef FERRY_APPLY_LANGUAGE_H
#define FERRY_APPLY_LANGUAGE_H

#include <stdbool.h>

#include "apply/apply-internal.h"

/* Whether the value of this member of an account depends on the server. */
bool language_member(const char *name);

/*
 * Writes "locale" and "timeZone" of an account as the server's schema has them:
 * releases before 0.16.20 want "de_DE", later ones "de-DE", and all want a
 * country. What the server does not know is taken out and noted in the entry:
 * the account is worth more than its language. Without a schema nothing is
 * changed.
 */
void language_fit(
    const struct apply *a, const struct apply_op *op, struct apply_entry *e);

#endif
