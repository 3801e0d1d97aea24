/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/*
 * The entries of an LDIF text (RFC 2849), as slapcat(8) and ldapsearch(1)
 * write them. Values by URL and change records are refused. The end of
 * ldapsearch's output is understood: a search that the server cut off is an
 * error here too.
 */
#ifndef FERRY_LDAP_LDIF_H
#define FERRY_LDAP_LDIF_H

#include <stdbool.h>
#include <stddef.h>

#include "core/lines.h"
#include "core/why.h"
#include "ldap/entry.h"

struct ldif {
	size_t line;       /* where the entry begins, or what is wrong */
	size_t references; /* to other servers, which are passed over */
	bool unended;      /* the last line has no newline */

	struct lines lines;
	struct buf text;  /* the current line, unfolded */
	struct buf ahead; /* the one that was read after it */
	struct buf value;
	size_t number, ahead_number;
	bool have_ahead, ahead_long;
	bool too_long; /* the current line */
	bool started;  /* past the place of "version:" */
};

/* Reads from fd, which stays the caller's. */
void ldif_init(struct ldif *in, int fd);
void ldif_free(struct ldif *in);

/*
 * The next entry: 1; 0 at the end; -1 and why. After FAIL_DATA, which is about
 * one entry whose DN is in e as far as it was read, the next call goes on after
 * it. FAIL_FATAL: the text as a whole cannot be a directory.
 */
int ldif_next(struct ldif *in, struct ldap_entry *e, struct why *why);

#endif
