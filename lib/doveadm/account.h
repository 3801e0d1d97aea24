/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/* What Dovecot knows about a user: who owns the mail, where it is, and which
 * mailboxes there are. */
#ifndef FERRY_DOVEADM_ACCOUNT_H
#define FERRY_DOVEADM_ACCOUNT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "core/why.h"
#include "doveadm/call.h"

/* A namespace of the configuration. */
struct doveadm_namespace {
	char *prefix;   /* up to the first variable in it */
	char separator; /* NUL: what the layout has */
	bool inbox;
	bool own; /* private, and mail of its own: no virtual mailboxes */
	bool disabled;
};

struct doveadm_mailbox {
	char *name; /* as Dovecot has it, with prefix and separators */
	char *path; /* without the prefix of the INBOX's namespace, "/" dividing
		       the levels */
	char *role; /* of RFC 8621, by its special use; or NULL */
	char *guid;
	int64_t uidvalidity, uidnext, modseq, messages;
	bool home; /* in the namespace of the INBOX */
};

/* The zero value is empty. */
struct doveadm_account {
	char *uid, *gid; /* who owns the mail, as numbers; NULL: not told */
	char *home;
	char
	    *location; /* as mail_location of 2.3 has it: "maildir:~/Maildir" */
	char *path;    /* mail_path of 2.4, without variables */
	bool is_24;    /* Dovecot 2.4 or newer */
	struct doveadm_namespace *namespaces;
	size_t n_namespaces, cap_namespaces;
	char separator; /* in the names of mailboxes */
	/* Once doveadm_names_read() was called: */
	bool dots;          /* a name can have a dot in it */
	bool escapes;       /* it has listescape */
	const char *prefix; /* of the INBOX's namespace; borrowed from it */
	struct doveadm_mailbox *mailboxes;
	size_t n, cap;
	/* At the top of the tree: mailboxes that are not there before somebody
	 * opens them ("auto = create"), once their roles were read. */
	struct doveadm_mailbox *latent;
	size_t n_latent, cap_latent;
	/* Names that Dovecot lists and cannot open: a directory that another
	 * program named, or one that the user may not read. */
	char **closed;
	size_t n_closed, cap_closed;
};

/* Asks for all but the mailboxes. 0, or -1 and why (FATAL). */
int doveadm_account_read(
    struct doveadm_account *a, const struct doveadm *d, struct why *why);

void doveadm_account_free(struct doveadm_account *a);

#endif
