/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

#include "source/passwd/passwd-file.h"

#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/alloc.h"
#include "core/lines.h"
#include "core/ndjson.h"
#include "core/str.h"
#include "record/address.h"
#include "source/host.h"
#include "source/lines.h"

struct delayed {
	struct place at;
	struct naming naming;
	char *line;
};

void
passwd_file_free(struct passwd_file *p)
{
	for (size_t i = 0; i < p->n; i++)
		free_secret(p->delayed[i].line);
	free(p->delayed);
	account_free(&p->account);
}

/* Whether the name at the start of the line has capitals. */
static bool
has_capitals(const char *line)
{
	for (; *line != '\0' && *line != ':'; line++)
		if (*line >= 'A' && *line <= 'Z')
			return true;
	return false;
}

static void
delay(struct passwd_file *p, const char *line, size_t len)
{
	p->delayed = xgrow(p->delayed, p->n, &p->cap, sizeof *p->delayed);
	p->delayed[p->n++] = (struct delayed){ .at = p->account.emit->at,
		.naming = p->account.naming,
		.line = xmemdup(line, len) };
}

/* A text that is not UTF-8 cannot be in a record; a name in another coding is
 * no reason to lose the account. False if that is reported. */
static bool
check_utf8(struct emit *e, struct fields *f)
{
	const char *const texts[] = { f->name, f->secret, f->uid, f->gid,
		f->home, f->extra, f->mail };

	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
		if (texts[i] != NULL &&
		    !utf8_valid(texts[i], strlen(texts[i]))) {
			emit_bad(e, NULL, "not UTF-8");
			return false;
		}
	if (f->gecos != NULL && !utf8_valid(f->gecos, strlen(f->gecos))) {
		emit_bad(e, NULL, "the full name is not UTF-8: left out");
		f->gecos = NULL;
	}
	return true;
}

static void
one_line(struct passwd_file *p, char *line, bool utf8)
{
	struct fields f;

	fields_split(&f, line);
	if (utf8 || check_utf8(p->account.emit, &f))
		account_emit(&p->account, &f);
}

void
passwd_file_read(struct passwd_file *p, const char *path)
{
	struct source_lines in;
	char *line;
	size_t len;

	if (!source_lines_open(&in, p->account.emit, path, true))
		return;
	while (source_lines_next(&in, &line, &len)) {
		if (*line == '\0' || *line == '#' || *line == ':')
			continue;
		if (has_capitals(line))
			delay(p, line, len);
		else
			one_line(p, line, in.utf8);
	}
	source_lines_close(&in);
}

void
passwd_file_end(struct passwd_file *p)
{
	struct emit *e = p->account.emit;

	for (size_t i = 0; i < p->n && !emit_stop(e); i++) {
		e->at = p->delayed[i].at;
		p->account.naming = p->delayed[i].naming;
		emit_note(e, NULL,
		    "a name with capitals, which Dovecot finds only where "
		    "auth_username_format keeps them",
		    NULL);
		one_line(p, p->delayed[i].line, false);
	}
	for (size_t i = 0; i < p->n; i++)
		free_secret(p->delayed[i].line);
	p->n = 0;
}

int
passwd_file_names(
    struct account *a, const char *path, struct map *names, struct why *why)
{
	struct lines in;
	enum line r;
	char *line;
	size_t len;
	int fd = host_open(path);

	if (fd == -1)
		return why_errno(why, FAIL_FATAL, "%s", path);
	lines_init(&in, fd, RECORD_LINE_MAX);
	while (
	    (r = lines_next(&in, &line, &len)) == LINE_OK || r == LINE_LONG) {
		if (r == LINE_LONG || *line == '#' || lines_had_mark(&in))
			continue;
		line[strcspn(line, ":\r")] = '\0';
		if (*line != '\0')
			(void)map_put(names, arena_adds(&a->arena, line), NULL);
	}
	if (r == LINE_ERROR)
		why_errno(why, FAIL_FATAL, "%s", path);
	lines_free(&in);
	(void)close(fd);
	return r == LINE_ERROR ? -1 : 0;
}

/* --- a path with the domain in it --- */

/* How the domain is written: in 2.3 with or without modifiers that fold the
 * case, in 2.4 with the same as filters. */
static size_t
slot_len(const char *p)
{
	static const char *const slots[] = { "%d", "%Ld", "%{domain}",
		"%{user|domain}", "%{user | domain}", "%{user|domain|lower}",
		"%{user | domain | lower}" };

	for (size_t i = 0; i < sizeof slots / sizeof *slots; i++)
		if (str_starts(p, slots[i]))
			return strlen(slots[i]);
	return 0;
}

/*
 * Builds the glob(3) pattern of a path, "*" for each slot and what glob would
 * take for its own escaped; and the plain path, with a NUL for each slot. False
 * for another variable.
 */
static bool
make_glob(const char *path, struct buf *glob_path, struct buf *plain)
{
	for (const char *p = path; *p != '\0';) {
		size_t slot = slot_len(p);

		if (slot != 0) {
			buf_addc(glob_path, '*');
			buf_addc(plain, '\0');
			p += slot;
			continue;
		}
		if (*p == '%' && p[1] != '%')
			return false;
		p += *p == '%';
		if (strchr("*?[]\\", *p) != NULL)
			buf_addc(glob_path, '\\');
		buf_addc(glob_path, *p);
		buf_addc(plain, *p++);
	}
	return true;
}

/* The domain in a path that the pattern (a NUL for each slot) matched; NULL if
 * its slots are not all the same. To be freed. */
static char *
match_domain(const struct buf *plain, const char *path)
{
	const char *slot = memchr(buf_str(plain), '\0', plain->len);
	size_t start = (size_t)(slot - plain->data), len;
	struct buf full = { 0 };
	char *domain;
	bool same;

	len = strcspn(path + start, "/");
	/* The text after the slot may belong to the same folder's name. */
	for (const char *p = slot + 1;
	     p < plain->data + plain->len && *p != '/' && *p != '\0' && len > 0;
	     p++)
		len--;
	domain = xmemdup(path + start, len);
	for (size_t i = 0; i < plain->len; i++) {
		if (plain->data[i] == '\0')
			buf_adds(&full, domain);
		else
			buf_addc(&full, plain->data[i]);
	}
	same = strcmp(buf_str(&full), path) == 0;
	buf_free(&full);
	if (same)
		return domain;
	free(domain);
	return NULL;
}

bool
passwd_file_is_pattern(const char *path)
{
	return strchr(path, '%') != NULL;
}

/* Sets the domain of the names that follow; false if the text is not one, which
 * is reported. */
static bool
enter_domain(struct passwd_file *p, const char *path, const char *text)
{
	struct account *a = &p->account;
	struct buf name = { 0 };
	struct why why = { 0 };
	int r = domain_normalise(text, &name, &why);

	if (r == 0)
		a->naming.domain = arena_adds(&a->emit->arena, name.data);
	else
		emit_fail_at(a->emit, path, NULL, &why);
	buf_free(&name);
	return r == 0;
}

/* Calls found for each file that a glob(3) pattern finds. */
static void
each_found(const char *glob_path, const struct buf *plain,
    passwd_file_found *found, void *ctx, struct why *why)
{
	glob_t g = { 0 };
	int r = host_glob(glob_path, GLOB_ERR, &g);

	if (r == GLOB_NOMATCH || (r != 0 && errno == ENOENT))
		why_set(why, FAIL_FATAL, "there is no such file");
	else if (r != 0)
		why_errno(why, FAIL_FATAL, "cannot be read");
	for (size_t i = 0; r == 0 && i < g.gl_pathc; i++) {
		char *domain = match_domain(plain, g.gl_pathv[i]);

		if (domain != NULL)
			found(ctx, g.gl_pathv[i], domain);
		free(domain);
	}
	globfree(&g);
}

int
passwd_file_each(
    const char *pattern, passwd_file_found *found, void *ctx, struct why *why)
{
	struct buf glob_path = { 0 }, plain = { 0 };

	why->kind = FAIL_NONE;
	if (!make_glob(pattern, &glob_path, &plain))
		why_set(why, FAIL_FATAL,
		    "the only variable of a path is the domain: %%d or "
		    "%%{user|domain} (%%%% is a percent sign)");
	else if (memchr(buf_str(&plain), '\0', plain.len) == NULL)
		found(ctx, plain.data, NULL);
	else
		each_found(glob_path.data, &plain, found, ctx, why);
	buf_free(&glob_path);
	buf_free(&plain);
	return why->kind == FAIL_NONE ? 0 : -1;
}

static void
read_found(void *ctx, const char *path, const char *domain)
{
	struct passwd_file *p = ctx;

	if (domain != NULL) {
		p->account.naming.one_domain = true;
		p->account.naming.bare_login = false;
	}
	if (domain == NULL || enter_domain(p, path, domain))
		passwd_file_read(p, path);
}

void
passwd_file_pattern(struct passwd_file *p, const char *pattern)
{
	struct naming before = p->account.naming;
	struct why why = { 0 };

	if (passwd_file_each(pattern, read_found, p, &why) == -1)
		emit_fail_at(p->account.emit, pattern, NULL, &why);
	p->account.naming = before;
}
