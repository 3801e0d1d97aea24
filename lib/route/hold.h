/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/*
 * Who is at work on an account: a note on the new server, which all see who move
 * accounts onto it, from whatever machine. A note says the address and who it is,
 * "ADDRESS=WHO"; two who come at once see each other's, and one of them at least
 * gives way.
 */
#ifndef FERRY_ROUTE_HOLD_H
#define FERRY_ROUTE_HOLD_H

#include <stdbool.h>
#include <stddef.h>

#include "core/arena.h"
#include "core/why.h"
#include "jmap/client.h"
#include "route/owners.h"

/* The namespace of the notes. */
#define ROUTE_HOLDS "mailferry-hold"

struct holding {
	bool changed;   /* a note was made, or taken away */
	const char *by; /* somebody else who is at work on it; or NULL */
};

/* Puts a note for each owner that has no why. Where somebody else has one, ours is
 * taken away again, and the owner gets a why (TEMP). v has a place for each owner;
 * texts are put into the arena. 0, or -1 and why. */
int route_hold(struct jmap *j, struct owners *o, const char *who,
    struct holding *v, struct arena *texts, struct why *why);

/* Takes ours away, or (who NULL) those of everybody. */
int route_release(struct jmap *j, struct owners *o, const char *who,
    struct holding *v, struct arena *texts, struct why *why);

#endif
