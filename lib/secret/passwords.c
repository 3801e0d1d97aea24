/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

#include "secret/passwords.h"

#include <string.h>
#include <unistd.h>

#include "core/cred.h"
#include "core/lines.h"
#include "record/address.h"

enum {
	LINE_MAX_BYTES = 65536
};

struct known {
	const char *password;
	bool used;
};

bool
passwords_add(struct passwords *p, const char *address, const char *password)
{
	struct known *k;
	bool added;
	void **slot = map_put(&p->map, arena_adds(&p->arena, address), &added);

	if (added) {
		k = arena_alloc(&p->arena, sizeof *k);
		k->password = arena_adds(&p->arena, password);
		*slot = k;
	}
	return added;
}

static int
add_line(
    struct passwords *p, char *line, size_t len, bool tabs, struct why *why)
{
	size_t end =
	    strcspn(line, tabs && strchr(line, '\t') != NULL ? "\t" : "\t:");
	struct buf address = { 0 };
	bool added;

	if (len > 0 && line[len - 1] == '\r')
		line[--len] = '\0';
	if (len == 0 || (*line == '#' && !(tabs && line[end] == '\t')))
		return 0;
	if (strlen(line) != len || line[end] == '\0')
		return why_set(why, FAIL_FATAL,
		    "not an address, a tab or colon, and a password");
	line[end] = '\0';
	if (address_normalise(line, false, &address, why) == -1) {
		buf_free(&address);
		return -1;
	}
	added = passwords_add(p, address.data, line + end + 1);
	buf_free(&address);
	return added ? 0
		     : why_set(why, FAIL_FATAL, "the address is there twice");
}

int
passwords_read(struct passwords *p, const char *path, struct why *why)
{
	int fd = cred_open(path, why), r = 0;
	enum line state = LINE_OK;
	struct lines lines;
	char *line;
	size_t len;

	if (fd == -1)
		return -1;
	lines_init(&lines, fd, LINE_MAX_BYTES);
	while (
	    r == 0 && (state = lines_next(&lines, &line, &len)) != LINE_END) {
		struct why inner = { 0 };

		if (state == LINE_ERROR)
			r = why_errno(&inner, FAIL_FATAL, "cannot be read");
		else if (state == LINE_LONG)
			r = why_set(&inner, FAIL_FATAL,
			    "a line of more "
			    "than %d bytes",
			    LINE_MAX_BYTES);
		else
			r = add_line(p, line, len, false, &inner);
		if (r == -1)
			why_set(why, FAIL_FATAL, "%s:%zu: %s", path,
			    lines.number, inner.text);
	}
	lines_free(&lines);
	(void)close(fd);
	return r;
}

int
passwords_parse(struct passwords *p, char *text, size_t len, const char *path,
    struct why *why)
{
	char *end = text + len;

	for (size_t number = 1; text < end; number++) {
		char *newline = memchr(text, '\n', (size_t)(end - text));
		struct why inner = { 0 };

		if (newline == NULL)
			newline = end;
		*newline = '\0';
		if (add_line(p, text, (size_t)(newline - text), true, &inner) ==
		    -1)
			return why_set(why, FAIL_FATAL, "%s:%zu: %s", path,
			    number, inner.text);
		text = newline + 1;
	}
	return 0;
}

const char *
passwords_get(struct passwords *p, const char *address)
{
	void **slot = map_get(&p->map, address);
	struct known *k = slot == NULL ? NULL : *slot;

	if (k == NULL)
		return NULL;
	k->used = true;
	return k->password;
}

const char *
passwords_unused(const struct passwords *p, size_t *at)
{
	const char *address;
	void *value;

	while (map_next(&p->map, at, &address, &value))
		if (!((const struct known *)value)->used)
			return address;
	return NULL;
}

void
passwords_free(struct passwords *p)
{
	map_free(&p->map);
	arena_free(&p->arena);
}
