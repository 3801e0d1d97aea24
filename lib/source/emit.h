/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/*
 * What every reader of a user directory has in common: records go out in one
 * buffer, each address once; a domain is written before the first address in
 * it, unless it is held; what is left out or not carried is counted and named; the
 * end record says that all input was read. Messages go through cli/tool.h.
 */
#ifndef FERRY_SOURCE_EMIT_H
#define FERRY_SOURCE_EMIT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cli/tool.h"
#include "core/arena.h"
#include "core/buf.h"
#include "core/map.h"
#include "core/why.h"
#include "record/record.h"

/* Where something was read: a file that emit_file has named, and a line or, of
 * a server, a name below it. */
struct place {
	uint32_t file;
	uint32_t line;    /* 0: the file as a whole */
	const char *name; /* NULL: none; borrowed */
};

struct emit_note {
	const char *text;
	size_t count;
	bool dropped;
};

struct emit {
	const char *source; /* "passwd-file" */
	struct tally *tally;
	bool quiet;
	struct place at; /* what is being read; the readers set it */

	struct buf out;
	struct buf where;  /* what emit_where returns */
	struct buf origin; /* of a record; its beginning is that of a file */
	size_t origin_start;
	uint32_t origin_file;
	struct arena arena;
	struct map seen;    /* address -> its place */
	struct map domains; /* name -> struct emit_domain */
	const char **files;
	size_t nfiles, files_cap;
	struct emit_note *notes;
	size_t nnotes, notes_cap;
	int64_t count;
	bool broken; /* the output took no more */
	bool silent; /* no records are written: the output is another */
};

/* source names the origin, also in the end record; it and tally are
 * borrowed. */
void emit_init(struct emit *e, const char *source, struct tally *tally);
void emit_free(struct emit *e);

/* A file is read from now on: sets e->at. The path is copied. */
void emit_file(struct emit *e, const char *path);
/* A place that lives as long as an arena. */
struct place emit_kept(struct arena *arena, struct place at);
/* "FILE:LINE" of a place, or "FILE/NAME"; good until the next call. */
const char *emit_where(struct emit *e, struct place at);

/* True when there is no point in going on. */
bool emit_stop(const struct emit *e);

/*
 * As address_normalise, but what cannot be the name of a mail domain is
 * refused, and why does not repeat the text: it may be a password in the wrong
 * place. 0 or -1.
 */
int emit_address(
    const char *text, bool catch_all, struct buf *out, struct why *why);

/*
 * Says that the domain is also known by another name; before the first address
 * in it is written. Both are normalised, and copied.
 */
void emit_domain_alias(struct emit *e, const char *domain, const char *alias);
/* Writes the record of a domain, unless it was. */
void emit_domain(struct emit *e, const char *domain);
/* The same for one that the server does not serve at present. */
void emit_domain_inactive(struct emit *e, const char *domain);
/* The same for one whose mail goes elsewhere: the server has people in it, and takes
 * no mail for it. */
void emit_domain_elsewhere(struct emit *e, const char *domain);
/* The record of a domain that was not written yet waits from now on until the
 * release, because only then its other names are known. */
void emit_domain_hold(struct emit *e, const char *domain);
void emit_domain_release(struct emit *e, const char *domain);

/*
 * Writes an account or an alias, its address normalised. The origin is e->at.
 * An account whose secret no password fits (secret_locked) becomes inactive, which
 * is noted unless the text is marked as locked.
 * An address that was there already is reported with both places, and not
 * written: -1.
 */
int emit_record(struct emit *e, struct record *r);

/* Writes a record that stands for itself: more about an account, a key. Its
 * address makes no domain, and may be there again. The origin is e->at. 0 or
 * -1. */
int emit_plain(struct emit *e, struct record *r);

/* Writes a note record: a setting of the old server that changes who gets which
 * mail, or who may log in, and that no other record can say. The origin is
 * e->at. */
void emit_note_record(struct emit *e, const char *what, const char *text);

/* Whether the record of an account was written. */
bool emit_has_account(const struct emit *e, const char *address);
/* The same of a domain. */
bool emit_has_domain(const struct emit *e, const char *domain);

/* A failure at e->at. id (may be NULL) is an address, never a raw text, which
 * could be a password in the wrong place. */
void emit_fail(struct emit *e, const char *id, const struct why *why);
/* The same for something that is not at e->at: where is a file, a setting or a
 * server; NULL where why names it. */
void emit_fail_at(
    struct emit *e, const char *where, const char *id, const struct why *why);
/* The same as emit_fail, FAIL_DATA with a text. */
void emit_bad(struct emit *e, const char *id, const char *text);

/*
 * Something of a record that is not carried, or worth knowing; and something
 * that is not a mailbox and is left out. Each text is counted, -v shows each
 * with the detail (may be NULL).
 */
void emit_note(
    struct emit *e, const char *id, const char *text, const char *detail);
/* The same for something of an owner that stays behind, and a note record, so that
 * the report of the move names it by owner. The record has no detail: what is
 * alike is counted. */
void emit_note_behind(
    struct emit *e, const char *id, const char *text, const char *detail);
/* The same with a word of a few that it may be, which is a part of the kind. */
void emit_note_word(
    struct emit *e, const char *id, const char *text, const char *word);
/* The same where the owner may have several of them. */
void emit_note_many(
    struct emit *e, const char *id, const char *text, int64_t count);
void emit_drop(struct emit *e, const char *id, const char *text);

/*
 * Last: writes the end record, if all input was read, flushes, and says what
 * was noted.
 */
void emit_end(struct emit *e);

#endif
