/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

#include "plan/read.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "core/alloc.h"
#include "core/ndjson.h"
#include "core/str.h"

bool
plan_is_id_member(const char *member)
{
	size_t len = strlen(member);

	return (len > 2 && strcmp(member + (len - 2), "Id") == 0) ||
	       (len > 3 && strcmp(member + (len - 3), "Ids") == 0);
}

/* --- one line --- */

static int
bad_line(struct plan_reader *r, struct why *why, const char *what)
{
	return why_set(
	    why, FAIL_FATAL, "%s:%zu: %s", r->name, r->lines.number, what);
}

static const char *
string_of(const json_t *root, const char *member)
{
	return json_string_value(json_object_get(root, member));
}

/* The members that an operation may have. */
static bool
known_member(enum op_type type, const char *name)
{
	static const char *const known[][6] = { [OP_CREATE] = { "@type",
						    "object", "value" },
		[OP_UPDATE] = { "@type", "object", "value", "id" },
		[OP_UPSERT] = { "@type", "object", "value", "matchOn" } };

	for (size_t i = 0; known[type][i] != NULL; i++)
		if (strcmp(known[type][i], name) == 0)
			return true;
	return false;
}

static int
op_type_of(struct plan_reader *r, const char *name, struct why *why)
{
	static const char *const names[] = { [OP_CREATE] = "create",
		[OP_UPDATE] = "update",
		[OP_UPSERT] = "upsert" };

	for (size_t i = 0; name != NULL && i < 3; i++)
		if (strcmp(names[i], name) == 0) {
			r->op.type = (enum op_type)i;
			return 0;
		}
	if (name != NULL &&
	    (strcmp(name, "destroy") == 0 || strcmp(name, "reconcile") == 0))
		return bad_line(r, why,
		    "this release does not carry out destroy and reconcile; "
		    "stalwart-cli apply does");
	return bad_line(r, why, "@type: not create, update or upsert");
}

/* The types whose names are unique, so that what exists can be recognised. */
static bool
has_key(const char *object)
{
	return strcasecmp(object, "Domain") == 0 ||
	       strcasecmp(object, "Account") == 0 ||
	       strcasecmp(object, "MailingList") == 0;
}

static int
check_match(struct plan_reader *r, struct why *why)
{
	const json_t *match = r->op.match_on;
	json_t *v;
	size_t i;

	if (!has_key(r->op.object))
		return bad_line(
		    r, why, "upsert is for Domain, Account and MailingList");
	if (match == NULL)
		return 0;
	if (!json_is_array(match) || json_array_size(match) == 0)
		return bad_line(r, why, "matchOn: not a list of members");
	json_array_foreach (match, i, v)
		if (!json_is_string(v) ||
		    (strcmp(json_string_value(v), "name") != 0 &&
			strcmp(json_string_value(v), "domainId") != 0))
			return bad_line(r, why,
			    "matchOn: objects are matched by name and "
			    "domainId");
	return 0;
}

static int
check_op(struct plan_reader *r, struct why *why)
{
	const char *name;
	json_t *v;

	if (!json_is_object(r->root))
		return bad_line(r, why, "not a JSON object");
	if (op_type_of(r, string_of(r->root, "@type"), why) == -1)
		return -1;
	json_object_foreach (r->root, name, v)
		if (!known_member(r->op.type, name))
			return bad_line(r, why,
			    "a member that the operation does not have");
	r->op.object = string_of(r->root, "object");
	if (r->op.object == NULL || *r->op.object == '\0')
		return bad_line(r, why, "object: is missing");
	if (str_starts(r->op.object, "x:"))
		r->op.object += 2;
	r->op.id = string_of(r->root, "id");
	r->op.match_on = json_object_get(r->root, "matchOn");
	r->op.value = json_object_get(r->root, "value");
	r->op.line = r->lines.number;
	if (!json_is_object(r->op.value) || json_object_size(r->op.value) == 0)
		return bad_line(r, why, "value: not an object, or empty");
	if (r->op.type == OP_UPDATE)
		return 0;
	json_object_foreach (r->op.value, name, v)
		if (!json_is_object(v))
			return bad_line(r, why,
			    "value: not a map of client ids to objects");
	return r->op.type == OP_UPSERT ? check_match(r, why) : 0;
}

int
plan_reader_next(struct plan_reader *r, struct why *why)
{
	json_error_t error;
	char *line;
	size_t len;

	json_decref(r->root);
	r->root = NULL;
	r->op = (struct op){ 0 };
	for (;;) {
		switch (lines_next(&r->lines, &line, &len)) {
		case LINE_END:
			return 0;
		case LINE_LONG:
			return bad_line(r, why, "a line of more than 16 MiB");
		case LINE_ERROR:
			return why_errno(why, FAIL_FATAL, "%s", r->name);
		case LINE_OK:
			break;
		}
		if (line[strspn(line, " \t\r")] == '\0')
			continue;
		if (r->lines.truncated)
			return bad_line(r, why,
			    "the last line has no newline: it was cut off");
		r->root = json_loadb(line, len, JSON_REJECT_DUPLICATES, &error);
		if (r->root == NULL)
			return why_set(why, FAIL_FATAL,
			    "%s:%zu: not JSON, at byte %d", r->name,
			    r->lines.number, error.position);
		return check_op(r, why) == -1 ? -1 : 1;
	}
}

/* --- the whole plan --- */

static void
note_ref(struct plan_reader *r, const char *text)
{
	if (text == NULL || *text != '#')
		return;
	if (map_get(&r->refs, text + 1) == NULL)
		*map_put(&r->refs, arena_adds(&r->arena, text + 1), NULL) =
		    (void *)(uintptr_t)r->lines.number;
}

/* All references in a value; member is what it stands under. */
static void
collect_refs(struct plan_reader *r, const char *member, const json_t *v)
{
	bool id = plan_is_id_member(member);
	const char *key;
	json_t *item;
	size_t i;

	if (id && json_is_string(v))
		note_ref(r, json_string_value(v));
	json_object_foreach ((json_t *)(uintptr_t)v, key, item) {
		if (id)
			note_ref(r, key);
		collect_refs(r, key, item);
	}
	json_array_foreach (v, i, item)
		collect_refs(r, member, item);
}

static int
check_ids(struct plan_reader *r, struct map *ids, struct arena *arena,
    struct why *why)
{
	const char *key;
	json_t *v;
	bool added;

	if (r->op.type == OP_UPDATE) {
		note_ref(r, r->op.id);
		collect_refs(r, "", r->op.value);
		r->objects++;
		return 0;
	}
	json_object_foreach (r->op.value, key, v) {
		const char *id = *key == '#' ? key + 1 : key;

		(void)map_put(ids, arena_adds(arena, id), &added);
		if (!added)
			return why_set(why, FAIL_FATAL,
			    "%s:%zu: the client id %s is there twice", r->name,
			    r->lines.number, id);
		collect_refs(r, "", v);
		r->objects++;
	}
	return 0;
}

static int
check_plan(struct plan_reader *r, struct why *why)
{
	struct map ids = { 0 };
	struct arena arena = { 0 };
	const char *ref;
	size_t at = 0;
	void *line;
	int n;

	while ((n = plan_reader_next(r, why)) == 1)
		if (check_ids(r, &ids, &arena, why) == -1) {
			n = -1;
			break;
		}
	while (n == 0 && map_next(&r->refs, &at, &ref, &line))
		if (map_get(&ids, ref) == NULL)
			n = why_set(why, FAIL_FATAL,
			    "%s:%zu: #%s refers to nothing in the plan",
			    r->name, (size_t)(uintptr_t)line, ref);
	map_free(&ids);
	arena_free(&arena);
	return n;
}

/* Copies a pipe into a file that has no name. */
static int
spool(int from, struct why *why)
{
	const char *folder = getenv("TMPDIR");
	char *path = xasprintf("%s/mailferry.XXXXXX",
	    folder == NULL || *folder == '\0' ? "/tmp" : folder);
	int fd = mkostemp(path, O_CLOEXEC);
	char chunk[65536];
	ssize_t n;

	if (fd == -1)
		why_errno(why, FAIL_FATAL, "%s", path);
	else
		(void)unlink(path);
	free(path);
	if (fd == -1)
		return -1;
	do {
		n = read(from, chunk, sizeof chunk);
		if (n > 0 && write_all(fd, chunk, (size_t)n) == -1) {
			n = -1;
			break;
		}
	} while (n > 0 || (n == -1 && errno == EINTR));
	explicit_bzero(chunk, sizeof chunk);
	if (n == -1) {
		why_errno(why, FAIL_FATAL, "copying the plan");
		(void)close(fd);
		return -1;
	}
	(void)lseek(fd, 0, SEEK_SET);
	return fd;
}

int
plan_reader_open(struct plan_reader *r, const char *path, struct why *why)
{
	bool standard = strcmp(path, "-") == 0;
	int fd = standard ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);

	*r = (struct plan_reader){ .fd = -1 };
	r->name = xstrdup(standard ? "stdin" : path);
	if (fd == -1)
		return why_errno(why, FAIL_FATAL, "%s", path);
	if (lseek(fd, 0, SEEK_CUR) == -1) {
		r->fd = spool(fd, why);
		if (!standard)
			(void)close(fd);
		if (r->fd == -1)
			return -1;
	} else {
		r->fd = fd;
	}
	lines_init(&r->lines, r->fd, PLAN_LINE_MAX);
	if (check_plan(r, why) == -1)
		return -1;
	if (lseek(r->fd, 0, SEEK_SET) == -1)
		return why_errno(why, FAIL_FATAL, "%s", r->name);
	lines_free(&r->lines);
	lines_init(&r->lines, r->fd, PLAN_LINE_MAX);
	return 0;
}

void
plan_reader_free(struct plan_reader *r)
{
	json_decref(r->root);
	lines_free(&r->lines);
	map_free(&r->refs);
	arena_free(&r->arena);
	free(r->name);
	if (r->fd > STDERR_FILENO)
		(void)close(r->fd);
	*r = (struct plan_reader){ .fd = -1 };
}

bool
plan_reader_referred(const struct plan_reader *r, const char *client_id)
{
	return map_get(&r->refs, client_id) != NULL;
}
