/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/* Runs doveadm(1) for one user, and reads what it prints with "-f tab". */
#ifndef FERRY_DOVEADM_CALL_H
#define FERRY_DOVEADM_CALL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/buf.h"
#include "core/command.h"
#include "core/why.h"

/* Whom to ask, about whom. Everything is borrowed. */
struct doveadm {
	const char *const *command; /* NULL-terminated: { "doveadm", NULL } */
	const char *user;
	bool shell; /* the command hands its words to a shell, as ssh(1) does */
};

/*
 * Finds out how a command hands its words on, and sets d->shell. 0, or -1 and why
 * (FATAL): it cannot be run, or changes them in another way.
 */
int doveadm_find_shell(struct doveadm *d, struct why *why);

/* The words of one call. The zero value is ready; words are borrowed. */
struct doveadm_args {
	const char **v; /* NULL-terminated */
	size_t n, cap;
	size_t
	    plain; /* the first ones are the command; with a shell, the others
			 get quotes */
	bool shell;
};

/* Begins with the command itself and these words, of which the last is NULL. */
void doveadm_args(
    struct doveadm_args *a, const struct doveadm *d, const char *const *words);
#define DOVEADM_WORDS(...) ((const char *const[]){ __VA_ARGS__, NULL })
void doveadm_args_add(struct doveadm_args *a, const char *word);
void doveadm_args_free(struct doveadm_args *a);

/* Appends all that it prints to out, which may be NULL. 0, or -1 and why
 * (FATAL) where it cannot be run or fails. */
int doveadm_read(
    const struct doveadm_args *a, struct buf *out, struct why *why);

/* The same of a call that names mailboxes, or one: where the user may not open some
 * of them, or Dovecot finds none behind their names, it succeeds with what the
 * others have, and *refused is true. So it does with later where Dovecot cannot open
 * some now. */
int doveadm_read_some(const struct doveadm_args *a, bool one, bool later,
    struct buf *out, bool *refused, struct why *why);

/* doveadm_read() with these words alone, of which the last is NULL. */
int doveadm_run(const struct doveadm *d, const char *const *words,
    struct buf *out, struct why *why);

/*
 * The output of a call, read piece by piece: it can be long, and the last piece
 * of a row can hold any byte.
 */
struct doveadm_rows {
	struct command command;
	struct buf in;
	size_t from; /* what was not taken yet begins here */
	bool end;
	int error; /* of reading */
};

/* Starts the call, and reads the line with the names of the columns. 0, or -1
 * and why. */
int doveadm_open(
    struct doveadm_rows *r, const struct doveadm_args *a, struct why *why);

/* Waits for its end. 0, or -1 and why if it failed. */
int doveadm_close(struct doveadm_rows *r, struct why *why);

/* True if there is another row. */
bool doveadm_more(struct doveadm_rows *r);

/* Appends what comes before the next text, which is passed over. -1 if there is
 * none such. */
int doveadm_until(struct doveadm_rows *r, const char *text, struct buf *out);

/* Appends all that is left. */
void doveadm_rest(struct doveadm_rows *r, struct buf *out);

/* Writes the next n bytes to fd. 0; -1 if there are fewer, or and errno. */
int doveadm_copy(struct doveadm_rows *r, uint64_t n, int fd);

#endif
