/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/* Shared folders of a Dovecot: access lists become shares. */
#ifndef FERRY_SOURCE_ACL_ACL_H
#define FERRY_SOURCE_ACL_ACL_H

#include "source/acl/people.h"
#include "source/acl/settings.h"
#include "source/acl/shared-dict.h"
#include "source/emit.h"

struct acl_options {
	const char *mail;   /* where the mail of accounts without "mail" is */
	const char *prefix; /* of an owner's folders, for others */
	struct shared_dict *dict; /* who is known to share; NULL: not known */
	const struct acl_settings *settings; /* of Dovecot */
};

/*
 * Reads the lists of each account's folders, and emits a settings record with
 * its shares. What a share with one person cannot say is noted.
 */
void acl_dump(
    struct emit *e, const struct people *people, const struct acl_options *o);

#endif
