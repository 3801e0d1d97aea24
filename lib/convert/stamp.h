/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/* Points in time as an archive has them: RFC 3339, in any zone. */
#ifndef FERRY_CONVERT_STAMP_H
#define FERRY_CONVERT_STAMP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * "2025-05-12T10:00:00.123456789+02:00" as seconds since 1970, rounded down. A
 * date alone is its first second; what has no zone is UTC. False if it is no
 * such text.
 */
bool stamp_parse(const char *s, size_t len, int64_t *seconds);

#endif
