/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/*
 * Two messages with one Message-ID and unlike content: the same message,
 * changed on its way, or two messages of a sender that repeats its ids?
 */
#ifndef FERRY_MERGE_VARIANT_H
#define FERRY_MERGE_VARIANT_H

#include <stdbool.h>
#include <stddef.h>

#include "core/why.h"
#include "maildir/content.h"

enum variant {
	VARIANT_NONE,
	VARIANT_FOOTER,   /* one is the other and a mailing list's footer */
	VARIANT_ENCRYPTED /* the source's is the target's, encrypted at rest */
};

enum {
	CUTS_MAX = 16 /* places in one body where a footer can begin */
};

/* What decides, of one message: so that of many with one id each is read
 * once. */
struct variant_facts {
	unsigned char envelope[DIGEST_LEN]; /* Date, From, Subject */
	unsigned char type[DIGEST_LEN];     /* Content-Type */
	unsigned char body[DIGEST_LEN];
	unsigned char cuts[CUTS_MAX][DIGEST_LEN]; /* body without a footer */
	size_t n_cuts;  /* 0 unless a mailing list handed it on */
	bool wrapped;   /* as Stalwart encrypts what it stores */
	bool encrypted; /* by anybody */
	bool too_long;  /* more than 64 MiB: like nothing else */
};

/* Reads a message from the descriptor's offset. 0, or -1 and why. */
int variant_read(struct variant_facts *f, int fd, struct why *why);

/* In doubt (a footer that does not look like one) they are not variants: a
 * message too many is better than one too few. */
enum variant variant_relate(
    const struct variant_facts *source, const struct variant_facts *target);

/* "list footer", "encrypted at rest". */
const char *variant_name(enum variant variant);

#endif
