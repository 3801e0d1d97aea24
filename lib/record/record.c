/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

#include "record/record.h"

#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"
#include "core/json.h"
#include "core/map.h"
#include "record/member.h"

static const char *const type_names[] = { [REC_OTHER] = NULL,
	[REC_DOMAIN] = "domain",
	[REC_ACCOUNT] = "account",
	[REC_ALIAS] = "alias",
	[REC_GROUP] = "group",
	[REC_SETTINGS] = "settings",
	[REC_DKIM] = "dkim",
	[REC_NOTE] = "note",
	[REC_END] = "end" };

void
strs_add(struct strs *list, const char *s)
{
	list->v = xgrow(list->v, list->n, &list->cap, sizeof *list->v);
	list->v[list->n++] = s;
}

bool
strs_has(const struct strs *list, const char *s)
{
	for (size_t i = 0; i < list->n; i++)
		if (strcmp(list->v[i], s) == 0)
			return true;
	return false;
}

/* Makes a member of a record, or of a part, absent. */
static void
reset_member(void *of, const struct record_member *m)
{
	void *at = record_field(of, m);

	switch (m->kind) {
	case MEMBER_TEXT:
		*(const char **)at = NULL;
		break;
	case MEMBER_LIST:
		((struct strs *)at)->n = 0;
		break;
	case MEMBER_FLAG:
		*(bool *)at = true;
		break;
	case MEMBER_MARK:
		*(bool *)at = false;
		break;
	case MEMBER_NUMBER:
		*(int64_t *)at = -1;
		break;
	case MEMBER_OBJECT:
	case MEMBER_OBJECTS:
		((struct parts *)at)->n = 0;
		break;
	}
}

void
record_reset(struct record *r, enum record_type type)
{
	r->type = type;
	for (size_t i = 0; i < RECORD_TEXTS; i++)
		r->texts[i] = NULL;
	for (size_t i = 0; i < RECORD_NUMBERS; i++)
		r->numbers[i] = -1;
	for (size_t i = 0; i < RECORD_FLAGS; i++)
		r->flags[i] = true;
	r->elsewhere = false;
	for (size_t i = 0; i < RECORD_LISTS; i++)
		r->lists[i].n = 0;
	for (size_t i = 0; i < RECORD_PARTS; i++)
		r->parts[i].n = 0;
}

void
record_free(struct record *r)
{
	for (size_t i = 0; i < RECORD_LISTS; i++)
		free(r->lists[i].v);
	for (size_t i = 0; i < RECORD_PARTS; i++)
		free(r->parts[i].v);
	buf_wipe(&r->text);
	*r = (struct record){ 0 };
}

static void *
add_part(struct parts *list, const struct record_part *part)
{
	void *at;

	list->v = xgrow(list->v, list->n, &list->cap, part->size);
	at = (char *)list->v + list->n++ * part->size;
	for (size_t i = 0; i < part->n; i++)
		reset_member(at, &part->members[i]);
	return at;
}

void *
record_add(struct record *r, struct parts *member)
{
	size_t i = 0;

	while (record_field(r, &record_members[i]) != member)
		i++;
	return add_part(member, record_members[i].part);
}

const struct record_vacation *
record_vacation(const struct record *r)
{
	return r->vacation.n == 0 ? NULL : r->vacation.v;
}

const char *
record_id(const struct record *r)
{
	if (r->address != NULL)
		return r->address;
	if (r->domain != NULL)
		return r->domain;
	if (r->type == REC_NOTE && r->what != NULL)
		return r->what;
	return r->type == REC_END ? "end" : "record";
}

const char *
record_owner(const struct record *r)
{
	if (r->address != NULL)
		return r->address;
	if (r->domain != NULL)
		return r->domain;
	return r->what != NULL && strchr(r->what, '@') != NULL ? r->what : NULL;
}

static int check_members(const void *of, const struct record_member *members,
    size_t n, unsigned int type, struct why *why);

/* Checks each object; an error names the member that holds it. */
static int
check_parts(
    const struct parts *list, const struct record_member *m, struct why *why)
{
	for (size_t i = 0; i < list->n; i++) {
		struct why inner = { 0 };

		if (check_members(record_part_at(list, m, i), m->part->members,
			m->part->n, MEMBER_OF_PART, &inner) == -1)
			return why_set(
			    why, FAIL_DATA, "%s: %s", m->name, inner.text);
	}
	return 0;
}

/* A member that is there: an empty string is not a value. */
static int
check_member(const void *of, const struct record_member *m, struct why *why)
{
	const void *at = record_field(of, m);
	const struct strs *list = at;

	if (m->kind == MEMBER_TEXT && **(const char *const *)at == '\0')
		return why_set(why, FAIL_DATA, "%s: an empty string", m->name);
	if (m->kind == MEMBER_NUMBER && *(const int64_t *)at < 0)
		return why_set(why, FAIL_DATA, "%s: too small", m->name);
	if (m->kind == MEMBER_LIST)
		for (size_t i = 0; i < list->n; i++)
			if (*list->v[i] == '\0')
				return why_set(why, FAIL_DATA,
				    "%s: an empty string", m->name);
	return m->part == NULL ? 0 : check_parts(at, m, why);
}

static int
check_members(const void *of, const struct record_member *members, size_t n,
    unsigned int type, struct why *why)
{
	for (size_t i = 0; i < n; i++) {
		const struct record_member *m = &members[i];

		if ((m->types & type) == 0)
			continue;
		if (!member_absent(of, m)) {
			if (check_member(of, m, why) == -1)
				return -1;
		} else if ((m->need & type) != 0) {
			return why_set(
			    why, FAIL_DATA, "%s: is missing", m->name);
		}
	}
	return 0;
}

static int
check_address(const struct record *r, struct why *why)
{
	const char *at = strrchr(r->address, '@');

	if (at == NULL || at[1] == '\0' ||
	    (at == r->address && r->type != REC_ALIAS))
		return why_set(
		    why, FAIL_DATA, "address: not of the form name@domain");
	return 0;
}

/* True if no member has a value that none may have, of whatever type the record
 * is, as nearly all: check_members finds what is wrong. */
static bool
is_sound(const struct record *r)
{
	for (size_t i = 0; i < RECORD_TEXTS; i++)
		if (r->texts[i] != NULL && *r->texts[i] == '\0')
			return false;
	for (size_t i = 0; i < RECORD_NUMBERS; i++)
		if (r->numbers[i] < -1)
			return false;
	for (size_t i = 0; i < RECORD_LISTS; i++)
		for (size_t n = 0; n < r->lists[i].n; n++)
			if (*r->lists[i].v[n] == '\0')
				return false;
	for (size_t i = 0; i < RECORD_PARTS; i++)
		if (r->parts[i].n != 0)
			return false;
	return true;
}

/* Whether the members are there that its type cannot do without. */
static bool
has_needed(const struct record *r)
{
	uint64_t which = member_set(r->type, true);

	while (which != 0)
		if (member_absent(r, member_next(&which)))
			return false;
	return true;
}

int
record_check(const struct record *r, struct why *why)
{
	if (!(is_sound(r) && has_needed(r)) &&
	    check_members(r, record_members, RECORD_MEMBERS, MEMBER_OF(r->type),
		why) == -1)
		return -1;
	if (r->address != NULL)
		return check_address(r, why);
	return 0;
}

/* --- reading --- */

/* Most names differ in their first letter. */
static bool
same(const char *a, const char *b)
{
	return *a == *b && strcmp(a, b) == 0;
}

/* The member of that name; *hint is where to look first, because members come
 * in the order of the table. */
static const struct record_member *
find_member(const struct record_member *members, size_t n, const char *name,
    size_t *hint)
{
	for (size_t i = 0; i < n; i++) {
		size_t at = *hint + i;

		if (at >= n)
			at -= n;
		if (same(members[at].name, name)) {
			*hint = at + 1;
			return &members[at];
		}
	}
	return NULL;
}

/* What each kind of member holds, and how a message says so. */
static const struct {
	enum jr_type type;
	const char *expected;
} kinds[] = {
	[MEMBER_TEXT] = { JR_STRING, "a string is expected" },
	[MEMBER_LIST] = { JR_ARRAY, "an array of strings is expected" },
	[MEMBER_FLAG] = { JR_BOOL, "true or false is expected" },
	[MEMBER_MARK] = { JR_BOOL, "true or false is expected" },
	[MEMBER_NUMBER] = { JR_NUMBER, "a whole number is expected" },
	[MEMBER_OBJECT] = { JR_OBJECT,
	    "an object is expected, with members of the right kinds" },
	[MEMBER_OBJECTS] = { JR_ARRAY,
	    "an array of objects is expected, with members of the right "
	    "kinds" },
};

static bool
read_list(struct json_reader *s, struct strs *list, bool *wrong)
{
	enum jr_type type;
	char *value;

	(void)jr_enter(s, '[');
	while (jr_element(s) && jr_peek(s, &type)) {
		if (type != JR_STRING) {
			*wrong = true;
			(void)jr_skip(s);
		} else if (jr_string(s, &value)) {
			strs_add(list, value);
		}
	}
	return s->error == NULL;
}

static bool
read_number(struct json_reader *s, int64_t *to, bool *wrong)
{
	struct json_reader before = *s;

	if (!jr_int(s, to)) {
		*wrong = true;
		*s = before;
		return jr_skip(s);
	}
	/* -1 is how a record says that a number is absent. */
	if (*to < 0)
		*to = INT64_MIN;
	return true;
}

static bool read_value(struct json_reader *s, void *of,
    const struct record_member *m, bool *wrong);

/* Reads an object that is a member. One that has a member twice is wrong. */
static bool
read_part(struct json_reader *s, struct parts *list,
    const struct record_part *part, bool *wrong)
{
	void *at = add_part(list, part);
	uint32_t seen = 0;
	size_t hint = 0;
	char *name;

	(void)jr_enter(s, '{');
	while (jr_member(s, &name)) {
		const struct record_member *m =
		    find_member(part->members, part->n, name, &hint);
		uint32_t bit = m == NULL ? 0 : 1U << (m - part->members);

		if ((seen & bit) != 0)
			*wrong = true;
		seen |= bit;
		if (!(m == NULL ? jr_skip(s) : read_value(s, at, m, wrong)))
			return false;
	}
	return s->error == NULL;
}

static bool
read_parts(struct json_reader *s, struct parts *list,
    const struct record_part *part, bool *wrong)
{
	enum jr_type type;

	(void)jr_enter(s, '[');
	while (jr_element(s) && jr_peek(s, &type)) {
		if (type == JR_OBJECT) {
			if (!read_part(s, list, part, wrong))
				return false;
		} else {
			*wrong = true;
			(void)jr_skip(s);
		}
	}
	return s->error == NULL;
}

/*
 * Reads a value into its member. One of another type is skipped, and *wrong
 * set: that is only an error if the record's type has this member, and the
 * type may come later. False if it is not JSON.
 */
static bool
read_value(
    struct json_reader *s, void *of, const struct record_member *m, bool *wrong)
{
	void *at = record_field(of, m);
	enum jr_type type;
	char *value = NULL;

	if (!jr_peek(s, &type))
		return false;
	if (type != kinds[m->kind].type) {
		*wrong = true;
		return jr_skip(s);
	}
	switch (m->kind) {
	case MEMBER_TEXT:
		if (!jr_string(s, &value))
			return false;
		*(const char **)at = value;
		return true;
	case MEMBER_LIST:
		return read_list(s, at, wrong);
	case MEMBER_FLAG:
	case MEMBER_MARK:
		return jr_bool(s, at);
	case MEMBER_NUMBER:
		return read_number(s, at, wrong);
	case MEMBER_OBJECT:
		return read_part(s, at, m->part, wrong);
	case MEMBER_OBJECTS:
		return read_parts(s, at, m->part, wrong);
	}
	return false;
}

static enum record_type
type_of(const char *name)
{
	for (size_t i = 1; i < sizeof type_names / sizeof *type_names; i++)
		if (same(type_names[i], name))
			return (enum record_type)i;
	return REC_OTHER;
}

/* What is noticed while the members go by. */
struct seen {
	uint64_t known;   /* by place in the table of members */
	uint64_t wrong;   /* those whose value is of another kind */
	struct map other; /* names that are not in it */
	bool v, type;
	int64_t version;
};

static int
twice(const char *name, struct why *why)
{
	return why_set(why, FAIL_DATA, "%s: the member is there twice", name);
}

/* Reads the value of one member, or of one that is not in the table. 0, or -1 and
 * why. */
static int
parse_member(struct json_reader *s, struct record *r, struct seen *seen,
    const struct record_member *m, const char *name, struct why *why)
{
	uint64_t bit = m == NULL ? 0 : UINT64_C(1) << (m - record_members);
	bool wrong = false, added = true, ok;

	if (m == NULL)
		(void)map_put(&seen->other, name, &added);
	else
		name = m->name;
	if (!added || (seen->known & bit) != 0)
		return twice(name, why);
	seen->known |= bit;
	ok = m == NULL ? jr_skip(s) : read_value(s, r, m, &wrong);
	if (wrong)
		seen->wrong |= bit;
	return ok ? 0 : why_set(why, FAIL_DATA, "%s: %s", name, s->error);
}

static bool
is_next(const struct json_reader *s, const struct record_member *m)
{
	return m->key[2] == s->at[2] && m->key[3] == s->at[3] &&
	       strncmp(m->key, s->at, m->key_len) == 0;
}

/* The member that comes next, if it is written as record_write does it, and as
 * most are: its name need not be taken apart. NULL otherwise. */
static const struct record_member *
written_member(struct json_reader *s, struct record *r, size_t *hint)
{
	size_t i = r->next[*hint];

	if (s->fresh || s->at[0] != ',' || s->at[1] != '"')
		return NULL;
	if (!is_next(s, &record_members[i])) {
		i = *hint;
		while (i < RECORD_MEMBERS && !is_next(s, &record_members[i]))
			i++;
		if (i == RECORD_MEMBERS)
			return NULL;
		r->next[*hint] = (unsigned char)i;
	}
	s->at += record_members[i].key_len;
	*hint = i + 1;
	return &record_members[i];
}

/* "v" and "type". 0, or -1 and why. */
static int
parse_head(struct json_reader *s, struct record *r, struct seen *seen,
    bool version, struct why *why)
{
	bool *there = version ? &seen->v : &seen->type;
	const char *name = version ? "v" : "type";
	char *value;

	if (*there)
		return twice(name, why);
	*there = version ? jr_int(s, &seen->version) : jr_string(s, &value);
	if (!*there)
		return why_set(why, FAIL_DATA, "%s: %s", name, s->error);
	if (!version)
		r->type = type_of(value);
	return 0;
}

static int
parse_members(
    struct json_reader *s, struct record *r, struct seen *seen, struct why *why)
{
	const struct record_member *m;
	size_t hint = 0;
	char *name = NULL;
	int result;

	if (!jr_enter(s, '{'))
		return why_set(why, FAIL_DATA, "not a JSON object");
	for (;;) {
		m = written_member(s, r, &hint);
		if (m == NULL && !jr_member(s, &name))
			break;
		if (m == NULL && (same(name, "v") || same(name, "type"))) {
			result = parse_head(s, r, seen, *name == 'v', why);
		} else {
			if (m == NULL)
				m = find_member(record_members, RECORD_MEMBERS,
				    name, &hint);
			result = parse_member(s, r, seen, m, name, why);
		}
		if (result == -1)
			return -1;
	}
	if (!jr_done(s))
		return why_set(why, FAIL_DATA, "not JSON: %s", s->error);
	return 0;
}

/* The checks that need all members. */
static int
check_seen(const struct record *r, const struct seen *seen, struct why *why)
{
	if (!seen->v)
		return why_set(why, FAIL_DATA, "v: is missing");
	if (seen->version != 1)
		return why_set(why, FAIL_DATA,
		    "v: a record of version %lld, not 1",
		    (long long)seen->version);
	if (!seen->type)
		return why_set(why, FAIL_DATA, "type: is missing");
	for (size_t i = 0; i < RECORD_MEMBERS && seen->wrong != 0; i++)
		if ((seen->wrong & UINT64_C(1) << i) != 0 &&
		    (record_members[i].types & MEMBER_OF(r->type)) != 0)
			return why_set(why, FAIL_DATA, "%s: %s",
			    record_members[i].name,
			    kinds[record_members[i].kind].expected);
	return 0;
}

int
record_parse(struct record *r, const char *line, size_t len, struct why *why)
{
	struct seen seen = { 0 };
	struct json_reader s;
	int result;

	record_reset(r, REC_OTHER);
	buf_reset(&r->text);
	buf_add(&r->text, line, len);
	jr_init(&s, r->text.data);
	result = parse_members(&s, r, &seen, why);
	if (result == 0)
		result = check_seen(r, &seen, why);
	if (result == 0 && r->type != REC_OTHER)
		result = record_check(r, why);
	map_free(&seen.other);
	return result;
}

int
record_next(struct ndjson *in, struct record *r, struct why *why)
{
	int n = ndjson_next(in, why);

	if (n == -1)
		record_reset(r, REC_OTHER);
	if (n == 1 && record_parse(r, in->line, in->len, why) == -1)
		return -1;
	return n;
}

/* --- writing --- */

static void write_part(
    struct buf *out, const void *of, const struct record_part *part);

static void
write_parts(
    struct buf *out, const struct parts *list, const struct record_member *m)
{
	jw_open(out, '[');
	for (size_t i = 0; i < list->n; i++)
		write_part(out, record_part_at(list, m, i), m->part);
	jw_close(out, ']');
}

static void
write_value(struct buf *out, const void *at, const struct record_member *m)
{
	const struct strs *list = at;

	switch (m->kind) {
	case MEMBER_TEXT:
		jw_str(out, *(const char *const *)at);
		break;
	case MEMBER_LIST:
		jw_strs(out, list->v, list->n);
		break;
	case MEMBER_FLAG:
	case MEMBER_MARK:
		jw_bool(out, *(const bool *)at);
		break;
	case MEMBER_NUMBER:
		jw_int(out, *(const int64_t *)at);
		break;
	case MEMBER_OBJECT:
		write_part(out, ((const struct parts *)at)->v, m->part);
		break;
	case MEMBER_OBJECTS:
		write_parts(out, at, m);
		break;
	}
}

static void
write_part(struct buf *out, const void *of, const struct record_part *part)
{
	jw_open(out, '{');
	for (size_t i = 0; i < part->n; i++) {
		const struct record_member *m = &part->members[i];

		if (member_absent(of, m))
			continue;
		jw_key(out, m->name);
		write_value(out, record_field(of, m), m);
	}
	jw_close(out, '}');
}

/* Readers of directories spend most of their time here: the keys are ready
 * texts. */
void
record_write(const struct record *r, struct buf *out)
{
	static const char head[] = "{\"v\":1,\"type\":";
	uint64_t which = member_set(r->type, false);

	jw_ready(out, head, sizeof head - 1, type_names[r->type]);
	while (which != 0) {
		const struct record_member *m = member_next(&which);
		const void *at = record_field(r, m);

		/* Only a forward says whether a copy is kept. */
		if (member_absent(r, m) ||
		    (at == &r->keep && r->forward.n == 0))
			continue;
		if (m->kind == MEMBER_TEXT) {
			jw_ready(
			    out, m->key, m->key_len, *(const char *const *)at);
		} else {
			buf_add(out, m->key, m->key_len);
			write_value(out, at, m);
		}
	}
	buf_adds(out, "}\n");
}
