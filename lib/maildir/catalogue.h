/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/*
 * The messages of a Maildir tree, and what tells each from the others. About
 * 100 bytes a message, of which its name is the half.
 */
#ifndef FERRY_MAILDIR_CATALOGUE_H
#define FERRY_MAILDIR_CATALOGUE_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/buf.h"
#include "core/why.h"
#include "maildir/content.h"
#include "maildir/tree.h"

struct index;

enum entry_state {
	ENTRY_NEW = 1 << 0,    /* in new/, not in cur/ */
	ENTRY_READ = 1 << 1,   /* the Message-ID was looked for */
	ENTRY_ID = 1 << 2,     /* there is one: id is its digest */
	ENTRY_DIGEST = 1 << 3, /* digest is that of the content */
	ENTRY_WANT = 1 << 4,   /* the digest is wanted */
	ENTRY_BAD = 1 << 5,    /* cannot be read; a fault says why */
	ENTRY_GONE = 1 << 6    /* was removed since it was listed */
};

struct entry {
	unsigned char id[DIGEST_LEN];
	unsigned char digest[DIGEST_LEN];
	uint32_t ino;   /* inode number, folded */
	uint32_t name;  /* offset in the catalogue's names */
	uint32_t stamp; /* of size and time, for the index; a bad one's fault */
	uint32_t next;  /* for whoever chains entries */
	uint32_t folder : 24;
	uint32_t state : 8; /* of enum entry_state */
};

struct catalogue {
	struct mdtree *tree;
	struct index *index; /* or NULL */
	struct entry *entries;
	size_t n, cap;
	struct buf names;
	unsigned int jobs;
	bool stamps;          /* fill in and compare stamps */
	atomic_bool learned;  /* something was read that no index knew */
	pthread_mutex_t lock; /* for the faults */
	char **faults;
	size_t n_faults, cap_faults;
};

void catalogue_init(struct catalogue *c, struct mdtree *tree);
void catalogue_free(struct catalogue *c);

const char *entry_name(const struct catalogue *c, const struct entry *e);

/* Appends "DIR/cur/NAME". */
void entry_put_path(
    struct buf *out, const struct catalogue *c, const struct entry *e);

/* Why an entry cannot be used; NULL if it can. */
const char *entry_fault(const struct catalogue *c, const struct entry *e);

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

/* Lists a folder again and gives its entries that are ENTRY_GONE the names that
 * their files have now, if they have any. 0, or -1 and why (FATAL). */
int catalogue_find_again(struct catalogue *c, size_t folder, struct why *why);

/*
 * Looks for the Message-IDs of all entries from number first on that have not
 * been read; or takes the digests of those that are ENTRY_WANT. A file that was
 * renamed meanwhile is found again by its base. 0, or -1 and why (FATAL).
 */
int catalogue_read_ids(struct catalogue *c, size_t first, struct why *why);
int catalogue_read_digests(struct catalogue *c, struct why *why);

/* Opens an entry's file for reading. The descriptor, or -1 and why (DATA). */
int entry_open(
    const struct catalogue *c, const struct entry *e, struct why *why);

/*
 * The directory that was used last, kept open, since neighbours in a catalogue
 * are neighbours in a directory. The zero value is ready.
 */
struct last_box {
	bool open;
	bool is_new;
	uint32_t folder;
	int fd;
};
/* The directory of an entry's file, which stays the cache's; and the file,
 * opened for reading. -1 and errno. */
int box_of(
    struct last_box *b, const struct catalogue *c, const struct entry *e);
int open_in_box(
    struct last_box *b, const struct catalogue *c, const struct entry *e);
void box_forget(struct last_box *b);

/* Opens cur/ or new/ of a folder. -1 and errno. */
int open_box(const struct mdtree *t, const char *dir, bool is_new);

#endif
