/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/* One line of a plan: what an operation may hold. For planfile.c and
 * plancheck.c. */
#ifndef FERRY_PLANFILE_PLANLINE_H
#define FERRY_PLANFILE_PLANLINE_H

#include "planfile/planfile.h"

/* Sets why to "NAME:LINE: WHAT" (FATAL) and returns -1. */
int plan_bad_line(struct plan_reader *r, struct why *why, const char *what);
/* The next line that is not blank: 1, 0 at the end, -1 and why. *offset is where
 * it begins. */
int plan_next_line(struct plan_reader *r, char **line, size_t *len,
    off_t *offset, struct why *why);
/* Makes a line the reader's operation; the line is changed, and must stay. 0, or
 * -1 and why. */
int plan_read_op(struct plan_reader *r, char *line, struct why *why);
/* Empties the reader's operation. */
void plan_clear_op(struct plan_reader *r);
/* Skips the value that comes next; its text is *from to *to. */
bool plan_take_text(struct json_reader *s, char **from, char **to);
/* A value as a tree, whole numbers such as 1e3 and 1.0 made integers; new. NULL
 * where it is not JSON, has a member twice, or a number that is out of range. */
json_t *plan_tree(const char *text, size_t len);
/* The same of the value that comes next. */
json_t *plan_take_tree(struct json_reader *s);

#endif
