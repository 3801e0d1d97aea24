/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

#include "source/passwd/domain-folder.h"

#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"
#include "record/address.h"

bool
domain_folder_enter(struct account *a, const char *path, struct buf *folder)
{
	const char *slash = strrchr(path, '/');
	struct buf name = { 0 };
	struct why why = { 0 };
	char *text, *last;
	int r;

	if (slash == NULL || slash == path) {
		why_set(&why, FAIL_FATAL,
		    "the path must hold the domain: DOMAIN/%s", path);
		emit_fail_at(a->emit, path, NULL, &why);
		return false;
	}
	buf_add(folder, path, (size_t)(slash - path));
	text = xmemdup(folder->data, folder->len);
	last = strrchr(text, '/');
	r = domain_normalise(last == NULL ? text : last + 1, &name, &why);
	if (r == 0)
		a->naming.domain = arena_adds(&a->emit->arena, name.data);
	else
		emit_fail_at(a->emit, path, NULL, &why);
	buf_addc(folder, '/');
	free(text);
	buf_free(&name);
	return r == 0;
}

void
domain_folder_file(struct buf *path, const struct buf *folder, const char *name)
{
	buf_reset(path);
	buf_add(path, folder->data, folder->len);
	buf_adds(path, name);
}
