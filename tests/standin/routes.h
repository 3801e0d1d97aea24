/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/*
 * What the stand-in does with a recipient: who it is, and which way its mail
 * goes. Routes, expressions and lookup keys count as they were when they were
 * loaded last: at the start, by ReloadSettings and ReloadLookupStores. Of
 * expressions only the functions of split delivery are known; a condition with
 * anything else in it does not hold.
 */
#ifndef STANDIN_ROUTES_H
#define STANDIN_ROUTES_H

#include <jansson.h>
#include <stdbool.h>

/* Loads what is stored now. */
void routes_load_settings(void);
void routes_load_keys(void);

/*
 * What an RCPT command names: an array (new) of the addresses that its mail is
 * for, the members of a list in its place, without "+tag"; the local part keeps
 * its capitals. NULL where the server refuses it.
 */
json_t *routes_resolve(const char *rcpt);

/* The name of the route of an address, "local", "mx" or a relay's; "" where the
 * expression says nothing. Good until the settings are loaded again. */
const char *routes_decide(const char *rcpt);

/* A relay's host and port; false where there is no such route. */
bool routes_relay(const char *name, const char **host, int *port);

#endif
