/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/* What the owner of mail may do with it, where root is at work: root can read it in
 * any case. */
#ifndef FERRY_MAILDIR_OWNER_H
#define FERRY_MAILDIR_OWNER_H

#include <stdbool.h>
#include <sys/stat.h>
#include <sys/types.h>

/* The zero value is nobody, who is kept out of nothing. */
struct mail_owner {
	bool known;
	uid_t uid;
	gid_t gid;
};

/* Whose a directory is; nobody where it is root's, or somebody else than root asks. */
struct mail_owner owner_of_dir(int fd);

/* True if he may do with it what the bits of a mode say, 04 or 07, as far as can be
 * seen: he may be in more groups than he is said to be. */
bool owner_may(
    const struct mail_owner *o, const struct stat *st, unsigned int bits);

/* What is wrong with a folder then. */
#define OWNER_KEPT_OUT                                                         \
	"the owner of the mail may not enter it; see maildir-check"

/* True if he may not use a folder of the tree, or one above it: below such a one, a
 * new folder gets its owner. */
bool owner_is_kept_out(
    const struct mail_owner *o, const char *root, const char *dir);

#endif
