/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/*
 * The main function of all programs, in main.c: it takes the options of the
 * table below, calls the table's run, then its release.
 */
#ifndef FERRY_CLI_MAIN_H
#define FERRY_CLI_MAIN_H

#include "cli/opt.h"

/* Defined by bin/NAME.c, with run. */
extern const struct opt_tool tool;

#endif
