/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/* Reads what a WebDAV server answers: multistatus (RFC 4918, 13) and errors
 * (16). By expat; a document type, and with it every entity, is refused. */
#ifndef FERRY_DAV_ANSWER_H
#define FERRY_DAV_ANSWER_H

#include <stdbool.h>
#include <stddef.h>

#include "core/buf.h"
#include "core/why.h"

/* The components of calendars (RFC 4791, 5.2.3): bits of a set. */
enum {
	DAV_EVENT = 1,
	DAV_TODO = 2,
	DAV_JOURNAL = 4,
	DAV_OTHER = 8
};

/* "VEVENT" as its bit. */
unsigned int dav_component(const char *name);

/* One response; the strings are NULL where the server did not say. Properties
 * with a status other than 2xx are left out. */
struct dav_response {
	const char *href;
	long status; /* of the response as a whole; 0: its properties have it */
	bool collection, calendar, addressbook;
	/* supported-calendar-component-set; 0: any of them */
	unsigned int components;
	const char *name; /* displayname */
	const char *principal, *calendar_home, *addressbook_home;
	const char *data; /* calendar-data or address-data */
};

/*
 * Calls for each response, in order. *uid_conflict (may be NULL) is set where
 * the answer holds a no-uid-conflict (RFC 4791, 5.3.2.1). 0, or -1 and why
 * (TEMP: what is not XML came from somewhere between).
 */
int dav_parse(const char *xml, size_t len,
    void (*each)(void *arg, const struct dav_response *r), void *arg,
    bool *uid_conflict, struct why *why);

#endif
