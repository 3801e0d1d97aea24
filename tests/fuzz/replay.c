/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/*
 * A plain main for fuzz targets: feeds each file that is named, and each file
 * of a folder that is named, to the target. The tests replay the corpus with
 * it, so that a crash once found stays found.
 */
#include <dirent.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/alloc.h"
#include "core/buf.h"
#include "core/io.h"
#include "fuzz/fuzz.h"

static size_t
replay_file(const char *path)
{
	struct buf b = { 0 };
	struct why why = { 0 };
	uint8_t *copy;

	if (read_file(path, &b, &why) == -1) {
		(void)fprintf(stderr, "%s\n", why.text);
		exit(2);
	}
	/* A copy of the exact size lets a sanitizer see one byte too far. */
	copy = xmalloc(b.len);
	for (size_t i = 0; i < b.len; i++)
		copy[i] = (uint8_t)b.data[i];
	(void)LLVMFuzzerTestOneInput(copy, b.len);
	free(copy);
	buf_free(&b);
	return 1;
}

static size_t
replay(const char *path)
{
	DIR *d = opendir(path);
	struct dirent *e;
	size_t n = 0;

	if (d == NULL && errno == ENOTDIR)
		return replay_file(path);
	if (d == NULL) {
		perror(path);
		exit(2);
	}
	while ((e = readdir(d)) != NULL) {
		char *name;

		if (e->d_name[0] == '.')
			continue;
		name = xasprintf("%s/%s", path, e->d_name);
		n += replay_file(name);
		free(name);
	}
	(void)closedir(d);
	return n;
}

int
main(int argc, char **argv)
{
	size_t n = 0;

	for (int i = 1; i < argc; i++)
		n += replay(argv[i]);
	(void)printf("%zu inputs\n", n);
	return n == 0 ? 2 : 0;
}
