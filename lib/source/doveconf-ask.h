/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/* Where the text that source/doveconf.h reads comes from. */
#ifndef FERRY_SOURCE_DOVECONF_ASK_H
#define FERRY_SOURCE_DOVECONF_ASK_H

#include <stdbool.h>

#include "core/buf.h"
#include "core/why.h"

/* Runs doveconf with arguments, which end with NULL, on a dovecot.conf (NULL: its
 * own). 0; or -1 and why (FATAL). */
int doveconf_run(const char *config, const char *const *arguments,
    struct buf *text, struct why *why);

/* The same; but where config is a text that doveconf has printed, that is the
 * text, and *saved is set. */
int doveconf_ask(const char *config, const char *const *arguments,
    struct buf *text, bool *saved, struct why *why);

#endif
