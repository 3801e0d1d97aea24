/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

#include "source/assignments.h"

#include <string.h>

#include "core/alloc.h"
#include "core/buf.h"
#include "core/io.h"
#include "core/str.h"

enum {
	FILE_MAX = 1 << 20
};

/* The value of a line, in place. */
static char *
value_of(char *text)
{
	char *end;

	text = str_trim(text);
	if (*text == '"' || *text == '\'') {
		end = strchr(text + 1, *text);
		if (end == NULL)
			return text;
		*end = '\0';
		return text + 1;
	}
	for (end = text; *end != '\0'; end++)
		if (*end == '#' && end > text &&
		    (end[-1] == ' ' || end[-1] == '\t')) {
			*end = '\0';
			break;
		}
	return str_trim(text);
}

static void
read_line(char *line, struct assignment *list, size_t n)
{
	size_t len = strlen(line);
	char *rest = line, *key;

	if (len > 0 && line[len - 1] == '\r')
		line[len - 1] = '\0';
	key = str_trim(str_cut(&rest, '='));
	if (*key == '#' || rest == NULL)
		return;
	if (str_starts(key, "export "))
		key = str_trim(key + strlen("export "));
	for (size_t i = 0; i < n; i++)
		if (strcmp(list[i].key, key) == 0) {
			free_secret(list[i].value);
			list[i].value = xstrdup(value_of(rest));
		}
}

void
assignments_parse(char *text, struct assignment *list, size_t n)
{
	char *line;

	while ((line = str_cut(&text, '\n')) != NULL)
		read_line(line, list, n);
}

int
assignments_read(
    const char *path, struct assignment *list, size_t n, struct why *why)
{
	struct buf text = { .max = FILE_MAX };
	int r = read_file(path, &text, why);

	if (r == -1)
		why->kind = FAIL_FATAL;
	else if (text.data != NULL)
		assignments_parse(text.data, list, n);
	buf_wipe(&text);
	return r;
}

void
assignments_free(struct assignment *list, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		free_secret(list[i].value);
		list[i].value = NULL;
	}
}
