/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/*
 * Dovecot's passwd-files, and the files of panels that are like them. The rules
 * of the lines are those of src/auth/db-passwd-file.c of Dovecot 2.3.
 */
#ifndef FERRY_SOURCE_PASSWD_PASSWD_FILE_H
#define FERRY_SOURCE_PASSWD_PASSWD_FILE_H

#include "core/why.h"
#include "source/passwd/account.h"

/*
 * Reads the accounts of a file; "-" is standard input. Lines that cannot be
 * read are reported. Names with capitals, which Dovecot never finds because it
 * lowers the name that is logged in with, are kept for passwd_file_end: if the
 * same address comes in lower case, that one is the account.
 */
struct passwd_file {
	struct account account;
	struct delayed *delayed;
	size_t n, cap;
};
void passwd_file_read(struct passwd_file *p, const char *path);
void passwd_file_end(struct passwd_file *p);

/*
 * Reads all files that a path with "%d" (2.3) or "%{user|domain}" (2.4) in the
 * place of the domain stands for ("%%" is a percent sign). FATAL if there are
 * none.
 */
void passwd_file_pattern(struct passwd_file *p, const char *pattern);
bool passwd_file_is_pattern(const char *path);

/* Calls found for each of those files; domain is NULL where the path has none
 * in it. 0, or -1 and why (FATAL). */
typedef void passwd_file_found(void *ctx, const char *path, const char *domain);
int passwd_file_each(
    const char *pattern, passwd_file_found *found, void *ctx, struct why *why);

/* Adds the names of a passwd-file (deny or master) to a map. */
int passwd_file_names(
    struct account *a, const char *path, struct map *names, struct why *why);

void passwd_file_free(struct passwd_file *p);

#endif
