/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/*
 * Putting messages into a folder of a Maildir, so that nobody ever sees half of
 * one and none takes the place of another: written to tmp/, dressed with owner,
 * mode and time, made durable, then renamed into cur/ under a name that was
 * free.
 */
#ifndef FERRY_MAILDIR_DELIVERY_H
#define FERRY_MAILDIR_DELIVERY_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>
#include <time.h>

#include "core/why.h"
#include "maildir/content.h"
#include "maildir/name.h"
#include "maildir/tree.h"

/* A folder that is open for delivery. */
struct drop {
	int cur, new, tmp;
	mode_t mode; /* of files: Dovecot's rule, from the folder's */
	uid_t uid;
	gid_t gid;
	bool chown; /* we are root, and they are somebody's */
	bool plain; /* the caller's choice: parcels get no digest */
};

/*
 * Makes the folder dir below the root, a directory that Dovecot's rules for
 * owner and mode make from its parent's; with "maildirfolder" in it, as
 * Maildir++ has it, unless fs; *made says that the directory is new. One that is
 * there gets what it lacks of the three. A new Maildir++ folder appears
 * complete. 0, or -1 and why (DATA).
 */
int folder_make(
    int root, const char *dir, bool fs, bool *made, struct why *why);

/* Removes the folder that a run was making when it was killed. */
void folder_sweep(int root);

/* Opens the control directory of a folder, which is made if it lies elsewhere
 * and is not there yet. The descriptor, or -1 and errno. */
int control_open(const struct mdtree *t, const char *dir);

/* Opens a folder; of cur/, new/ and tmp/ what it lacks is made. 0, or -1 and
 * why (DATA).
 */
int drop_open(struct drop *d, int root, const char *dir, struct why *why);
/* The same of an open folder, whose descriptor it takes; -1 is an error, with
 * errno. */
int drop_open_at(struct drop *d, int folder, const char *dir, struct why *why);
void drop_close(struct drop *d);

/* Removes what earlier runs, which were killed, left in tmp/ of a folder. */
void drop_sweep(int root, const char *dir);
void drop_sweep_at(int folder);

/* A message on its way. */
struct parcel {
	int fd;
	char tmp[64]; /* its name in tmp/ */
	struct msgsize size;
	unsigned char sha[RAW_DIGEST_LEN]; /* after parcel_close; or zeros */
	struct digest md;                  /* unless plain */
};

/* Begins a message; number tells those of one run apart. 0, or -1 and why
 * (DATA). */
int parcel_open(
    struct parcel *m, const struct drop *d, size_t number, struct why *why);
int parcel_write(struct parcel *m, const void *p, size_t len, struct why *why);

/* Ends it: digest, owner, mode and time (the IMAP internal date); not yet
 * durable. 0, or -1 and why; the file is removed then. */
int parcel_close(struct parcel *m, const struct drop *d,
    const struct timespec *date, struct why *why);

/* Removes an unfinished or unwanted message. */
void parcel_drop(struct parcel *m, const struct drop *d);

/*
 * Makes n closed parcels durable, all at once: syncfs(2) where there are many,
 * else fsync(2) for each. 0, or -1 and why.
 */
int drop_sync(
    const struct drop *d, struct parcel *const *m, size_t n, struct why *why);

/* fsync(2) of a file in the directory dir. 0, or -1 and errno. */
int sync_file(int dir, const char *name);

/*
 * Renames a message that is shown, under Dovecot's lock, with RENAME_NOREPLACE; on
 * a file system that cannot, after a look at the new name. 0, or -1 and errno:
 * EEXIST if the new name is taken.
 */
int rename_shown(int from_dir, const char *from, int to_dir, const char *to);

/* Shows one, whose name in cur/ must be free. 0, or -1 and why (DATA), with
 * errno; the file stays in tmp/. */
int drop_show(
    const struct drop *d, const char *tmp, const char *name, struct why *why);

/* Makes the names durable. */
int drop_settle(const struct drop *d, struct why *why);

#endif
