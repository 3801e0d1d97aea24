/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/* What a table of options says to people and to the shell. */
#ifndef FERRY_CLI_OPT_HELP_H
#define FERRY_CLI_OPT_HELP_H

#include "cli/opt.h"
#include "core/buf.h"

/* "usage: davmerge [-hknqVvx] [option ...] URL tree", with its newline. */
void opt_usage(struct buf *out, const struct opt_tool *tool);

/* The text of --help, wrapped to 79 columns. */
void opt_help(struct buf *out, const struct opt_tool *tool);

/* A line for each way to write an option: "--otp", and where it takes a value a
 * tab and what that is called, and where only some words are allowed another tab
 * and those. Where the first operand is one of some words, a line with these and
 * no name. */
void opt_complete(struct buf *out, const struct opt_tool *tool);

/* The words that a row allows: "fail, skip, temp". */
void opt_words(struct buf *out, const struct opt *o);

#endif
