/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

#include "maildir/lock.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "core/alloc.h"
#include "core/io.h"
#include "core/str.h"

static int
say_locked(const char *what, struct why *why)
{
	return why_set(why, FAIL_TEMP,
	    "%s: another merge or check is at work in it", what);
}

int
lock_fd(int fd, const char *what, struct why *why)
{
	if (flock(fd, LOCK_EX | LOCK_NB) == 0)
		return 0;
	return errno == EWOULDBLOCK ? say_locked(what, why)
				    : why_errno(why, FAIL_FATAL, "%s", what);
}

/* The lock is the name of a socket, which no two processes of this machine can
 * have: a store that is no directory has no place for another one. */
int
account_lock(const char *guid, bool inherit, const char *what, struct why *why)
{
	struct sockaddr_un name = { .sun_family = AF_UNIX };
	int len = snprintf(name.sun_path + 1, sizeof name.sun_path - 1,
	    "mailferry-through-%016" PRIx64, str_fnv(guid) | 1);
	int fd = socket(AF_UNIX, SOCK_DGRAM | (inherit ? 0 : SOCK_CLOEXEC), 0);

	if (fd != -1 && bind(fd, (const struct sockaddr *)&name,
			    (socklen_t)(offsetof(struct sockaddr_un, sun_path) +
					1 + (size_t)len)) == 0)
		return fd;
	if (fd != -1 && errno == EADDRINUSE)
		(void)say_locked(what, why);
	else
		(void)why_errno(why, FAIL_FATAL, "the lock");
	if (fd != -1)
		(void)close(fd);
	return -1;
}

/* The GUID of the INBOX, which the first line of its dovecot-uidlist has; NULL
 * where Dovecot has not opened it. The caller frees it. */
static char *
inbox_guid(const struct mdtree *t)
{
	char head[256], *rest = head, *word, *guid = NULL;
	int fd = mdtree_control(t, "."), file = -1;
	ssize_t n = -1;

	if (fd != -1) {
		file = openat(fd, "dovecot-uidlist",
		    O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
		(void)close(fd);
	}
	if (file != -1) {
		n = read_head(file, head, sizeof head - 1);
		(void)close(file);
	}
	head[n < 0 ? 0 : n] = '\0';
	rest = str_cut(&rest, '\n');
	while (guid == NULL && rest != NULL)
		if (*(word = str_cut(&rest, ' ')) == 'G')
			guid = xstrdup(word + 1);
	return guid;
}

int
mdtree_lock_account(struct mdtree *t, struct why *why)
{
	char *guid = t->lock == -1 ? inbox_guid(t) : NULL;

	if (guid == NULL)
		return 0;
	t->lock = account_lock(guid, false, t->root, why);
	free(guid);
	return t->lock == -1 ? -1 : 0;
}

/* Locks the directory of the INBOX, where it is not the root: it is all that a run
 * through Dovecot is told of the tree. */
static int
lock_inbox(struct mdtree *t, struct why *why)
{
	int fd = mdtree_dir(t, ".");
	struct stat inbox, root;

	if (fd == -1) /* there is none yet */
		return 0;
	if (fstat(fd, &inbox) == 0 && fstat(t->fd, &root) == 0 &&
	    (inbox.st_dev != root.st_dev || inbox.st_ino != root.st_ino)) {
		t->inbox_lock = fd;
		return lock_fd(fd, t->root, why);
	}
	(void)close(fd);
	return 0;
}

int
mdtree_lock(struct mdtree *t, struct why *why)
{
	if (lock_fd(t->fd, t->root, why) == -1 || lock_inbox(t, why) == -1)
		return -1;
	return mdtree_lock_account(t, why);
}
