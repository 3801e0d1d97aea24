/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/* What a WebDAV server answers, and the UIDs of its objects: every response has
 * an href, and no document type is read. */
#include <stdlib.h>
#include <string.h>

#include "dav/answer.h"
#include "dav/tree.h"
#include "fuzz/fuzz.h"

static void
each(void *arg, const struct dav_response *r)
{
	size_t *n = arg;
	struct why why = { 0 };

	if (r->href == NULL || *r->href == '\0')
		abort();
	if (r->data != NULL)
		free(dav_uid(
		    r->data, strlen(r->data), DAV_CALENDAR, NULL, &why));
	++*n;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct why why = { 0 };
	bool conflict;
	size_t n = 0;

	(void)dav_parse((const char *)data, len, each, &n, &conflict, &why);
	for (int kind = DAV_CALENDAR; kind <= DAV_ADDRESSBOOK; kind++) {
		char *uid = dav_uid(
		    (const char *)data, len, (enum dav_kind)kind, NULL, &why);

		if (uid != NULL && *uid == '\0')
			abort();
		free(uid);
	}
	return 0;
}
