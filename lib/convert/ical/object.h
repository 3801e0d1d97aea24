/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/* One VEVENT or VTODO. */
#ifndef FERRY_CONVERT_ICAL_OBJECT_H
#define FERRY_CONVERT_ICAL_OBJECT_H

#include "convert/ical/ical-internal.h"

/*
 * Writes an event or a task, followed by its overrides. For an override: the
 * series that it belongs to, and which instance it is; otherwise both are NULL.
 */
void ical_object(struct ical *w, const json_t *json, const char *uid,
    const struct object *series, const struct civil *instance);

#endif
