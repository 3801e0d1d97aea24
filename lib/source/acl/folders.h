/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/* The folders of a mailbox on the disk, and their dovecot-acl files; and whether
 * there are lists of other servers. */
#ifndef FERRY_SOURCE_ACL_FOLDERS_H
#define FERRY_SOURCE_ACL_FOLDERS_H

#include <stdbool.h>

#include "core/arena.h"
#include "core/buf.h"
#include "core/why.h"

/* As LAYOUT: of a Maildir's two layouts either one. Folders of one are none of the
 * other's. */
#define ACL_LAYOUT_UNKNOWN "?"

struct acl_folder {
	const char *name; /* UTF-8, "/" between its levels */
	struct buf *file; /* of its dovecot-acl; NULL: it has none */
	bool courier;     /* its courierimapacl gives rights to others */
};

enum {
	ACL_FOLDERS_NONE = 1, /* there is no mail yet */
	ACL_FOLDERS_CYRUS     /* it is a mailbox of Cyrus */
};

/*
 * Calls folder for each of a mail location ("maildir:/path", "mdbox:...",
 * "sdbox:..."), INBOX first. Links are not followed. A file that cannot be read,
 * and a name that Dovecot could not open, go to bad. 0; one of those above, with no
 * folder; or -1 and why (DATA) for a location that cannot be read.
 */
int acl_folders(const char *location,
    void (*folder)(void *arg, const struct acl_folder *f),
    void (*bad)(void *arg, const char *name, const struct why *why), void *arg,
    struct why *why);

#endif
