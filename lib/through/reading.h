/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/* What a catalogue_reader has to do, done through doveadm. arg is a struct
 * store. */
#ifndef FERRY_THROUGH_READING_H
#define FERRY_THROUGH_READING_H

#include <stddef.h>

#include "core/why.h"
#include "maildir/catalogue.h"

int store_read_ids(
    void *arg, struct catalogue *c, size_t first, struct why *why);
int store_read_digests(void *arg, struct catalogue *c, struct why *why);
int store_entry_open(void *arg, const struct catalogue *c,
    const struct catalogue_entry *e, struct why *why);

#endif
