/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

#include "source/passwd/directadmin.h"

#include <string.h>

#include "core/num.h"
#include "core/str.h"
#include "source/host.h"
#include "source/lines.h"
#include "source/passwd/domain-folder.h"

struct quotas {
	struct map by_name; /* -> int64_t *, bytes */
	struct arena arena;
};

/* "name:bytes"; 0 means no quota. */
static void
read_quotas(struct quotas *q, struct emit *e, const char *path)
{
	struct source_lines in;
	char *line;

	if (!source_lines_open(&in, e, path, false))
		return;
	while (source_lines_content(&in, &line)) {
		char *value = line, *name = str_cut(&value, ':');
		int64_t *bytes = arena_alloc(&q->arena, sizeof *bytes);

		if (value == NULL ||
		    !parse_num(str_trim(value), 0, INT64_MAX, bytes, NULL)) {
			emit_bad(
			    e, NULL, "a quota that is not a number of bytes");
			continue;
		}
		*map_put_copy(&q->by_name, &q->arena, name, NULL) = bytes;
	}
	source_lines_close(&in);
}

/* A target without a "@" is a user of the system; each domain has its owner as
 * one. The others are addresses. */
static void
add_alias(struct aliases *a, struct emit *e, const char *key, const char *value)
{
	if (value[strcspn(value, "@:|/\", ")] == '\0')
		emit_note_behind(e, NULL,
		    "an address of a user of the system, which dirdump shadow "
		    "lists, is not carried",
		    key);
	else
		aliases_add(a, e, key, value);
}

static void
read_aliases(struct aliases *a, struct emit *e, const char *path)
{
	struct place before = e->at;
	struct postfix_map m;
	struct why why = { 0 };
	char *key, *value;
	int n;

	if (!host_has(path))
		return;
	emit_file(e, path);
	if (postfix_map_open(&m, path, MAP_ALIASES, &why) == -1) {
		emit_fail(e, NULL, &why);
		e->at = before;
		return;
	}
	while ((n = postfix_map_next(&m, &key, &value, &why)) != 0) {
		e->at.line = (uint32_t)m.line;
		if (n == 1)
			add_alias(a, e, key, value);
		else
			emit_fail(e, NULL, &why);
		if (n == -1 && why.kind == FAIL_FATAL)
			break;
	}
	postfix_map_close(&m);
	e->at = before;
}

static void
read_accounts(struct account *a, const struct quotas *q, const char *path)
{
	struct source_lines in;
	struct fields f;
	char *line;

	if (!source_lines_open(&in, a->emit, path, true))
		return;
	while (source_lines_content(&in, &line)) {
		void **bytes;

		fields_split(&f, line);
		if (*f.name == '\0')
			continue;
		bytes = map_get(&q->by_name, f.name);
		if (bytes != NULL)
			f.quota = *(const int64_t *)*bytes;
		account_emit(a, &f);
	}
	source_lines_close(&in);
}

void
directadmin_read(struct passwd_file *p, const char *path)
{
	struct account *a = &p->account;
	struct buf folder = { 0 }, name = { 0 };

	if (domain_folder_enter(a, path, &folder)) {
		/* Exim delivers to the mailbox as well as to the targets. */
		struct aliases aliases = { .key_domain = a->naming.domain,
			.catch_all = "*",
			.no_markers = true,
			.keep = true };
		struct quotas quotas = { 0 };

		domain_folder_file(&name, &folder, "quota");
		read_quotas(&quotas, a->emit, name.data);
		domain_folder_file(&name, &folder, "aliases");
		read_aliases(&aliases, a->emit, name.data);
		a->aliases = &aliases;
		aliases_domains(&aliases, a->emit);
		read_accounts(a, &quotas, path);
		aliases_emit(&aliases, a->emit);
		a->aliases = NULL;
		aliases_free(&aliases);
		map_free(&quotas.by_name);
		arena_free(&quotas.arena);
	}
	buf_free(&folder);
	buf_free(&name);
}
