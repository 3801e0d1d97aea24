/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

#include "source/rows.h"

#include <fnmatch.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/alloc.h"
#include "core/num.h"
#include "core/str.h"
#include "record/address.h"
#include "secret/scheme.h"
#include "secret/secret.h"
#include "source/postfix-map.h"

void
rows_init(struct rows *m, struct emit *emit, const char *domain,
    const char *default_scheme)
{
	*m = (struct rows){ .emit = emit,
		.domain = domain,
		.default_scheme = default_scheme,
		.aliases = { .domain = domain },
		.weak = { .domain = domain },
		.inactive = { .domain = domain, .inactive = true } };
}

void
rows_free(struct rows *m)
{
	for (size_t i = 0; i < m->ntexts; i++) {
		buf_wipe(m->texts[i]);
		free(m->texts[i]);
	}
	free(m->texts);
	free(m->list.v);
	free(m->more.v);
	record_free(&m->r);
	aliases_free(&m->aliases);
	aliases_free(&m->weak);
	aliases_free(&m->inactive);
	map_free(&m->names);
	arena_free(&m->arena);
}

/* A buffer for a text that lives as long as the row. */
static struct buf *
scratch(struct rows *m)
{
	struct buf *b;

	if (m->texts_used == m->ntexts) {
		m->texts =
		    grow(m->texts, m->ntexts, &m->texts_cap, sizeof *m->texts);
		m->texts[m->ntexts++] = xcalloc(1, sizeof(struct buf));
	}
	b = m->texts[m->texts_used++];
	buf_reset(b);
	return b;
}

static char *
copy(struct rows *m, const char *text)
{
	struct buf *b = scratch(m);

	buf_adds(b, text);
	return b->data;
}

/* --- values --- */

/* A number without a unit gets one. */
static void
add_unit(struct buf *b, char unit)
{
	if (b->len > 0 && is_digits(b->data))
		buf_addc(b, unit);
}

static void
days_to_seconds(struct buf *b)
{
	int64_t n;

	if (!parse_num(buf_str(b), 0, INT32_MAX, &n, NULL))
		return;
	buf_reset(b);
	buf_addf(b, "%lld", (long long)n * 86400);
}

/*
 * A point of time: seconds of 1970, "2026-12-31" with or without the time of
 * the day, or LDAP's "20261231235959Z" (RFC 4517, 3.3.13). -1 for another text.
 */
static int64_t
read_time(const char *text)
{
	static const char *const forms[] = { "%Y-%m-%d %H:%M:%S",
		"%Y-%m-%dT%H:%M:%S", "%Y-%m-%d", "%Y%m%d%H%M%S" };
	int64_t n;

	/* What MySQL and PostgreSQL have for no time. */
	if (str_starts(text, "0000-00-00") || strcmp(text, "infinity") == 0)
		return 0;
	if (strlen(text) < 14 && parse_num(text, 0, INT64_MAX, &n, NULL))
		return n;
	for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
		struct tm tm = { 0 };

		if (strptime(text, forms[i], &tm) != NULL)
			return (int64_t)timegm(&tm);
	}
	return -1;
}

/* A time becomes yes or no; another text stays. 0 and less are never over. */
static void
is_future(struct buf *b)
{
	int64_t when;

	if (parse_num(buf_str(b), INT64_MIN, 0, &when, NULL))
		when = 0;
	else
		when = read_time(buf_str(b));
	if (when == -1)
		return;
	buf_reset(b);
	buf_adds(b, when == 0 || when > (int64_t)time(NULL) ? "yes" : "no");
}

/* A name that a [name] section has becomes the address; another one stays. */
static void
to_address(struct rows *m, struct buf *b)
{
	char *name = xstrdup(buf_str(b));
	void **address = map_get(&m->names, str_lower(name));

	free(name);
	if (address == NULL)
		return;
	buf_reset(b);
	buf_adds(b, *address);
}

static void
cut_to(struct buf *b, const char *from, size_t len)
{
	(void)memmove(b->data, from, len);
	b->data[len] = '\0';
	b->len = len;
}

static void
transform(struct rows *m, struct buf *b, enum fieldmap_transform t)
{
	const char *domain = address_domain(buf_str(b));
	int flag;

	switch (t) {
	case TRANSFORM_NONE:
		break;
	case TRANSFORM_ADDRESS:
		to_address(m, b);
		break;
	case TRANSFORM_CATCHALL:
		if (str_starts_nocase(buf_str(b), "catchall@"))
			cut_to(b, domain - 1, strlen(domain) + 1);
		break;
	case TRANSFORM_DAYS:
		days_to_seconds(b);
		break;
	case TRANSFORM_FUTURE:
		is_future(b);
		break;
	case TRANSFORM_DOMAIN:
		if (domain != NULL)
			cut_to(b, domain, strlen(domain));
		else
			buf_reset(b);
		break;
	case TRANSFORM_LOCAL:
		if (domain != NULL)
			cut_to(b, b->data, (size_t)(domain - 1 - b->data));
		break;
	case TRANSFORM_LOWER:
		if (b->len > 0)
			(void)str_lower(b->data);
		break;
	case TRANSFORM_KIB:
		add_unit(b, 'K');
		break;
	case TRANSFORM_MIB:
		add_unit(b, 'M');
		break;
	case TRANSFORM_GIB:
		add_unit(b, 'G');
		break;
	case TRANSFORM_NOT:
		flag = fieldmap_flag(buf_str(b));
		if (flag == -1)
			break;
		buf_reset(b);
		buf_adds(b, flag == 1 ? "no" : "yes");
		break;
	}
}

static void
transform_all(
    struct rows *m, struct buf *b, const enum fieldmap_transform *list)
{
	for (size_t i = 0; i < FIELDMAP_TRANSFORMS; i++)
		transform(m, b, list[i]);
}

/* The first value of a column that is not empty, or NULL. */
static const char *
cell(const struct rows *m, int column)
{
	const struct strs *values;

	if (column < 0)
		return NULL;
	values = &m->cells[column];
	for (size_t i = 0; i < values->n; i++)
		if (*values->v[i] != '\0')
			return values->v[i];
	return NULL;
}

/* Appends text so that fnmatch(3) takes it as it is. */
static void
add_literal(struct buf *out, const char *text)
{
	for (; *text != '\0'; text++) {
		if (strchr("*?[]\\", *text) != NULL)
			buf_addc(out, '\\');
		buf_addc(out, *text);
	}
}

/* Appends a text with its columns. False if one of them has no value. */
static bool
fill_in(struct rows *m, const struct fieldmap_value *v, bool pattern,
    struct buf *out)
{
	for (size_t i = 0; i < v->n; i++) {
		const struct fieldmap_piece *p = &v->pieces[i];
		const char *text = p->text;

		if (text != NULL) {
			buf_adds(out, text);
			continue;
		}
		text = cell(m, p->column);
		if (text == NULL)
			return false;
		if (p->transforms[0] != TRANSFORM_NONE) {
			struct buf *b = scratch(m);

			buf_adds(b, text);
			transform_all(m, b, p->transforms);
			text = buf_str(b);
		}
		if (pattern)
			add_literal(out, text);
		else
			buf_adds(out, text);
	}
	return true;
}

/* --- conditions --- */

/* Whether a value is like a pattern, with "*", "?" and "[...]", in any case. */
static bool
is_like(const char *pattern, const char *text)
{
	return fnmatch(pattern, text, FNM_CASEFOLD) == 0;
}

static bool
is_equal(struct rows *m, const struct fieldmap_term *t, const char *target)
{
	struct buf *pattern = scratch(m);
	const struct strs *values;

	if (!fill_in(m, &t->pattern, true, pattern))
		return false;
	if (t->column == FIELDMAP_TARGET)
		return is_like(buf_str(pattern), target);
	values = &m->cells[t->column];
	for (size_t i = 0; i < values->n; i++)
		if (is_like(buf_str(pattern), values->v[i]))
			return true;
	return values->n == 0 && pattern->len == 0;
}

static bool
is_flag(const struct rows *m, const struct fieldmap_term *t, bool wanted)
{
	const char *text = cell(m, t->column);

	return (text != NULL && fieldmap_flag(text) == 1) == wanted;
}

/* target may be NULL: then no line asks about it. */
static bool
holds(struct rows *m, const struct fieldmap_line *line, const char *target)
{
	for (size_t i = 0; i < line->nterms; i++) {
		const struct fieldmap_term *t = &line->terms[i];
		bool yes = false;

		switch (t->test) {
		case TEST_YES:
		case TEST_NO:
			yes = is_flag(m, t, t->test == TEST_YES);
			break;
		case TEST_EQUAL:
		case TEST_UNEQUAL:
			yes = is_equal(m, t, target) == (t->test == TEST_EQUAL);
			break;
		}
		if (!yes)
			return false;
	}
	return true;
}

/* --- members --- */

/* A value with the transforms of its line; NULL where it is empty. */
static const char *
finish(struct rows *m, const struct fieldmap_value *v, const char *text)
{
	if (v->transforms[0] != TRANSFORM_NONE) {
		struct buf *b = scratch(m);

		buf_adds(b, text);
		transform_all(m, b, v->transforms);
		text = buf_str(b);
	}
	return *text == '\0' ? NULL : text;
}

/* The text of a line; NULL where it is empty. */
static const char *
line_text(struct rows *m, const struct fieldmap_value *v)
{
	struct buf *text = scratch(m);

	return fill_in(m, v, false, text) ? finish(m, v, buf_str(text)) : NULL;
}

/* The values of a line, but for the empty ones. */
static void
line_values(struct rows *m, const struct fieldmap_value *v, struct strs *out)
{
	const struct strs *values;
	const char *text;

	if (v->is_text) {
		text = line_text(m, v);
		if (text != NULL)
			strs_add(out, text);
		return;
	}
	values = &m->cells[v->pieces[0].column];
	for (size_t i = 0; i < values->n; i++) {
		text = finish(m, v, values->v[i]);
		if (text != NULL)
			strs_add(out, text);
	}
}

/* The first value of a line; NULL where there is none. */
static const char *
line_value(struct rows *m, const struct fieldmap_value *v)
{
	const struct strs *values;
	const char *text = NULL;

	if (v->is_text)
		return line_text(m, v);
	values = &m->cells[v->pieces[0].column];
	for (size_t i = 0; i < values->n && text == NULL; i++)
		text = finish(m, v, values->v[i]);
	return text;
}

/*
 * The values of a member, none of them empty: of the first of its lines whose
 * condition holds and that has any.
 */
static void
get_all(struct rows *m, enum field field, struct strs *out)
{
	const struct fieldmap_section *s = m->section;

	out->n = 0;
	for (size_t i = s->first[field]; i < s->first[field + 1] && out->n == 0;
	     i++)
		if (holds(m, &s->lines[i], NULL))
			line_values(m, &s->lines[i].value, out);
}

/* The first of them, or NULL. */
static const char *
get(struct rows *m, enum field field)
{
	const struct fieldmap_section *s = m->section;
	const char *text = NULL;

	for (size_t i = s->first[field];
	     i < s->first[field + 1] && text == NULL; i++)
		if (holds(m, &s->lines[i], NULL))
			text = line_value(m, &s->lines[i].value);
	return text;
}

/* --- what becomes of the row, or of a target --- */

/* Applies drop, fail and note. False if the row, or the target, ends here. */
static bool
pass(struct rows *m, const char *id, const char *target)
{
	const struct fieldmap_section *s = m->section;

	for (size_t i = s->first[FIELD_DROP]; i < s->nlines; i++) {
		const struct fieldmap_line *line = &s->lines[i];
		const char *text;

		if (line->of_target != (target != NULL) ||
		    !holds(m, line, target))
			continue;
		text = line->value.pieces[0].text;
		if (line->field == FIELD_NOTE) {
			emit_note(m->emit, id, text, target);
			continue;
		}
		if (line->field == FIELD_DROP)
			emit_drop(m->emit, id, text);
		else
			emit_bad(m->emit, id, text);
		return false;
	}
	return true;
}

/* A value as a message may show it: a long one could be a password, where a map
 * takes the wrong column. */
static const char *
brief(const char *text)
{
	enum {
		BRIEF = 16
	};

	return strlen(text) <= BRIEF ? text : "...";
}

/* A flag: 1, 0; -1 where there is none. A word that is none is reported, and
 * *bad set. */
static int
get_flag(struct rows *m, enum field field, const char *id, bool *bad)
{
	const char *text = get(m, field);
	int flag;

	if (text == NULL)
		return -1;
	flag = fieldmap_flag(text);
	if (flag == -1) {
		struct why why = { 0 };

		why_set(&why, FAIL_DATA, "%s is neither yes nor no but \"%s\"",
		    field == FIELD_KEEP      ? "keep"
		    : field == FIELD_RECEIVE ? "receive"
					     : "active",
		    brief(text));
		emit_fail(m->emit, id, &why);
		*bad = true;
	}
	return flag;
}

/* Without blanks at its ends. */
static const char *
trimmed(struct rows *m, const char *text)
{
	size_t len = strlen(text);

	if (len == 0 || (strchr(" \t", text[0]) == NULL &&
			    strchr(" \t", text[len - 1]) == NULL))
		return text;
	return str_trim(copy(m, text));
}

/* The normalised form of an address, or of a bare name in m->domain; NULL and
 * why. Lives as long as the row. */
static const char *
normalise(struct rows *m, const char *text, bool catch_all, struct why *why)
{
	struct buf *out = scratch(m), *full;

	text = trimmed(m, text);
	if (text[strcspn(text, " \t\r\n,")] != '\0') {
		why_set(why, FAIL_DATA, "no mail address");
		return NULL;
	}
	if (strchr(text, '@') == NULL) {
		if (m->domain == NULL) {
			why_set(why, FAIL_DATA,
			    "a name without a domain: see --domain");
			return NULL;
		}
		full = scratch(m);
		buf_addf(full, "%s@%s", text, m->domain);
		text = full->data;
	}
	return emit_address(text, catch_all, out, why) == 0 ? out->data : NULL;
}

/* What names a row in messages: an address, or NULL. A raw text could be a
 * password in the wrong place. */
static const char *
shown(struct rows *m, const char *text)
{
	return text == NULL ? NULL : normalise(m, text, true, NULL);
}

/*
 * The address of the row, or NULL. What is wrong with it is reported after
 * drop and fail have been looked at: the row may be none that counts.
 */
static const char *
get_address(struct rows *m, const char *text)
{
	struct why why = { 0 };
	const char *address = NULL;

	if (text == NULL)
		why_set(&why, FAIL_DATA, "the row has no address");
	else
		address = normalise(m, text, false, &why);
	if (!pass(m, address, NULL))
		return NULL;
	if (address == NULL)
		emit_fail(m->emit, NULL, &why);
	return address;
}

/* The next address of a list as Postfix writes it. */
static char *
next_target(char **rest)
{
	for (char *p = *rest; *p != '\0'; p++)
		if (*p == '\n' || *p == '\r')
			*p = ' ';
	return postfix_target(rest);
}

/* Whether the row's time is over. 0 is no time. */
static bool
is_over(struct rows *m, const char *id)
{
	const char *text = get(m, FIELD_UNTIL);
	int64_t until;

	if (text == NULL)
		return false;
	until = read_time(text);
	if (until == -1)
		emit_note(
		    m->emit, id, "a time that is not understood", brief(text));
	return until > 0 && until < (int64_t)time(NULL);
}

/* --- accounts --- */

static void
add_logins(struct rows *m, const char *spelling)
{
	struct record *r = &m->r;

	spelling = trimmed(m, spelling);
	if (strcmp(spelling, r->address) != 0 && strchr(spelling, '@') != NULL)
		strs_add(&r->logins, spelling);
	get_all(m, FIELD_LOGINS, &m->list);
	for (size_t i = 0; i < m->list.n; i++)
		if (strcmp(m->list.v[i], r->address) != 0 &&
		    !strs_has(&r->logins, m->list.v[i]))
			strs_add(&r->logins, m->list.v[i]);
}

static bool
has_scheme(const char *secret)
{
	return *secret == '{' && strchr(secret, '}') != NULL;
}

/* The scheme of a password without one. */
static const char *
default_scheme(struct rows *m)
{
	const char *scheme = m->default_scheme;

	if (scheme == NULL)
		scheme = get(m, FIELD_DEFAULT_SCHEME);
	return scheme == NULL ? "CRYPT" : scheme;
}

/* How good a password is for the target: the fewer, the better. */
static int
rank(const struct rows *m, const char *secret, const char *scheme)
{
	static const int ranks[] = { [SECRET_VERBATIM] = 0,
		[SECRET_TRANSCODED] = 1,
		[SECRET_UNUSABLE] = 2,
		[SECRET_NONE] = 3 };
	struct secret s = { 0 };
	int result;

	secret_judge(&s, secret, scheme, m->r.address);
	result = ranks[s.verdict];
	secret_free(&s);
	return result;
}

/* The best of several: the first of those that the target takes with the least
 * change. The others are reported. */
static const char *
best_secret(struct rows *m, const struct strs *list)
{
	const char *scheme = default_scheme(m);
	size_t best = 0;
	int least = 0;

	for (size_t i = 0; i < list->n; i++) {
		int r = rank(m, list->v[i], scheme);

		if (i == 0 || r < least) {
			best = i;
			least = r;
		}
	}
	for (size_t i = 0; i < list->n; i++)
		if (i != best)
			emit_note(m->emit, m->r.address,
			    "a password beside another is not carried", NULL);
	return list->v[best];
}

/* Dovecot takes such a text for one that no password fits (src/auth/passdb.h,
 * IS_VALID_PASSWD); panels put the mark before a hash to lock the login. A
 * clear password may begin with anything. */
static bool
is_locked(struct rows *m, const char *secret)
{
	const char *text =
	    has_scheme(secret) ? strchr(secret, '}') + 1 : secret;
	struct parsed p;

	if (*text != '!' && *text != '*')
		return false;
	scheme_parse(secret, default_scheme(m), &p);
	return p.scheme == NULL || p.scheme->family != FAMILY_CLEAR;
}

static void
add_secret(struct rows *m)
{
	struct record *r = &m->r;

	get_all(m, FIELD_SECRET, &m->list);
	if (m->list.n == 0)
		return;
	r->secret = m->list.n == 1 ? m->list.v[0] : best_secret(m, &m->list);
	if (is_locked(m, r->secret))
		r->active = false;
	if (!has_scheme(r->secret))
		r->default_scheme = default_scheme(m);
}

/* 0 and less are no limit. False: reported. */
static bool
add_quota(struct rows *m)
{
	const char *text = get(m, FIELD_QUOTA);
	int64_t n;

	if (text == NULL ||
	    (*text == '-' && parse_num(text, INT64_MIN, 0, &n, NULL)))
		return true;
	if (!parse_size(text, &n)) {
		struct why why = { 0 };

		why_set(&why, FAIL_DATA,
		    "the quota is no number of bytes: \"%s\"", brief(text));
		emit_fail(m->emit, m->r.address, &why);
		return false;
	}
	if (n > 0)
		m->r.quota = n;
	return true;
}

static int64_t
get_id(struct rows *m, enum field field)
{
	const char *text = get(m, field);
	int64_t n = -1;

	if (text != NULL && !parse_num(text, 0, UINT32_MAX - 1, &n, NULL))
		emit_note(m->emit, m->r.address,
		    "a user or group that is no number", brief(text));
	return n;
}

static void
add_catch_all(struct rows *m, const char *address)
{
	struct alias *alias = aliases_entry(&m->aliases, m->emit, address);

	if (alias != NULL)
		aliases_target(
		    &m->aliases, m->emit, alias, copy(m, m->r.address));
}

/* Addresses of a member; what is none is reported. A catch-all among the other
 * addresses of an account is an alias of its own. */
static void
add_addresses(struct rows *m, enum field field, struct strs *to)
{
	struct record *r = &m->r;

	get_all(m, field, &m->more);
	for (size_t i = 0; i < m->more.n; i++) {
		char *rest = copy(m, m->more.v[i]), *text;

		while ((text = next_target(&rest)) != NULL) {
			struct why why = { 0 };
			const char *address = normalise(m, text, true, &why);

			if (address == NULL)
				emit_fail(m->emit, r->address, &why);
			else if (*address == '@')
				add_catch_all(m, address);
			else if (strcmp(address, r->address) != 0 &&
				 !strs_has(to, address))
				strs_add(to, address);
		}
	}
}

/* A forward that the account's own row has. A target that is one of the
 * account's logins is the account. */
static void
add_forward(struct rows *m, bool *bad)
{
	struct record *r = &m->r;
	struct alias *alias;
	int keep;

	get_all(m, FIELD_FORWARD, &m->more);
	if (m->more.n == 0)
		return;
	alias = aliases_entry(&m->aliases, m->emit, r->address);
	if (alias == NULL)
		return;
	keep = get_flag(m, FIELD_KEEP, r->address, bad);
	alias->keep = alias->keep || keep == 1;
	for (size_t i = 0; i < m->more.n; i++) {
		char *rest = copy(m, m->more.v[i]), *text;

		while ((text = next_target(&rest)) != NULL) {
			if (strs_has(&r->logins, text))
				text = copy(m, r->address);
			if (pass(m, r->address, text))
				aliases_target(
				    &m->aliases, m->emit, alias, text);
		}
	}
}

static void
add_texts(struct rows *m)
{
	struct record *r = &m->r;

	r->name = get(m, FIELD_NAME);
	r->otp = get(m, FIELD_OTP);
	r->home = get(m, FIELD_HOME);
	r->mail = get(m, FIELD_MAIL);
	r->uid = get_id(m, FIELD_UID);
	r->gid = get_id(m, FIELD_GID);
}

/* False: reported. */
static bool
add_flags(struct rows *m)
{
	struct record *r = &m->r;
	bool bad = false;

	if (get_flag(m, FIELD_ACTIVE, r->address, &bad) == 0)
		r->active = false;
	r->receive = get_flag(m, FIELD_RECEIVE, r->address, &bad) != 0;
	if (is_over(m, r->address)) {
		r->active = r->receive = false;
		emit_note(m->emit, r->address,
		    "its time is over: the account is not active", NULL);
	}
	return !bad;
}

static void
read_account(struct rows *m)
{
	struct record *r = &m->r;
	const char *spelling = get(m, FIELD_ADDRESS), *address;
	bool bad = false;

	record_reset(r, REC_ACCOUNT);
	/* What has no address may be no mailbox, and that is no error. */
	if (spelling == NULL && !pass(m, NULL, NULL))
		return;
	address = get_address(m, spelling);
	if (address == NULL)
		return;
	r->address = address;
	map_prefetch(&m->emit->seen, address);
	add_logins(m, spelling);
	add_secret(m);
	add_texts(m);
	add_addresses(m, FIELD_ALIASES, &r->aliases);
	add_addresses(m, FIELD_GROUPS, &r->groups);
	if (!add_flags(m) || !add_quota(m))
		return;
	add_forward(m, &bad);
	if (bad)
		return;
	aliases_forward(&m->aliases, m->emit, r);
	(void)emit_record(m->emit, r);
}

static void
read_group(struct rows *m)
{
	struct record *r = &m->r;
	const char *address = get_address(m, get(m, FIELD_ADDRESS));

	record_reset(r, REC_GROUP);
	if (address == NULL)
		return;
	r->address = address;
	r->name = get(m, FIELD_NAME);
	add_addresses(m, FIELD_ALIASES, &r->aliases);
	if (add_quota(m))
		(void)emit_record(m->emit, r);
}

/* --- aliases and domains --- */

/* One address of an alias row. */
static void
read_alias(struct rows *m, struct aliases *to, const char *address)
{
	struct emit *e = m->emit;
	struct alias *alias = aliases_entry(to, e, address);

	if (alias == NULL)
		return;
	for (size_t i = 0; i < m->more.n; i++) {
		char *rest = copy(m, m->more.v[i]), *text;

		while ((text = next_target(&rest)) != NULL)
			if (pass(m, alias->address, text))
				aliases_target(to, e, alias, text);
	}
}

static void
read_aliases(struct rows *m)
{
	struct strs addresses = { 0 };
	struct aliases *to = m->section->weak ? &m->weak : &m->aliases;
	const char *text = get(m, FIELD_ADDRESS), *id = shown(m, text);
	bool bad = false;
	int active;

	if (!pass(m, id, NULL))
		return;
	if (text == NULL) {
		emit_bad(m->emit, NULL, "the row has no address");
		return;
	}
	if (is_over(m, id)) {
		emit_drop(m->emit, id, "an alias whose time is over");
		return;
	}
	active = get_flag(m, FIELD_ACTIVE, id, &bad);
	if (bad)
		return;
	if (active == 0)
		to = &m->inactive;
	get_all(m, FIELD_ADDRESS, &addresses);
	get_all(m, FIELD_TARGETS, &m->more);
	if (m->more.n == 0)
		emit_drop(m->emit, id, "an alias without a target");
	for (size_t i = 0; i < addresses.n && m->more.n > 0; i++)
		read_alias(m, to, addresses.v[i]);
	free(addresses.v);
}

/* A normalised domain; NULL: reported. */
static const char *
get_domain(struct rows *m, const char *text)
{
	struct buf *out = scratch(m);
	struct why why = { 0 };

	if (text == NULL) {
		emit_bad(m->emit, NULL, "the row has no domain");
		return NULL;
	}
	text = str_trim(copy(m, text));
	if (domain_normalise(*text == '@' ? text + 1 : text, out, &why) == 0)
		return out->data;
	emit_fail(m->emit, NULL, &why);
	return NULL;
}

static void
read_domain(struct rows *m)
{
	const char *text = get(m, FIELD_DOMAIN), *domain;
	bool bad = false;
	int active;

	if (!pass(m, text, NULL))
		return;
	domain = get_domain(m, text);
	if (domain == NULL)
		return;
	active = get_flag(m, FIELD_ACTIVE, domain, &bad);
	if (bad)
		return;
	if (m->section->kind == FIELDMAP_DOMAIN_ALIAS && active == 0) {
		emit_drop(m->emit, domain, "another name of it is not active");
		return;
	}
	get_all(m, FIELD_ALIASES, &m->more);
	for (size_t i = 0; i < m->more.n; i++) {
		const char *alias = get_domain(m, m->more.v[i]);

		if (alias != NULL && strcmp(alias, domain) != 0)
			emit_domain_alias(m->emit, domain, alias);
	}
	if (m->section->kind == FIELDMAP_DOMAIN_ALIAS)
		return;
	if (active == 0)
		emit_domain_inactive(m->emit, domain);
	else
		emit_domain(m->emit, domain);
}

/* The names that stand for an address elsewhere in the directory. */
static void
read_name(struct rows *m)
{
	const char *address = get(m, FIELD_ADDRESS);
	bool added;

	if (address == NULL || !pass(m, address, NULL))
		return;
	address = arena_adds(&m->arena, address);
	get_all(m, FIELD_LOGINS, &m->list);
	for (size_t i = 0; i < m->list.n; i++) {
		char *name = str_lower(copy(m, m->list.v[i]));
		void **value = map_put_copy(&m->names, &m->arena, name, &added);

		if (added)
			*value = (void *)(uintptr_t)address;
	}
}

/* Of a row that only counts, not even an address need be good. */
static void
read_note(struct rows *m)
{
	(void)pass(m, shown(m, get(m, FIELD_ADDRESS)), NULL);
}

void
rows_add(struct rows *m, const struct fieldmap_section *section,
    const struct strs *cells)
{
	static void (*const read[])(struct rows *) = {
		[FIELDMAP_NAME] = read_name,
		[FIELDMAP_DOMAIN_ALIAS] = read_domain,
		[FIELDMAP_ALIAS] = read_aliases,
		[FIELDMAP_DOMAIN] = read_domain,
		[FIELDMAP_GROUP] = read_group,
		[FIELDMAP_ACCOUNT] = read_account,
		[FIELDMAP_NOTE] = read_note,
	};

	m->section = section;
	m->cells = cells;
	m->texts_used = 0;
	read[section->kind](m);
}

void
rows_end_kind(struct rows *m, enum fieldmap_kind kind)
{
	if (kind == FIELDMAP_ALIAS) {
		aliases_domains(&m->aliases, m->emit);
		aliases_domains(&m->weak, m->emit);
	} else if (kind == FIELDMAP_ACCOUNT) {
		aliases_emit(&m->aliases, m->emit);
		aliases_emit_rest(&m->weak, m->emit);
		aliases_emit_rest(&m->inactive, m->emit);
	}
}
