/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/* SIGINT, SIGTERM and SIGHUP of a program whose work must end between two
 * steps. */
#ifndef FERRY_CLI_SIGNALS_H
#define FERRY_CLI_SIGNALS_H

#include <stdbool.h>

/*
 * From here on the first of these signals is only noted, and another one ends
 * the process at once. What follows within half a second counts as the same:
 * timeout(1) and some shells send a signal to the process and to its group.
 * What the parent ignores (nohup; SIGINT of a script's job in the background)
 * stays ignored; a write into a connection that is gone fails instead of SIGPIPE.
 */
void signals_catch(void);

/* True after a signal: finish the step in work and end. */
bool signals_stopped(void);

/* After the run: status, or, if a signal ended it, EXIT_BROKEN after saying
 * "stopped" and what to do next, such as "run it again to go on". */
int signals_status(int status, const char *next);

#endif
