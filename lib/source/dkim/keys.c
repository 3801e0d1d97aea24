/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/* Files of a system that is perhaps not this one, and the keys in them. */
#include "source/dkim/keys.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "core/io.h"
#include "core/num.h"
#include "core/str.h"
#include "record/address.h"
#include "secret/signkey.h"

enum {
	CONFIG_MAX = 16 << 20,
	STRING_MAX = 255 /* of a TXT record: RFC 1035, 3.3 */
};

/* --- files --- */

static const char *
join(struct dkim *d, const char *a, const char *b)
{
	struct buf path = { 0 };
	const char *result;

	buf_addf(&path, "%s%s", a, b);
	result = arena_add(&d->arena, path.data, path.len);
	buf_free(&path);
	return result;
}

/* The path as the system would have it, had nothing been moved. */
static const char *
mapped(struct dkim *d, const char *path)
{
	for (size_t i = 0; i < sizeof d->moved / sizeof *d->moved; i++)
		if (d->moved[i].from != NULL &&
		    str_starts(path, d->moved[i].from))
			return join(
			    d, d->moved[i].to, path + strlen(d->moved[i].from));
	return path;
}

const char *
dkim_path(struct dkim *d, const char *path)
{
	path = mapped(d, path);
	if (d->options->root == NULL)
		return path;
	return join(
	    d, d->options->root, *path == '/' ? path : join(d, "/", path));
}

bool
dkim_exists(struct dkim *d, const char *path)
{
	struct stat st;

	return stat(dkim_path(d, path), &st) == 0;
}

const char *
dkim_below(struct dkim *d, const char *folder, const char *name)
{
	return join(d, join(d, folder, "/"), name);
}

/* Links in a copy of another system mean files of that copy. */
static int
open_below(const char *root, const char *path)
{
	struct open_how how = { .flags = O_RDONLY | O_CLOEXEC | O_NONBLOCK,
		.resolve = RESOLVE_IN_ROOT };
	int folder = open(root, O_PATH | O_DIRECTORY | O_CLOEXEC);
	int fd, error;

	if (folder == -1)
		return -1;
	fd = (int)syscall(SYS_openat2, folder, path, &how, sizeof how);
	error = errno;
	(void)close(folder);
	errno = error;
	return fd;
}

int
dkim_read(struct dkim *d, const char *path, struct buf *out, struct why *why)
{
	const char *root = d->options->root;
	struct stat st;
	int fd, r = 0;

	path = mapped(d, path);
	/* Nobody waits for what is written into a pipe. */
	fd = root == NULL ? open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
			  : open_below(root, path);
	if (fd == -1)
		return why_errno(why, FAIL_DATA, "cannot be opened");
	if (fstat(fd, &st) == -1)
		r = why_errno(why, FAIL_DATA, "cannot be read");
	else if (!S_ISREG(st.st_mode))
		r = why_set(why, FAIL_DATA, "is not a file");
	else if (read_fd(fd, "it", out, why) == -1)
		r = out->overflow ? why_set(why, FAIL_DATA,
					"is longer than %zu bytes", out->max)
				  : -1;
	(void)close(fd);
	return r;
}

bool
dkim_lines(struct dkim *d, const char *path, dkim_line *line, void *arg)
{
	struct buf text = { .max = CONFIG_MAX };
	struct why why = { 0 };
	char *rest, *one;

	emit_file(d->emit, dkim_path(d, path));
	if (dkim_read(d, path, &text, &why) == -1) {
		why.kind = FAIL_FATAL;
		emit_fail(d->emit, NULL, &why);
		buf_wipe(&text);
		return false;
	}
	for (rest = text.data; rest != NULL && !emit_stop(d->emit);) {
		one = str_cut(&rest, '\n');
		d->emit->at.line++;
		one[strcspn(one, "#\r")] = '\0';
		one = str_trim(one);
		if (*one == '\0')
			continue;
		if (utf8_valid(one, strlen(one)))
			line(d, one, arg);
		else
			emit_bad(d->emit, NULL, "not UTF-8");
	}
	buf_wipe(&text);
	return true;
}

char *
dkim_rest(char *line)
{
	char *end = line + strcspn(line, " \t");

	if (*end == '\0')
		return end;
	*end = '\0';
	return str_trim(end + 1);
}

/* --- keys --- */

/* A key that was emitted. */
struct dkim_seen {
	const char *pem;
	const char *where;
};

/* A line of a zone file; a text of more than 255 bytes is in several strings
 * (RFC 7208, 3.3, which RFC 6376, 3.6.2.2, wants the same way). */
static void
write_zone(struct buf *out, const char *name, const char *text)
{
	size_t len = strlen(text);

	buf_addf(out, "%s. IN TXT (", name);
	for (size_t at = 0; at < len; at += STRING_MAX) {
		size_t n = len - at < STRING_MAX ? len - at : STRING_MAX;

		buf_addc(out, ' ');
		buf_addc(out, '"');
		buf_add(out, text + at, n);
		buf_addc(out, '"');
	}
	buf_adds(out, " )\n");
}

/* The same key may be found twice, in two ways. Two keys of one name cannot both be in DNS. */
static bool
is_new(struct dkim *d, const char *name, const struct signkey *k)
{
	struct why why = { 0 };
	struct dkim_seen *first;
	bool added;
	void **value = map_put_copy(&d->seen, &d->arena, name, &added);

	if (added) {
		first = arena_alloc(&d->arena, sizeof *first);
		first->pem = arena_add(&d->arena, k->pem.data, k->pem.len);
		first->where =
		    arena_adds(&d->arena, emit_where(d->emit, d->emit->at));
		*value = first;
		return true;
	}
	first = *value;
	if (strcmp(first->pem, k->pem.data) != 0) {
		why_set(&why, FAIL_DATA,
		    "another key of this name is at %s: take the one that is "
		    "published",
		    first->where);
		emit_fail(d->emit, name, &why);
	}
	return false;
}

static void
emit_key(struct dkim *d, const char *domain, const char *selector,
    const char *name, const struct signkey *k)
{
	struct record r = { 0 };

	d->found++;
	if (!is_new(d, name, k))
		return;
	if (d->options->dns != NULL) {
		write_zone(d->options->dns, name, k->dns.data);
		d->emit->tally->ok++;
		return;
	}
	record_reset(&r, REC_DKIM);
	r.domain = domain;
	r.selector = selector;
	r.algorithm = sign_algorithm_words[k->algorithm];
	r.key = k->pem.data;
	(void)emit_plain(d->emit, &r);
	record_free(&r);
}

void
dkim_key(struct dkim *d, const char *domain, const char *selector,
    const char *text, size_t len)
{
	struct buf normal = { 0 }, name = { 0 };
	struct signkey k = { 0 };
	struct why why = { 0 };

	if (domain_normalise(domain, &normal, NULL) == -1 ||
	    !signkey_selector(normal.data)) {
		emit_bad(d->emit, NULL, "not the name of a domain");
	} else if (!signkey_selector(selector)) {
		emit_bad(d->emit, normal.data,
		    "the selector cannot be part of a domain name");
	} else {
		buf_addf(&name, "%s._domainkey.%s", selector, normal.data);
		str_lower(name.data);
		if (signkey_read(&k, text, len, &why) == -1)
			emit_fail(d->emit, name.data, &why);
		else
			emit_key(d, normal.data, selector, name.data, &k);
	}
	signkey_free(&k);
	buf_free(&normal);
	buf_free(&name);
}

void
dkim_file(
    struct dkim *d, const char *domain, const char *selector, const char *path)
{
	struct buf text = { .max = SIGNKEY_FILE_MAX };
	struct place at = d->emit->at;
	struct why why = { 0 }, full;

	if (dkim_read(d, path, &text, &why) == -1) {
		why_set(&full, FAIL_DATA, "the key file %s %s",
		    dkim_path(d, path), why.text);
		emit_fail(d->emit, domain, &full);
	} else {
		emit_file(d->emit, dkim_path(d, path));
		dkim_key(d, domain, selector, buf_str(&text), text.len);
	}
	d->emit->at = at;
	buf_wipe(&text);
}

bool
dkim_is_below(const char *domain, const char *above)
{
	size_t len = strlen(domain), tail = above == NULL ? 0 : strlen(above);

	return above == NULL || (len > tail && domain[len - tail - 1] == '.' &&
				    str_eq_nocase(domain + len - tail, above));
}

size_t
dkim_sender_domains(struct dkim *d, const char *key, const char *above)
{
	struct why why = { 0 };
	size_t n = 0;

	for (size_t i = 0; i < d->options->n_domains; i++)
		n += dkim_is_below(d->options->domains[i], above);
	if (n > 0)
		return n;
	if (above == NULL)
		why_set(&why, FAIL_DATA,
		    "it signs the mail of any domain, and is not carried: name "
		    "yours with --sender-domain");
	else
		why_set(&why, FAIL_DATA,
		    "it signs the mail of the domains below %s, and is not "
		    "carried: name yours with --sender-domain",
		    above);
	emit_fail_at(d->emit, key, NULL, &why);
	return 0;
}
