/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/* What the files of the extraction share with each other, and with nobody
 * else. */
#ifndef FERRY_EXTRACT_PART_H
#define FERRY_EXTRACT_PART_H

#include "core/buf.h"
#include "extract/boxes.h"
#include "extract/extract.h"
#include "extract/target.h"

/* One run. */
struct job {
	struct extract *x;
	struct archive *archive;
	struct target target;
};

/* Each extracts one part. 0, or -1 and why (FATAL, TEMP): no point in going
 * on. */
int extract_mail(struct job *j, struct why *why);
int extract_calendars(struct job *j, struct why *why);
int extract_contacts(struct job *j, struct why *why);
int extract_sieve(struct job *j, struct why *why);
int extract_files(struct job *j, struct why *why);
/* What has no file of its own: account.ndjson. */
int extract_account(struct job *j, struct why *why);

/* Tells of something: "WHAT ID"; and counts it if it failed or is skipped. */
void job_tell(struct job *j, enum extract_part part, enum told kind,
    const char *what, int64_t id, const struct why *why);
void job_note(struct job *j, const char *what, int64_t id, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));

/* True when the caller wants to end; why says so. */
bool job_stopped(struct job *j, struct why *why);

/*
 * The rest of a table cannot be read: told as a failure, and the run goes on
 * with the next one. Always 0.
 */
int job_broken_table(
    struct job *j, enum extract_part part, const char *table, struct why *why);

/* The numbers in a JSON array, and how many elements are none. The caller frees
 * all. 0, or -1 if it is no array: empty then. */
struct ids {
	int64_t *all;
	size_t n, cap;
	size_t odd;
};
int ids_read(struct ids *l, const char *json, size_t len);
/* How many references they are: one where there is none. */
size_t ids_count(const struct ids *l);

/* Copies a blob into a file. 0, or -1 and why: DATA for this file, FATAL for
 * all. */
int job_put_blob(struct job *j, int64_t blob, const char *dir, const char *name,
    const int64_t *date, size_t *count, struct why *why);

/* The folder of each calendar, or address book: "calendars/Work". */
struct shelf {
	int64_t id;
	char *dir;
	bool made;
};
struct shelves {
	struct shelf *all;
	size_t n, cap;
};
int shelves_read(struct shelves *s, struct archive *a, enum extract_part part,
    struct why *why);
struct shelf *shelves_find(const struct shelves *s, int64_t id);
void shelves_free(struct shelves *s);

#endif
