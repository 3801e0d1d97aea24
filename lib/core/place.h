/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/*
 * Where the other programs and the data of this installation are. The running
 * program's own folder comes before the one that was built in, so that a build
 * tree, and an installation that was moved, find what belongs to them.
 *
 * A list of folders ends with NULL; the caller frees it with place_free.
 */
#ifndef FERRY_PLACE_H
#define FERRY_PLACE_H

#include "core/buf.h"

/* Where the dirdump-SOURCE programs are: MAILFERRY_LIBEXEC, libexec/mailferry
 * of this installation, the program's own folder, LIBEXECDIR of the build. */
char **place_programs(void);

/* The folders of PATH that are absolute. Any other means the current folder, or
 * one below it: no place to run a program from that reads password hashes. */
char **place_path(void);

/* Where the data of that kind ("fieldmap") is: that folder of MAILFERRY_SHARE,
 * of share/mailferry of this installation, of SHAREDIR of the build. */
char **place_data(const char *kind);

void place_free(char **list);

/* The first FOLDER/NAME that is there, to be freed; or NULL. */
char *place_find(char *const *list, const char *name);

/* Adds the folders to a text for people: "A, B". */
void place_text(struct buf *out, char *const *list);

#endif
