/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

#include "source/passwd/shadow.h"

#include <string.h>

#include "core/num.h"
#include "core/str.h"
#include "secret/lock.h"
#include "source/host.h"
#include "source/lines.h"
#include "source/rights.h"

enum {
	MIN_UID = 1000,
	MAX_UID = 60000,
	PASSWD_FIELDS = 7,
	SHADOW_CHANGED = 2, /* all in days */
	SHADOW_MAX = 4,
	SHADOW_INACTIVE = 6,
	SHADOW_EXPIRE = 7,
	MASTER_FIELDS = 10, /* class, change and expire after the gid */
	MASTER_EXPIRE = 6   /* seconds */
};

struct shadow_entry {
	char *hash;
	bool expired;
};

void
shadow_free(struct shadow *s)
{
	map_free(&s->hashes);
	arena_free(&s->arena);
	account_free(&s->account);
}

/* Splits a line; returns how many fields it has. The last takes the rest. */
static size_t
split(char *line, char **field, size_t max)
{
	size_t n = 0;

	for (; line != NULL; n++) {
		if (n == max)
			return n + 1;
		field[n] = str_cut(&line, ':');
	}
	return n;
}

/* An account ends at the start of its day of expiry (pam_unix, passverify.c:
 * check_shadow_expiry). Empty, or not a number: it never expires. */
static bool
is_expired(const char *text, int64_t now, bool zero_is_never)
{
	int64_t when;

	if (!parse_num(text, 0, INT64_MAX, &when, NULL))
		return false;
	return !(zero_is_never && when == 0) && now >= when;
}

/* Whether the days in which an old password could still be changed are over, after
 * which there is no login. (shadow(5); pam_unix, passverify.c:
 * check_shadow_expiry.) */
static bool
is_abandoned(char **field, int64_t today)
{
	int64_t changed, max, inactive;

	return parse_num(field[SHADOW_CHANGED], 1, today, &changed, NULL) &&
	       parse_num(field[SHADOW_MAX], 0, INT32_MAX, &max, NULL) &&
	       parse_num(
		   field[SHADOW_INACTIVE], 0, INT32_MAX, &inactive, NULL) &&
	       today - changed > max + inactive;
}

static void
read_hashes(struct shadow *s, const char *path)
{
	struct emit *e = s->account.emit;
	char *field[PASSWD_FIELDS + 2], *line;
	struct source_lines in;

	if (!source_lines_open(&in, e, path, true))
		return;
	while (source_lines_content(&in, &line)) {
		size_t max = sizeof field / sizeof *field;
		struct shadow_entry *entry;
		bool added;
		void **value;

		if (split(line, field, max) != max) {
			emit_bad(e, NULL, "not the nine fields of shadow(5)");
			continue;
		}
		value = map_put(
		    &s->hashes, arena_adds(&s->arena, field[0]), &added);
		if (!added)
			continue; /* as getspnam(3), the first */
		entry = arena_alloc(&s->arena, sizeof *entry);
		entry->hash = arena_adds(&s->arena, field[1]);
		entry->expired =
		    is_expired(field[SHADOW_EXPIRE], s->today, false) ||
		    is_abandoned(field, s->today);
		*value = entry;
	}
	source_lines_close(&in);
}

/* The hash of a passwd line: in it, or in shadow where the field says "x". */
static void
find_hash(struct shadow *s, struct fields *f, bool have_shadow)
{
	struct shadow_entry *entry;
	void **value;

	if (strcmp(f->secret, "x") != 0 || !have_shadow)
		return;
	f->secret = NULL;
	value = map_get(&s->hashes, f->name);
	if (value == NULL) {
		emit_bad(s->account.emit, NULL, "the user has no shadow entry");
		return;
	}
	entry = *value;
	f->secret = *entry->hash == '\0' ? NULL : entry->hash;
	f->locked = entry->expired;
}

/* The address of a user whom the table of virtual users knows. False for one who
 * has none at all. */
static bool
find_address(struct shadow *s, struct fields *f)
{
	void **address =
	    s->users == NULL ? NULL : map_get(&s->users->address_of, f->name);

	if (address != NULL) {
		f->login = f->name;
		f->name = arena_adds(&s->account.arena, *address);
	} else if (s->account.naming.domain == NULL) {
		emit_drop(s->account.emit, NULL, "a user without an address");
		return false;
	}
	return true;
}

/* Whether a password may fit. */
static bool
has_password(const struct shadow *s, const struct fields *f, bool have_shadow)
{
	const char *hash = f->secret;

	if (strcmp(hash, "x") == 0 && have_shadow) {
		void **value = map_get(&s->hashes, f->name);
		const struct shadow_entry *entry =
		    value == NULL ? NULL : *value;

		if (entry == NULL || entry->expired)
			return false;
		hash = entry->hash;
	}
	return *hash != '\0' && !f->locked &&
	       secret_locked(hash, s->account.default_scheme) == SECRET_OPEN;
}

/* A user who is none by the usual limits: who has a password may log in to the
 * server all the same, but for root. */
static void
leave_out(struct shadow *s, struct fields *f, int64_t id, bool have_shadow)
{
	struct emit *e = s->account.emit;
	const char *domain = s->account.naming.domain;
	struct buf name = { 0 }, address = { 0 };

	if (id == 0 || !has_password(s, f, have_shadow)) {
		emit_drop(e, NULL, "a user of the system, by the user id");
		return;
	}
	if (!find_address(s, f))
		return;
	buf_adds(&name, f->name);
	if (strchr(f->name, '@') == NULL)
		buf_addf(&name, "@%s", domain);
	if (emit_address(buf_str(&name), false, &address, NULL) == -1)
		buf_reset(&address);
	emit_bad(e, address.len == 0 ? NULL : address.data,
	    "a user with a password is left out, by the user id: see --min-uid "
	    "and --max-uid");
	buf_free(&name);
	buf_free(&address);
}

/* Whether the user is a person, by the uid. */
static bool
is_person(struct shadow *s, struct fields *f, bool have_shadow)
{
	int64_t min = s->min_uid == -1 ? MIN_UID : s->min_uid,
		max = s->max_uid == -1 ? MAX_UID : s->max_uid, id;

	if (!parse_num(f->uid, 0, UINT32_MAX, &id, NULL)) {
		emit_bad(
		    s->account.emit, NULL, "the third field is not a user id");
		return false;
	}
	if (id >= min && id <= max)
		return true;
	if ((id < min ? s->min_uid : s->max_uid) == -1)
		leave_out(s, f, id, have_shadow);
	else
		emit_drop(s->account.emit, NULL,
		    "a user of the system, by the user id");
	return false;
}

/* Whether a user can read a file; of another machine dirdump-collect gathers no
 * other. */
static bool
is_theirs(const char *path, const struct fields *f)
{
	struct rights r = { 0 };

	return host_is_other() ||
	       (parse_num(f->uid, 0, UINT32_MAX, &r.uid, NULL) &&
		   parse_num(f->gid, 0, UINT32_MAX, &r.gid, NULL) &&
		   rights_reach(path, &r));
}

/* What local(8) of Postfix, and others, ask before they deliver. */
static void
note_forward(struct shadow *s, const struct fields *f)
{
	struct buf path = { 0 };
	struct stat st;

	buf_addf(&path, "%s/.forward", f->home);
	if (*f->home == '/' && host_stat(buf_str(&path), &st) == 0 &&
	    S_ISREG(st.st_mode) && st.st_size > 0 &&
	    is_theirs(buf_str(&path), f))
		emit_note_record(s->account.emit, buf_str(&path),
		    "says where the mail of its owner goes; not carried");
	buf_free(&path);
}

static void
user(struct shadow *s, char **field, bool master, bool have_shadow)
{
	struct fields f = { .name = field[0],
		.secret = field[1],
		.uid = field[2],
		.gid = field[3],
		.gecos = field[master ? 7 : 4],
		.home = field[master ? 8 : 5],
		.quota = -1 };

	if (master)
		f.locked = is_expired(field[MASTER_EXPIRE], s->now, true);
	if (!is_person(s, &f, have_shadow && !master))
		return;
	if (!master)
		find_hash(s, &f, have_shadow);
	if (!find_address(s, &f))
		return;
	if (s->homes)
		note_forward(s, &f);
	account_emit(&s->account, &f);
}

void
shadow_read(struct shadow *s, const char *passwd, const char *shadow)
{
	struct emit *e = s->account.emit;
	char *field[MASTER_FIELDS], *line;
	struct source_lines in;

	if (shadow != NULL)
		read_hashes(s, shadow);
	if (s->users != NULL) {
		s->account.aliases = &s->users->aliases;
		aliases_domains(&s->users->aliases, e);
	}
	if (!source_lines_open(&in, e, passwd, true))
		return;
	while (source_lines_content(&in, &line)) {
		size_t n;

		if (*line == '+' || *line == '-') {
			/* nsswitch.conf(5), "compat". */
			emit_bad(e, NULL, "users of NIS are not listed here");
			continue;
		}
		n = split(line, field, MASTER_FIELDS);
		if (n != PASSWD_FIELDS && n != MASTER_FIELDS)
			emit_bad(e, NULL,
			    "not the seven fields of passwd(5), nor the ten "
			    "of master.passwd(5)");
		else
			user(s, field, n == MASTER_FIELDS, shadow != NULL);
	}
	source_lines_close(&in);
	if (s->users != NULL)
		aliases_emit(&s->users->aliases, e);
}
