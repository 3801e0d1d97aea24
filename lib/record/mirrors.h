/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/* The other names of a domain, in its record. */
#ifndef FERRY_RECORD_MIRRORS_H
#define FERRY_RECORD_MIRRORS_H

#include <stdbool.h>

#include "core/buf.h"

/*
 * Takes those names out of "aliases" of a record that are no other names of the
 * domain, because owned says that they have accounts. The line is a record's JSON
 * text, good and without a newline; all else of it stays as it is.
 */
void mirrors_cut(
    struct buf *line, bool (*owned)(void *ctx, const char *domain), void *ctx);

#endif
