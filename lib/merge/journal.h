/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/*
 * The journal of one merge: what it is about to do, written and made durable
 * before it is done, so that the run can be taken back and so that a later run
 * knows what was added before. One line each: eight hexadecimal digits (CRC-32
 * of the rest), a space, a JSON object.
 *
 * A line proves nothing about the target. It says what was about to be done;
 * what became of it is found out by looking at the target.
 */
#ifndef FERRY_MERGE_JOURNAL_H
#define FERRY_MERGE_JOURNAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "core/buf.h"
#include "core/why.h"
#include "maildir/content.h"

enum journal_kind {
	JOURNAL_RUN,       /* the first line: the two trees */
	JOURNAL_FOLDER,    /* a folder of the target was made; was: of what was
			      a level before (FOLDER_WAS_LEVEL) */
	JOURNAL_LEVEL,     /* a directory that only holds folders was made */
	JOURNAL_KEYWORD,   /* a line of dovecot-keywords was added */
	JOURNAL_ADD,       /* a message */
	JOURNAL_FAILED,    /* one that was announced and could not be shown */
	JOURNAL_DONE,      /* the messages since the last such line are there */
	JOURNAL_FLAGS,     /* a message was renamed */
	JOURNAL_SUBSCRIBE, /* a line of subscriptions was added */
	JOURNAL_QUOTA,     /* a line was appended to maildirsize */
	JOURNAL_END,       /* the run is complete */
	JOURNAL_UNDONE     /* the run was taken back */
};

/* Members that a kind does not need are NULL, 0, or all zero. */
struct journal_record {
	enum journal_kind kind;
	char *target; /* RUN: the trees as they were named */
	char *source;
	uint64_t identity; /* RUN: of the target (merge/mark.h) */
	uint64_t id;       /* RUN: of the run itself */
	char *dir;         /* of the folder */
	char *name;        /* base of a message; keyword; line */
	char *info;        /* ADD, FLAGS: the flags afterwards, ":2,S" */
	char *was;         /* FLAGS, FOLDER: before */
	char *keywords;    /* ADD through doveadm: of the message, in small
			      letters and their order; NULL in old journals */
	int64_t number;    /* KEYWORD: of the letter; QUOTA, DONE: messages;
			      UNDONE: how many were kept, so far */
	int64_t size;      /* bytes */
	int64_t date;      /* ADD: internal date */
	unsigned char sha[RAW_DIGEST_LEN]; /* ADD: of the file */
};

/* The folder's directory was there, for the folders below it (LAYOUT=fs, and
 * the INBOX). */
#define FOLDER_WAS_LEVEL "level"

struct journal {
	int fd;
	char *path;
	struct buf waiting;
	int64_t len; /* bytes that are known to be on the disk */
	bool broken; /* a write or sync failed: nothing more is appended */
};

/* Creates the file, mode 0600, which must not be there. 0, or -1 and why. */
int journal_create(struct journal *j, const char *path, struct why *why);

/* Opens one that is there, to be added to. A last line that is not whole is cut
 * off, so that what is appended begins a line. 0, or -1 and why. */
int journal_append(struct journal *j, const char *path, struct why *why);

/* Appends a record; it reaches the disk with the next journal_sync. */
void journal_put(struct journal *j, const struct journal_record *r);

/*
 * Makes all records durable. 0, or -1 and why (FATAL). After a failure the
 * journal is cut back to what is known to be on the disk and takes no more:
 * Linux reports a failed write to the disk once, and a second fdatasync(2)
 * would succeed without the data.
 */
int journal_sync(struct journal *j, struct why *why);

/* journal_sync, unless it failed before, and close(2). 0, or -1 and why. */
int journal_close(struct journal *j, struct why *why);

/* A journal that was read. The zero value is empty. */
struct journal_text {
	struct journal_record *records;
	size_t n, cap;
	size_t damaged; /* lines that cannot be read, but for a last half one */
};

/*
 * Reads a journal. A last line that is not whole (the run was killed while it
 * wrote it) is passed over; other lines that cannot be read are counted and
 * passed over, since each has a checksum of its own. 0, or -1 and why: FATAL, it
 * cannot be read; DATA, its first line is not that of a
 * run, or it has lines of two.
 */
int journal_read(struct journal_text *t, const char *path, struct why *why);

/* The same from memory, without a look at the first record. */
void journal_parse(struct journal_text *t, char *text);

/* The numbers of the records that are about a folder, those of folders below others
 * first, and of one folder what it became last: the order in which they are undone.
 * *n says how many; the caller frees them. */
size_t *journal_bottom_up(const struct journal_text *t, size_t *n);

/* True if the run was taken back, all of it. */
bool journal_is_undone(const struct journal_text *t);

/* The number of a record of that kind; -1 if there is none. */
ssize_t journal_find(const struct journal_text *t, enum journal_kind kind);
void journal_free(struct journal_text *t);

#endif
