/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/* What the files that decide on an owner's settings share. */
#ifndef FERRY_SETTINGS_OWNER_INTERNAL_H
#define FERRY_SETTINGS_OWNER_INTERNAL_H

#include "settings/owner.h"

/* Of a line in the ledger. */
enum {
	OWNER_FIELDS = 4,
	OWNER_ALL_FIELDS = 6 /* with what was wanted, and what was there */
};

/* The names of things in the ledger. */
extern const char *const owner_words[ITEM_KINDS];

/* The wish in the ledger of an identity that has another name there now. */
#define OWNER_MOVED "moved"

const char *owner_text(const json_t *v, const char *member);
/* The object of a list whose member is this text; NULL if none. */
const json_t *owner_find(
    const json_t *list, const char *member, const char *text);
/* A thing to be done; in a dry run it is reported as planned and NULL. */
struct owner_item *owner_item(const struct owner_run *run, struct holder *o,
    enum item_kind kind, const char *name);
/* The same, with a note for the result; NULL: none. */
struct owner_item *owner_noted_item(const struct owner_run *run,
    struct holder *o, enum item_kind kind, const char *name, const char *note);
/* It is there; and in the ledger from now on, but for one with a note, which is
 * not as the record wants it. */
void owner_exists(const struct owner_run *run, const struct holder *o,
    enum item_kind kind, const char *name, const char *note);
/* The same, in the ledger also with a note. */
void owner_exists_known(const struct owner_run *run, const struct holder *o,
    enum item_kind kind, const char *name, const char *note);
/* The same, with what the record wants and the server has, for owner_put; id: what
 * the server calls it; NULL: nobody asks. */
void owner_exists_as(const struct owner_run *run, const struct holder *o,
    enum item_kind kind, const char *name, const char *wish, const char *there,
    const char *id);
/* The same of a script, of which nobody knows who put it in: one with another text is
 * named. blob: what the server calls its text. */
void owner_exists_text(const struct owner_run *run, const struct holder *o,
    const char *name, const char *text, const char *wish, const char *blob);
void owner_failed(const struct owner_run *run, const struct holder *o,
    enum item_kind kind, const char *name, const char *reason);
/* The filters that a wrapper of ours includes; or, wrapper NULL, that the last one
 * does which was made. False: nothing is known of it. *filters NULL: they are not
 * there any more. */
bool owner_filters(const struct owner_run *run, const struct holder *o,
    const char *wrapper, const char **filters);
/* Writes into the ledger that these rights, an array of names, were given. */
void owner_given(
    const struct owner_run *run, const struct holder *o, const json_t *names);
/* Whether a change of this script was sent, and the answer lost. */
bool owner_was_changing(const struct holder *o, const char *name);

/* What became of a thing that was put in. */
enum owner_put {
	PUT_UNKNOWN, /* nobody knows */
	PUT_SAME,    /* the record wants the same as then */
	PUT_OURS,    /* it wants something else, and the server has the same */
	PUT_THEIRS   /* it wants something else, and so does the owner */
};
enum owner_put owner_put(const struct owner_run *run, const struct holder *o,
    enum item_kind kind, const char *name, const char *wish, const char *there);
/* Whether the server has it as it was put in last. */
bool owner_untouched(const struct owner_run *run, const struct holder *o,
    enum item_kind kind, const char *name, const char *there);
/* Reports that the record wants something else than was put in; differs is taken
 * over. True if the caller has to change it. */
bool owner_differs(const struct owner_run *run, const struct holder *o,
    enum item_kind kind, const char *name, enum owner_put put, json_t *differs);
void owner_digest(const char *text, char out[OWNER_DIGEST]);
/* Of the members that are not null. */
void owner_digest_json(const json_t *object, char out[OWNER_DIGEST]);

/* The name in the ledger of the identity that was put in under an id; NULL. */
const char *owner_identity_of(
    const struct owner_run *run, const struct holder *o, const char *id);
/* What was put in of a kind, into this account or another one of the address. */
const struct ledger_entry *owner_entries(
    const struct owner_run *run, const struct holder *o, enum item_kind kind);
bool owner_is_entry(const struct holder *o, const struct ledger_entry *e);

/* Whether the ledger's last line of a kind is about this. */
bool owner_is_last(const struct owner_run *run, const struct holder *o,
    enum item_kind kind, const char *name);
/* Whether it was put in once. */
bool owner_was_done(const struct owner_run *run, const struct holder *o,
    enum item_kind kind, const char *name);

#endif
