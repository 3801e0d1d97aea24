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

/* A mailbox that the configuration names, whether it is there or not. */
struct doveadm_use {
	char *block;  /* what it is called there */
	char *name;   /* without the prefix; as Dovecot divides levels */
	char *role;   /* of RFC 8621, by its special use; or NULL */
	bool expires; /* Dovecot removes mail from it by itself */
};

/* A namespace of the configuration. */
struct doveadm_namespace {
	char *name;
	char *prefix;   /* up to the first variable in it */
	char separator; /* NUL: what the layout has */
	bool inbox;
	bool own; /* private, and mail of its own: no virtual mailboxes */
	bool disabled;
	bool expires; /* the same of all its mailboxes */
	struct doveadm_setting {
		char *key, *value; /* as it is written */
	} * settings;
	size_t n_settings, cap_settings;
	struct doveadm_use *uses;
	size_t n_uses, cap_uses;
};

struct doveadm_mailbox {
	char *name; /* as Dovecot has it, with prefix and separators */
	char *path; /* without the prefix of the INBOX's namespace, "/" dividing
		       the levels; see mailbox_put_level() for a slash in one */
	char *role; /* of RFC 8621, by its special use; or NULL */
	char *guid;
	int64_t uidvalidity, uidnext, modseq, messages;
	bool home;   /* in the namespace of the INBOX */
	bool unmade; /* only the configuration names it */
};

/* The zero value is empty. */
struct doveadm_account {
	char *uid, *gid; /* who owns the mail, as numbers; NULL: not told */
	char *home;
	/* Of the INBOX, as mail_location of 2.3 has it: "maildir:~/Maildir"; of 2.4,
	 * the driver and what options are needed. */
	char *location;
	const char *location_of; /* the namespace whose own it is; or NULL */
	bool is_24;              /* Dovecot 2.4 or newer */
	bool indexed;            /* LAYOUT=index */
	/* The user has special uses that the configuration has not: Dovecot has to be
	 * asked for that of each mailbox. */
	bool more_uses;
	/* The caller has the files of the INBOX's namespace at hand: what Dovecot
	 * cannot open there, for whatever reason, is judged by them. */
	bool files;
	char *settings; /* some of the whole server, as doveconf tells */
	char *fields;   /* of the user, as the userdb has them */
	char *plugins;  /* the user's own; NULL: those of all */
	struct doveadm_namespace *namespaces;
	size_t n_namespaces, cap_namespaces;
	/* Where expunged mail waits for its end: mailboxes, or prefixes of
	 * namespaces, which end with a separator. */
	char **waiting;
	size_t n_waiting, cap_waiting;
	char separator; /* in the names of mailboxes */
	char escape;    /* of listescape; NUL: it has none */
	bool dots;      /* a name can have a dot in it: doveadm_dots_read() */
	const char *prefix; /* of the INBOX's namespace; borrowed from it */
	struct doveadm_mailbox *mailboxes;
	size_t n, cap;
	/* At the top of the tree, once their roles were read: mailboxes that are not
	 * there before somebody opens them ("auto = create"); and those that the
	 * configuration has for a special use and nobody has made. */
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

/* Which of these plugins, of which the last is NULL, is on for the user of an account
 * that was read: the first, or NULL. */
const char *doveadm_find_plugin(
    const struct doveadm_account *a, const char *const *names);

/* How long a keyword can be in bytes; Dovecot refuses a longer one with all others of
 * its message. */
size_t doveadm_keyword_max(const struct doveadm_account *a);

void doveadm_account_free(struct doveadm_account *a);

#endif
