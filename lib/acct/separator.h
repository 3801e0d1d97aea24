/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/* What stands between an owner's name and a master user's, where nobody says. */
#ifndef FERRY_ACCT_SEPARATOR_H
#define FERRY_ACCT_SEPARATOR_H

enum {
	SEPARATORS_MAX = 4 /* with the NUL */
};

/*
 * The separators to try on a server, the likeliest first: what doveconf(1) says
 * of an IMAP server on this machine, then the usual one of that kind of server,
 * then the other.
 */
void separators_guess(const char *url, char usual, char out[SEPARATORS_MAX]);

#endif
