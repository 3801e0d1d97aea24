/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/*
 * The commands and tests of Sieve and its extensions: what Pigeonhole 0.5 and
 * Stalwart know of them.
 */
#ifndef FERRY_SIEVE_LANGUAGE_H
#define FERRY_SIEVE_LANGUAGE_H

#include <stdbool.h>
#include <stddef.h>

enum verb_flags {
	VERB_TEST = 1,
	VERB_BLOCK = 2,    /* a command with a block */
	VERB_ONE = 4,      /* takes one test */
	VERB_MANY = 8,     /* takes a list of tests */
	VERB_DOVECOT = 16, /* Stalwart does not know it */
	VERB_OPTIONAL = 32 /* the first argument may be left out */
};

struct verb {
	const char *name;
	unsigned int flags;
	const char *extension; /* that must be required; NULL: none */
	/* Of each argument: s a string, S one or several, f and F the same that
	 * name folders, n a number; what follows a "?" may be left out. */
	const char *args;
	/* Tags, divided by blanks: "name", "name=s" with a value, "name@ext" of
	 * an extension; "+match" and so on stand for groups. */
	const char *tags;
};

/* NULL: there is none. */
const struct verb *verb_find(const char *name, bool test);

/* What is known of a tag of a verb. */
struct verb_tag {
	char value;         /* s, S or n; 0: none */
	char extension[40]; /* empty: none */
};
/* False: the verb has no such tag. */
bool verb_tag(const struct verb *v, const char *name, struct verb_tag *tag);

/* What is known of an extension. */
enum extension {
	EXTENSION_UNKNOWN,
	EXTENSION_KNOWN,    /* by both */
	EXTENSION_NO_EFFECT /* Stalwart takes its name, and does nothing */
};
enum extension extension_find(const char *name);

#endif
