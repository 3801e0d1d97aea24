/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/* Reading objects of the server, as many in a request as it takes. */
#ifndef FERRY_JMAP_FETCH_H
#define FERRY_JMAP_FETCH_H

#include "jmap/client.h"

/* Objects that are read: [{"object","id"}], and their members. */
struct fetch {
	json_t *wanted;
	json_t *members; /* names */
	size_t sent, from;
	json_t *found; /* "Object/id" -> members */
};

void fetch_want(struct fetch *f, const char *object, const char *id);
void fetch_member(struct fetch *f, const char *name);
/* Makes the next request; false when all is there. */
bool fetch_fill(struct jmap *j, struct fetch *f, struct jmap_request *r);
/* Reads its answer: 0, or -1 and why. */
int fetch_take(struct fetch *f, const struct jmap_request *r, struct why *why);
/* Members of an object; borrowed, NULL if it is not there. */
const json_t *fetch_found(
    const struct fetch *f, const char *object, const char *id);
void fetch_clear(struct fetch *f);
/* Fills it, waiting for each answer: 0, or -1 and why. */
int fetch_all(struct jmap *j, struct fetch *f, struct why *why);
/* The ids of all objects that fit a filter (NULL: all), in the order of the
 * server; a new array, or NULL and why. */
json_t *fetch_ids(
    struct jmap *j, const char *object, const json_t *filter, struct why *why);
/*
 * Reads all objects of a type that fit a filter (NULL: all), a few thousand at a
 * time, with the members that are named (NULL at the end), and hands each to
 * take. 0, or -1 and why.
 */
int fetch_each(struct jmap *j, const char *object, const json_t *filter,
    const char *const *members, void (*take)(void *arg, const json_t *object),
    void *arg, struct why *why);

#endif
