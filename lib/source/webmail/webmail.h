/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/* The frame of a program that reads the database of a webmail.
 * bin/dirdump-sogo.c is the smallest. */
#ifndef FERRY_SOURCE_WEBMAIL_WEBMAIL_H
#define FERRY_SOURCE_WEBMAIL_WEBMAIL_H

#include "source/run.h"
#include "source/webmail/owner.h"

struct webmail {
	struct source_run run;
	struct webmail_options options;
	char *password;
};

/* clang-format off */

/* The rows of the database, and SOURCE_COMMON, which ends the table. */
#define WEBMAIL_COMMON(w) \
	OPT_PASSWORD("the password of the database", &(w)->password), \
	OPT_STRING(0, "defaults-file", "FILE", \
	    "the option file of MySQL to read", \
	    &(w)->options.sql.option_file), \
	SOURCE_DOMAIN(&(w)->run), \
	SOURCE_COMMON(&(w)->run, "row")

/* clang-format on */

/* The tool's run: dump writes what the database of that URL holds. The exit
 * status. */
int webmail_run(struct webmail *w, const struct opt_tool *tool, const char *url,
    void (*dump)(struct emit *e, const struct webmail_options *o));

/* The tool's release. */
void webmail_free(struct webmail *w);

#endif
