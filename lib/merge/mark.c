/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

#include "merge/mark.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

#include "core/alloc.h"
#include "core/buf.h"
#include "core/str.h"
#include "maildir/control.h"

static const char file_name[] = "mailferry-merges";
static const char target_word[] = "target ";
static const char run_word[] = "run ";

uint64_t
mark_random(void)
{
	struct timespec now;
	uint64_t n = 0;

	while (n == 0) {
		if (getrandom(&n, sizeof n, 0) == sizeof n)
			continue;
		(void)clock_gettime(CLOCK_REALTIME, &now);
		n = (uint64_t)now.tv_sec << 32 ^ (uint64_t)now.tv_nsec ^
		    (uint64_t)getpid() << 20;
	}
	return n;
}

static bool
read_number(const char *text, uint64_t *n)
{
	char *end;

	if (strlen(text) != 16 || strspn(text, "0123456789abcdef") != 16)
		return false;
	*n = strtoull(text, &end, 16);
	return *n != 0;
}

static void
add_run(struct mark *m, uint64_t run)
{
	m->runs = xgrow(m->runs, m->n, &m->cap, sizeof *m->runs);
	m->runs[m->n++] = run;
}

static bool
read_line(struct mark *m, const char *line)
{
	uint64_t run;

	if (str_starts(line, target_word))
		return read_number(line + sizeof target_word - 1, &m->target);
	if (!str_starts(line, run_word) ||
	    !read_number(line + sizeof run_word - 1, &run))
		return false;
	add_run(m, run);
	return true;
}

int
mark_read(struct mark *m, int root, struct why *why)
{
	struct buf text = { 0 };
	char *at;
	int r = read_at(root, file_name, &text, why);

	if (r == -1 && why != NULL)
		why->kind = FAIL_FATAL;
	at = r == 0 && text.len > 0 ? text.data : NULL;
	while (r == 0 && at != NULL && *at != '\0')
		if (!read_line(m, str_cut(&at, '\n')))
			r = why_set(why, FAIL_FATAL,
			    "%s in the target is damaged; remove it to merge "
			    "as if it were for the first time",
			    file_name);
	buf_free(&text);
	return r;
}

bool
mark_has(const struct mark *m, uint64_t run)
{
	for (size_t i = 0; i < m->n; i++)
		if (m->runs[i] == run)
			return true;
	return false;
}

static int
write_mark(const struct mark *m, int root, struct why *why)
{
	struct buf text = { 0 };
	int r;

	buf_addf(&text, "%s%016" PRIx64 "\n", target_word, m->target);
	for (size_t i = 0; i < m->n; i++)
		buf_addf(&text, "%s%016" PRIx64 "\n", run_word, m->runs[i]);
	r = replace_at(root, file_name, &text, why);
	buf_free(&text);
	return r;
}

int
mark_add(struct mark *m, int root, uint64_t run, struct why *why)
{
	if (m->target == 0)
		m->target = mark_random();
	add_run(m, run);
	return write_mark(m, root, why);
}

int
mark_remove(struct mark *m, int root, uint64_t run, struct why *why)
{
	size_t kept = 0;

	for (size_t i = 0; i < m->n; i++)
		if (m->runs[i] != run)
			m->runs[kept++] = m->runs[i];
	m->n = kept;
	if (kept > 0)
		return write_mark(m, root, why);
	if (unlinkat(root, file_name, 0) == -1 && errno != ENOENT)
		return why_errno(why, FAIL_FATAL, "%s", file_name);
	return 0;
}

void
mark_free(struct mark *m)
{
	free(m->runs);
	*m = (struct mark){ 0 };
}
