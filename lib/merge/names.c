/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

#include "merge/names.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/alloc.h"
#include "maildir/box.h"

enum {
	PASSES = 4
};

/* Adds the names of a directory; one that is known gets its name of now. */
static int
list_names(int fd, struct map *names)
{
	DIR *d = opendir_below(fd, ".");
	struct dirent *e;
	int r;

	if (d == NULL)
		return -1;
	while ((errno = 0, e = readdir(d)) != NULL) {
		char *base;
		bool added;
		void **value;

		if (e->d_name[0] == '.')
			continue;
		base = xmemdup(e->d_name, strcspn(e->d_name, ":"));
		value = map_put(names, base, &added);
		if (!added) {
			free(base);
			free(*value);
		}
		*value = xstrdup(e->d_name);
	}
	r = errno == 0 ? 0 : -1;
	(void)closedir(d);
	return r;
}

void
names_close(struct names *b)
{
	for (int i = 0; i < 2; i++) {
		size_t at = 0;
		const char *key;
		void *value;

		while (map_next(&b->by_base[i], &at, &key, &value)) {
			free((void *)(uintptr_t)key);
			free(value);
		}
		map_free(&b->by_base[i]);
		if (b->fd[i] != -1)
			(void)close(b->fd[i]);
	}
}

/* The times of both directories, as one text. */
static void
names_times(const struct names *b, struct buf *out)
{
	struct stat st;

	buf_reset(out);
	for (int i = 0; i < 2; i++)
		if (b->fd[i] != -1 && fstat(b->fd[i], &st) == 0)
			buf_addf(out, "%lld.%09ld ",
			    (long long)st.st_mtim.tv_sec, st.st_mtim.tv_nsec);
}

/* Lists new/, then cur/: what is moved meanwhile is seen. */
static int
names_list(struct names *b)
{
	for (int i = 1; i >= 0; i--)
		if (b->fd[i] != -1 &&
		    list_names(b->fd[i], &b->by_base[i]) == -1)
			return -1;
	return 0;
}

/* A file that is renamed while its directory is read can be missed, so a folder
 * that changed meanwhile is listed again. */
int
names_open(struct names *b, const struct mdtree *t, const char *dir)
{
	struct buf before = { 0 }, after = { 0 };
	int r = 0;

	*b = (struct names){ .fd = { -1, -1 } };
	for (int i = 0; r == 0 && i < 2; i++) {
		b->fd[i] = open_box(t, dir, i == 1);
		r = b->fd[i] == -1 && errno != ENOENT ? -1 : 0;
	}
	for (int i = 0; r == 0 && i < PASSES; i++) {
		names_times(b, &before);
		r = names_list(b);
		names_times(b, &after);
		if (strcmp(buf_str(&before), buf_str(&after)) == 0)
			break;
	}
	buf_free(&before);
	buf_free(&after);
	return r;
}

const char *
names_find(const struct names *b, const char *base, int *which)
{
	for (int i = 0; i < 2; i++) {
		void **value = map_get(&b->by_base[i], base);

		if (value != NULL) {
			*which = i;
			return *value;
		}
	}
	return NULL;
}
