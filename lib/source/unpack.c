/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

#include "source/unpack.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/alloc.h"
#include "core/buf.h"
#include "core/io.h"
#include "core/num.h"

enum {
	BLOCK = 512,
	PATH_LEN_MAX = 4095, /* no system has longer ones */
	EXTRA_MAX = 1 << 20  /* of a header that holds a long name */
};

/* The header of a member. (POSIX pax, "ustar Interchange Format".) */
struct header {
	char name[100];
	char mode[8], uid[8], gid[8];
	char size[12];
	char mtime[12];
	char sum[8];
	char type;
	char link[100];
	char magic[6], version[2];
	char uname[32], gname[32], major[8], minor[8];
	char prefix[155];
	char pad[12];
};

struct tar {
	int fd, dir;
	unpack_left_out *said;
	void *ctx;
	struct header head;
	struct buf name, link;             /* of the member */
	uint64_t size;                     /* what is left of its data */
	bool has_name, has_link, has_size; /* an extra header has said it */
	uint64_t pax_size;
	const char *refused; /* why the member cannot be unpacked */
};

/* --- input --- */

static int
damaged(const char *text, struct why *why)
{
	return why_set(why, FAIL_FATAL, "not a whole tar: %s", text);
}

/* 1, 0 at the end of the file, -1 and why. */
static int
read_block(struct tar *t, void *to, struct why *why)
{
	char *p = to;
	size_t have = 0;

	while (have < BLOCK) {
		ssize_t n = read(t->fd, p + have, BLOCK - have);

		if (n == -1 && errno == EINTR)
			continue;
		if (n == -1)
			return why_errno(
			    why, FAIL_FATAL, "the tar cannot be read");
		if (n == 0)
			break;
		have += (size_t)n;
	}
	if (have == 0)
		return 0;
	return have == BLOCK ? 1 : damaged("it ends within a block", why);
}

/* Hands the data of a member on, a block at a time, to a file or a buffer; to
 * neither: passes over it. */
static int
take_data(struct tar *t, int fd, struct buf *out, struct why *why)
{
	char block[BLOCK];
	int r = 0;

	while (t->size > 0 && r == 0) {
		size_t len = t->size < BLOCK ? (size_t)t->size : BLOCK;

		r = read_block(t, block, why);
		if (r == 0)
			r = damaged("it ends within a member", why);
		else if (r == 1)
			r = 0;
		if (r == 0 && fd != -1 && write_all(fd, block, len) == -1)
			r = why_errno(why, FAIL_FATAL,
			    "a member of the tar cannot be written");
		if (r == 0 && out != NULL)
			buf_add(out, block, len);
		t->size -= len;
	}
	explicit_bzero(block, sizeof block);
	return r;
}

/* --- headers --- */

/* Octal digits with blanks around them, or, where the first byte has its high
 * bit, a number in base 256. */
static bool
read_number(const char *field, size_t len, uint64_t *number)
{
	const unsigned char *p = (const unsigned char *)field;
	size_t i = 0;

	*number = 0;
	if (p[0] & 0x80) {
		for (*number = p[0] & 0x7f, i = 1; i < len; i++) {
			if (*number >> 48 != 0)
				return false;
			*number = *number << 8 | p[i];
		}
		return true;
	}
	while (i < len && p[i] == ' ')
		i++;
	for (; i < len && p[i] >= '0' && p[i] <= '7'; i++)
		*number = *number << 3 | (uint64_t)(p[i] - '0');
	return i == len || p[i] == ' ' || p[i] == '\0';
}

static bool
sum_is_right(const struct header *h)
{
	const unsigned char *p = (const unsigned char *)h;
	uint64_t said, sum = 8 * ' ';

	for (size_t i = 0; i < BLOCK; i++)
		if (i < offsetof(struct header, sum) ||
		    i >= offsetof(struct header, type))
			sum += p[i];
	return read_number(h->sum, sizeof h->sum, &said) && said == sum;
}

static bool
is_zero(const struct header *h)
{
	static const char zero[BLOCK];

	return memcmp(h, zero, BLOCK) == 0;
}

static void
add_field(struct buf *out, const char *field, size_t len)
{
	buf_add(out, field, strnlen(field, len));
}

/* A header in front of a member that has a name too long for that one's own
 * (GNU "L" and "K"). */
static int
take_long(struct tar *t, struct buf *to, bool *has, struct why *why)
{
	if (t->size > EXTRA_MAX)
		return damaged("a name of more than a megabyte", why);
	buf_reset(to);
	if (take_data(t, -1, to, why) == -1)
		return -1;
	to->len = strlen(buf_str(to));
	*has = true;
	return 0;
}

/* One "key=value" of a pax header. */
static void
take_pax(struct tar *t, const char *key, size_t key_len, const char *value,
    size_t len)
{
	struct buf *to = NULL;

	if (key_len == 4 && memcmp(key, "path", 4) == 0) {
		to = &t->name;
		t->has_name = true;
	} else if (key_len == 8 && memcmp(key, "linkpath", 8) == 0) {
		to = &t->link;
		t->has_link = true;
	} else if (key_len == 4 && memcmp(key, "size", 4) == 0) {
		char text[24] = "";
		int64_t number;

		if (len < sizeof text)
			memcpy(text, value, len);
		t->has_size = true;
		t->pax_size = parse_num(text, 0, INT64_MAX, &number, NULL)
				  ? (uint64_t)number
				  : UINT64_MAX;
	} else if (key_len > 10 && memcmp(key, "GNU.sparse", 10) == 0) {
		t->refused = "a file with holes, which is not understood";
	}
	if (to != NULL) {
		buf_reset(to);
		buf_add(to, value, strnlen(value, len));
	}
}

/* Lines "LENGTH KEY=VALUE", each with its own length. */
static int
take_pax_lines(struct tar *t, struct why *why)
{
	struct buf text = { .max = EXTRA_MAX + BLOCK };
	size_t at = 0;
	int r = t->size > EXTRA_MAX
		    ? damaged("a header of more than a megabyte", why)
		    : take_data(t, -1, &text, why);

	while (r == 0 && at < text.len) {
		const char *line = text.data + at, *p = line, *equals;
		size_t len = 0;

		for (; *p >= '0' && *p <= '9' && len < EXTRA_MAX; p++)
			len = len * 10 + (size_t)(*p - '0');
		equals = memchr(p, '=', text.len - (size_t)(p - text.data));
		if (*p != ' ' || len > text.len - at ||
		    len <= (size_t)(p - line) + 1 || line[len - 1] != '\n' ||
		    equals == NULL || equals >= line + len) {
			r = damaged("a pax header that is not one", why);
			break;
		}
		take_pax(t, p + 1, (size_t)(equals - p - 1), equals + 1,
		    (size_t)(line + len - 1 - (equals + 1)));
		at += len;
	}
	buf_free(&text);
	return r;
}

/* --- one member --- */

/* The next component of a path, which is changed; NULL after the last. */
static char *
component(char **path)
{
	char *start = *path + strspn(*path, "/"), *end;

	if (*start == '\0')
		return NULL;
	end = start + strcspn(start, "/");
	*path = *end == '\0' ? end : end + 1;
	*end = '\0';
	return start;
}

/*
 * Opens the folder that a member is in, making those that are not there, and
 * never through a link. Its descriptor, and *last the name in it; -1 and
 * t->refused, or errno.
 */
static int
enter_folders(struct tar *t, char *path, char **last)
{
	char *name = component(&path), *next;
	int dir = dup(t->dir);

	*last = NULL;
	for (; dir != -1 && name != NULL; name = next) {
		int below;

		next = component(&path);
		if (strcmp(name, ".") == 0)
			continue;
		while (next != NULL && strcmp(next, ".") == 0)
			next = component(&path);
		if (strcmp(name, "..") == 0) {
			t->refused = "its name leads out of the tar";
			break;
		}
		if (next == NULL) {
			*last = name;
			return dir;
		}
		if (mkdirat(dir, name, 0700) == -1 && errno != EEXIST)
			break;
		below = openat(
		    dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		if (below == -1 && (errno == ELOOP || errno == ENOTDIR)) {
			t->refused = "its name leads through something that "
				     "is not a folder";
			break;
		}
		(void)close(dir);
		dir = below;
	}
	if (dir != -1 && (name != NULL || t->refused != NULL)) {
		int error = errno;

		(void)close(dir);
		errno = error;
		return -1;
	}
	return dir;
}

static int
make_file(struct tar *t, int dir, const char *name, struct why *why)
{
	int fd = openat(dir, name,
	    O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	int r;

	if (fd == -1)
		return why_errno(
		    why, FAIL_FATAL, "a member of the tar cannot be written");
	r = take_data(t, fd, NULL, why);
	if (close(fd) == -1 && r == 0)
		r = why_errno(
		    why, FAIL_FATAL, "a member of the tar cannot be written");
	return r;
}

/* A hard link is to an earlier member. */
static void
make_hard_link(struct tar *t, int dir, const char *name)
{
	char *last = NULL;
	int from =
	    t->link.len == 0 ? -1 : enter_folders(t, t->link.data, &last);
	struct stat st;

	if (from == -1 || last == NULL ||
	    fstatat(from, last, &st, AT_SYMLINK_NOFOLLOW) == -1 ||
	    !S_ISREG(st.st_mode) || linkat(from, last, dir, name, 0) == -1)
		t->refused = "a link to a file that is not in the tar";
	if (from != -1)
		(void)close(from);
}

/* Makes the member, in the place of one of the same name. */
static int
make_member(struct tar *t, int dir, const char *name, struct why *why)
{
	int r = 0;

	if (t->head.type == '5') {
		if (mkdirat(dir, name, 0700) == -1 && errno != EEXIST)
			t->refused = "a folder that cannot be made";
		return 0;
	}
	if (unlinkat(dir, name, 0) == -1 && errno != ENOENT) {
		t->refused = "a folder of the same name is there";
		return 0;
	}
	switch (t->head.type) {
	case '0':
	case '\0':
	case '7':
		r = make_file(t, dir, name, why);
		break;
	case '1':
		make_hard_link(t, dir, name);
		break;
	case '2':
		if (symlinkat(buf_str(&t->link), dir, name) == -1)
			t->refused = "a link that cannot be made";
		break;
	default:
		t->refused = "not a file, a folder or a link";
		break;
	}
	return r;
}

static int
take_member(struct tar *t, struct why *why)
{
	char *shown = xstrdup(buf_str(&t->name)), *last = NULL;
	int dir = -1, r = 0;

	/* The old way to write a folder. */
	if ((t->head.type == '0' || t->head.type == '\0') && t->name.len > 0 &&
	    t->name.data[t->name.len - 1] == '/')
		t->head.type = '5';
	if (t->name.len > PATH_LEN_MAX || t->link.len > PATH_LEN_MAX)
		t->refused = "its name is too long";
	if (t->refused == NULL && t->name.len > 0) {
		dir = enter_folders(t, t->name.data, &last);
		if (dir == -1 && t->refused == NULL)
			t->refused = "its folder cannot be made";
	}
	if (dir != -1 && last != NULL)
		r = make_member(t, dir, last, why);
	if (dir != -1)
		(void)close(dir);
	if (r == 0 && t->refused != NULL)
		t->said(t->ctx, shown, t->refused);
	if (r == 0)
		r = take_data(t, -1, NULL, why);
	t->has_name = t->has_link = t->has_size = false;
	t->refused = NULL;
	free(shown);
	return r;
}

/* The name, the target and the size of the member of a header. */
static void
read_header(struct tar *t)
{
	const struct header *h = &t->head;

	if (!t->has_name) {
		buf_reset(&t->name);
		if (memcmp(h->magic, "ustar", 6) == 0 && h->prefix[0] != '\0') {
			add_field(&t->name, h->prefix, sizeof h->prefix);
			buf_addc(&t->name, '/');
		}
		add_field(&t->name, h->name, sizeof h->name);
	}
	if (!t->has_link) {
		buf_reset(&t->link);
		add_field(&t->link, h->link, sizeof h->link);
	}
	if (t->has_size)
		t->size = t->pax_size;
}

/* Takes a header and what belongs to it. */
static int
take_header(struct tar *t, struct why *why)
{
	if (!sum_is_right(&t->head) ||
	    !read_number(t->head.size, sizeof t->head.size, &t->size))
		return damaged("a header with a wrong checksum", why);
	switch (t->head.type) {
	case 'L':
		return take_long(t, &t->name, &t->has_name, why);
	case 'K':
		return take_long(t, &t->link, &t->has_link, why);
	case 'x':
		return take_pax_lines(t, why);
	case 'g':
		return take_data(t, -1, NULL, why);
	default:
		break;
	}
	read_header(t);
	/* Links and folders have no data, whatever their size says. */
	if (t->head.type >= '1' && t->head.type <= '6')
		t->size = 0;
	return take_member(t, why);
}

static int
explain_first(const struct tar *t, struct why *why)
{
	static const unsigned char gzip[] = { 0x1f, 0x8b };

	if (memcmp(&t->head, gzip, sizeof gzip) == 0)
		return why_set(why, FAIL_FATAL,
		    "a compressed tar: unpack it with gzip -d first");
	return why_set(why, FAIL_FATAL, "neither a folder nor a tar");
}

/* Two blocks of zeros are the end of a tar. After one alone tar(1) stops, too, and
 * says so: what follows would be lost. */
static int
take_end(struct tar *t, struct why *why)
{
	int r = read_block(t, &t->head, why);

	if (r == 1 && !is_zero(&t->head))
		return damaged("a block of zeros, and not its end", why);
	return r;
}

int
unpack(int fd, int dirfd, unpack_left_out *said, void *ctx, struct why *why)
{
	struct tar t = { .fd = fd, .dir = dirfd, .said = said, .ctx = ctx };
	bool first = true, ended = false;
	int r;

	_Static_assert(sizeof(struct header) == BLOCK, "a header is a block");
	while ((r = read_block(&t, &t.head, why)) == 1) {
		if (is_zero(&t.head)) {
			r = take_end(&t, why);
			ended = r != -1;
			break;
		}
		if (first && !sum_is_right(&t.head)) {
			r = explain_first(&t, why);
			break;
		}
		first = false;
		r = take_header(&t, why);
		if (r == -1)
			break;
	}
	if (r == 0 && !ended)
		r = damaged(first ? "it is empty" : "it has no end", why);
	/* What comes after the end is read, for the sake of who writes it. */
	while (r == 1 && (r = read_block(&t, &t.head, NULL)) == 1)
		;
	buf_free(&t.name);
	buf_free(&t.link);
	return ended ? 0 : r;
}
