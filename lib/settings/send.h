/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/* The calls of a request that are about one owner's settings. */
#ifndef FERRY_SETTINGS_SEND_H
#define FERRY_SETTINGS_SEND_H

#include "jmap/client.h"
#include "settings/owner.h"

/* How many calls asking takes. */
size_t settings_asks(const struct owner_run *run, const struct holder *o);
/* Adds them. */
void settings_ask(
    struct jmap_request *r, const struct owner_run *run, struct holder *o);
/* Takes the answers. 0, or -1 and why. */
int settings_answers(const struct jmap_request *r, const struct owner_run *run,
    struct holder *o, struct why *why);

/* Adds calls for items, as many as the server takes in a request. False when
 * some did not fit: they are for the next one. */
bool settings_send(
    const struct jmap *j, struct jmap_request *r, struct holder *o);

enum send_outcome {
	SEND_DONE, /* what was sent is reported; the rest is in o->items */
	SEND_LOST, /* nobody knows */
	SEND_STOP  /* as SEND_DONE, but not all of it is written down: why */
};
enum send_outcome settings_outcome(const struct jmap_request *r,
    const struct owner_run *run, struct holder *o, struct why *why);

#endif
