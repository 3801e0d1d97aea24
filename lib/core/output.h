/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/*
 * Where a program may write. Records hold password hashes: an output never
 * follows a link that somebody else made, never leaves them where others can
 * read them, never takes the place of a device, and is never read again by the
 * run that writes it.
 */
#ifndef FERRY_OUTPUT_H
#define FERRY_OUTPUT_H

#include <stdbool.h>
#include <sys/stat.h>

#include "core/why.h"

/*
 * What path leads to. A link is followed if it is ours or root's; another one,
 * and one that leads nowhere, is FATAL. *real (the caller's to free) is where it
 * ends; st->st_mode is 0 where there is nothing yet. 0, or -1 and why.
 */
int output_follow(
    const char *path, char **real, struct stat *st, struct why *why);

/*
 * Opens a regular file to read and to append to, made with mode 0600. One that is
 * there must be ours (or root's) and closed to others, and no other run may have it
 * at the same time (TEMP). The descriptor, or -1 and why (FATAL, where this run
 * uses the file already, too). And closes it.
 */
int output_open_own(const char *path, struct why *why);
void output_close_own(int fd);

/* Opens a file of records to append to, by the same rules, for as long as the run
 * lasts; a device or a FIFO is written to directly. A last line that was cut off
 * gets its newline, so that it stays one bad line, and input_claim refuses the
 * file. */
int output_append(const char *path, struct why *why);

/*
 * Opens a folder for output, made with mode 0700 where it is not there; the
 * folder above must be. The descriptor, or -1 and why (FATAL).
 */
int output_folder(const char *path, struct why *why);

/* Opens a file in such a folder, new or emptied, with mode 0600. One that is there
 * must be a file of ours, and have no other name. The descriptor, or -1 and
 * errno. */
int output_at(int folder, const char *name);

/* Takes note of a file that is written to; false: the run uses it already. And
 * forgets it. */
#define OUTPUT_TAKEN "%s: this run uses it already: give another file"
bool output_claim(const struct stat *st);
void output_disclaim(const struct stat *st);

/* Takes note of a file that is read: nothing of this run is written to it any more.
 * False: something is, as standard output may be; reading it would never end, or
 * it would be lost. */
#define INPUT_TAKEN "this run writes to it too: give another file"
bool input_claim(int fd);

#endif
