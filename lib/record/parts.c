/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/*
 * The file: a line with size and time of the dump and the span of its end record;
 * a line with the spans that go with every account; then a line for each account,
 * sorted: its address, a tab, its spans.
 */
#include "record/parts.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/alloc.h"
#include "core/outfile.h"

void
dump_line_write(const struct dump_line *span, struct buf *out)
{
	buf_addf(out, "%" PRIu64 " %zu ", span->at, span->len);
}

int
dump_line_read(
    int fd, const struct dump_line *span, struct buf *out, struct why *why)
{
	ssize_t got = -1;

	buf_reset(out);
	if (span->len <= RECORD_LINE_MAX)
		got = pread(fd, buf_room(out, span->len + 1), span->len + 1,
		    (off_t)span->at);
	if (got != (ssize_t)span->len + 1 || out->data[span->len] != '\n')
		return why_set(why, FAIL_FATAL,
		    "does not fit the dump any more: remove it");
	out->data[span->len] = '\0';
	out->len = span->len;
	return 0;
}

/* Of which state of a dump an index is. */
static void
head_write(const struct stat *st, struct buf *out)
{
	buf_addf(out, "recfilter 1 %jd %jd %ld ", (intmax_t)st->st_size,
	    (intmax_t)st->st_mtim.tv_sec, st->st_mtim.tv_nsec);
}

/* --- written --- */

struct account_line {
	const char *address;
	size_t at; /* its spans, in a buffer */
};

static int
by_address(const void *a, const void *b)
{
	const struct account_line *x = a, *y = b;

	return strcmp(x->address, y->address);
}

static void
write_accounts(struct selection *s, FILE *out)
{
	struct buf spans = { 0 };
	struct account_line *lines = NULL;
	const char *address, *span;
	size_t n = 0, cap = 0, at = 0;

	while ((address = select_each(s, &at)) != NULL) {
		lines = xgrow(lines, n, &cap, sizeof *lines);
		lines[n++] = (struct account_line){ address, spans.len };
		for (size_t k = 0; select_next(s, &k, &span);)
			buf_adds(&spans, span);
		buf_addc(&spans, '\0');
	}
	if (n != 0)
		qsort(lines, n, sizeof *lines, by_address);
	for (size_t i = 0; i < n; i++)
		(void)fprintf(out, "%s\t%s\n", lines[i].address,
		    buf_str(&spans) + lines[i].at);
	free(lines);
	buf_free(&spans);
}

int
parts_write(const char *path, const struct stat *st, struct selection *s,
    const struct dump_line *end, struct why *why)
{
	struct buf head = { 0 };
	struct outfile out;
	const char *span;

	if (outfile_open(&out, path, why) == -1)
		return -1;
	head_write(st, &head);
	dump_line_write(end, &head);
	(void)fprintf(out.file, "%s\n", buf_str(&head));
	for (size_t at = 0; select_common(s, &at, &span);)
		(void)fputs(span, out.file);
	(void)fputc('\n', out.file);
	write_accounts(s, out.file);
	buf_free(&head);
	return outfile_commit(&out, why);
}

/* --- read --- */

/* A file in memory. */
struct text {
	const char *p;
	size_t len;
};

static bool
text_map(struct text *t, const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct stat st;
	void *p;

	if (fd == -1)
		return false;
	if (fstat(fd, &st) == -1 || st.st_size == 0) {
		(void)close(fd);
		return false;
	}
	p = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	(void)close(fd);
	if (p == MAP_FAILED)
		return false;
	*t = (struct text){ p, (size_t)st.st_size };
	return true;
}

/* Cuts the first line off; its own length is without its end. */
static bool
text_line(struct text *rest, struct text *line)
{
	const char *nl = memchr(rest->p, '\n', rest->len);

	if (nl == NULL)
		return false;
	*line = (struct text){ rest->p, (size_t)(nl - rest->p) };
	rest->len -= line->len + 1;
	rest->p = nl + 1;
	return true;
}

static bool
text_cut(struct text *line, const char *prefix, size_t len)
{
	if (line->len < len || memcmp(line->p, prefix, len) != 0)
		return false;
	line->p += len;
	line->len -= len;
	return true;
}

/* Finds the line that begins with key: bisected by bytes, as look(1) does. */
static bool
text_find(struct text all, const struct buf *key, struct text *line)
{
	struct text rest;

	while (all.len != 0) {
		const char *half = all.p + all.len / 2;
		size_t n;
		int way;

		while (half > all.p && half[-1] != '\n')
			half--;
		rest = (struct text){ half, all.len - (size_t)(half - all.p) };
		if (!text_line(&rest, line))
			return false;
		n = line->len < key->len ? line->len : key->len;
		way = memcmp(key->data, line->p, n);
		if (way == 0 && n == key->len)
			return text_cut(line, key->data, key->len);
		/* The tab that ends the key comes before all others. */
		if (way < 0 || way == 0)
			all.len = (size_t)(half - all.p);
		else
			all = rest;
	}
	return false;
}

struct spans {
	struct dump_line *v;
	size_t n, cap;
};

static bool
add_spans(struct spans *spans, struct text line)
{
	const char *end = line.p + line.len;

	while (line.p < end) {
		uint64_t number[2] = { 0 };

		for (int i = 0; i < 2; i++) {
			const char *from = line.p;

			while (line.p < end && *line.p >= '0' && *line.p <= '9')
				number[i] = number[i] * 10 +
					    (uint64_t)(*line.p++ - '0');
			if (line.p == from || line.p == end || *line.p++ != ' ')
				return false;
		}
		spans->v =
		    xgrow(spans->v, spans->n, &spans->cap, sizeof *spans->v);
		spans->v[spans->n++] =
		    (struct dump_line){ number[0], (size_t)number[1] };
	}
	return true;
}

static int
by_place(const void *a, const void *b)
{
	const struct dump_line *x = a, *y = b;

	return x->at < y->at ? -1 : x->at > y->at;
}

static bool
find(struct text all, int fd, const char *address, struct spans *spans)
{
	struct text head, common, own;
	struct buf text = { 0 };
	struct stat st;
	bool found;

	if (fstat(fd, &st) == -1 || !S_ISREG(st.st_mode) ||
	    !text_line(&all, &head) || !text_line(&all, &common))
		return false;
	head_write(&st, &text);
	found = text_cut(&head, text.data, text.len);
	buf_reset(&text);
	buf_addf(&text, "%s\t", address);
	found = found && text_find(all, &text, &own) && add_spans(spans, own) &&
		add_spans(spans, common) && add_spans(spans, head);
	buf_free(&text);
	found = found && spans->v != NULL;
	if (found)
		qsort(spans->v, spans->n, sizeof *spans->v, by_place);
	return found;
}

struct dump_line *
parts_find(const char *path, int fd, const char *address, size_t *n)
{
	struct spans spans = { 0 };
	struct text all;

	if (!text_map(&all, path))
		return NULL;
	if (!find(all, fd, address, &spans)) {
		free(spans.v);
		spans.v = NULL;
	}
	(void)munmap((void *)(uintptr_t)all.p, all.len);
	*n = spans.n;
	return spans.v;
}
