/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

#include "merge/journal.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/alloc.h"
#include "core/io.h"
#include "core/json.h"
#include "core/str.h"

enum {
	SUM_LEN = 8,
	JOURNAL_MAX = 1 << 30
};

static const char *const kind_names[] = {
	[JOURNAL_RUN] = "run",
	[JOURNAL_FOLDER] = "folder",
	[JOURNAL_LEVEL] = "level",
	[JOURNAL_KEYWORD] = "keyword",
	[JOURNAL_ADD] = "add",
	[JOURNAL_FAILED] = "failed",
	[JOURNAL_DONE] = "done",
	[JOURNAL_FLAGS] = "flags",
	[JOURNAL_SUBSCRIBE] = "subscribe",
	[JOURNAL_QUOTA] = "quota",
	[JOURNAL_END] = "end",
	[JOURNAL_UNDONE] = "undone",
};
enum {
	KINDS = sizeof kind_names / sizeof *kind_names
};

/* CRC-32 of IEEE 802.3, four bits at a time. */
static uint32_t
crc32(const char *p, size_t len)
{
	static const uint32_t table[16] = { 0x00000000, 0x1db71064, 0x3b6e20c8,
		0x26d930ac, 0x76dc4190, 0x6b6b51f4, 0x4db26158, 0x5005713c,
		0xedb88320, 0xf00f9344, 0xd6d6a3e8, 0xcb61b38c, 0x9b64c2b0,
		0x86d3d2d4, 0xa00ae278, 0xbdbdf21c };
	uint32_t crc = 0xffffffff;

	for (size_t i = 0; i < len; i++) {
		crc ^= (unsigned char)p[i];
		crc = crc >> 4 ^ table[crc & 15];
		crc = crc >> 4 ^ table[crc & 15];
	}
	return ~crc;
}

static int
begin(struct journal *j, const char *path, int flags, struct why *why)
{
	*j = (struct journal){ .path = xstrdup(path) };
	j->fd = open(
	    path, O_RDWR | O_APPEND | O_NOFOLLOW | O_CLOEXEC | flags, 0600);
	if (j->fd != -1)
		return 0;
	why_errno(why, FAIL_FATAL, "%s", path);
	free(j->path);
	j->path = NULL;
	return -1;
}

/* Gives up what begin made. -1 and why, from errno. */
static int
give_up(struct journal *j, struct why *why)
{
	why_errno(why, FAIL_FATAL, "%s", j->path);
	(void)close(j->fd);
	free(j->path);
	*j = (struct journal){ .fd = -1 };
	return -1;
}

int
journal_create(struct journal *j, const char *path, struct why *why)
{
	if (begin(j, path, O_CREAT | O_EXCL, why) == -1)
		return -1;
	if (sync_parent(path) == 0)
		return 0;
	(void)give_up(j, why);
	(void)unlink(path);
	return -1;
}

/* The length of the whole lines of a file; -1 and errno. */
static int64_t
whole_lines(int fd)
{
	int64_t len = 0, at = 0;
	char chunk[16384];
	ssize_t n;

	while ((n = pread(fd, chunk, sizeof chunk, at)) > 0) {
		const char *end = memrchr(chunk, '\n', (size_t)n);

		if (end != NULL)
			len = at + (end - chunk) + 1;
		at += n;
	}
	return n == -1 ? -1 : len;
}

int
journal_append(struct journal *j, const char *path, struct why *why)
{
	if (begin(j, path, 0, why) == -1)
		return -1;
	j->len = whole_lines(j->fd);
	if (j->len == -1 || ftruncate(j->fd, j->len) == -1)
		return give_up(j, why);
	return 0;
}

static void
put_hex(struct buf *b, const char *key, const unsigned char *p, size_t len)
{
	static const unsigned char zero[RAW_DIGEST_LEN];

	if (memcmp(p, zero, len) != 0)
		jw_khex(b, key, p, len);
}

void
journal_put(struct journal *j, const struct journal_record *r)
{
	struct buf line = { 0 };

	jw_open(&line, '{');
	jw_kstr(&line, "type", kind_names[r->kind]);
	if (r->kind == JOURNAL_RUN) {
		jw_kint(&line, "v", 1);
		jw_kint(&line, "identity", (int64_t)r->identity);
		jw_kint(&line, "id", (int64_t)r->id);
	}
	jw_kstr(&line, "target", r->target);
	jw_kstr(&line, "source", r->source);
	jw_kstr(&line, "dir", r->dir);
	jw_kstr(&line, "name", r->name);
	jw_kstr(&line, "was", r->was);
	jw_kstr(&line, "info", r->info);
	jw_kstr(&line, "keywords", r->keywords);
	if (r->number != 0)
		jw_kint(&line, "number", r->number);
	if (r->size != 0)
		jw_kint(&line, "size", r->size);
	if (r->date != 0)
		jw_kint(&line, "date", r->date);
	put_hex(&line, "sha256", r->sha, sizeof r->sha);
	jw_close(&line, '}');
	buf_addf(&j->waiting, "%08" PRIx32 " ", crc32(line.data, line.len));
	buf_add(&j->waiting, line.data, line.len);
	buf_addc(&j->waiting, '\n');
	buf_free(&line);
}

int
journal_sync(struct journal *j, struct why *why)
{
	if (j->broken)
		return why_set(why, FAIL_FATAL,
		    "%s: could not be written before", j->path);
	if (write_all(j->fd, buf_str(&j->waiting), j->waiting.len) == 0 &&
	    fdatasync(j->fd) == 0) {
		j->len += (int64_t)j->waiting.len;
		buf_reset(&j->waiting);
		return 0;
	}
	why_errno(why, FAIL_FATAL, "%s", j->path);
	j->broken = true;
	buf_reset(&j->waiting);
	(void)!ftruncate(j->fd, j->len);
	return -1;
}

int
journal_close(struct journal *j, struct why *why)
{
	int r = j->broken ? 0 : journal_sync(j, why);

	if (close(j->fd) == -1 && r == 0)
		r = why_errno(why, FAIL_FATAL, "%s", j->path);
	free(j->path);
	buf_free(&j->waiting);
	*j = (struct journal){ .fd = -1 };
	return r;
}

static bool
read_hex(struct json_reader *s, unsigned char *to, size_t len)
{
	char *value;

	if (!jr_string(s, &value) || strlen(value) != 2 * len)
		return false;
	for (size_t i = 0; i < len; i++) {
		unsigned int byte;
		char pair[3] = { value[2 * i], value[2 * i + 1], '\0' };
		char *end;

		byte = (unsigned int)strtoul(pair, &end, 16);
		if (*end != '\0')
			return false;
		to[i] = (unsigned char)byte;
	}
	return true;
}

static bool
read_kind(struct json_reader *s, enum journal_kind *kind)
{
	char *value;

	if (!jr_string(s, &value))
		return false;
	for (int i = 0; i < KINDS; i++) {
		if (strcmp(value, kind_names[i]) == 0) {
			*kind = (enum journal_kind)i;
			return true;
		}
	}
	return false;
}

static bool
read_id(struct json_reader *s, uint64_t *id)
{
	int64_t value;

	if (!jr_int(s, &value))
		return false;
	*id = (uint64_t)value;
	return true;
}

static bool
read_member(struct json_reader *s, struct journal_record *r, const char *member)
{
	const struct {
		const char *name;
		char **text;
		int64_t *number;
	} members[] = {
		{ "target", &r->target, NULL },
		{ "source", &r->source, NULL },
		{ "dir", &r->dir, NULL },
		{ "name", &r->name, NULL },
		{ "was", &r->was, NULL },
		{ "info", &r->info, NULL },
		{ "keywords", &r->keywords, NULL },
		{ "number", NULL, &r->number },
		{ "size", NULL, &r->size },
		{ "date", NULL, &r->date },
	};

	if (strcmp(member, "type") == 0)
		return read_kind(s, &r->kind);
	if (strcmp(member, "sha256") == 0)
		return read_hex(s, r->sha, sizeof r->sha);
	if (strcmp(member, "identity") == 0)
		return read_id(s, &r->identity);
	if (strcmp(member, "id") == 0)
		return read_id(s, &r->id);
	for (size_t i = 0; i < sizeof members / sizeof *members; i++)
		if (strcmp(member, members[i].name) == 0)
			return members[i].text != NULL
				   ? jr_copy(s, members[i].text)
				   : jr_int(s, members[i].number);
	return jr_skip(s);
}

static void
record_free(struct journal_record *r)
{
	free(r->target);
	free(r->source);
	free(r->dir);
	free(r->name);
	free(r->info);
	free(r->was);
	free(r->keywords);
}

/* True if what a record's kind needs is there. */
static bool
is_complete(const struct journal_record *r)
{
	switch (r->kind) {
	case JOURNAL_RUN:
		return r->target != NULL;
	case JOURNAL_FOLDER:
	case JOURNAL_LEVEL:
	case JOURNAL_SUBSCRIBE:
		return r->dir != NULL;
	case JOURNAL_KEYWORD:
	case JOURNAL_FAILED:
		return r->dir != NULL && r->name != NULL;
	case JOURNAL_ADD:
		return r->dir != NULL && r->name != NULL && r->info != NULL;
	case JOURNAL_FLAGS:
		return r->dir != NULL && r->name != NULL && r->info != NULL &&
		       r->was != NULL;
	case JOURNAL_QUOTA:
	case JOURNAL_DONE:
	case JOURNAL_END:
	case JOURNAL_UNDONE:
		return true;
	}
	return false;
}

static bool
read_line(struct journal_record *r, char *line, size_t len)
{
	char sum[SUM_LEN + 1], *member;
	struct json_reader s;
	bool good;

	if (len < SUM_LEN + 2 || line[SUM_LEN] != ' ')
		return false;
	(void)snprintf(sum, sizeof sum, "%08" PRIx32,
	    crc32(line + SUM_LEN + 1, len - SUM_LEN - 1));
	if (memcmp(sum, line, SUM_LEN) != 0 || !utf8_valid(line, len) ||
	    strlen(line) != len)
		return false;
	jr_init(&s, line + SUM_LEN + 1);
	good = jr_enter(&s, '{');
	while (good && jr_member(&s, &member))
		good = read_member(&s, r, member);
	return good && jr_done(&s) && is_complete(r);
}

void
journal_parse(struct journal_text *t, char *text)
{
	char *end;

	/* What follows the last line end was cut off by the end of the run. */
	for (; (end = strchr(text, '\n')) != NULL; text = end + 1) {
		struct journal_record r = { 0 };

		*end = '\0';
		if (!read_line(&r, text, (size_t)(end - text))) {
			record_free(&r);
			t->damaged++;
			continue;
		}
		t->records =
		    xgrow(t->records, t->n, &t->cap, sizeof *t->records);
		t->records[t->n++] = r;
	}
}

/* True if there are lines of another run: what was added and what was done cannot
 * be told apart. */
static bool
is_mixed(const struct journal_text *t)
{
	for (size_t i = 1; i < t->n; i++)
		if (t->records[i].kind == JOURNAL_RUN &&
		    t->records[i].id != t->records[0].id)
			return true;
	return false;
}

int
journal_read(struct journal_text *t, const char *path, struct why *why)
{
	struct buf text;
	int r;

	buf_init(&text, JOURNAL_MAX);
	r = read_file(path, &text, why);
	if (r == -1)
		why->kind = FAIL_FATAL;
	/* A NUL would end the text before its end. */
	for (size_t i = 0; r == 0 && i < text.len; i++)
		if (text.data[i] == '\0')
			text.data[i] = ' ';
	if (r == 0 && text.len > 0)
		journal_parse(t, text.data);
	if (r == 0 && (t->n == 0 || t->records[0].kind != JOURNAL_RUN))
		r = why_set(
		    why, FAIL_DATA, "%s: not a journal of a merge", path);
	if (r == 0 && is_mixed(t))
		r = why_set(why, FAIL_DATA,
		    "%s: the lines of two runs are mixed in it, so that it "
		    "cannot be relied on",
		    path);
	buf_free(&text);
	return r;
}

/* What a folder was made of, the last first: of a level it became a folder, and
 * that got keywords. */
static int
layer(const struct journal_record *r)
{
	if (r->kind == JOURNAL_LEVEL)
		return 3;
	return r->kind != JOURNAL_FOLDER ? 0 : r->was != NULL ? 1 : 2;
}

static int
bottom_up(const void *a, const void *b, void *arg)
{
	const size_t *x = a, *y = b;
	const struct journal_record *r = arg;
	int order = strcmp(r[*y].dir, r[*x].dir);

	if (order == 0)
		order = layer(&r[*x]) - layer(&r[*y]);
	return order != 0 ? order : (*x < *y) - (*x > *y);
}

size_t *
journal_bottom_up(const struct journal_text *t, size_t *n)
{
	size_t *order = xcalloc(t->n + 1, sizeof *order);

	*n = 0;
	for (size_t i = 0; i < t->n; i++)
		if (t->records[i].dir != NULL)
			order[(*n)++] = i;
	qsort_r(order, *n, sizeof *order, bottom_up, t->records);
	return order;
}

ssize_t
journal_find(const struct journal_text *t, enum journal_kind kind)
{
	for (size_t i = 0; i < t->n; i++)
		if (t->records[i].kind == kind)
			return (ssize_t)i;
	return -1;
}

bool
journal_is_undone(const struct journal_text *t)
{
	for (size_t i = 0; i < t->n; i++)
		if (t->records[i].kind == JOURNAL_UNDONE &&
		    t->records[i].number == 0)
			return true;
	return false;
}

void
journal_free(struct journal_text *t)
{
	for (size_t i = 0; i < t->n; i++)
		record_free(&t->records[i]);
	free(t->records);
	*t = (struct journal_text){ 0 };
}
