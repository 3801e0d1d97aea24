/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/*
 * What was read of a tree's messages in an earlier run, so that they need not
 * be opened again: an accelerator, never a source of truth. A file in a Maildir
 * does not change under its base name; a record holds for a file of the same
 * folder, base and inode number, and, where the caller fills in stamps, of the
 * same size and time. A file that is missing, foreign or damaged is an empty
 * index.
 */
#ifndef FERRY_MAILDIR_INDEX_H
#define FERRY_MAILDIR_INDEX_H

#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>

#include "core/why.h"

struct catalogue;
struct catalogue_entry;
struct index;

/* 0, or -1 and why (FATAL) where the file is none of ours, which index_save would
 * replace. */
int index_check(const char *file, struct why *why);

/* NULL if there is none that could be used. The caller frees it. */
struct index *index_open(const char *file);
struct index *index_read(int fd);
void index_free(struct index *x);

/* Fills in what is known of an entry, and its state. */
void index_recall(const struct index *x, const struct catalogue *c,
    struct catalogue_entry *e);

/* The same for all entries from a number on, much faster. */
void index_recall_all(const struct index *x, struct catalogue *c, size_t first);

/* How many records it has; 0 for NULL. */
size_t index_count(const struct index *x);

/* How many of a catalogue's entries index_save would write. */
size_t index_worth(const struct catalogue *c);

/* Adds a record to the checksum of those before it, which is 0 at first. */
uint64_t index_sum(uint64_t sum, const void *record);

/* Of a file's size and time; never 0. */
uint32_t index_stamp(const struct stat *st);

/* Writes an index of the entries of n catalogues, in place of the old file,
 * mode 0600. 0, or -1 and why. */
int index_save(const char *file, const struct catalogue *const *catalogues,
    size_t n, struct why *why);

#endif
