/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/*
 * Everything that an archive holds, written as files that mail servers and
 * their tools take: see archive2maildir(1) for the tree.
 */
#ifndef FERRY_EXTRACT_EXTRACT_H
#define FERRY_EXTRACT_EXTRACT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "archive/archive.h"
#include "core/why.h"

enum extract_part {
	PART_MAIL,
	PART_CALENDARS,
	PART_CONTACTS,
	PART_SIEVE,
	PART_FILES,
	PARTS
};

/* "mail", "calendars", "contacts", "sieve", "files". */
extern const char *const extract_part_names[PARTS];

struct extract_options {
	unsigned int parts; /* bit 1 << PART_... */
	bool has_since;
	int64_t since; /* earlier messages are skipped */
	bool json;     /* events and cards as JSON, too */
	int vcard;     /* version 3 or 4 */
	bool utf8;     /* folder names */
	unsigned int jobs;
};

/*
 * What became of the references. An item counts once for each mailbox, calendar
 * or address book that it is in, and once if it is in none. Always total =
 * written + skipped + failed.
 */
struct extract_count {
	size_t total, written, skipped, failed;
};

enum told {
	TOLD_NOTE,    /* written, but changed */
	TOLD_OLD,     /* skipped: received before the date that was given */
	TOLD_SKIPPED, /* not written, because there is nothing to write */
	TOLD_FAILED
};

struct extract {
	struct archive *archive;
	struct extract_options options;
	struct extract_count counts[PARTS];
	size_t directories; /* of the files; not counted among them */
	size_t kept;        /* other objects, in account.ndjson */
	size_t notes;
	bool began; /* the target is ours: the counts are valid */
	/* Called for everything that a person should know; what names the
	 * object: "email 12", "mailbox 3". */
	void (*tell)(
	    void *arg, enum told kind, const char *what, const struct why *why);
	/* Called as references are done, with how many. */
	void (*progress)(void *arg, size_t n);
	bool (*stop)(void *arg); /* true: end soon */
	void *arg;
};

/* Extracts the archive into the folder target. 0; or -1 and why, if the run did
 * not finish. What could not be done is reported and counted in both cases. */
int extract_run(struct extract *x, const char *target, struct why *why);

#endif
