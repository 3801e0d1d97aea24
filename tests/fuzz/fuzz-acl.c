/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/* Access lists of Dovecot: the order of their lines does not matter, and what a
 * line takes away from everybody's rights nobody has by it. */
#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"
#include "core/buf.h"
#include "core/str.h"
#include "fuzz/fuzz.h"
#include "source/acl/rights.h"

enum {
	LINES_MAX = 64
};

static void
add(struct acl_list *list, struct arena *arena, const char *line)
{
	struct why why = { 0 };
	char *copy = arena_adds(arena, line);
	bool global = *line == '*';

	if (global && acl_pattern(&copy) == NULL)
		return;
	if (acl_add(list, arena, copy, global, &why) == -1 &&
	    (why.kind != FAIL_DATA || *why.text == '\0'))
		abort();
}

static unsigned int
rights(char *const *lines, size_t n, bool backwards)
{
	const char *names[] = { "bob@one.test", "bob" },
		   *groups[] = { "staff", "sales" };
	struct strs who = { .v = names, .n = 2 }, in = { .v = groups, .n = 2 };
	struct arena arena = { 0 };
	struct acl_list list = { 0 };
	unsigned int result;

	for (size_t i = 0; i < n; i++)
		add(&list, &arena, lines[backwards ? n - 1 - i : i]);
	acl_sort(&list);
	if (!acl_effective(&list, &who, &in, &result) && result != 0)
		abort();
	acl_list_free(&list);
	arena_free(&arena);
	return result;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	char *text, *rest, *line, *lines[LINES_MAX];
	struct buf letters = { 0 };
	unsigned int mine;
	size_t n = 0;

	if (memchr(data, '\0', len) != NULL)
		return 0;
	rest = text = xmemdup(data, len);
	while (n < LINES_MAX && (line = str_cut(&rest, '\n')) != NULL)
		lines[n++] = line;
	mine = rights(lines, n, false);
	if (mine != rights(lines, n, true))
		abort();
	acl_letters(mine, &letters);
	if (letters.len > strlen(ACL_LETTERS))
		abort();
	if (n > 1)
		(void)acl_pattern_is(lines[0], lines[1]);
	buf_free(&letters);
	free(text);
	return 0;
}
