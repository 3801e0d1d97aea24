/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/*
 * dirdump: runs dirdump-SOURCE, as git runs its commands, so that a source is a
 * program of its own, with the libraries that only it needs. See dirdump(1).
 */
#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/main.h"
#include "core/alloc.h"
#include "core/buf.h"
#include "core/place.h"
#include "core/str.h"

static const char prefix[] = "dirdump-";
/* What gathers files for the sources on another machine is not one. */
static const char gatherer[] = "collect";

struct names {
	char **v;
	size_t n, cap;
};

/* Where sources are looked for, in order; lists as of place_programs. */
struct places {
	char **own;
	char **path;
};

static void
names_free(struct names *list)
{
	for (size_t i = 0; i < list->n; i++)
		free(list->v[i]);
	free(list->v);
}

/* Adds the sources of a folder. */
static void
list_folder(struct names *list, const char *folder)
{
	DIR *d = opendir(folder);
	struct dirent *entry;

	if (d == NULL)
		return;
	while ((entry = readdir(d)) != NULL) {
		const char *source = entry->d_name + strlen(prefix);
		char *path;

		if (!str_starts(entry->d_name, prefix) || *source == '\0' ||
		    strcmp(source, gatherer) == 0)
			continue;
		path = xasprintf("%s/%s", folder, entry->d_name);
		if (access(path, X_OK) == 0) {
			list->v = xgrow(
			    list->v, list->n, &list->cap, sizeof *list->v);
			list->v[list->n++] = xstrdup(source);
		}
		free(path);
	}
	(void)closedir(d);
}

static int
compare(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* The names of all sources, sorted, divided by between. */
static void
list_sources(const struct places *where, const char *between, struct buf *out)
{
	struct names list = { 0 };

	for (size_t i = 0; where->own[i] != NULL; i++)
		list_folder(&list, where->own[i]);
	for (size_t i = 0; where->path[i] != NULL; i++)
		list_folder(&list, where->path[i]);
	if (list.n > 0)
		qsort(list.v, list.n, sizeof *list.v, compare);
	for (size_t i = 0; i < list.n; i++) {
		if (i > 0 && strcmp(list.v[i], list.v[i - 1]) == 0)
			continue;
		if (out->len > 0)
			buf_adds(out, between);
		buf_adds(out, list.v[i]);
	}
	names_free(&list);
}

static int
print_sources(const struct places *where)
{
	struct buf text = { 0 };

	list_sources(where, "\n", &text);
	if (text.len > 0)
		(void)puts(text.data);
	buf_free(&text);
	return tool_close_stdout();
}

/* The program of a source, to be freed; NULL if there is none. */
static char *
find_source(const struct places *where, const char *source)
{
	char *program, *path;

	/* Nothing but a plain name can be one. */
	if (strchr(source, '/') != NULL)
		return NULL;
	program = xasprintf("%s%s", prefix, source);
	path = place_find(where->own, program);
	if (path == NULL)
		path = place_find(where->path, program);
	free(program);
	return path;
}

static void
say_unknown(const struct places *where, const char *source)
{
	struct buf known = { 0 }, folders = { 0 };

	list_sources(where, ", ", &known);
	place_text(&folders, where->own);
	tool_say(NULL, "no source \"%s\" in %s or PATH; there are: %s", source,
	    buf_str(&folders), known.len == 0 ? "none" : buf_str(&known));
	buf_free(&known);
	buf_free(&folders);
}

/* Becomes the source. Returns only if there is none of that name, or if it
 * cannot be run, which is said. */
static int
run_source(const struct places *where, char **argv)
{
	char *path = find_source(where, argv[0]);

	if (path == NULL) {
		say_unknown(where, argv[0]);
		return EXIT_BROKEN;
	}
	/* As ps(1) is to show it. */
	argv[0] = strrchr(path, '/') + 1;
	(void)execv(path, argv);
	tool_say(path, "%s", strerror(errno));
	free(path);
	return EXIT_BROKEN;
}

static bool list;

static const struct opt options[] = {
	OPT_SET('l', "list", "name the sources, one a line", &list),
	OPT_STANDARD,
};

static int
dirdump(char **operands)
{
	bool given = operands[0] != NULL;
	struct places where;
	int status;

	if (list == given)
		return opt_wrong(&tool, list ? "--list takes no operands"
					     : "no source given; --list names "
					       "them");
	where.own = place_programs();
	where.path = place_path();
	status = given ? run_source(&where, operands) : print_sources(&where);
	place_free(where.own);
	place_free(where.path);
	return status;
}

const struct opt_tool tool = {
	OPT_TOOL("dirdump", "source [argument ...]", 0, -1),
	.about =
	    "Lists a user directory as account records. Each source is a\n"
	    "program dirdump-SOURCE with a manual page of its own; \"dirdump\n"
	    "SOURCE --help\" lists its options.\n",
	.status = "that of the source; 2 if there is no such source.",
	.options = options,
	.stop_at_operand = true,
	.run = dirdump,
};
