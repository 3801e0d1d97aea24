/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/* The attachments of an event or a card, which the archive keeps as blobs. */
#ifndef FERRY_EXTRACT_ATTACHMENTS_H
#define FERRY_EXTRACT_ATTACHMENTS_H

#include <jansson.h>
#include <stdint.h>

#include "core/buf.h"
#include "extract/collections-dir.h"
#include "extract/idlist.h"
#include "extract/run.h"

/* Of one object. */
struct attachments {
	struct extract_run *run;
	const char *what; /* "event" */
	int64_t id;
	struct ids large; /* blobs that are too large for the object's file */
};

/* Appends the bytes of a blob; arg is a struct attachments. As struct convert
 * wants it. */
int attachments_get(
    void *arg, int64_t blob, struct buf *bytes, struct why *why);

/* Writes a blob into a file next to the object's. 0, or -1 and why. */
int attachments_put(struct attachments *a, const struct collection_dir *dir,
    int64_t blob, struct why *why);

/*
 * For the JSON file: writes every blob that a value names, and names the file
 * instead, as export_archive.py does. A blob that cannot be read is reported,
 * and stays a number.
 */
int attachments_write(struct attachments *a, const struct collection_dir *dir,
    json_t *value, struct why *why);

#endif
