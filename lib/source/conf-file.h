/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/*
 * The files with "key = value" lines that say where a directory is: those that
 * Dovecot 2.3 has in addition to dovecot.conf (dovecot-sql.conf.ext), and those of Postfix
 * tables (mysql_table(5)). They hold the passwords of databases.
 */
#ifndef FERRY_SOURCE_CONF_FILE_H
#define FERRY_SOURCE_CONF_FILE_H

#include "core/arena.h"
#include "core/why.h"
#include "source/doveconf.h"

/*
 * Reads a file in Dovecot's grammar, with what it includes, and appends its
 * settings to those of top, whose texts the arena then owns. 0; or -1 and why
 * (FATAL), naming the file and the line. (Dovecot 2.3,
 * src/lib-settings/settings.c.)
 */
int conf_read_ext(struct setting *top, struct arena *arena, const char *path,
    struct why *why);

/* The same in Postfix's grammar: a line that begins with a blank goes on the
 * one before. (postconf(5).) */
int conf_read_table(struct setting *top, struct arena *arena, const char *path,
    struct why *why);

#endif
