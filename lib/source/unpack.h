/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/*
 * A tar, unpacked into a private folder: files, folders and links, as POSIX
 * (ustar, pax) and GNU write them. Anybody may have made the tar: nothing is
 * written outside the folder, whatever the names and links in it say.
 */
#ifndef FERRY_SOURCE_UNPACK_H
#define FERRY_SOURCE_UNPACK_H

#include "core/why.h"

/* A member that is left out, and the reason, which is a literal. */
typedef void unpack_left_out(void *ctx, const char *name, const char *text);

/*
 * Unpacks what is left of a descriptor below the folder dirfd; modes and owners are not
 * kept (0600 and 0700, ours). 0; or -1 and why (FATAL), for a tar that is damaged or cut.
 */
int unpack(
    int fd, int dirfd, unpack_left_out *said, void *ctx, struct why *why);

#endif
