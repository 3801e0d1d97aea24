/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/*
 * Two messages with one Message-ID and unlike content: the same message,
 * changed on its way, or two messages of a sender that repeats its ids?
 */
#ifndef FERRY_MAILDIR_KIN_H
#define FERRY_MAILDIR_KIN_H

enum kinship {
	KIN_NONE,
	KIN_FOOTER,   /* one is the other and a mailing list's footer */
	KIN_ENCRYPTED /* one is the other, encrypted at rest */
};

/*
 * Reads both from where the descriptors stand. In doubt (a footer that does not
 * look like one, a file that cannot be read, more than 64 MiB) they are not
 * kin: a message too many is better than one too few.
 */
enum kinship kin_compare(int fd1, int fd2);

/* "list footer", "encrypted at rest". */
const char *kin_name(enum kinship kin);

#endif
