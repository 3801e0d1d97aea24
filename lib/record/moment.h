/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/* Moments in records: RFC 3339, 5.6. */
#ifndef FERRY_RECORD_MOMENT_H
#define FERRY_RECORD_MOMENT_H

#include <stdbool.h>
#include <time.h>

/* What holds "2026-12-01T00:00:00Z". */
enum {
	MOMENT_SIZE = 21
};

/* Reads a moment with a zone ("Z", "+01:00"); a fraction of a second is
 * dropped. False if it is not one, or not of the years 1970 to 9999. */
bool moment_read(const char *text, time_t *moment);

/* Writes it in UTC. */
void moment_write(time_t moment, char text[MOMENT_SIZE]);

#endif
