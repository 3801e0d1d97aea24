/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/* What a Stalwart server does at once when it is told to. */
#ifndef FERRY_JMAP_ACTION_H
#define FERRY_JMAP_ACTION_H

#include "jmap/client.h"

/*
 * Has the server carry out an action ("InvalidateCaches"); it may be done twice.
 * 0, or -1 and why. error, which may be NULL, gets what the server says of the
 * action where it refuses it (new).
 */
int jmap_action(
    struct jmap *j, const char *action, json_t **error, struct why *why);

#endif
