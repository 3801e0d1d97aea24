/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/* What the iCalendar and vCard writers need to know besides the JSON. */
#ifndef FERRY_CONVERT_CONVERT_H
#define FERRY_CONVERT_CONVERT_H

#include <stdint.h>

#include "core/buf.h"
#include "core/why.h"

struct convert {
	/* The object's UID where the JSON has none (the archive keeps a card's
	 * beside it). */
	const char *uid;
	/* "mailto:" and the owner's address, to whom reminders by mail go; NULL
	 * where it is not known. */
	const char *owner;
	/*
	 * Appends the bytes of a blob that the JSON names as "@blob": 0, or -1
	 * and why. Without it, or where it fails, the number is kept as it is,
	 * in an X- property.
	 */
	int (*blob)(void *arg, int64_t id, struct buf *bytes, struct why *why);
	/* Told what a person should know: what means something else now, or
	 * could not be written as the object has it. May be NULL. */
	void (*note)(void *arg, const char *text);
	void *arg; /* of both */
};

/* Calls note, if there is one. */
void convert_note(const struct convert *c, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/* What the writers return besides -1. */
enum {
	CONVERT_WRITTEN = 0,
	CONVERT_NOTHING = 1
};

#endif
