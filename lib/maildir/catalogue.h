/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/*
 * The messages of a Maildir tree, and what tells each from the others. About
 * 100 bytes a message, half of it the file name.
 */
#ifndef FERRY_MAILDIR_CATALOGUE_H
#define FERRY_MAILDIR_CATALOGUE_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include "core/buf.h"
#include "core/why.h"
#include "maildir/content.h"
#include "maildir/refresh.h"
#include "maildir/tree.h"

struct index;

enum entry_state {
	ENTRY_NEW = 1 << 0,    /* in new/, not in cur/ */
	ENTRY_READ = 1 << 1,   /* the Message-ID was looked for */
	ENTRY_ID = 1 << 2,     /* there is one: id is its digest */
	ENTRY_DIGEST = 1 << 3, /* digest is that of the content */
	ENTRY_WANT = 1 << 4,   /* the digest is wanted */
	ENTRY_BAD = 1 << 5,    /* cannot be read; a fault says why */
	ENTRY_GONE = 1 << 6,   /* was removed since it was listed */
	ENTRY_CLOSED = 1 << 7  /* the owner of the tree may not read it */
};

struct catalogue_entry {
	unsigned char id[DIGEST_LEN];
	unsigned char digest[DIGEST_LEN];
	uint32_t ino;   /* inode number, folded */
	uint32_t name;  /* offset in the catalogue's names */
	uint32_t stamp; /* of size and time, for the index; a bad one's fault */
	uint32_t next;  /* for whoever chains entries */
	uint32_t folder : 24;
	uint32_t state : 8; /* of enum entry_state */
};

struct catalogue;

/*
 * How messages are read that are not files of a Maildir. Their names are
 * "GUID:2,FLAGS", ino is theirs to use.
 */
struct catalogue_reader {
	void *arg;
	/* What catalogue_read_ids and catalogue_read_digests do. */
	int (*read_ids)(
	    void *arg, struct catalogue *c, size_t first, struct why *why);
	int (*read_digests)(void *arg, struct catalogue *c, struct why *why);
	/* What entry_open does. */
	int (*open)(void *arg, const struct catalogue *c,
	    const struct catalogue_entry *e, struct why *why);
	/* Lists all again, and reads the ids: some messages were not where they
	 * had been listed. */
	int (*list_again)(void *arg, struct catalogue *c, struct why *why);
};

struct catalogue {
	struct mdtree *tree;
	const struct catalogue_reader *reader; /* NULL: files of a Maildir */
	struct index *index;                   /* or NULL */
	struct catalogue_entry *entries;
	size_t n, cap;
	struct buf names;
	unsigned int jobs;
	bool stamps;           /* fill in and compare stamps */
	struct timespec began; /* the first listing, by the clock of files */
	atomic_bool learned;   /* something was read that no index knew */
	pthread_mutex_t lock;  /* for the faults */
	char **faults;
	size_t n_faults, cap_faults;
};

void catalogue_init(struct catalogue *c, struct mdtree *tree);
void catalogue_free(struct catalogue *c);

const char *entry_name(
    const struct catalogue *c, const struct catalogue_entry *e);

/* Appends "DIR/cur/NAME". */
void entry_put_path(struct buf *out, const struct catalogue *c,
    const struct catalogue_entry *e);

/* Why an entry cannot be used; NULL if it can. */
const char *entry_fault(
    const struct catalogue *c, const struct catalogue_entry *e);

/* Adds a message to the list. 0, or -1 and why (FATAL): there are too many. */
int catalogue_add(struct catalogue *c, size_t folder, const char *name,
    uint32_t ino, struct why *why);

/* Lists all folders of the tree. A folder that cannot be listed gets a fault,
 * or, in a strict tree, is an error. 0, or -1 and why (FATAL). */
int catalogue_list(struct catalogue *c, struct why *why);

/* True if messages may have come into a folder since it was listed last: in
 * new/, or in either. */
bool catalogue_is_stale(
    const struct catalogue *c, size_t folder, bool new_only);

/* Lists a folder again and appends the files that it did not know. 0, or -1 and
 * why (FATAL). */
int catalogue_update(struct catalogue *c, size_t folder, struct why *why);

/*
 * Lists the tree again, the folders that changed since they were listed, and
 * those that are new: afterwards the list has what is in them now, and what was
 * known of it. A message that was made since the first listing began came from
 * no other folder: STAYED. 0, or -1 and why (FATAL).
 */
int catalogue_refresh(
    struct catalogue *c, enum refresh *found, struct why *why);

/* Takes the entries out that are gone, and those of folders that are. */
void catalogue_drop_gone(struct catalogue *c);

/* Lists a folder again and gives its entries that are ENTRY_GONE the names that
 * their files have now, if they have any. 0, or -1 and why (FATAL). */
int catalogue_find_again(struct catalogue *c, size_t folder, struct why *why);

#endif
