/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/*
 * A JSON tree that is used up: what a writer makes a property of is taken out,
 * and what is left at the end has no place in the target format. So nothing is
 * lost by being forgotten.
 */
#ifndef FERRY_CONVERT_JSTREE_H
#define FERRY_CONVERT_JSTREE_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "convert/contentline.h"
#include "convert/convert.h"
#include "core/why.h"

struct jstree {
	json_t *root;  /* taken from */
	json_t *whole; /* as it was */
	json_t *taken; /* keeps alive what was taken out */
};

/* Reads a text whose value is an object: 0, or -1 and why (DATA). */
int js_parse(struct jstree *t, const char *json, size_t len, struct why *why);
/* A tree of a copy of an object. */
void js_copy(struct jstree *t, const json_t *object);
void js_free(struct jstree *t);

/*
 * Takes a member of an object of the tree out of it. NULL, or false, where it
 * is not there or is of another type: then it stays. What is returned lives as
 * long as the tree. obj may be NULL.
 */
json_t *js_take(
    struct jstree *t, json_t *obj, const char *name, json_type type);
bool js_take_int(
    struct jstree *t, json_t *obj, const char *name, json_int_t *n);
bool js_take_bool(struct jstree *t, json_t *obj, const char *name, bool *value);
/* A string that is empty is none. One with control characters, which no
 * property can hold, is returned and stays. */
const char *js_take_str(struct jstree *t, json_t *obj, const char *name);
/* The same, taken only where it is the value wanted. */
bool js_take_word(
    struct jstree *t, json_t *obj, const char *name, const char *value);

/* The members of an object that is there, which is not taken; NULL if there is
 * none. */
json_t *js_object(json_t *obj, const char *name);
/* A string member, which is not taken; NULL if there is none. */
const char *js_peek_str(const json_t *obj, const char *name);

/*
 * Applies a patch of RFC 8984, 1.4.9 to a tree: each member is named by a
 * pointer without its first slash; null removes. A pointer that leads nowhere
 * is false, the others are applied.
 */
bool js_patch(json_t *object, const json_t *patch);

/* Calls for all that is left, each with its pointer. "@type" is left out where
 * the rest of its object was taken, and so is a member of the root that is
 * null. */
void js_left(const struct jstree *t,
    void (*each)(void *arg, const char *pointer, const json_t *value),
    void *arg);

/* Appends a value as JSON that holds no control characters. */
void js_text(struct buf *out, const json_t *value);

#endif
