/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/* Where field maps are kept. */
#ifndef FERRY_SOURCE_FIELDMAP_FILE_H
#define FERRY_SOURCE_FIELDMAP_FILE_H

#include "core/why.h"
#include "source/fieldmap/fieldmap.h"

/*
 * Reads a map: a name that holds a "/" is a path, any other is looked for in the
 * folders of place_data("fieldmap"). 0; or -1 and why (FATAL), which names the file and the line,
 * or the folders that do not have it. In either case to be given to
 * fieldmap_free, after the last message: the texts of drop, fail and note live
 * in it.
 */
int fieldmap_read(struct fieldmap *map, const char *name, struct why *why);

#endif
