/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/* The vacation message of an owner. */
#ifndef FERRY_SETTINGS_VACATION_H
#define FERRY_SETTINGS_VACATION_H

#include <time.h>

#include "settings/owner.h"

/* The message that is wanted, with its times. */
struct wanted_vacation {
	const struct record_vacation *v;
	time_t from, until; /* -1: not limited */
	bool active;        /* and not over */
};

/* False: the record has none. */
bool vacation_wanted(const struct holder *o, struct wanted_vacation *w);
/* The digest of what the record wants. */
void vacation_wish(const struct wanted_vacation *w, char out[OWNER_DIGEST]);
/* As the server's own, which is the active script then. */
void vacation_decide(const struct owner_run *run, struct holder *o,
    const struct wanted_vacation *w);
/* Whether the server's own is as it was put in. */
bool vacation_is_ours(const struct owner_run *run, const struct holder *o);
/* One that was put in, and that the record does not have any more. */
void vacation_end(const struct owner_run *run, struct holder *o);
/* The script that does the same; new. */
char *vacation_script(const struct holder *o, const struct wanted_vacation *w);

#endif
