/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

#include "convert/zone.h"

#include <stdlib.h>
#include <string.h>

#include "convert/zone-internal.h"
#include "convert/zone-rule.h"
#include "core/alloc.h"
#include "core/io.h"

#define ZONE_FOLDER "/usr/share/zoneinfo"

enum {
	FILE_MAX = 1 << 18, /* the largest real one has 4 KiB */
	HEADER = 44,
	NAME_MAX_LEN = 100
};

/* --- the file --- */

static int64_t
big_endian(const char *p, int bytes)
{
	uint64_t v = (unsigned char)*p >= 0x80 ? UINT64_MAX : 0;

	for (; bytes > 0; bytes--)
		v = v << 8 | (unsigned char)*p++;
	return (int64_t)v;
}

struct counts {
	size_t utc, std, leap, times, types, chars;
};

/* The header at p; false if it is none. */
static bool
read_counts(const char *p, size_t left, struct counts *c)
{
	size_t *to[] = { &c->utc, &c->std, &c->leap, &c->times, &c->types,
		&c->chars };

	if (left < HEADER || memcmp(p, "TZif", 4) != 0 || p[4] < '2')
		return false;
	for (size_t i = 0; i < 6; i++) {
		int64_t n = big_endian(p + 20 + 4 * i, 4);

		if (n < 0 || n > FILE_MAX)
			return false;
		*to[i] = (size_t)n;
	}
	return true;
}

static size_t
block_size(const struct counts *c, size_t time_size)
{
	return c->times * (time_size + 1) + c->types * 6 + c->chars +
	       c->leap * (time_size + 4) + c->std + c->utc;
}

static bool
read_type(const char *types, const char *chars, const struct counts *c,
    size_t i, struct regime *r)
{
	const char *p = types + 6 * i;
	size_t at = (unsigned char)p[5], n;

	if (i >= c->types || at >= c->chars)
		return false;
	n = strnlen(chars + at, c->chars - at);
	if (n > ZONE_ABBR_MAX)
		return false;
	r->offset = (int)big_endian(p, 4);
	r->dst = p[4] != 0;
	memcpy(r->abbr, chars + at, n);
	r->abbr[n] = '\0';
	return r->offset > -2 * ZONE_DAY && r->offset < 2 * ZONE_DAY;
}

/* The 64-bit block and what follows it. */
static bool
read_block(struct zone *z, const char *p, size_t left)
{
	struct counts c = { 0 };
	const char *index, *types, *chars, *rule;
	size_t size;

	if (!read_counts(p, left, &c))
		return false;
	size = block_size(&c, 8);
	p += HEADER;
	left -= HEADER;
	if (size > left || c.types == 0)
		return false;
	index = p + 8 * c.times;
	types = index + c.times;
	chars = types + 6 * c.types;
	if (!read_type(types, chars, &c, 0, &z->first))
		return false;
	z->list = xcalloc(c.times + 1, sizeof *z->list);
	for (size_t i = 0; i < c.times; i++) {
		struct transition *t = &z->list[z->n];

		t->at = big_endian(p + 8 * i, 8);
		if (!read_type(
			types, chars, &c, (unsigned char)index[i], &t->to))
			return false;
		/* What is before the year 0 says nothing. */
		if (t->at > -INT64_C(62167219200) &&
		    t->at < INT64_C(253370764800))
			z->n++;
		else
			z->first = t->to;
	}
	rule = p + size;
	left -= size;
	if (left < 2 || *rule != '\n' || rule[left - 1] != '\n')
		return left == 0;
	if (left > 2) {
		char *text = xmemdup(rule + 1, left - 2);
		bool ok = zone_rule_parse(z, text);

		free(text);
		return ok;
	}
	return true;
}

static bool
read_zone(struct zone *z, const struct buf *file)
{
	struct counts c = { 0 };
	size_t skip;

	if (!read_counts(buf_str(file), file->len, &c))
		return false;
	skip = HEADER + block_size(&c, 4);
	return skip < file->len &&
	       read_block(z, file->data + skip, file->len - skip);
}

/* A name that stays inside the folder. */
static bool
is_zone_name(const char *s)
{
	size_t n =
	    strspn(s, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
		      "0123456789_+-/");

	return n > 0 && n <= NAME_MAX_LEN && s[n] == '\0' && s[0] != '/' &&
	       s[n - 1] != '/';
}

struct zone *
zone_open(const char *name)
{
	struct buf file = { 0 };
	struct zone *z = NULL;
	struct why why = { 0 };
	char *path;

	if (!is_zone_name(name))
		return NULL;
	path = xasprintf("%s/%s", ZONE_FOLDER, name);
	buf_init(&file, FILE_MAX);
	if (read_file(path, &file, &why) == 0) {
		z = xcalloc(1, sizeof *z);
		z->name = xstrdup(name);
		if (!read_zone(z, &file)) {
			zone_free(z);
			z = NULL;
		}
	}
	free(path);
	buf_free(&file);
	return z;
}

struct zone *
zone_new(const char *name, int first)
{
	struct zone *z = xcalloc(1, sizeof *z);

	z->name = xstrdup(name);
	z->first.offset = first;
	return z;
}

void
zone_add(struct zone *z, int64_t utc, int offset, bool dst, const char *abbr)
{
	struct transition *t;
	size_t i;

	z->list = xgrow(z->list, z->n, &z->cap, sizeof *z->list);
	for (i = z->n++; i > 0 && z->list[i - 1].at > utc; i--)
		z->list[i] = z->list[i - 1];
	t = &z->list[i];
	*t = (struct transition){ utc, { .offset = offset, .dst = dst } };
	if (abbr != NULL && strlen(abbr) <= ZONE_ABBR_MAX)
		memcpy(t->to.abbr, abbr, strlen(abbr) + 1);
}

void
zone_free(struct zone *z)
{
	if (z == NULL)
		return;
	free(z->name);
	free(z->list);
	free(z);
}

const char *
zone_name(const struct zone *z)
{
	return z->name;
}

/* --- times --- */

static const struct regime *
regime_at(const struct zone *z, int64_t utc)
{
	size_t low = 0, high = z->n;

	if (z->n == 0)
		return z->has_rule ? zone_rule_regime(z, utc) : &z->first;
	if (z->has_rule && utc >= z->list[z->n - 1].at)
		return zone_rule_regime(z, utc);
	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (z->list[mid].at <= utc)
			low = mid + 1;
		else
			high = mid;
	}
	return low == 0 ? &z->first : &z->list[low - 1].to;
}

int64_t
zone_to_local(const struct zone *z, int64_t utc)
{
	return utc + regime_at(z, utc)->offset;
}

int64_t
zone_to_utc(const struct zone *z, int64_t local)
{
	/* The offset some time before: right for the first of two, and for a
	 * time in a gap. Where that leads after a change to an offset that
	 * gives the same local time, it is the other one. */
	int before = regime_at(z, local - 2 * ZONE_DAY)->offset;
	int after = regime_at(z, local + 2 * ZONE_DAY)->offset;
	int64_t utc = local - before;

	if (regime_at(z, utc)->offset == before)
		return utc;
	if (regime_at(z, local - after)->offset == after)
		return local - after;
	return utc;
}
