/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/* A tar: whatever it says, it is unpacked or refused, and nothing appears next to
 * the folder that it goes into. */
#include <dirent.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/io.h"
#include "fuzz/fuzz.h"
#include "source/unpack.h"

static void
said(void *ctx, const char *name, const char *text)
{
	must(ctx == NULL && name != NULL && *text != '\0');
}

static int
remove_one(const char *path, const struct stat *st, int kind, struct FTW *at)
{
	(void)st;
	(void)at;
	return kind == FTW_DP || kind == FTW_D ? rmdir(path) : unlink(path);
}

/* How many entries a folder has, "." and ".." among them. */
static int
count(const char *path)
{
	DIR *d = opendir(path);
	int n = 0;

	must(d != NULL);
	while (readdir(d) != NULL)
		n++;
	(void)closedir(d);
	return n;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	char outer[] = "/tmp/fuzz-unpack.XXXXXX", inner[64];
	struct why why = { 0 };
	int fd, dir;

	must(mkdtemp(outer) != NULL);
	must(snprintf(inner, sizeof inner, "%s/in", outer) > 0);
	must(mkdir(inner, 0700) == 0);
	dir = open(inner, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	fd = memfd_create("tar", MFD_CLOEXEC);
	must(dir != -1 && fd != -1 && write_all(fd, data, len) == 0 &&
	     lseek(fd, 0, SEEK_SET) == 0);
	if (unpack(fd, dir, said, NULL, &why) == -1)
		must(why.kind == FAIL_FATAL && *why.text != '\0');
	(void)close(fd);
	(void)close(dir);
	must(count(outer) == 3);
	must(nftw(outer, remove_one, 16, FTW_DEPTH | FTW_PHYS) == 0);
	return 0;
}
