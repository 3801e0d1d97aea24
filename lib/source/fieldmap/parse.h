/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/* The grammar of field maps, mailferry-fieldmap(5). */
#ifndef FERRY_SOURCE_FIELDMAP_PARSE_H
#define FERRY_SOURCE_FIELDMAP_PARSE_H

#include <stdbool.h>

#include "core/why.h"
#include "source/fieldmap/fieldmap.h"

/*
 * Reads a map from a text, which is changed; it is UTF-8 and holds no NUL. path
 * is for messages, and copied. 0; or -1 and why (FATAL), which names the line.
 * In either case to be given to fieldmap_free.
 */
int fieldmap_parse(
    struct fieldmap *map, const char *path, char *text, struct why *why);

/* The word of a line that sets a field, and whether a kind of section has it.
 * Those of record_members (record/member.h) are called alike. */
const char *fieldmap_word(enum field field);
bool fieldmap_has(enum fieldmap_kind kind, enum field field);

#endif
