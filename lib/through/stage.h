/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/*
 * A small Maildir that Dovecot imports: one mailbox with the messages of one
 * batch. It knows a message by the base name of its file, and gives the copy
 * that name as GUID, which so is known before anything is written.
 */
#ifndef FERRY_THROUGH_STAGE_H
#define FERRY_THROUGH_STAGE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "core/why.h"
#include "doveadm/account.h"
#include "maildir/content.h"
#include "maildir/keywords.h"

struct stage {
	char *path;   /* of the directory, here */
	char *inside; /* the same for Dovecot */
	int fd;       /* -1: there is none */
	bool fs;      /* LAYOUT=fs: the separator is "/" */
	char escape;  /* of listescape; NUL: Dovecot has it not */
	uid_t uid;    /* who has to be able to read it */
	gid_t gid;
	struct buf location, inbox, escaping; /* words of a call */
	int cur; /* of the mailbox that is being filled; -1: none */
	int box;
};

/* Whether one can be imported from there. 0, or -1 and why (FATAL). */
int stage_check(
    const char *place, const struct doveadm_account *account, struct why *why);

/*
 * Makes an empty one below a directory ("/srv/spool", or where Dovecot is in a
 * container "/srv/spool=/spool"; NULL: below $TMPDIR or /tmp). 0, or -1 and why
 * (FATAL).
 */
int stage_open(struct stage *s, const char *place,
    const struct doveadm_account *account, struct why *why);

/* Begins the mailbox of that name, one of several. 0, or -1 and why. */
int stage_begin(struct stage *s, const char *mailbox, struct why *why);

/* Copies a message from the offset of fd, under a name, with its internal date.
 * Its size and digest come back. 0, or -1 and why. */
int stage_put(struct stage *s, int fd, const char *name, int64_t date,
    int64_t *size, unsigned char sha[RAW_DIGEST_LEN], struct why *why);

/* Ends it: writes the list of its keywords. 0, or -1 and why. */
int stage_end(struct stage *s, const struct keywords *k, struct why *why);

/* Hands everything over to the user, who alone can write there from then on. 0, or
 * -1 and why. */
int stage_hand_over(struct stage *s, struct why *why);

/* The words of the call that imports it: the last options of "import", and its
 * operands; they are the stage's. */
void stage_put_args(struct stage *s, bool is_24, struct doveadm_args *args);

/* Takes the mailboxes away again. */
void stage_clear(struct stage *s);

/* Removes all of it. */
void stage_close(struct stage *s);

/* Removes what a run that was killed left at that path, if there is anything. */
void stage_sweep(const char *path);

#endif
