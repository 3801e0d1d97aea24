/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/* A user directory in an LDIF file, read by a field map. */
#ifndef FERRY_SOURCE_FIELDMAP_LDIFDUMP_H
#define FERRY_SOURCE_FIELDMAP_LDIFDUMP_H

#include "source/fieldmap/fieldmap.h"
#include "source/fieldmap/row.h"

/*
 * Reads the file, "-" being standard input, once for each section of the map.
 * What cannot be read twice is kept in a file without a name in TMPDIR
 * meanwhile. What fails is reported.
 */
void ldifdump_read(
    const char *path, const struct fieldmap *map, struct rows *m);

#endif
