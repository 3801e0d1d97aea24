/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/*
 * A Maildir tree: its root, how it lays out and spells its folders, and which
 * there are. Everything is reached through descriptors, and no symbolic link
 * below the root is followed: the owner of the mail can put links there.
 */
#ifndef FERRY_MAILDIR_TREE_H
#define FERRY_MAILDIR_TREE_H

#include <dirent.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <time.h>

#include "core/why.h"
#include "maildir/folder.h"
#include "maildir/keywords.h"

struct mdfolder {
	char *dir;        /* below the root; "." the INBOX */
	char *path;       /* NFC; NULL if Dovecot could not open the folder */
	char *role;       /* or NULL */
	bool role_stated; /* by folders.ndjson, not guessed from the name */
	bool missing;     /* wanted, but not made yet */
	char *fault;      /* why it cannot be read; NULL if it can */
	struct keywords keywords;
	struct timespec seen[2]; /* times of cur/ and new/ when last listed */
};

struct mdtree {
	char *root;
	int fd;
	uint64_t identity; /* of the directory; the same in every run */
	int control; /* root of CONTROL=; the same as fd where it is not set */
	bool strict; /* a folder that cannot be read is an error of the tree */
	struct folder_style style;
	struct mdfolder *folders;
	size_t n, cap;
};

/* What the caller knows already; -1: found out. */
struct tree_hint {
	int fs;
	int utf8;
	const char *control; /* the directory of CONTROL=, or NULL */
	/* A folder that cannot be read is an error of the whole tree; otherwise
	 * it gets a fault, and the rest is read. */
	bool strict;
};

/* Notes why a folder cannot be read. 0; or, of a strict tree, -1 and the fault
 * is left to why. */
int mdtree_fault(struct mdtree *t, size_t folder, const struct why *why);

/* Reads "maildir++" or "fs", "mutf7" or "utf8" into a hint. False for anything
 * else. */
bool hint_layout(const char *word, int *fs);
bool hint_names(const char *word, int *utf8);

/*
 * Opens a tree and lists its folders, in the order of their directories. 0, or
 * -1 and why (FATAL): not a Maildir, LAYOUT=index; of a strict tree also, a
 * folder or its keyword list cannot be read.
 */
int mdtree_open(struct mdtree *t, const char *root,
    const struct tree_hint *hint, struct why *why);
void mdtree_close(struct mdtree *t);

/* Locks out other runs that change the tree, until it is closed. 0, or -1 and
 * why (TEMP if there is one). */
int mdtree_lock(const struct mdtree *t, struct why *why);

/* Adds a folder to the list, which nobody has made yet if a path is given; its
 * number. */
size_t mdtree_add(struct mdtree *t, const char *dir, const char *path);

/* The folder of a directory; -1 if there is none. */
ssize_t mdtree_find(const struct mdtree *t, const char *dir);

/* Opens a directory below fd level by level, following no link; "." is fd
 * itself. The descriptor, or -1 and errno. */
int open_below(int fd, const char *dir);

/* A stream of a directory below fd, "." being fd itself; no link is followed.
 * NULL and errno. */
DIR *opendir_below(int fd, const char *name);

/* Opens the directory that holds Dovecot's control files of a folder: the
 * folder's own, or the one below CONTROL=. -1 and errno. */
int mdtree_control(const struct mdtree *t, const char *dir);

/* Calls fn for each base that dovecot-uidlist of a folder has, those of files
 * that are gone too. False if there is no such file. */
bool uidlist_each(const struct mdtree *t, const char *dir,
    void (*fn)(void *arg, const char *base), void *arg);

#endif
