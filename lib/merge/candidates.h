/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/* Which messages of the two trees could be copies of each other: those of one
 * Message-ID, or, where there is none, of one content. */
#ifndef FERRY_MERGE_CANDIDATES_H
#define FERRY_MERGE_CANDIDATES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "maildir/catalogue.h"

/* The entries of a catalogue by id, chained through entry.next. */
struct idtable {
	struct catalogue *c;
	uint32_t *heads; /* freed by the caller */
	uint64_t seed;
	size_t mask;
};

/* Numbers of entries of one tree that have one id. The zero value is empty; the
 * caller frees v. */
struct candidates {
	uint32_t *v;
	size_t n, cap;
};

/* A candidate that has its twin; candidates_drop_used removes it. */
#define CANDIDATE_USED UINT32_MAX

/* True unless the file of the entry vanished or cannot be read. */
bool candidate_is_usable(const struct catalogue_entry *e);

/* Enters all usable entries that have a Message-ID. The seed keeps senders from
 * choosing ids that fall into one chain. */
void idtable_init(struct idtable *t, struct catalogue *c, uint64_t seed);

/* Makes the digest of an entry's content its id. */
void candidate_name_by_content(struct catalogue_entry *e);

/* Enters the entries that have no Message-ID under their content's digest,
 * which becomes their id. */
void idtable_add_nameless(struct idtable *t);

/* Fetches into the cache what candidates_gather will need for entry number i
 * of the catalogue c a little later. */
void candidates_prefetch(
    const struct idtable *t, const struct catalogue *c, size_t i);

void candidates_add(struct candidates *s, uint32_t number);

/* Sets out to the entries that share e's id, Message-ID with Message-ID and
 * content digest with content digest. */
void candidates_gather(struct candidates *out, const struct idtable *t,
    const struct catalogue_entry *e);

/* Marks all of them to be read whole. */
void candidates_want(struct catalogue *c, const struct candidates *s);

/* True if the content of all that can be read is known. */
bool candidates_are_read(const struct catalogue *c, const struct candidates *s);

/* Removes those that are CANDIDATE_USED; the order stays. */
void candidates_drop_used(struct candidates *s);

#endif
