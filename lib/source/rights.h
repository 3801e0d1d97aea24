/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/*
 * With whose rights local(8) of Postfix reads files that users name or own: what
 * it does not read, no reader may, though it runs as root. On another machine
 * (source/host.h) dirdump-collect has asked the same there.
 */
#ifndef FERRY_SOURCE_RIGHTS_H
#define FERRY_SOURCE_RIGHTS_H

#include <stdbool.h>
#include <stdint.h>

struct rights {
	int64_t uid, gid; /* and no other group */
};

/* Those for the lists that an alias of a table "TYPE:NAME" or a file includes. False:
 * nobody's, and Postfix delivers nothing. */
bool rights_of_table(const char *table, struct rights *r);

/* Opens a list that is included with these rights: a descriptor to read it by, or
 * -1: Postfix does not read it. *r is then what those are included with that it
 * names. */
int rights_include(const char *list, struct rights *r);

/* Whether somebody with these rights can read a regular file of this machine. */
bool rights_reach(const char *path, const struct rights *r);

#endif
