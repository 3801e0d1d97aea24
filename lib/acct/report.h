/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/* What a comparison came to, for people and for the exit status. */
#ifndef FERRY_ACCT_REPORT_H
#define FERRY_ACCT_REPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "acct/check.h"
#include "core/buf.h"

/* Sums over all accounts; the zero value is empty. */
struct acct_totals {
	size_t counts[CHECK_STATES];
	int64_t source_messages, target_messages;
};
void acct_totals_add(struct acct_totals *t, const struct acct_subject *s,
    const struct verification *v);
/* Appends them, two lines. */
void acct_totals_put(const struct acct_totals *t, const struct check_options *o,
    struct buf *out);

/* Appends a line for each finding; what is not a loss is a note, left out unless
 * notes. */
void acct_report_put(const struct acct_subject *s, const struct verification *v,
    bool notes, struct buf *out);

/* What the account is in the exit status: 0; or -1 and why, DATA where it falls
 * short, TEMP where a server could not be asked now. */
int acct_report_why(const struct verification *v, struct why *why);

#endif
