/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

#include "merge/state.h"

#include <errno.h>
#include <grp.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "core/alloc.h"
#include "core/io.h"
#include "core/output.h"
#include "core/str.h"

enum {
	NAMES_MAX = 1000 /* journals of one process in one second */
};

char *
state_dir(const char *given)
{
	const char *state = getenv("XDG_STATE_HOME");
	const char *home = getenv("HOME");

	if (given != NULL)
		return xstrdup(given);
	if (state != NULL && *state == '/')
		return xasprintf("%s/mailferry", state);
	return xasprintf("%s/.local/state/mailferry", home == NULL ? "" : home);
}

int
state_make(const char *path, struct why *why)
{
	char *copy = xstrdup(path);
	int r = 0;

	for (char *at = copy; r == 0 && at != NULL;) {
		struct stat st;
		char *real;

		at = strchr(at + 1, '/');
		if (at != NULL)
			*at = '\0';
		r = output_follow(copy, &real, &st, why);
		free(real);
		if (r == 0 && st.st_mode == 0 && mkdir(copy, 0700) == -1 &&
		    errno != EEXIST)
			r = why_errno(why, FAIL_FATAL, "%s", copy);
		if (at != NULL)
			*at = '/';
	}
	free(copy);
	return r;
}

/* The whole path of a tree, for people: what is not UTF-8 is escaped. */
static char *
shown_path(const char *root)
{
	char *path = realpath(root, NULL), *result;
	struct buf shown = { 0 };

	str_vis(&shown, path == NULL ? root : path, 0);
	result = xstrdup(buf_str(&shown));
	buf_free(&shown);
	free(path);
	return result;
}

/* The name of a journal in the directory; the caller frees it. */
static char *
numbered(const char *dir, uint64_t identity, int i)
{
	return xasprintf("%s/merge-%016" PRIx64 "-%lld-%ld%.*s%.*d.journal",
	    dir, identity, (long long)time(NULL), (long)getpid(), i > 0, ".",
	    i > 0, i);
}

/* Creates a journal in the directory, under a name that no other has. */
static int
create_numbered(
    struct journal *j, const char *dir, uint64_t identity, struct why *why)
{
	int r = -1;

	for (int i = 0; r == -1 && i < NAMES_MAX; i++) {
		char *path = numbered(dir, identity, i);

		errno = 0;
		r = journal_create(j, path, why);
		free(path);
		if (errno != EEXIST)
			break;
	}
	return r;
}

/* Makes a link to a file there, and makes it durable. 0, or -1 and errno. */
static int
link_numbered(const char *file, const char *dir, uint64_t identity)
{
	int r = -1;

	for (int i = 0; r == -1 && i < NAMES_MAX; i++) {
		char *path = numbered(dir, identity, i);

		r = symlink(file, path);
		if (r == 0)
			r = sync_parent(path);
		free(path);
		if (r == -1 && errno != EEXIST)
			break;
	}
	return r;
}

int
state_note_journal(
    const char *dir, const char *file, uint64_t identity, struct why *why)
{
	char *real = realpath(file, NULL), *there = NULL;
	int r = -1;

	if (real == NULL)
		return why_errno(why, FAIL_DATA, "%s", file);
	if (state_make(dir, why) == 0) {
		there = realpath(dir, NULL);
		if (there == NULL)
			(void)why_errno(why, FAIL_DATA, "%s", dir);
	}
	/* One that is in it is found as it is. */
	if (there != NULL && str_starts(real, there) &&
	    str_starts(real + strlen(there), "/merge-"))
		r = 0;
	else if (there != NULL) {
		r = link_numbered(real, dir, identity);
		if (r == -1)
			(void)why_errno(why, FAIL_DATA, "%s", dir);
	}
	free(real);
	free(there);
	return r;
}

int
state_journal(struct journal *j, const char *file, const char *dir,
    const struct mdtree *source, const struct mdtree *target,
    const struct mark *mark, uint64_t run, struct why *why)
{
	struct journal_record first = {
		.kind = JOURNAL_RUN,
		.identity = mark->target,
		.id = run,
	};

	if (file != NULL) {
		if (journal_create(j, file, why) == -1)
			return -1;
	} else if (state_make(dir, why) == -1 ||
		   create_numbered(j, dir, mark->target, why) == -1) {
		return -1;
	}
	first.target = target->fd == -1 ? xstrdup(target->root) /* a user */
					: shown_path(target->root);
	first.source = shown_path(source->root);
	journal_put(j, &first);
	free(first.target);
	free(first.source);
	if (journal_sync(j, why) == 0)
		return 0;
	(void)unlink(j->path); /* of a run that did nothing */
	(void)journal_close(j, NULL);
	return -1;
}

int
become_owner(int fd, const char *path, struct why *why)
{
	struct stat st;

	if (geteuid() != 0)
		return 0;
	if (fstat(fd, &st) == -1)
		return why_errno(why, FAIL_FATAL, "%s", path);
	if (st.st_uid == 0)
		return 0;
	if (setgroups(0, NULL) == -1 ||
	    setresgid(st.st_gid, st.st_gid, st.st_gid) == -1 ||
	    setresuid(st.st_uid, st.st_uid, st.st_uid) == -1)
		return why_errno(
		    why, FAIL_FATAL, "%s: becoming its owner", path);
	return 0;
}
