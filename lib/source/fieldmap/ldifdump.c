/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

#include "source/fieldmap/ldifdump.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/io.h"
#include "ldap/filter.h"
#include "ldap/ldif.h"
#include "source/fieldmap/entrydump.h"

struct ldifdump {
	int fd;
	struct emit *emit;
	struct filter *filter;
	struct ldif in;
	bool open;
	bool again; /* the file has been read before: what is wrong is said */
};

static int
start(void *ctx, const char *filter, const char *const *attributes,
    struct why *why)
{
	struct ldifdump *d = ctx;

	(void)attributes;
	if (lseek(d->fd, 0, SEEK_SET) == -1)
		return why_errno(why, FAIL_FATAL, "cannot be read again");
	d->filter = filter_parse(filter, why);
	if (d->filter == NULL)
		return -1;
	ldif_init(&d->in, d->fd);
	d->open = true;
	return 0;
}

static int
next(void *ctx, struct ldap_entry *e, struct why *why)
{
	struct ldifdump *d = ctx;
	int r;

	for (;;) {
		r = ldif_next(&d->in, e, why);
		d->emit->at.line = (uint32_t)d->in.line;
		if (r == 0 || (r == 1 && filter_match(d->filter, e)))
			return r;
		if (r == -1 && (!d->again || why->kind != FAIL_DATA))
			return r;
	}
}

static void
end(void *ctx)
{
	struct ldifdump *d = ctx;

	d->emit->at.line = 0;
	if (d->open && !d->again) {
		for (size_t n = d->in.references; n > 0; n--)
			emit_note(d->emit, NULL,
			    "a reference to another server is not followed",
			    NULL);
		if (d->in.unended)
			emit_note(d->emit, NULL,
			    "the last line has no newline: was the file cut "
			    "off?",
			    NULL);
	}
	if (d->open)
		ldif_free(&d->in);
	filter_free(d->filter);
	d->filter = NULL;
	d->again = d->open;
	d->open = false;
}

/* Copies what is left of fd into a file without a name. Its descriptor, or -1
 * and why. */
static int
keep(int fd, struct why *why)
{
	const char *dir = getenv("TMPDIR");
	char chunk[65536];
	ssize_t n = 0;
	int to = open(dir == NULL || *dir == '\0' ? "/tmp" : dir,
	    O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);

	while (to != -1 && (n = read(fd, chunk, sizeof chunk)) != 0) {
		if (n == -1 && errno == EINTR)
			continue;
		if (n == -1 || write_all(to, chunk, (size_t)n) == -1)
			break;
	}
	explicit_bzero(chunk, sizeof chunk);
	if (to != -1 && n == 0)
		return to;
	why_errno(why, FAIL_FATAL, "cannot be copied into TMPDIR");
	if (to != -1)
		(void)close(to);
	return -1;
}

/* Opens the file for reading it several times. */
static int
open_seekable(const char *path, struct why *why)
{
	int fd = STDIN_FILENO, copy;

	if (strcmp(path, "-") != 0)
		fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd == -1)
		return why_errno(why, FAIL_FATAL, "cannot be opened");
	if (lseek(fd, 0, SEEK_SET) == 0)
		return fd;
	copy = keep(fd, why);
	if (fd != STDIN_FILENO)
		(void)close(fd);
	return copy;
}

void
ldifdump_read(const char *path, const struct fieldmap *map, struct rows *m)
{
	struct ldifdump d = { .emit = m->emit };
	struct entry_reader reader = { start, next, end, &d };
	struct why why = { 0 };

	emit_file(m->emit, strcmp(path, "-") == 0 ? "stdin" : path);
	d.fd = open_seekable(path, &why);
	if (d.fd == -1) {
		emit_fail(m->emit, NULL, &why);
		return;
	}
	entrydump_read(&reader, map, m);
	if (d.fd != STDIN_FILENO)
		(void)close(d.fd);
}
