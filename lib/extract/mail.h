/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/* The mail of one run. */
#ifndef FERRY_EXTRACT_MAIL_H
#define FERRY_EXTRACT_MAIL_H

#include <pthread.h>
#include <stdint.h>

#include "core/arena.h"
#include "core/map.h"
#include "extract/mailboxes.h"
#include "extract/run.h"
#include "maildir/folder.h"
#include "maildir/keywords.h"

/* A message in a folder. 16 bytes each: an account has a million. */
struct ref {
	int64_t email;
	uint32_t folder;
};

struct mail {
	struct extract_run *run;
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

/* 0, or -1 and why (FATAL, TEMP) where the run cannot go on. What could not be
 * done is reported and counted. */
int extract_mail(struct extract_run *j, struct why *why);

#endif
