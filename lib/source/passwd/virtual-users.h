/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/*
 * A table of virtual(5) in which addresses lead to users of the system: it says
 * which address each user's mailbox has. (Virtualmin writes one.)
 */
#ifndef FERRY_SOURCE_PASSWD_VIRTUAL_USERS_H
#define FERRY_SOURCE_PASSWD_VIRTUAL_USERS_H

#include "core/arena.h"
#include "core/map.h"
#include "source/aliases.h"
#include "source/emit.h"

struct virtual_users {
	struct map address_of;  /* user -> const char * */
	struct aliases aliases; /* the table, users written as addresses */
	struct arena arena;
};

/* Reads the text of a table. Of several addresses of a user the one counts that
 * the name of the user begins with, otherwise the first. What cannot be read is
 * reported. */
void virtual_users_read(
    struct virtual_users *v, struct emit *e, const char *path);
void virtual_users_free(struct virtual_users *v);

#endif
