/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/*
 * dirdump: runs dirdump-SOURCE, as git runs its commands, so that a source is a
 * program of its own, with the libraries that only it needs. See dirdump(1).
 */
#include <dirent.h>
#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/alloc.h"
#include "core/buf.h"
#include "core/str.h"
#include "core/tool.h"

static const char usage[] = "dirdump [-hlV] source [argument ...]";

static const char help[] =
    "Lists a user directory as account records. Each source is a program\n"
    "dirdump-SOURCE with a manual page of its own.\n"
    "\n"
    "  -l, --list     name the sources, one a line\n"
    "  -h, --help     this text; behind a source: that source's options\n"
    "  -V, --version  the version\n"
    "\n"
    "Exit status: that of the source; 2 if there is no such source.\n";

static const char prefix[] = "dirdump-";

struct names {
	char **v;
	size_t n, cap;
};

/* The folder of the running program, with nothing behind its slash; NULL if
 * that cannot be told. To be freed. */
static char *
own_folder(void)
{
	char path[PATH_MAX];
	ssize_t n = readlink("/proc/self/exe", path, sizeof path - 1);
	char *slash;

	if (n <= 0)
		return NULL;
	path[n] = '\0';
	slash = strrchr(path, '/');
	if (slash == NULL)
		return NULL;
	*slash = '\0';
	return xstrdup(path);
}

/* The folders where sources are looked for, in order. */
static struct names
folders(void)
{
	const char *libexec = getenv("MAILFERRY_LIBEXEC"),
		   *path = getenv("PATH");
	char *copy = xstrdup(path == NULL ? "" : path), *rest = copy, *part;
	const char *fixed[] = { libexec, FERRY_LIBEXECDIR };
	char *own = own_folder();
	struct names list = { 0 };

	for (size_t i = 0; i < sizeof fixed / sizeof *fixed; i++) {
		if (fixed[i] == NULL || *fixed[i] == '\0')
			continue;
		list.v = grow(list.v, list.n, &list.cap, sizeof *list.v);
		list.v[list.n++] = xstrdup(fixed[i]);
	}
	if (own != NULL) {
		/* Where "make install" puts them, whatever the PREFIX; and a
		 * folder of the build, where all are together. */
		list.v = grow(list.v, list.n, &list.cap, sizeof *list.v);
		list.v[list.n++] = xasprintf("%s/../libexec/mailferry", own);
		list.v = grow(list.v, list.n, &list.cap, sizeof *list.v);
		list.v[list.n++] = own;
	}
	/* An empty part of PATH means the current folder, which is no place to
	 * run a program from that reads password hashes. */
	while ((part = str_cut(&rest, ':')) != NULL) {
		if (*part != '/')
			continue;
		list.v = grow(list.v, list.n, &list.cap, sizeof *list.v);
		list.v[list.n++] = xstrdup(part);
	}
	free(copy);
	return list;
}

static void
names_free(struct names *list)
{
	for (size_t i = 0; i < list->n; i++)
		free(list->v[i]);
	free(list->v);
}

static char *
program(const char *folder, const char *source)
{
	return xasprintf("%s/%s%s", folder, prefix, source);
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

		if (!str_starts(entry->d_name, prefix) || *source == '\0')
			continue;
		path = program(folder, source);
		if (access(path, X_OK) == 0) {
			list->v =
			    grow(list->v, list->n, &list->cap, sizeof *list->v);
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
list_sources(const struct names *where, const char *between, struct buf *out)
{
	struct names list = { 0 };

	for (size_t i = 0; i < where->n; i++)
		list_folder(&list, where->v[i]);
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

/* Becomes the source. Returns only if there is none of that name, or if it
 * cannot be run, which is said. */
static int
run_source(const struct names *where, char **argv)
{
	struct buf known = { 0 };

	/* Nothing but a plain name can be one. */
	for (size_t i = 0; i < where->n && strchr(argv[0], '/') == NULL; i++) {
		char *path = program(where->v[i], argv[0]);

		if (access(path, F_OK) == 0) {
			/* getopt_long(3) puts it before its messages. */
			argv[0] = strrchr(path, '/') + 1;
			(void)execv(path, argv);
			tool_say(path, "%s", strerror(errno));
			free(path);
			return EXIT_BROKEN;
		}
		free(path);
	}
	list_sources(where, ", ", &known);
	tool_say(NULL, "there is no source \"%s\"; there are: %s", argv[0],
	    buf_str(&known));
	buf_free(&known);
	return EXIT_BROKEN;
}

int
main(int argc, char **argv)
{
	static const struct option options[] = { { "list", no_argument, NULL,
						     'l' },
		{ "help", no_argument, NULL, 'h' },
		{ "version", no_argument, NULL, 'V' }, { 0 } };
	struct buf text = { 0 };
	struct names where;
	bool list = false;
	int c, status;

	tool_init("dirdump");
	/* The leading "+" leaves the options of the source alone. */
	while ((c = getopt_long(argc, argv, "+hlV", options, NULL)) != -1) {
		switch (c) {
		case 'l':
			list = true;
			break;
		case 'h':
			return tool_help(usage, help);
		case 'V':
			return tool_version();
		default:
			return tool_usage(usage);
		}
	}
	if (list ? optind != argc : optind == argc)
		return tool_usage(usage);
	where = folders();
	if (list) {
		list_sources(&where, "\n", &text);
		if (text.len > 0)
			(void)puts(text.data);
		status = tool_close_stdout();
	} else {
		status = run_source(&where, argv + optind);
	}
	buf_free(&text);
	names_free(&where);
	return status;
}
