/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/*
 * The members of records: the one list that reading, writing, resetting and
 * checking go through, and that field maps and queries name.
 * mailferry-record(5) is this table in words.
 */
#ifndef FERRY_RECORD_MEMBER_H
#define FERRY_RECORD_MEMBER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "record/record.h"

enum member_kind {
	MEMBER_TEXT,   /* const char *, NULL where it is absent */
	MEMBER_LIST,   /* struct strs */
	MEMBER_FLAG,   /* bool, true where it is absent */
	MEMBER_MARK,   /* bool, false where it is absent */
	MEMBER_NUMBER, /* int64_t, not negative; -1 where it is absent */
	MEMBER_OBJECT, /* struct parts, one at most */
	MEMBER_OBJECTS /* struct parts */
};

/* A type in the sets below. */
#define MEMBER_OF(type) (1U << (type))
/* The only type of the objects that are members. */
#define MEMBER_OF_PART MEMBER_OF(REC_OTHER)

struct record_part;

struct record_member {
	const char *name;
	const char *key; /* as it is written after another member */
	size_t key_len;
	enum member_kind kind;
	size_t offset;                  /* in struct record, or in a part */
	unsigned int types;             /* those that have it */
	unsigned int need;              /* those that cannot do without it */
	const struct record_part *part; /* of an object */
};

/* An object that is a member: its own members, and the size of its struct. */
struct record_part {
	const struct record_member *members;
	size_t n;
	size_t size;
};

/* In the order in which they are written. */
extern const struct record_member record_members[RECORD_MEMBERS];

/* The member of that name; NULL if no record has one. */
const struct record_member *record_member(const char *name);

/* The members that records of a type can have, or cannot do without: a bit for
 * each, by its place in the table. member_next takes the first out of the set. */
uint64_t member_set(enum record_type type, bool needed);
static inline const struct record_member *
member_next(uint64_t *set)
{
	size_t i = (size_t)__builtin_ctzll(*set);

	*set &= *set - 1;
	return &record_members[i];
}

/* Where a record, or a part of one, keeps it. */
static inline void *
record_field(const void *r, const struct record_member *m)
{
	return (char *)(uintptr_t)r + m->offset;
}

/* Whether a record, or a part of one, has no value of the member; false for a
 * flag, which always has one. */
static inline bool
member_absent(const void *of, const struct record_member *m)
{
	const void *at = record_field(of, m);

	switch (m->kind) {
	case MEMBER_TEXT:
		return *(const char *const *)at == NULL;
	case MEMBER_LIST:
		return ((const struct strs *)at)->n == 0;
	case MEMBER_NUMBER:
		return *(const int64_t *)at == -1;
	case MEMBER_MARK:
		return !*(const bool *)at;
	case MEMBER_OBJECT:
	case MEMBER_OBJECTS:
		return ((const struct parts *)at)->n == 0;
	case MEMBER_FLAG:
		break;
	}
	return false;
}

/* One of the objects of a member. */
static inline void *
record_part_at(
    const struct parts *list, const struct record_member *m, size_t i)
{
	return (char *)list->v + i * m->part->size;
}

#endif
