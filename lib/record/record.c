/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

#include "record/record.h"

#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"
#include "core/json.h"
#include "core/map.h"

static const char *const type_names[] = { [REC_OTHER] = NULL,
	[REC_DOMAIN] = "domain",
	[REC_ACCOUNT] = "account",
	[REC_ALIAS] = "alias",
	[REC_GROUP] = "group",
	[REC_END] = "end" };

enum kind {
	TEXT,
	LIST,
	FLAG,
	NUMBER
};

#define ON(type) (1U << (type))
enum {
	DOMAIN_ = ON(REC_DOMAIN),
	ACCOUNT = ON(REC_ACCOUNT),
	ALIAS = ON(REC_ALIAS),
	GROUP = ON(REC_GROUP),
	END = ON(REC_END)
};

/* The members in the order in which they are written; need marks the types
 * that cannot do without. mailferry-record(5) is this table in words. */
static const struct member {
	const char *name;
	const char *key; /* as it is written behind another member */
	size_t key_len;
	enum kind kind;
	size_t offset;
	unsigned int types;
	unsigned int need;
} members[] = {
#define M(name, kind, types, need)                                             \
	{                                                                      \
#name, ",\"" #name "\":", sizeof #name + 3, kind,              \
		    offsetof(struct record, name), types, need                 \
	}
	M(domain, TEXT, DOMAIN_, DOMAIN_),
	M(address, TEXT, ACCOUNT | ALIAS | GROUP, ACCOUNT | ALIAS | GROUP),
	M(logins, LIST, ACCOUNT, 0),
	M(name, TEXT, ACCOUNT | GROUP, 0),
	M(secret, TEXT, ACCOUNT, 0),
	M(default_scheme, TEXT, ACCOUNT, 0),
	M(otp, TEXT, ACCOUNT, 0),
	M(targets, LIST, ALIAS, ALIAS),
	M(active, FLAG, DOMAIN_ | ACCOUNT | ALIAS, 0),
	M(receive, FLAG, ACCOUNT, 0),
	M(quota, NUMBER, ACCOUNT | GROUP, 0),
	M(aliases, LIST, DOMAIN_ | ACCOUNT | GROUP, 0),
	M(groups, LIST, ACCOUNT, 0),
	M(forward, LIST, ACCOUNT, 0),
	M(keep, FLAG, ACCOUNT, 0),
	M(home, TEXT, ACCOUNT, 0),
	M(mail, TEXT, ACCOUNT, 0),
	M(uid, NUMBER, ACCOUNT, 0),
	M(gid, NUMBER, ACCOUNT, 0),
	M(count, NUMBER, END, END),
	M(source, TEXT, END, 0),
	M(part, TEXT, END, 0),
	M(origin, TEXT, DOMAIN_ | ACCOUNT | ALIAS | GROUP, 0),
#undef M
};
enum {
	MEMBERS = sizeof members / sizeof *members
};

static void *
field(const struct record *r, const struct member *m)
{
	return (char *)(uintptr_t)r + m->offset;
}

void
strs_add(struct strs *list, const char *s)
{
	list->v = grow(list->v, list->n, &list->cap, sizeof *list->v);
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

void
record_reset(struct record *r, enum record_type type)
{
	struct strs logins = r->logins, aliases = r->aliases,
		    groups = r->groups, targets = r->targets,
		    forward = r->forward;
	struct buf text = r->text;

	logins.n = aliases.n = groups.n = targets.n = forward.n = 0;
	*r = (struct record){ .type = type,
		.active = true,
		.receive = true,
		.keep = true,
		.quota = -1,
		.uid = -1,
		.gid = -1,
		.count = -1,
		.logins = logins,
		.aliases = aliases,
		.groups = groups,
		.targets = targets,
		.forward = forward,
		.text = text };
}

void
record_free(struct record *r)
{
	free(r->logins.v);
	free(r->aliases.v);
	free(r->groups.v);
	free(r->targets.v);
	free(r->forward.v);
	buf_wipe(&r->text);
	*r = (struct record){ 0 };
}

const char *
record_id(const struct record *r)
{
	if (r->address != NULL)
		return r->address;
	if (r->domain != NULL)
		return r->domain;
	return r->type == REC_END ? "end" : "record";
}

static inline bool
absent(const struct record *r, const struct member *m)
{
	switch (m->kind) {
	case TEXT:
		return *(const char **)field(r, m) == NULL;
	case LIST:
		return ((const struct strs *)field(r, m))->n == 0;
	case NUMBER:
		return *(const int64_t *)field(r, m) == -1;
	case FLAG:
		break;
	}
	return false;
}

/* Empty strings are no values. */
static int
check_member(const struct record *r, const struct member *m, struct why *why)
{
	const struct strs *list;

	if (absent(r, m))
		return 0;
	if (m->kind == TEXT && **(const char **)field(r, m) == '\0')
		return why_set(why, FAIL_DATA, "%s: an empty string", m->name);
	if (m->kind == NUMBER && *(const int64_t *)field(r, m) < 0)
		return why_set(why, FAIL_DATA, "%s: too small", m->name);
	if (m->kind == LIST) {
		list = field(r, m);
		for (size_t i = 0; i < list->n; i++)
			if (*list->v[i] == '\0')
				return why_set(why, FAIL_DATA,
				    "%s: an empty string", m->name);
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

int
record_check(const struct record *r, struct why *why)
{
	for (size_t i = 0; i < MEMBERS; i++) {
		const struct member *m = &members[i];

		if ((m->types & ON(r->type)) == 0)
			continue;
		if ((m->need & ON(r->type)) != 0 && absent(r, m))
			return why_set(
			    why, FAIL_DATA, "%s: is missing", m->name);
		if (check_member(r, m, why) == -1)
			return -1;
	}
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
static const struct member *
find_member(const char *name, size_t *hint)
{
	for (size_t i = 0; i < MEMBERS; i++) {
		size_t at = *hint + i;

		if (at >= MEMBERS)
			at -= MEMBERS;
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
} kinds[] = { [TEXT] = { JR_STRING, "a string is expected" },
	[LIST] = { JR_ARRAY, "an array of strings is expected" },
	[FLAG] = { JR_BOOL, "true or false is expected" },
	[NUMBER] = { JR_NUMBER, "a whole number is expected" } };

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

/*
 * Reads a value into its member. One of another type is skipped, and *wrong
 * set: that is only an error if the record's type has this member, and the
 * type may come later. False if it is not JSON.
 */
static bool
read_value(struct json_reader *s, struct record *r, const struct member *m,
    bool *wrong)
{
	struct json_reader number = *s;
	void *at = field(r, m);
	enum jr_type type;
	char *value = NULL;

	if (!jr_peek(s, &type))
		return false;
	if (type != kinds[m->kind].type ||
	    (m->kind == NUMBER && !jr_int(&number, at))) {
		*wrong = true;
		return jr_skip(s);
	}
	switch (m->kind) {
	case TEXT:
		if (!jr_string(s, &value))
			return false;
		*(const char **)at = value;
		return true;
	case LIST:
		return read_list(s, at, wrong);
	case FLAG:
		return jr_bool(s, at);
	case NUMBER:
		*s = number;
		return true;
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
	uint32_t known;   /* by place in the table of members */
	uint32_t wrong;   /* those whose value is of another kind */
	struct map other; /* names that are not in it */
	bool v, type;
	int64_t version;
};

static int
twice(const char *name, struct why *why)
{
	return why_set(why, FAIL_DATA, "%s: the member is there twice", name);
}

/* Reads the value of one member. 0, or -1 and why. */
static int
parse_member(struct json_reader *s, struct record *r, struct seen *seen,
    const struct member *m, const char *name, struct why *why)
{
	uint32_t bit = m == NULL ? 0 : 1U << (m - members);
	bool wrong = false, added = true, ok;

	if (m == NULL)
		(void)map_put(&seen->other, name, &added);
	if (!added || (seen->known & bit) != 0)
		return twice(name, why);
	seen->known |= bit;
	ok = m == NULL ? jr_skip(s) : read_value(s, r, m, &wrong);
	if (wrong)
		seen->wrong |= bit;
	return ok ? 0 : why_set(why, FAIL_DATA, "%s: %s", name, s->error);
}

static int
parse_members(
    struct json_reader *s, struct record *r, struct seen *seen, struct why *why)
{
	char *name, *value;
	size_t hint = 0;

	if (!jr_enter(s, '{'))
		return why_set(why, FAIL_DATA, "not a JSON object");
	while (jr_member(s, &name)) {
		if (same(name, "v")) {
			if (seen->v)
				return twice(name, why);
			seen->v = jr_int(s, &seen->version);
		} else if (same(name, "type")) {
			if (seen->type)
				return twice(name, why);
			seen->type = jr_string(s, &value);
			if (seen->type)
				r->type = type_of(value);
		} else if (parse_member(s, r, seen, find_member(name, &hint),
			       name, why) == -1) {
			return -1;
		}
		if (s->error != NULL)
			return why_set(
			    why, FAIL_DATA, "%s: %s", name, s->error);
	}
	if (!jr_done(s))
		return why_set(why, FAIL_DATA, "not JSON: %s", s->error);
	return 0;
}

/* What can only be judged when all members are read. */
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
	for (size_t i = 0; i < MEMBERS; i++)
		if ((seen->wrong & 1U << i) != 0 &&
		    (members[i].types & ON(r->type)) != 0)
			return why_set(why, FAIL_DATA, "%s: %s",
			    members[i].name, kinds[members[i].kind].expected);
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

	if (n == 1 && record_parse(r, in->line, in->len, why) == -1)
		return -1;
	return n;
}

/* --- writing --- */

static void
write_list(struct buf *out, const struct strs *list)
{
	jw_open(out, '[');
	for (size_t i = 0; i < list->n; i++)
		jw_str(out, list->v[i]);
	jw_close(out, ']');
}

/* Readers of directories spend most of their time here: the keys are ready
 * texts. */
void
record_write(const struct record *r, struct buf *out)
{
	buf_adds(out, "{\"v\":1,\"type\":");
	jw_str(out, type_names[r->type]);
	for (size_t i = 0; i < MEMBERS; i++) {
		const struct member *m = &members[i];
		const void *at = field(r, m);

		if ((m->types & ON(r->type)) == 0 || absent(r, m))
			continue;
		/* Only a forward says whether a copy is kept. */
		if (at == &r->keep && r->forward.n == 0)
			continue;
		buf_add(out, m->key, m->key_len);
		if (m->kind == TEXT)
			jw_str(out, *(const char *const *)at);
		else if (m->kind == LIST)
			write_list(out, at);
		else if (m->kind == FLAG)
			jw_bool(out, *(const bool *)at);
		else
			jw_int(out, *(const int64_t *)at);
	}
	buf_adds(out, "}\n");
}
