/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/* The mail of one run: which message goes into which folder. Shared by the
 * files that plan and that deliver. */
#ifndef FERRY_EXTRACT_MAIL_H
#define FERRY_EXTRACT_MAIL_H

#include <pthread.h>
#include <stdint.h>

#include "extract/extractpart.h"
#include "maildir/folder.h"
#include "maildir/keywords.h"

/* A message in a folder. 16 bytes each: an account has a million. */
struct ref {
	int64_t email;
	uint32_t folder;
};

struct mail {
	struct job *job;
	struct boxes boxes;
	struct box_style style;
	/* One for each mailbox, by its number, and one more for messages that
	 * have none. */
	struct keywords *keywords;
	char *unfiled;    /* its directory; NULL if there is no such message */
	struct ref *refs; /* by folder, then by email */
	size_t n, cap;
	int root;        /* of the Maildir */
	struct map lost; /* keywords that have no letter, and how often */
	struct arena texts;
	struct lane *lanes; /* connections that no thread uses */
	pthread_mutex_t lock;
};

/* Finds the folder of every message. 0, or -1 and why (FATAL). */
int mail_plan(struct mail *m, struct why *why);
/* Delivers them. 0, or -1 and why (FATAL). */
int mail_deliver(struct mail *m, struct why *why);

/* The directory of a folder by its number. */
const char *mail_dir(const struct mail *m, uint32_t folder);

/*
 * Calls each for the keywords of a message in JSON, none that is no IMAP
 * keyword. How many there were of the latter; -1 if it is no array.
 */
int keywords_each(const char *json, size_t len,
    void (*each)(void *arg, const char *keyword), void *arg);

#endif
