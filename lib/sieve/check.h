/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/*
 * What becomes of a Sieve script on the new server: refused, taken and run as
 * before, or taken and run otherwise.
 */
#ifndef FERRY_SIEVE_CHECK_H
#define FERRY_SIEVE_CHECK_H

#include <stddef.h>

enum sieve_finding {
	FOUND_SYNTAX,    /* the server refuses it */
	FOUND_UNKNOWN,   /* a command, test or tag that it does not know */
	FOUND_REQUIRE,   /* an extension that the script does not require */
	FOUND_NO_EFFECT, /* taken, and nothing is done */
	FOUND_REDIRECTS, /* more than it runs */
	FOUND_FOLDER,    /* a folder that has another name there */
	FOUND_GLOBAL,    /* a script that has to come along */
	FOUND_KINDS
};
extern const char *const sieve_finding_words[FOUND_KINDS];

enum sieve_verdict {
	SIEVE_GOOD,
	SIEVE_DIFFERS,
	SIEVE_REFUSED
};
extern const char *const sieve_verdict_words[SIEVE_REFUSED + 1];

/* Calls tell for each finding. */
enum sieve_verdict sieve_check(const char *text, size_t len,
    void (*tell)(
	void *arg, size_t line, enum sieve_finding what, const char *reason),
    void *arg);

/* How many redirects of the script can run for one message; 0 for a text that is
 * no script. */
size_t sieve_redirects(const char *text, size_t len);

#endif
