/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/* Dovecot's dictionary of who shares folders with whom (acl_shared_dict,
 * acl_sharing_map): what is not in it, is not listed to the other. */
#ifndef FERRY_SOURCE_ACL_SHARED_DICT_H
#define FERRY_SOURCE_ACL_SHARED_DICT_H

#include <stdbool.h>

#include "core/arena.h"
#include "core/map.h"
#include "core/why.h"
#include "record/record.h"

/* The zero value is empty. */
struct shared_dict {
	struct map pairs; /* "FROM TO"; TO may be "group/NAME" or "anyone" */
	struct arena arena;
};

/* Reads it: a file of the driver "file", or the URL of a database with the
 * tables of Dovecot's manual, user_shares and anyone_shares. password may be
 * NULL. 0, or -1 and why. */
int shared_dict_read(struct shared_dict *d, const char *place,
    const char *password, struct why *why);
/* Whether somebody of these groups is shown what from shares. */
bool shared_dict_has(const struct shared_dict *d, const char *from,
    const char *to, const struct strs *groups);
void shared_dict_free(struct shared_dict *d);

#endif
