/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

#include "core/place.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/alloc.h"
#include "core/str.h"

struct list {
	char **v;
	size_t n, cap;
};

/* Adds a folder, which the list then owns, unless it is in it. */
static void
add(struct list *l, char *folder)
{
	for (size_t i = 0; i < l->n; i++) {
		if (strcmp(l->v[i], folder) == 0) {
			free(folder);
			return;
		}
	}
	l->v = xgrow(l->v, l->n, &l->cap, sizeof *l->v);
	l->v[l->n++] = folder;
}

/* The same, if the folder is there. */
static void
add_existing(struct list *l, char *folder)
{
	if (access(folder, F_OK) == 0)
		add(l, folder);
	else
		free(folder);
}

static char **
finish(struct list *l)
{
	l->v = xgrow(l->v, l->n, &l->cap, sizeof *l->v);
	l->v[l->n] = NULL;
	return l->v;
}

/* The value of a variable; NULL where it is unset or empty. */
static const char *
variable(const char *name)
{
	const char *value = getenv(name);

	return value == NULL || *value == '\0' ? NULL : value;
}

/* Cuts the last part off a path. */
static bool
go_up(char *path)
{
	char *slash = strrchr(path, '/');

	if (slash == NULL || slash == path)
		return false;
	*slash = '\0';
	return true;
}

/* The folder of the running program; false if that cannot be told. */
static bool
own_folder(char path[PATH_MAX])
{
	ssize_t n = readlink("/proc/self/exe", path, PATH_MAX - 1);

	if (n <= 0)
		return false;
	path[n] = '\0';
	return go_up(path);
}

char **
place_programs(void)
{
	const char *given = variable("MAILFERRY_LIBEXEC");
	struct list l = { 0 };
	char own[PATH_MAX];

	if (given != NULL)
		add(&l, xstrdup(given));
	if (own_folder(own)) {
		char *prefix = xstrdup(own);

		if (go_up(prefix))
			add_existing(
			    &l, xasprintf("%s/libexec/mailferry", prefix));
		free(prefix);
		add(&l, xstrdup(own));
	}
	add(&l, xstrdup(FERRY_LIBEXECDIR));
	return finish(&l);
}

char **
place_path(void)
{
	const char *path = variable("PATH");
	char *copy = xstrdup(path == NULL ? "" : path), *rest = copy, *part;
	struct list l = { 0 };

	while ((part = str_cut(&rest, ':')) != NULL)
		if (*part == '/')
			add(&l, xstrdup(part));
	free(copy);
	return finish(&l);
}

char **
place_data(const char *kind)
{
	const char *given = variable("MAILFERRY_SHARE");
	struct list l = { 0 };
	char own[PATH_MAX];

	if (given != NULL)
		add(&l, xasprintf("%s/%s", given, kind));
	/* A program is in bin, or in libexec/mailferry. */
	if (own_folder(own))
		for (int i = 0; i < 2 && go_up(own); i++)
			add_existing(
			    &l, xasprintf("%s/share/mailferry/%s", own, kind));
	add(&l, xasprintf("%s/%s", FERRY_SHAREDIR, kind));
	return finish(&l);
}

void
place_free(char **list)
{
	for (size_t i = 0; list[i] != NULL; i++)
		free(list[i]);
	free(list);
}

char *
place_find(char *const *list, const char *name)
{
	for (; *list != NULL; list++) {
		char *path = xasprintf("%s/%s", *list, name);

		if (access(path, F_OK) == 0)
			return path;
		free(path);
	}
	return NULL;
}

void
place_text(struct buf *out, char *const *list)
{
	for (size_t i = 0; list[i] != NULL; i++) {
		if (i > 0)
			buf_adds(out, ", ");
		buf_adds(out, list[i]);
	}
}
