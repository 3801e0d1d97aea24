/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/* The answers of the management API of Stalwart 0.13 to 0.15. */
#ifndef FERRY_SOURCE_SUITE_STALWART015_ANSWER_H
#define FERRY_SOURCE_SUITE_STALWART015_ANSWER_H

#include <stdbool.h>
#include <stdint.h>

#include "core/json.h"
#include "core/why.h"
#include "record/record.h"

/* An individual, group, list or domain. Members that are absent are NULL,
 * empty or 0; strings are borrowed from the answer. */
struct principal {
	int64_t id;
	const char *type;
	const char *name;
	const char *description;
	int64_t quota;
	struct strs emails;
	struct strs secrets;
	struct strs roles;
	struct strs groups; /* memberOf */
	struct strs members;
	struct strs external;          /* externalMembers */
	struct strs disabled, enabled; /* permissions */
};

void principal_free(struct principal *p);

/*
 * Calls each for every principal of a page, which is changed. *total is how many
 * there are in all pages. 0; or -1 and why (FATAL): not the answer of such a
 * server, or an error that it reports.
 */
int principal_page(char *text, struct principal *p,
    void (*each)(void *ctx, const struct principal *p), void *ctx,
    int64_t *total, struct why *why);

#endif
