/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/*
 * Parts of a tool that are loaded when they are needed, because they bring a
 * library that most who have the tool do not want: plugin-NAME.so, in one of the
 * folders of place_programs. Each has a copy of its own of what it uses of lib.
 */
#ifndef FERRY_PLUGIN_H
#define FERRY_PLUGIN_H

#include <stddef.h>

#include "core/why.h"

/* What a plugin exports, as the symbol "ferry_plugin". */
struct plugin {
	const char *version; /* of mailferry */
	size_t size;         /* of the table */
	const void *table;
};

/* The export of a plugin whose table is that object. */
#define PLUGIN(object)                                                         \
	__attribute__((                                                        \
	    visibility("default"))) extern const struct plugin ferry_plugin;   \
	const struct plugin ferry_plugin = { FERRY_VERSION, sizeof(object),    \
		&(object) }

/*
 * The table, of that size, of a plugin; it stays loaded. NULL and why (FATAL),
 * which says what cannot be read without it ("what": "LDAP"), and where it was
 * looked for.
 */
const void *plugin_load(
    const char *name, const char *what, size_t size, struct why *why);

#endif
