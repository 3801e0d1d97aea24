/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/*
 * A Maildir tree: its root, how it lays out and spells its folders, and which
 * there are. Everything is reached through descriptors. The owner of the mail
 * can put symbolic links below the root: they are followed to what is below the
 * root, as Dovecot does, and out of it only if the caller says so.
 */
#ifndef FERRY_MAILDIR_TREE_H
#define FERRY_MAILDIR_TREE_H

#include <dirent.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <time.h>

#include "cli/opt.h"
#include "core/why.h"
#include "maildir/folder.h"
#include "maildir/keywords.h"
#include "maildir/owner.h"

struct mdfolder {
	char *dir;        /* below the root; "." the INBOX */
	dev_t dev;        /* of its directory, which tells it from others */
	ino_t ino;        /* whatever it is called; 0: not known */
	bool gone;        /* was removed since it was listed */
	char *path;       /* NFC; NULL if Dovecot could not open the folder */
	char *role;       /* or NULL */
	bool role_stated; /* by folders.ndjson, not guessed from the name */
	bool missing;     /* wanted, but not made yet */
	char *fault;      /* why it cannot be read; NULL if it can */
	struct keywords keywords;
	char *no_keywords;       /* why they cannot be read; NULL if they can */
	struct timespec seen[2]; /* times of cur/ and new/ when last listed */
};

struct mdtree {
	char *root;
	int fd;
	int inbox; /* the directory of the INBOX; fd where that is the root */
	char *inbox_dir;   /* below the root, where it was found; or NULL */
	char *dirname;     /* style.dirname */
	bool follow;       /* links that lead out of the root, too */
	uint64_t identity; /* of the directory; the same in every run */
	int control; /* root of CONTROL=; the same as fd where it is not set */
	int lock, inbox_lock; /* of the account (maildir/lock.h); -1: none */
	/* Nobody, unless the caller says whose it is. */
	struct mail_owner owner;
	bool strict; /* a folder that cannot be read is an error of the tree */
	struct folder_style style;
	struct mdfolder *folders;
	size_t n, cap;
};

/* How the folders of a tree lie, and how their names are spelled. */
enum tree_layout {
	LAYOUT_AUTO, /* found out */
	LAYOUT_MAILDIR,
	LAYOUT_FS
};
extern const char *const layout_words[LAYOUT_FS + 1];
enum tree_names {
	NAMES_AUTO, /* found out */
	NAMES_MUTF7,
	NAMES_UTF8
};
extern const char *const names_words[NAMES_UTF8 + 1];

/* What the caller knows already. The zero value: nothing. */
struct tree_hint {
	enum tree_layout layout;
	enum tree_names names;
	const char *control; /* the directory of CONTROL=, or NULL */
	const char *inbox;   /* that of INBOX=, or NULL */
	/* The same of a folder_style; borrowed. */
	const char *dirname, *subscriptions;
	char escape, separator;
	bool follow;      /* symbolic links that lead out of the root */
	const char *side; /* "source" or "target", for names of options */
	bool mixed;       /* folders of either spelling are read */
	bool new; /* an empty directory is a Maildir, too, of the layout */
	/* A folder that cannot be read is an error of the whole tree; otherwise
	 * it gets a fault, and the rest is read. */
	bool strict;
};

/* clang-format off */

/* The options of a program that say what a Maildir does not say itself; hint: a
 * struct tree_hint. */
#define OPT_TREE_HINT(hint) \
	OPT_STRING(0, "control-dir", "DIR", \
	    "the CONTROL= directory of the Maildir", &(hint)->control), \
	OPT_SET(0, "follow", \
	    "follow symbolic links to folders that lead out of the tree", \
	    &(hint)->follow), \
	OPT_STRING(0, "inbox", "DIR", "the INBOX= directory of the Maildir", \
	    &(hint)->inbox), \
	OPT_WORD(0, "layout", "LAYOUT", "how folders lie", \
	    &(hint)->layout, layout_words), \
	OPT_WORD(0, "names", "ENCODING", \
	    "how folders are spelled", &(hint)->names, \
	    names_words)

/* clang-format on */

/* Notes why a folder cannot be read. 0; or, of a strict tree, -1 and the fault
 * is left to why. */
int mdtree_fault(struct mdtree *t, size_t folder, const struct why *why);

/*
 * Opens a tree and lists its folders, in the order of their directories. 0, or
 * -1 and why (FATAL): not a Maildir, LAYOUT=index; of a strict tree also, a
 * folder or its keyword list cannot be read.
 */
int mdtree_open(struct mdtree *t, const char *root,
    const struct tree_hint *hint, struct why *why);
void mdtree_close(struct mdtree *t);

/* Fills in what tells a folder from others. */
void mdtree_identify(const struct mdtree *t, struct mdfolder *f);

/*
 * The time of a directory that is about to be listed. The clock of a file
 * system goes in ticks: a change in the same tick would leave no trace, so a
 * time that is so young counts as none, which is 0.
 */
struct timespec steady_time(int fd);

/* Adds a folder to the list, which nobody has made yet if a path is given; its
 * number. */
size_t mdtree_add(struct mdtree *t, const char *dir, const char *path);

/* Opens a directory below fd; "." is fd itself. A symbolic link is followed where
 * it does not lead out of fd (and the kernel can tell: Linux 5.6). The
 * descriptor, or -1 and errno. */
int open_below(int fd, const char *dir);

/* Opens the directory of a folder: "." is that of the INBOX. -1 and errno. */
int mdtree_dir(const struct mdtree *t, const char *dir);

/* A stream of a directory below fd, "." being fd itself; no link is followed.
 * NULL and errno. */
DIR *opendir_below(int fd, const char *name);

/* Opens the directory that holds Dovecot's control files of a folder: the
 * folder's own, or the one below CONTROL=. -1 and errno. */
int mdtree_control(const struct mdtree *t, const char *dir);

/* 1: Dovecot has opened the folder before, its list of UIDs is there; 0; or -1 and
 * errno. In a tree that is not strict, and where it is forbidden to look, 1. */
int mdtree_was_opened(const struct mdtree *t, const char *dir);

/* Takes a folder out of the list. */
void mdtree_forget(struct mdtree *t, size_t folder);

/* Calls fn for each base that dovecot-uidlist of a folder has, those of files
 * that are gone too. False if there is no such file. */
bool uidlist_each(const struct mdtree *t, const char *dir,
    void (*fn)(void *arg, const char *base), void *arg);

#endif
