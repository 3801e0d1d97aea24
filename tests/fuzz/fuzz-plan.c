/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/*
 * The making of plans: whatever records come, in whatever order, each line is
 * one JSON object, client ids are unique, and a second plan is the same.
 */
#include <stdlib.h>
#include <string.h>

#include "core/arena.h"
#include "core/json.h"
#include "core/str.h"
#include "fuzz/fuzz.h"
#include "plan/collect.h"
#include "plan/forward.h"
#include "plan/plan.h"
#include "plan/resolve.h"
#include "plan/write.h"

static void
note(void *arg, const struct note *n)
{
	(void)arg;
	if (n->address == NULL || n->reason == NULL)
		abort();
}

static const char *
temporary(void *arg, const char *address, struct why *why)
{
	(void)arg;
	(void)address;
	why_set(why, FAIL_FATAL, "no randomness here");
	return NULL;
}

static int
append(void *arg, const char *line, size_t len, struct why *why)
{
	(void)why;
	buf_add(arg, line, len);
	return 0;
}

static int
append_script(void *arg, const char *address, const char *text, struct why *why)
{
	(void)why;
	buf_adds(arg, address);
	buf_adds(arg, text);
	return 0;
}

static void
make(const struct plan_options *options, const uint8_t *data, size_t len,
    struct buf *lines, struct buf *scripts)
{
	static const struct plan_calls calls = { NULL, note, temporary };
	struct plan *p = plan_new(options, &calls);
	const char *at = (const char *)data, *end = at + len, *stop;
	struct record r = { 0 };
	struct buf line = { 0 };

	for (; at < end; at = stop + 1) {
		stop = memchr(at, '\n', (size_t)(end - at));
		if (stop == NULL)
			stop = end;
		buf_reset(&line);
		buf_add(&line, at, (size_t)(stop - at));
		if (strlen(line.data) == line.len &&
		    utf8_valid(line.data, line.len) &&
		    record_parse(&r, line.data, line.len, NULL) == 0)
			(void)plan_add(p, &r, NULL);
	}
	plan_resolve(p);
	if (plan_each_script(p, append_script, scripts, NULL) == -1 ||
	    plan_write(p, append, lines, NULL) == -1)
		abort();
	plan_free(p);
	record_free(&r);
	buf_free(&line);
}

/* The client ids of one line. */
static void
check_line(char *line, struct map *ids, struct arena *arena)
{
	struct json_reader s;
	char *name;
	bool added, update = str_starts(line, "{\"@type\":\"update\"");

	jr_init(&s, line);
	must(jr_enter(&s, '{'));
	while (jr_member(&s, &name)) {
		if (update || strcmp(name, "value") != 0) {
			(void)jr_skip(&s);
			continue;
		}
		(void)jr_enter(&s, '{');
		while (jr_member(&s, &name)) {
			(void)map_put(ids, arena_adds(arena, name), &added);
			if (!added)
				abort();
			(void)jr_skip(&s);
		}
	}
	must(jr_done(&s));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct plan_options options = { .no_secret = NO_SECRET_EMPTY,
		.sieve = true };
	struct buf lines = { 0 }, again = { 0 }, scripts = { 0 };
	struct arena arena = { 0 };
	struct map ids = { 0 };
	char *at, *line;

	if (len == 0)
		return 0;
	options.partial = (data[0] & 1) != 0;
	options.reconcile = (data[0] & 2) != 0;
	options.no_domains = (data[0] & 4) != 0;
	*map_put(&options.existing, "one.test", NULL) = arena_adds(&arena, "b");
	make(&options, data + 1, len - 1, &lines, &scripts);
	make(&options, data + 1, len - 1, &again, &scripts);
	if (strcmp(buf_str(&lines), buf_str(&again)) != 0)
		abort();
	must(utf8_valid(buf_str(&lines), lines.len));
	for (at = lines.data; at != NULL && *at != '\0';) {
		line = str_cut(&at, '\n');
		check_line(line, &ids, &arena);
	}
	map_free(&ids);
	map_free(&options.existing);
	arena_free(&arena);
	buf_free(&lines);
	buf_free(&again);
	buf_free(&scripts);
	return 0;
}
