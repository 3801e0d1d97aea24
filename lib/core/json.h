/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/*
 * JSON, RFC 8259, as records need it: a reader that scans a text in place
 * without building a tree, and a writer. Replies of servers, which are trees,
 * are read with jansson.
 *
 * Stricter than the RFC: no "\u0000", no lone surrogates, nesting bounded. That
 * is what lets every string be a C string. The caller has checked that the
 * text is UTF-8 and holds no NUL (core/ndjson.h does).
 */
#ifndef FERRY_JSON_H
#define FERRY_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/buf.h"

/* How deep arrays and objects may nest. */
enum {
	JR_DEPTH_MAX = 64
};

enum jr_type {
	JR_NULL,
	JR_BOOL,
	JR_NUMBER,
	JR_STRING,
	JR_ARRAY,
	JR_OBJECT
};

/*
 * One text being read. Strings are unescaped in place, which changes the text;
 * it must be NUL-terminated. After the first error everything fails, and error
 * names it.
 */
struct json_reader {
	char *at;
	const char *error;
	bool fresh; /* directly after the opening of a container */
};

void jr_init(struct json_reader *s, char *text);

/* The type of the value that comes next. False at an error. */
bool jr_peek(struct json_reader *s, enum jr_type *type);

/*
 * Enters an object or array, and steps through it:
 *
 *	jr_enter(s, '{');
 *	while (jr_member(s, &name))
 *		... read the value ...
 *
 * jr_member and jr_element return false after the last and at an error.
 */
bool jr_enter(struct json_reader *s, char open);
bool jr_member(struct json_reader *s, char **name);
bool jr_element(struct json_reader *s);

/* Reads a value of the type; false and error if it is another. The string is in
 * the text, NUL-terminated. An integer is in the range of int64_t; a number
 * with a fraction or an exponent is not an integer. */
bool jr_string(struct json_reader *s, char **value);
/* The same, as a copy in place of *to, which the caller frees. */
bool jr_copy(struct json_reader *s, char **to);
bool jr_int(struct json_reader *s, int64_t *value);
bool jr_bool(struct json_reader *s, bool *value);

/* Checks and skips a value of any type; it is not changed. */
bool jr_skip(struct json_reader *s);

/* True if nothing but white space is left. */
bool jr_done(struct json_reader *s);

/*
 * The writer appends to a buffer and puts the commas itself: a member or
 * element that follows a finished value is divided from it. Strings must be
 * UTF-8.
 */
void jw_open(struct buf *b, char open);   /* '{' or '[' */
void jw_close(struct buf *b, char close); /* '}' or ']' */
void jw_key(struct buf *b, const char *name);
void jw_str(struct buf *b, const char *value);
void jw_strn(struct buf *b, const char *value, size_t len);
void jw_int(struct buf *b, int64_t value);
void jw_bool(struct buf *b, bool value);
/* An array of n strings. */
void jw_strs(struct buf *b, const char *const *v, size_t n);

/* A member, its key as it is written: ",\"name\":". */
void jw_ready(
    struct buf *b, const char *key, size_t key_len, const char *value);

/* A member, key and value. A NULL string writes nothing. */
void jw_kstr(struct buf *b, const char *name, const char *value);
/* Bytes as a string of hex digits. */
void jw_khex(struct buf *b, const char *key, const void *p, size_t len);
void jw_kint(struct buf *b, const char *name, int64_t value);
void jw_kbool(struct buf *b, const char *name, bool value);
void jw_knull(struct buf *b, const char *name);

/* A string or a member whose text may hold any bytes: what is not UTF-8 is
 * shown as \xNN. jw_kvisn takes a text with NULs. */
void jw_vis(struct buf *b, const char *text);
void jw_kvis(struct buf *b, const char *name, const char *text);
void jw_kvisn(struct buf *b, const char *name, const struct buf *text);

#endif
