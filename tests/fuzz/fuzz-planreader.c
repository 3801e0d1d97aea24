/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/*
 * The reading of plans: one that passes the check is read to its end, with as
 * many objects as the check has counted, and each of its destroys is found
 * again.
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "core/io.h"
#include "fuzz/fuzz.h"
#include "planfile/planfile.h"

/* All objects of the operation; their number. */
static size_t
read_objects(struct plan_reader *r)
{
	struct why why = { 0 };
	const char *ref, *text;
	json_t *body;
	size_t n = 0, bytes;
	int more;

	while ((more = plan_reader_entry(r, &ref, &text, &bytes, &why)) == 1) {
		body = json_loadb(text, bytes, JSON_REJECT_DUPLICATES, NULL);
		must(json_is_object(body));
		json_decref(body);
		n++;
	}
	if (more == -1)
		abort();
	return n;
}

static void
read_plan(struct plan_reader *r)
{
	struct why why = { 0 };
	size_t n = 0, destroys = 0;
	int more;

	while ((more = plan_reader_next(r, &why)) == 1) {
		if (r->op.type == OP_UPDATE)
			n++;
		else if (r->op.type == OP_DESTROY)
			destroys++;
		else
			n += read_objects(r);
	}
	if (more == -1 || n != r->objects || destroys != r->n_destroys)
		abort();
	for (size_t i = 0; i < destroys; i++)
		if (plan_reader_destroy(r, i, &why) == -1 ||
		    r->op.type != OP_DESTROY)
			abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct plan_reader r;
	struct why why = { 0 };
	char path[64];
	int fd = memfd_create("plan", MFD_CLOEXEC);

	if (fd == -1 || write_all(fd, data, len) == -1)
		abort();
	(void)snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
	if (plan_reader_open(&r, path, &why) == 0)
		read_plan(&r);
	plan_reader_free(&r);
	(void)close(fd);
	return 0;
}
