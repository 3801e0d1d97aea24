/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/* The files that say how a database is asked, in both grammars, and what is
 * made of the queries, filters and attribute lists in them. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "core/buf.h"
#include "core/io.h"
#include "fuzz/fuzz.h"
#include "source/conf-file.h"
#include "source/dovecot/templates.h"
#include "source/postfix/db-table.h"
#include "source/postfix/filter.h"
#include "source/postfix/query.h"

static const char *
no_value(void *ctx, const char *name)
{
	(void)ctx;
	return strlen(name) % 2 == 0 ? "va'lue" : NULL;
}

static void
set(void *ctx, const char *field, const char *value)
{
	(void)ctx;
	must(*field != '\0' && value != NULL);
}

static void
try_templates(struct arena *arena, const char *list)
{
	struct templates t = { 0 };
	struct why why = { 0 };

	if (templates_read(&t, arena, list, &why) == 0)
		(void)templates_apply(
		    &t, "ann@one.test", NULL, no_value, set, NULL, &why);
	else
		must(why.kind == FAIL_FATAL);
	templates_free(&t);
}

static void
try_value(struct arena *arena, const char *value)
{
	struct postfix_listing list;
	struct postfix_filter filter;
	struct buf out = { 0 };
	struct why why = { 0 };

	if (postfix_query_list(value, &list, &why) == 0)
		must(list.n > 0 && strncmp(buf_str(&list.selects[0].text),
				       "SELECT ", 7) == 0);
	else
		must(why.kind == FAIL_DATA);
	postfix_listing_free(&list);
	if (postfix_filter_list(value, &filter, &why) == 0)
		must(filter.n > 0 && filter.text.len > 0);
	postfix_filter_free(&filter);
	(void)db_table_expand(
	    value, "ann@one.test", "k@two.test", NULL, NULL, &out);
	(void)db_table_expand(value, "ann", "k", NULL, NULL, &out);
	try_templates(arena, value);
	buf_free(&out);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct arena arena = { 0 };
	struct setting top = { 0 };
	struct why why = { 0 };
	char path[64];
	int fd;

	/* Other files are none of its business. */
	if (memmem(data, len, "!include", 8) != NULL)
		return 0;
	fd = memfd_create("conf", MFD_CLOEXEC);
	must(fd != -1 && write_all(fd, data, len) == 0);
	(void)snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
	if (conf_read_ext(&top, &arena, path, &why) == -1)
		must(why.kind != FAIL_NONE);
	if (conf_read_table(&top, &arena, path, &why) == -1)
		must(why.kind != FAIL_NONE);
	for (const struct setting *s = top.child; s != NULL; s = s->next) {
		must(s->key != NULL && s->value != NULL && s->line > 0);
		try_value(&arena, s->value);
	}
	arena_free(&arena);
	(void)close(fd);
	return 0;
}
