/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/* What the files that write a plan share. */
#ifndef FERRY_PLAN_WRITE_INTERNAL_H
#define FERRY_PLAN_WRITE_INTERNAL_H

#include "core/buf.h"
#include "plan/model.h"

/* One line being built. */
struct writer {
	struct plan *plan;
	int (*write)(void *arg, const char *line, size_t len, struct why *why);
	void *arg;
	struct why *why;
	struct buf line;
	struct buf id; /* scratch for client ids */
	size_t n;      /* objects in the line */
	bool whole;    /* all objects of the kind go into one line */
	bool lacks;    /* what the server has beside those of the line stays */
	int result;
};

/* Whether others than those of the plan may have aliases and be on its lists. */
bool writer_is_part(const struct plan *p);

/* The members of an operation before its value; and what ends its line. */
void writer_operation(struct writer *w, const char *type, const char *object);
void writer_line(struct writer *w);
/* An object in the current line, or in a new one; its end, which may end a full line;
 * and the end of a line that is not full. */
void writer_object(struct writer *w, const char *operation, const char *object,
    const char *kind, const char *address);
void writer_object_end(struct writer *w);
void writer_end(struct writer *w);
/* Members. */
void writer_common(struct writer *w, const char *description);
void writer_variant(struct writer *w, const char *name, const char *type);

#endif
