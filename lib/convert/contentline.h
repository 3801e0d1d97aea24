/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/*
 * Content lines, the form that iCalendar (RFC 5545, 3.1) and vCard (RFC 6350,
 * 3.2) share: a name, parameters, a value; folded at 75 octets on the borders
 * of characters, ended by CRLF.
 */
#ifndef FERRY_CONVERT_CONTENTLINE_H
#define FERRY_CONVERT_CONTENTLINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/buf.h"

/* Lines go to out, which is borrowed. Give text back with cl_free. */
struct contentline {
	struct buf *out;
	struct buf text; /* the line that is being built */
	/* RFC 6868 (^n and the like in parameters); vCard 3 does not know it,
	 * and gets blanks instead. */
	bool no_caret;
};

/* Starts a line: the group of a vCard property (may be NULL), and its name. */
void cl_begin(struct contentline *l, const char *group, const char *name);
/* A parameter; one more value for it. Quoted where that is needed. */
void cl_param(struct contentline *l, const char *name, const char *value);
void cl_param_more(struct contentline *l, const char *value);
/* The colon: what follows is the value. */
void cl_colon(struct contentline *l);
/* Part of a value as TEXT, escaped; as it is; in base64. Control characters are
 * left out in all of them. */
void cl_text(struct contentline *l, const char *s);
void cl_raw(struct contentline *l, const char *s);
void cl_base64(struct contentline *l, const void *p, size_t len);
/* A URI as the value, with what a URI cannot hold (RFC 3986, 2) as %XX. */
void cl_uri(struct contentline *l, const char *s);
/* Ends the line and folds it. */
void cl_end(struct contentline *l);

/* A whole line without parameters, its value as it is, or as TEXT. */
void cl_line(struct contentline *l, const char *name, const char *value);
void cl_text_line(struct contentline *l, const char *name, const char *value);

/* Whether a line of that name was written from the offset on; a group before it
 * does not count. */
bool cl_has(const struct contentline *l, size_t from, const char *name);

void cl_free(struct contentline *l);

/* True if cl_text keeps all of s: no control characters but tab and newline. */
bool cl_clean(const char *s);
/* A name that a property or parameter may have: letters, digits and "-". */
bool cl_is_name(const char *s);

#endif
