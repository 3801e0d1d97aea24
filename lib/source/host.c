/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

#include "source/host.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/io.h"
#include "core/lines.h"
#include "core/map.h"
#include "core/num.h"
#include "core/str.h"
#include "source/scratch.h"

enum {
	LINKS_MAX = 40, /* as Linux has it (path_resolution(7)) */
	LINE_MAX_LEN = 1 << 20
};

/* Where dirdump-collect puts what programs answered: files that begin with the
 * line "STATUS WORD...". */
static const char answers[] = "mailferry-answers";

static struct {
	bool other;
	int fd; /* of the folder */
	char *path;
	struct scratch scratch; /* what a tar was unpacked into */
	struct map answered;    /* "doveconf -n -P" -> the name of the file */
	bool has_answers;
	struct map users, groups;
	struct arena arena;
} host = { .fd = -1 };

/* --- paths --- */

/* Puts a link's target in front of what is left of a path. */
static void
follow(struct buf *rest, size_t at, const char *target, size_t len)
{
	struct buf full = { 0 };

	buf_add(&full, target, len);
	buf_addc(&full, '/');
	buf_adds(&full, rest->data + at);
	buf_free(rest);
	*rest = full;
}

/* Goes one component on: "out" is the way so far, without links. */
static void
step(struct buf *out, const char *name, size_t len)
{
	if (len == 0 || (len == 1 && *name == '.'))
		return;
	if (len == 2 && name[0] == '.' && name[1] == '.') {
		while (out->len > 0 && out->data[--out->len] != '/')
			;
		if (out->data != NULL)
			out->data[out->len] = '\0';
		return;
	}
	if (out->len > 0)
		buf_addc(out, '/');
	buf_add(out, name, len);
}

/* The way to a path from the folder, links followed within it. 0, or -1 and
 * errno. */
static int
resolve(const char *path, struct buf *out)
{
	struct buf rest = { 0 };
	size_t at = 0;
	int links = 0;

	buf_adds(&rest, path);
	while (rest.len > at) {
		char target[4096];
		size_t len = strcspn(rest.data + at, "/");
		ssize_t n = -1;

		step(out, rest.data + at, len);
		at += len + (rest.data[at + len] == '/');
		if (len > 0 && out->len > 0)
			n = readlinkat(
			    host.fd, out->data, target, sizeof target);
		if (n == -1)
			continue;
		if (++links > LINKS_MAX || n == sizeof target) {
			buf_free(&rest);
			errno = ELOOP;
			return -1;
		}
		step(out, "..", 2);
		if (*target == '/')
			buf_reset(out);
		follow(&rest, at, target, (size_t)n);
		at = 0;
	}
	if (out->len == 0)
		buf_addc(out, '.');
	buf_free(&rest);
	return 0;
}

static int
open_in(const char *path, int flags)
{
	struct buf way = { 0 };
	int fd = -1, error;

	if (resolve(path, &way) == 0)
		fd = openat(host.fd, way.data,
		    O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | flags);
	error = errno;
	buf_free(&way);
	errno = error;
	return fd;
}

/* A FIFO or a device in a folder is no file of that machine: it would never end,
 * or be this one's. */
static int
refuse_special(int fd)
{
	struct stat st;

	if (fstat(fd, &st) == 0 && (S_ISREG(st.st_mode) || S_ISDIR(st.st_mode)))
		return fd;
	(void)close(fd);
	errno = ENOTSUP;
	return -1;
}

int
host_open(const char *path)
{
	int fd;

	if (!host.other)
		return open(path, O_RDONLY | O_CLOEXEC);
	fd = open_in(path, 0);
	return fd == -1 ? -1 : refuse_special(fd);
}

int
host_read_file(const char *path, struct buf *out, struct why *why)
{
	int fd = host_open(path);
	int r;

	if (fd == -1)
		return why_errno(why, FAIL_FATAL, "%s", path);
	r = read_fd(fd, path, out, why);
	(void)close(fd);
	return r;
}

int
host_stat(const char *path, struct stat *st)
{
	struct buf way = { 0 };
	int r = -1, error;

	if (!host.other)
		return stat(path, st);
	if (resolve(path, &way) == 0)
		r = fstatat(host.fd, way.data, st, AT_SYMLINK_NOFOLLOW);
	error = errno;
	buf_free(&way);
	errno = error;
	return r;
}

bool
host_has(const char *path)
{
	struct stat st;

	return host_stat(path, &st) == 0;
}

const char *
host_local(const char *path, struct arena *arena)
{
	struct buf way = { 0 }, full = { 0 };

	if (!host.other || path == NULL)
		return path;
	/* Never the file of that name on this machine. */
	if (resolve(path, &way) == -1)
		buf_addf(&full, "/dev/null/%s", path);
	else
		buf_addf(&full, "%s/%s", host.path, way.data);
	path = arena_adds(arena, full.data);
	buf_free(&way);
	buf_free(&full);
	return path;
}

/* --- glob(3) --- */

static void *
glob_open(const char *path)
{
	int fd = open_in(path, O_DIRECTORY);
	DIR *d = fd == -1 ? NULL : fdopendir(fd);

	if (d == NULL && fd != -1)
		(void)close(fd);
	return d;
}

/* A link that leads nowhere is found, as on this machine. */
static int
glob_lstat(const char *path, struct stat *st)
{
	const char *slash = strrchr(path, '/');
	struct buf folder = { 0 }, way = { 0 };
	int r = -1, error;

	if (slash != NULL)
		buf_add(&folder, path, (size_t)(slash - path));
	if (resolve(buf_str(&folder), &way) == 0) {
		buf_addf(&way, "/%s", slash == NULL ? path : slash + 1);
		r = fstatat(host.fd, way.data, st, AT_SYMLINK_NOFOLLOW);
	}
	error = errno;
	buf_free(&folder);
	buf_free(&way);
	errno = error;
	return r;
}

static struct dirent *
glob_next(void *d)
{
	return readdir(d);
}

static void
glob_close(void *d)
{
	(void)closedir(d);
}

int
host_glob(const char *pattern, int flags, glob_t *found)
{
	if (!host.other)
		return glob(pattern, flags, NULL, found);
	found->gl_opendir = glob_open;
	found->gl_readdir = glob_next;
	found->gl_closedir = glob_close;
	found->gl_stat = host_stat;
	found->gl_lstat = glob_lstat;
	return glob(pattern, flags | GLOB_ALTDIRFUNC, NULL, found);
}

/* --- what programs answered --- */

/* Reads the first line of an answer. False if it is not one. */
static bool
read_answer(int fd, const char *file)
{
	char line[4096];
	ssize_t n = pread(fd, line, sizeof line - 1, 0);
	char *words;

	if (n <= 0)
		return false;
	line[n] = '\0';
	line[strcspn(line, "\n")] = '\0';
	words = strchr(line, ' ');
	if (words == NULL)
		return false;
	*map_put(&host.answered, arena_adds(&host.arena, words + 1), NULL) =
	    arena_adds(&host.arena, file);
	return true;
}

static void
find_answers(void)
{
	DIR *d = glob_open(answers);
	struct dirent *entry;

	host.has_answers = true;
	while (d != NULL && (entry = readdir(d)) != NULL) {
		struct buf path = { 0 };
		struct stat st;
		int fd;

		buf_addf(&path, "%s/%s", answers, entry->d_name);
		if (host_stat(path.data, &st) == 0 && S_ISREG(st.st_mode)) {
			fd = host_open(path.data);
			if (fd != -1) {
				(void)read_answer(fd, path.data);
				(void)close(fd);
			}
		}
		buf_free(&path);
	}
	if (d != NULL)
		(void)closedir(d);
}

/* Opens the answer to a command line, after its first line. -1: nobody asked. */
static int
open_answer(const char *words, int *status)
{
	void **file;
	char line[4096];
	int64_t number;
	ssize_t n;
	int fd;

	if (!host.has_answers)
		find_answers();
	file = map_get(&host.answered, words);
	fd = file == NULL ? -1 : host_open(*file);
	if (fd == -1)
		return -1;
	n = pread(fd, line, sizeof line - 1, 0);
	line[n > 0 ? n : 0] = '\0';
	(void)lseek(fd, (off_t)strcspn(line, "\n") + 1, SEEK_SET);
	line[strcspn(line, " ")] = '\0';
	*status = parse_num(line, 0, 255, &number, NULL) ? (int)number : 1;
	return fd;
}

int
host_answer(const char *const *argv, int *status, struct why *why)
{
	struct buf words = { 0 };
	int fd;

	if (!host.other)
		return HOST_ASK;
	for (; *argv != NULL; argv++)
		buf_addf(&words, "%s%s", words.len == 0 ? "" : " ", *argv);
	fd = open_answer(buf_str(&words), status);
	if (fd == -1)
		(void)why_set(why, FAIL_FATAL,
		    "what \"%s\" prints on that machine is not in %s: run "
		    "dirdump-collect there",
		    buf_str(&words), host.path);
	buf_free(&words);
	return fd;
}

/* --- users and groups --- */

/* The lines of what getent(1) printed, or of the file, by their first field. */
static void
load_lines(struct map *lines, const char *database, const char *path)
{
	const char *const argv[] = { "getent", database, NULL };
	struct lines in;
	enum line r;
	char *line;
	size_t len;
	int status, fd = host_answer(argv, &status, NULL);

	(void)map_put(lines, "", NULL); /* not to be loaded again */
	if (fd == -1)
		fd = host_open(path);
	if (fd == -1)
		return;
	lines_init(&in, fd, LINE_MAX_LEN);
	while (
	    (r = lines_next(&in, &line, &len)) == LINE_OK || r == LINE_LONG) {
		char *rest = lines_had_mark(&in) ? NULL : line;
		const char *name = rest == NULL ? "" : str_cut(&rest, ':');
		void **value;
		bool added;

		if (r == LINE_LONG || rest == NULL)
			continue;
		value = map_put_copy(lines, &host.arena, name, &added);
		if (added)
			*value = arena_adds(&host.arena, rest);
	}
	lines_free(&in);
	(void)close(fd);
}

/* The fields after the name of a line, in the arena. False where there is no
 * such line, or it is too short. */
static bool
find_line(struct map *lines, const char *name, char **fields, size_t n)
{
	void **line = map_get(lines, name);
	char *rest = line == NULL || *line == NULL
			 ? NULL
			 : arena_adds(&host.arena, *line);

	for (size_t i = 0; i < n; i++) {
		fields[i] = str_cut(&rest, ':');
		if (fields[i] == NULL)
			return false;
	}
	return true;
}

static int64_t
number_of(const char *text)
{
	int64_t number;

	return parse_num(text, 0, UINT32_MAX, &number, NULL) ? number : -1;
}

bool
host_user(const char *name, struct host_user *user)
{
	char *fields[5];
	struct passwd *pw;

	if (host.other) {
		if (host.users.n == 0)
			load_lines(&host.users, "passwd", "/etc/passwd");
		if (!find_line(&host.users, name, fields, 5))
			return false;
		*user = (struct host_user){ number_of(fields[1]),
			number_of(fields[2]), fields[3], fields[4] };
		return user->uid != -1 && user->gid != -1;
	}
	pw = getpwnam(name);
	if (pw == NULL)
		return false;
	*user = (struct host_user){ pw->pw_uid, pw->pw_gid, pw->pw_gecos,
		pw->pw_dir };
	return true;
}

int64_t
host_group(const char *name)
{
	char *fields[2];
	struct group *gr;

	if (host.other) {
		if (host.groups.n == 0)
			load_lines(&host.groups, "group", "/etc/group");
		return find_line(&host.groups, name, fields, 2)
			   ? number_of(fields[1])
			   : -1;
	}
	gr = getgrnam(name);
	return gr == NULL ? -1 : (int64_t)gr->gr_gid;
}

/* --- coming and going --- */

static int
enter_tar(const char *root, unpack_left_out *said, void *ctx, struct why *why)
{
	bool is_stdin = strcmp(root, "-") == 0;
	int fd = is_stdin ? STDIN_FILENO : open(root, O_RDONLY | O_CLOEXEC);
	int r;

	if (fd == -1)
		return why_errno(why, FAIL_FATAL, "%s", root);
	r = scratch_make(&host.scratch, why);
	if (r == 0) {
		host.fd = host.scratch.fd;
		r = unpack(fd, host.fd, said, ctx, why);
	}
	if (!is_stdin)
		(void)close(fd);
	return r;
}

int
host_enter(const char *root, unpack_left_out *said, void *ctx, struct why *why)
{
	struct stat st;

	host.other = true;
	if (strcmp(root, "-") != 0 && stat(root, &st) == 0 &&
	    S_ISDIR(st.st_mode)) {
		host.path = realpath(root, NULL);
		host.fd = open(root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		if (host.path == NULL || host.fd == -1)
			return why_errno(why, FAIL_FATAL, "%s", root);
		return 0;
	}
	if (enter_tar(root, said, ctx, why) == -1)
		return -1;
	host.path = strdup(host.scratch.path);
	return 0;
}

bool
host_is_other(void)
{
	return host.other;
}

void
host_leave(void)
{
	if (!host.other)
		return;
	if (host.scratch.path != NULL)
		scratch_remove(&host.scratch);
	else if (host.fd != -1)
		(void)close(host.fd);
	free(host.path);
	map_free(&host.answered);
	map_free(&host.users);
	map_free(&host.groups);
	arena_free(&host.arena);
	memset(&host, 0, sizeof host);
	host.fd = -1;
}
