/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

#include "source/passwd/hestia.h"

#include <string.h>

#include "core/str.h"
#include "source/lines.h"
#include "source/passwd/autoreply.h"
#include "source/passwd/domain-folder.h"

/* Names of accounts that keep no copy of what they forward: one a line. */
static void
read_forward_only(struct aliases *only, struct emit *e, const char *path)
{
	struct source_lines in;
	struct buf entry = { 0 };
	char *line;

	if (!source_lines_open(&in, e, path, false))
		return;
	while (source_lines_content(&in, &line)) {
		line = str_trim(line);
		buf_reset(&entry);
		buf_adds(&entry, line);
		aliases_add(only, e, str_lower(line), entry.data);
	}
	source_lines_close(&in);
	buf_free(&entry);
}

/* A forward leaves a copy, unless fwd_only names the account. */
static void
mark_copies(struct aliases *a, const struct aliases *only)
{
	for (size_t i = 0; i < a->n; i++)
		a->v[i]->keep =
		    map_get(&only->by_address, a->v[i]->address) == NULL;
}

static void
read_autoreply(void *ctx, struct emit *e, const char *address)
{
	const struct buf *folder = ctx;
	struct buf path = { 0 };

	buf_addf(&path, "%sautoreply.%.*s.msg", folder->data,
	    (int)strcspn(address, "@"), address);
	autoreply_hestia(e, address, path.data);
	buf_free(&path);
}

void
hestia_read(struct passwd_file *p, const char *path)
{
	struct account *a = &p->account;
	struct buf folder = { 0 }, name = { 0 };

	if (domain_folder_enter(a, path, &folder)) {
		struct aliases aliases = { .domain = a->naming.domain,
			.star_at = true },
			       only = { .domain = a->naming.domain,
				       .no_markers = true };

		domain_folder_file(&name, &folder, "aliases");
		(void)aliases_read(
		    &aliases, a->emit, name.data, MAP_ALIASES, false);
		domain_folder_file(&name, &folder, "fwd_only");
		read_forward_only(&only, a->emit, name.data);
		mark_copies(&aliases, &only);
		a->aliases = &aliases;
		a->more = read_autoreply;
		a->more_ctx = &folder;
		aliases_domains(&aliases, a->emit);
		passwd_file_read(p, path);
		passwd_file_end(p);
		aliases_emit(&aliases, a->emit);
		a->aliases = NULL;
		a->more = NULL;
		aliases_free(&aliases);
		aliases_free(&only);
	}
	buf_free(&folder);
	buf_free(&name);
}
