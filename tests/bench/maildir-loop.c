/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/*
 * The bare loops that maildir-merge is measured against: what any program has
 * to do at least, without looking at what it reads.
 *
 *	maildir-loop walk TREE...	list all names
 *	maildir-loop stat TREE...	and stat each file
 *	maildir-loop read N TREE...	and open, read 4 KiB, close, N threads
 *	maildir-loop copy N FROM TO	copy the files of FROM/cur that are not
 *					in TO/cur by name: written to TO/tmp,
 *					one syncfs, renamed, fsync of TO/cur
 *
 *	maildir-loop rss COMMAND...	run it, and print the KiB that it had in
 *					memory at most
 */
#include <dirent.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/alloc.h"

struct file {
	int box;
	char *name;
};

struct loop {
	struct file *files;
	size_t n, cap;
	atomic_size_t next;
	int tmp; /* copy */
};

static void
must(bool good, const char *what)
{
	if (good)
		return;
	perror(what);
	exit(2);
}

static void
list_box(struct loop *l, int dir, const char *part)
{
	int box = openat(dir, part, O_RDONLY | O_DIRECTORY);
	DIR *d = box == -1 ? NULL : fdopendir(dup(box));
	struct dirent *e;

	if (d == NULL)
		return;
	while ((e = readdir(d)) != NULL) {
		if (e->d_name[0] == '.')
			continue;
		l->files = xgrow(l->files, l->n, &l->cap, sizeof *l->files);
		l->files[l->n++] = (struct file){ box, xstrdup(e->d_name) };
	}
	(void)closedir(d);
}

static void
list_tree(struct loop *l, const char *root)
{
	DIR *d = opendir(root);
	struct dirent *e;

	must(d != NULL, root);
	list_box(l, dirfd(d), "new");
	list_box(l, dirfd(d), "cur");
	while ((e = readdir(d)) != NULL) {
		int fd;

		if (e->d_name[0] != '.' ||
		    strspn(e->d_name, ".") == strlen(e->d_name))
			continue;
		fd = openat(dirfd(d), e->d_name, O_RDONLY | O_DIRECTORY);
		if (fd == -1)
			continue;
		list_box(l, fd, "new");
		list_box(l, fd, "cur");
		(void)close(fd);
	}
	(void)closedir(d);
}

static void *
read_some(void *arg)
{
	struct loop *l = arg;
	char chunk[4096];
	size_t i;

	while ((i = atomic_fetch_add(&l->next, 1)) < l->n) {
		int fd = openat(l->files[i].box, l->files[i].name, O_RDONLY);

		must(fd != -1 && read(fd, chunk, sizeof chunk) >= 0,
		    l->files[i].name);
		(void)close(fd);
	}
	return NULL;
}

static void *
copy_some(void *arg)
{
	struct loop *l = arg;
	char chunk[65536];
	size_t i;

	while ((i = atomic_fetch_add(&l->next, 1)) < l->n) {
		const struct file *f = &l->files[i];
		int in = openat(f->box, f->name, O_RDONLY);
		int out =
		    openat(l->tmp, f->name, O_WRONLY | O_CREAT | O_EXCL, 0600);
		ssize_t n;

		must(in != -1 && out != -1, f->name);
		while ((n = read(in, chunk, sizeof chunk)) > 0)
			must(write(out, chunk, (size_t)n) == n, f->name);
		(void)close(in);
		(void)close(out);
	}
	return NULL;
}

static void
in_threads(struct loop *l, int n, void *(*fn)(void *))
{
	pthread_t threads[64];

	atomic_store(&l->next, 0);
	for (int i = 0; i < n; i++)
		must(pthread_create(&threads[i], NULL, fn, l) == 0, "thread");
	for (int i = 0; i < n; i++)
		(void)pthread_join(threads[i], NULL);
}

static void
copy(int jobs, const char *from, const char *to)
{
	struct loop l = { .tmp = -1 };
	int root = open(to, O_RDONLY | O_DIRECTORY);
	int cur = openat(root, "cur", O_RDONLY | O_DIRECTORY);
	size_t kept = 0;
	struct stat st;

	l.tmp = openat(root, "tmp", O_RDONLY | O_DIRECTORY);
	must(cur != -1 && l.tmp != -1, to);
	list_tree(&l, from);
	for (size_t i = 0; i < l.n; i++)
		if (fstatat(cur, l.files[i].name, &st, 0) == -1)
			l.files[kept++] = l.files[i];
	l.n = kept;
	in_threads(&l, jobs, copy_some);
	must(syncfs(cur) == 0, "syncfs");
	for (size_t i = 0; i < l.n; i++)
		must(
		    renameat(l.tmp, l.files[i].name, cur, l.files[i].name) == 0,
		    "rename");
	must(fsync(cur) == 0, "fsync");
}

/* A parent that is large itself would count for its children. */
static int
rss(char **argv)
{
	struct rusage used;
	int status = 0;
	pid_t pid = fork();

	must(pid != -1, "fork");
	if (pid == 0) {
		(void)execvp(argv[0], argv);
		_exit(127);
	}
	must(wait4(pid, &status, 0, &used) == pid, argv[0]);
	(void)printf("%ld\n", used.ru_maxrss);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 2;
}

int
main(int argc, char **argv)
{
	struct loop l = { .tmp = -1 };
	int at = 2, jobs = 1;

	if (argc < 3)
		return 2;
	if (strcmp(argv[1], "rss") == 0)
		return rss(argv + 2);
	if (strcmp(argv[1], "read") == 0 || strcmp(argv[1], "copy") == 0)
		jobs = (int)strtol(argv[at++], NULL, 10);
	if (strcmp(argv[1], "copy") == 0) {
		copy(jobs, argv[at], argv[at + 1]);
		return 0;
	}
	for (; at < argc; at++)
		list_tree(&l, argv[at]);
	if (strcmp(argv[1], "read") == 0)
		in_threads(&l, jobs, read_some);
	for (size_t i = 0; strcmp(argv[1], "stat") == 0 && i < l.n; i++) {
		struct stat st;

		must(fstatat(l.files[i].box, l.files[i].name, &st, 0) == 0,
		    l.files[i].name);
	}
	(void)printf("%zu\n", l.n);
	return 0;
}
