/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/*
 * The file "subscriptions" of an account: which folders its owner sees. It has
 * two forms (Dovecot 2.3, lib-storage/list/subscription-file.c): version 2
 * begins with "V<tab>2" and an empty line and has a tab between levels;
 * version 1 has the separator of the store. The form that is found is kept.
 */
#ifndef FERRY_MAILDIR_SUBSCRIPTIONS_H
#define FERRY_MAILDIR_SUBSCRIPTIONS_H

#include <stdbool.h>

#include "core/buf.h"
#include "core/why.h"
#include "maildir/folder.h"

/* Appends a folder, by its directory, to the text of a subscriptions file of
 * our own making, which may be empty yet. */
void subscriptions_put(
    struct buf *text, const char *dir, const struct folder_style *style);

/* Adds a folder, by its directory, to the subscriptions in the control root fd,
 * or takes it out; *changed says whether that changed the file. 0, or -1 and
 * why. */
int subscriptions_set(int fd, const char *dir, const struct folder_style *style,
    bool on, bool *changed, struct why *why);

/* Removes what a run that was killed left of the lock. */
void subscriptions_sweep(int fd, const struct folder_style *style);

/* True if the subscriptions in the root fd name the folder; *there says if
 * there is such a file, and it can be read. */
bool is_subscribed(
    int fd, const char *dir, const struct folder_style *style, bool *there);

#endif
