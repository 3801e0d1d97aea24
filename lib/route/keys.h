/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/*
 * Lookup keys of the new server (MemoryLookupKey): a namespace is a set of
 * texts, which expressions ask with key_exists(). What is written counts after
 * the action ReloadLookupStores.
 */
#ifndef FERRY_ROUTE_KEYS_H
#define FERRY_ROUTE_KEYS_H

#include <stdbool.h>
#include <stddef.h>

#include "core/arena.h"
#include "core/map.h"
#include "core/why.h"
#include "jmap/client.h"
#include "record/record.h"

/* The keys of a namespace, as they are stored. The zero value is empty. */
struct keyring {
	struct map ids; /* text -> id */
	struct arena texts;
};

/* Reads a namespace, in place of what was read before: 0, or -1 and why. */
int keyring_read(
    struct jmap *j, const char *name, struct keyring *ring, struct why *why);
/* The same with the keys of these ids that are there, and in that namespace. */
int keyring_read_ids(struct jmap *j, const char *name, const struct strs *ids,
    struct keyring *ring, struct why *why);
void keyring_free(struct keyring *ring);
/* The id of a key; NULL where there is none. */
const char *keyring_get(const struct keyring *ring, const char *text);
/* All of them, sorted. The array is new. */
const char **keyring_texts(const struct keyring *ring);

enum key_state {
	KEY_OPEN, /* nothing was done yet */
	KEY_DONE, /* made, or taken away, by the call */
	KEY_WAS,  /* it was there before, or was not */
	KEY_FAILED
};

/* One key that is to be there, or to be gone. Texts are borrowed. */
struct key {
	const char *text;
	const char *id; /* on the server; NULL: not known */
	enum key_state state;
	const struct why *why; /* of KEY_FAILED; in the arena of the call */
};

/*
 * Makes the keys, or takes them away (each has an id then), many in a request
 * and several requests at a time; sets state and id of each. What the server may
 * or may not have done is looked up. Texts and errors are put into the arena.
 */
void keys_make(struct jmap *j, const char *name, struct key **keys, size_t n,
    struct arena *arena);
void keys_drop(struct jmap *j, const char *name, struct key **keys, size_t n,
    struct arena *arena);

/* Reads keys by their ids: all that are not there, or (there false) that still
 * are, get KEY_FAILED. 0, or -1 and why. */
int keys_verify(struct jmap *j, const char *name, struct key **keys, size_t n,
    bool there, struct arena *arena, struct why *why);

#endif
