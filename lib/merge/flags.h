/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/* Flags of messages that both sides have. */
#ifndef FERRY_MERGE_FLAGS_H
#define FERRY_MERGE_FLAGS_H

#include <stddef.h>
#include <stdint.h>

#include "core/why.h"
#include "merge/journal.h"
#include "merge/pairing.h"

enum flag_policy {
	FLAGS_REPORT,
	FLAGS_ADD,   /* the target gets the source's S, R, F and P, which is
			the keyword $Forwarded to Dovecot */
	FLAGS_MIRROR /* S, R, F and P of the target become the source's */
};
extern const char *const flag_words[FLAGS_MIRROR + 1];

/* The flags of a message; one that only the keyword $Forwarded says was passed on
 * has P. */
unsigned int flags_of(
    const struct catalogue *c, const struct catalogue_entry *e);

/* The flags that the message's twin in the target should have by the policy;
 * the ones that it has, if nothing is to be done. */
unsigned int flags_wanted(
    const struct merge_plan *p, size_t number, enum flag_policy policy);

/* How many messages the policy would give other flags. */
size_t flags_differing(const struct merge_plan *p, enum flag_policy policy);

struct flag_run {
	struct merge_plan *plan;
	enum flag_policy policy;
	struct journal *journal;
	/* Told of each twin, by its number, that could not be given its flags.
	 */
	void (*failed)(void *arg, uint32_t twin, const struct why *why);
	void *arg;
	size_t changed;
	size_t lost_keywords; /* "$Forwarded", where no letter is left */
};

/*
 * Renames the twins under Dovecot's lock, a few at a time, each announced in
 * the journal. One that a client gave other flags meanwhile is found again, and
 * the policy goes by what it has then; one that was removed is left out. 0, or
 * -1 and why.
 */
int flags_apply(struct flag_run *f, struct why *why);

#endif
