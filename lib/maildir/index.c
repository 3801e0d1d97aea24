/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/*
 * The file: a head, then records, in the byte order of the machine; it is a
 * cache of one machine. A checksum over the records tells a file that was cut
 * or damaged.
 */
#include "maildir/index.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "core/alloc.h"
#include "core/io.h"
#include "core/outfile.h"
#include "core/output.h"
#include "maildir/catalogue.h"

enum {
	SOME = 32
};

struct record {
	uint64_t name; /* hash of the tree, the folder and the base */
	uint64_t ino;
	uint32_t stamp;
	uint32_t state;
	unsigned char id[DIGEST_LEN];
	unsigned char digest[DIGEST_LEN];
};

struct head {
	char magic[8];
	uint64_t n;
	uint64_t sum;
	uint64_t record_size;
};

static const char magic[8] = "mfindx3";
enum {
	MAGIC_NAME = 6 /* without the version */
};

struct index {
	struct head *head; /* mapped */
	size_t mapped;
	const struct record *records;
	uint32_t *slots; /* numbers of records and 1 */
	size_t mask;
};

/* Multiply and fold, eight bytes at a time; not against an adversary: nobody
 * but the mail server chooses base names. */
static uint64_t
hash(uint64_t h, const void *p, size_t len)
{
	const unsigned char *at = p;

	h ^= len * 0x9e3779b97f4a7c15ULL;
	while (len > 0) {
		size_t n = len < 8 ? len : 8;
		uint64_t word = 0;
		unsigned __int128 product;

		memcpy(&word, at, n);
		product =
		    (unsigned __int128)(h ^ word ^ 0xa0761d6478bd642fULL) *
		    0xe7037ed1a0b428dbULL;
		h = (uint64_t)product ^ (uint64_t)(product >> 64);
		at += n;
		len -= n;
	}
	return h;
}

static uint64_t
name_hash(const struct catalogue *c, const struct catalogue_entry *e)
{
	const char *name = entry_name(c, e);
	const char *dir = c->tree->folders[e->folder].dir;
	uint64_t h = hash(c->tree->identity, dir, strlen(dir));

	return hash(h, name, strcspn(name, ":"));
}

uint32_t
index_stamp(const struct stat *st)
{
	const int64_t facts[] = { st->st_size, st->st_mtim.tv_sec,
		st->st_mtim.tv_nsec };
	uint32_t stamp = (uint32_t)hash(1, facts, sizeof facts);

	return stamp == 0 ? 1 : stamp;
}

static void
build(struct index *x)
{
	size_t slots = 64;

	while (slots < x->head->n * 2)
		slots *= 2;
	x->mask = slots - 1;
	x->slots = xcalloc(slots, sizeof *x->slots);
	for (size_t i = 0; i < x->head->n; i++) {
		size_t at = x->records[i].name & x->mask;

		while (x->slots[at] != 0)
			at = (at + 1) & x->mask;
		x->slots[at] = (uint32_t)(i + 1);
	}
}

uint64_t
index_sum(uint64_t sum, const void *record)
{
	return hash(sum, record, sizeof(struct record));
}

static bool
is_sound(const struct head *head, size_t size)
{
	const struct record *records = (const struct record *)(head + 1);
	uint64_t sum = 0;

	if (size < sizeof *head ||
	    memcmp(head->magic, magic, sizeof magic) != 0 ||
	    head->record_size != sizeof *records || head->n >= UINT32_MAX ||
	    size != sizeof *head + head->n * sizeof *records)
		return false;
	for (size_t i = 0; i < head->n; i++)
		sum = index_sum(sum, &records[i]);
	return sum == head->sum;
}

struct index *
index_read(int fd)
{
	struct index *x;
	struct stat st;
	void *map;

	if (fstat(fd, &st) == -1 || !S_ISREG(st.st_mode) || st.st_size <= 0)
		return NULL;
	map = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (map == MAP_FAILED)
		return NULL;
	if (!is_sound(map, (size_t)st.st_size)) {
		(void)munmap(map, (size_t)st.st_size);
		return NULL;
	}
	x = xcalloc(1, sizeof *x);
	x->head = map;
	x->mapped = (size_t)st.st_size;
	x->records = (const struct record *)(x->head + 1);
	build(x);
	return x;
}

int
index_check(const char *file, struct why *why)
{
	char start[MAGIC_NAME], *real;
	struct stat st;
	bool ours;
	int fd;

	if (output_follow(file, &real, &st, why) == -1)
		return -1;
	fd = open(real, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	free(real);
	ours = fd == -1 || !S_ISREG(st.st_mode) || st.st_size == 0 ||
	       (read_head(fd, start, sizeof start) == sizeof start &&
		   memcmp(start, magic, sizeof start) == 0);
	if (fd != -1)
		(void)close(fd);
	return ours ? 0
		    : why_set(why, FAIL_FATAL,
			  "%s: not an index, and it would be replaced: give "
			  "another file",
			  file);
}

struct index *
index_open(const char *file)
{
	int fd = open(
	    file, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	struct index *x = fd == -1 ? NULL : index_read(fd);

	if (fd != -1)
		(void)close(fd);
	return x;
}

void
index_free(struct index *x)
{
	if (x == NULL)
		return;
	(void)munmap(x->head, x->mapped);
	free(x->slots);
	free(x);
}

/* The same, the hash of its name being known. */
static void
recall(const struct index *x, const struct catalogue *c,
    struct catalogue_entry *e, uint64_t name)
{
	size_t at = name & x->mask;

	for (; x->slots[at] != 0; at = (at + 1) & x->mask) {
		const struct record *r = &x->records[x->slots[at] - 1];

		if (r->name != name || r->ino != e->ino ||
		    (c->stamps && r->stamp != e->stamp))
			continue;
		memcpy(e->id, r->id, sizeof e->id);
		memcpy(e->digest, r->digest, sizeof e->digest);
		e->state |= r->state & (ENTRY_READ | ENTRY_ID | ENTRY_DIGEST);
		return;
	}
}

void
index_recall(
    const struct index *x, const struct catalogue *c, struct catalogue_entry *e)
{
	recall(x, c, e, name_hash(c, e));
}

/* Some at a time: first all places are fetched into the cache, then they are
 * looked at. */
static void
recall_some(const struct index *x, struct catalogue *c, size_t from, size_t n)
{
	uint64_t names[SOME];

	for (size_t i = 0; i < n; i++) {
		names[i] = name_hash(c, &c->entries[from + i]);
		__builtin_prefetch(&x->slots[names[i] & x->mask]);
	}
	for (size_t i = 0; i < n; i++) {
		uint32_t number = x->slots[names[i] & x->mask];

		if (number != 0)
			__builtin_prefetch(&x->records[number - 1]);
	}
	for (size_t i = 0; i < n; i++)
		if ((c->entries[from + i].state & (ENTRY_READ | ENTRY_BAD)) ==
		    0)
			recall(x, c, &c->entries[from + i], names[i]);
}

void
index_recall_all(const struct index *x, struct catalogue *c, size_t first)
{
	for (size_t i = first; i < c->n; i += SOME)
		recall_some(x, c, i, c->n - i < SOME ? c->n - i : SOME);
}

/* True if an entry is worth a record. */
static bool
is_known(const struct catalogue_entry *e)
{
	const unsigned int odd = ENTRY_BAD | ENTRY_GONE | ENTRY_CLOSED;

	return (e->state & (ENTRY_READ | odd)) == ENTRY_READ;
}

size_t
index_count(const struct index *x)
{
	return x == NULL ? 0 : x->head->n;
}

size_t
index_worth(const struct catalogue *c)
{
	size_t n = 0;

	for (size_t i = 0; i < c->n; i++)
		n += is_known(&c->entries[i]);
	return n;
}

static void
put(struct head *head, const struct catalogue *c, size_t number, FILE *to)
{
	const struct catalogue_entry *e = &c->entries[number];
	struct record r;

	if (!is_known(e))
		return;
	r = (struct record){ .name = name_hash(c, e),
		.ino = e->ino,
		.stamp = e->stamp,
		.state = e->state & (ENTRY_READ | ENTRY_ID | ENTRY_DIGEST) };
	memcpy(r.id, e->id, sizeof r.id);
	memcpy(r.digest, e->digest, sizeof r.digest);
	head->n++;
	head->sum = index_sum(head->sum, &r);
	(void)fwrite(&r, sizeof r, 1, to);
}

int
index_save(const char *file, const struct catalogue *const *catalogues,
    size_t n, struct why *why)
{
	struct head head = { .record_size = sizeof(struct record) };
	struct outfile out;

	memcpy(head.magic, magic, sizeof magic);
	if (outfile_open(&out, file, why) == -1)
		return -1;
	(void)fwrite(&head, sizeof head, 1, out.file);
	for (size_t i = 0; i < n; i++)
		for (size_t j = 0; j < catalogues[i]->n; j++)
			put(&head, catalogues[i], j, out.file);
	/* The head again, now that number and sum are known. */
	if (fseek(out.file, 0, SEEK_SET) == 0)
		(void)fwrite(&head, sizeof head, 1, out.file);
	return outfile_commit(&out, why);
}
