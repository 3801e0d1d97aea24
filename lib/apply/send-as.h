/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/*
 * The one rule by which a Stalwart server asks its lookup keys who may send as
 * whom: in the expression MtaStageAuth.mustMatchSender, before those that an
 * administrator has put there.
 */
#ifndef FERRY_APPLY_SEND_AS_H
#define FERRY_APPLY_SEND_AS_H

#include <stdbool.h>

#include "apply/apply.h"

enum send_as {
	SEND_AS_LEAVE,
	SEND_AS_ADD,
	SEND_AS_REMOVE
};
extern const char *const send_as_words[SEND_AS_REMOVE + 1];

struct send_as_call {
	enum send_as what; /* ADD or REMOVE */
	bool dry_run;
	bool restarted; /* the server has loaded its settings by itself */
};

/*
 * Puts the rule in, or takes it away with all keys that it asks for, and has the
 * server load its settings, where an earlier run has not, and its keys. Rules of
 * others keep their order. *status: UPDATED, EXISTS where nothing had to be done,
 * PLANNED in a dry run. 0, or -1 and why.
 */
int apply_send_as(struct jmap *j, const struct send_as_call *call,
    enum apply_status *status, struct why *why);

/* Whether the objects of an operation are such keys, among others. */
bool send_as_concerns(const struct apply_op *op);

struct apply;
/* An account of that address is destroyed, or would be in a dry run. */
void send_as_note_gone(struct apply *a, const char *address);
/*
 * At the end, if go: keys that the plan does not have. Those of accounts that are
 * gone go with them; those in domains of which the plan has all accounts (a->whole) go
 * with -u, where it has any key at all, and otherwise are named. 0, or -1 (a->why).
 */
int send_as_pass(struct apply *a, bool go);

#endif
