/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

#include "source/fieldmap/eval.h"

#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/alloc.h"
#include "core/num.h"
#include "core/str.h"
#include "record/address.h"

void
eval_begin(struct eval *ev, const struct fieldmap_section *section,
    const struct strs *cells)
{
	ev->section = section;
	ev->cells = cells;
	ev->texts_used = 0;
}

void
eval_free(struct eval *ev)
{
	for (size_t i = 0; i < ev->ntexts; i++) {
		buf_wipe(ev->texts[i]);
		free(ev->texts[i]);
	}
	free(ev->texts);
	map_free(&ev->names);
	*ev = (struct eval){ 0 };
}

struct buf *
eval_scratch(struct eval *ev)
{
	struct buf *b;

	if (ev->texts_used == ev->ntexts) {
		ev->texts = xgrow(
		    ev->texts, ev->ntexts, &ev->texts_cap, sizeof *ev->texts);
		ev->texts[ev->ntexts++] = xcalloc(1, sizeof(struct buf));
	}
	b = ev->texts[ev->texts_used++];
	buf_reset(b);
	return b;
}

char *
eval_copy(struct eval *ev, const char *text)
{
	struct buf *b = eval_scratch(ev);

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

int64_t
eval_time(const char *text)
{
	static const char *const forms[] = { "%Y-%m-%d %H:%M:%S",
		"%Y-%m-%dT%H:%M:%S", "%Y-%m-%d", "%Y%m%d%H%M%S" };
	size_t digits;
	int64_t n;

	/* What MySQL and PostgreSQL have for no time. */
	if (str_starts(text, "0000-00-00") || strcmp(text, "infinity") == 0)
		return 0;
	if (strcmp(text, "-infinity") == 0)
		return 1;
	/* PostgreSQL has years of more digits than four. */
	digits = strspn(text, "0123456789");
	if (digits > 4 && text[digits] == '-')
		return INT64_MAX;
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
		when = eval_time(buf_str(b));
	if (when == -1)
		return;
	buf_reset(b);
	buf_adds(b, when == 0 || when > (int64_t)time(NULL) ? "yes" : "no");
}

/* A name that a [name] section has becomes the address; another one stays. */
static void
to_address(struct eval *ev, struct buf *b)
{
	char *name = xstrdup(buf_str(b));
	void **address = map_get(&ev->names, str_lower(name));

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

/* Whether the bit of the value 2 is set in a number: ACCOUNTDISABLE in Active
 * Directory's userAccountControl (MS-ADTS, 2.2.16). */
static void
read_bit2(struct buf *b)
{
	int64_t n;

	if (!parse_num(buf_str(b), INT64_MIN, INT64_MAX, &n, NULL))
		return;
	buf_reset(b);
	buf_adds(b, (n & 2) != 0 ? "yes" : "no");
}

/* Units of 100 ns since 1601 become seconds since 1970 (MS-DTYP, 2.3.3); the
 * two numbers for "never" become 0. */
static void
from_filetime(struct buf *b)
{
	static const int64_t seconds_to_1970 = 11644473600;
	int64_t n;

	if (!parse_num(buf_str(b), 0, INT64_MAX, &n, NULL))
		return;
	buf_reset(b);
	if (n == 0 || n == INT64_MAX)
		buf_addc(b, '0');
	else
		buf_addf(
		    b, "%lld", (long long)(n / 10000000 - seconds_to_1970));
}

/* "smtp:a@one.test" is an address, "x400:..." and its like are none. */
static void
strip_smtp(struct buf *b)
{
	static const char prefix[] = "smtp:";
	const char *text = buf_str(b);
	size_t skip = strlen(prefix);

	if (str_starts_nocase(text, prefix))
		cut_to(b, text + skip, b->len - skip);
	else if (strchr(text, ':') != NULL)
		buf_reset(b);
}

static void
negate(struct buf *b)
{
	int flag = fieldmap_flag(buf_str(b));

	if (flag == -1)
		return;
	buf_reset(b);
	buf_adds(b, flag == 1 ? "no" : "yes");
}

static void
transform(struct eval *ev, struct buf *b, enum fieldmap_transform t)
{
	const char *domain = address_domain(buf_str(b));

	switch (t) {
	case TRANSFORM_NONE:
		break;
	case TRANSFORM_ADDRESS:
		to_address(ev, b);
		break;
	case TRANSFORM_BIT2:
		read_bit2(b);
		break;
	case TRANSFORM_FILETIME:
		from_filetime(b);
		break;
	case TRANSFORM_SMTP:
		strip_smtp(b);
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
		negate(b);
		break;
	}
}

static void
transform_all(
    struct eval *ev, struct buf *b, const enum fieldmap_transform *list)
{
	for (size_t i = 0; i < FIELDMAP_TRANSFORMS; i++)
		transform(ev, b, list[i]);
}

/* The first value of a column that is not empty, or NULL. */
static const char *
cell(const struct eval *ev, int column)
{
	const struct strs *values;

	if (column < 0)
		return NULL;
	values = &ev->cells[column];
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
fill_in(struct eval *ev, const struct fieldmap_value *v, bool pattern,
    struct buf *out)
{
	for (size_t i = 0; i < v->n; i++) {
		const struct fieldmap_piece *p = &v->pieces[i];
		const char *text = p->text;

		if (text != NULL) {
			buf_adds(out, text);
			continue;
		}
		text = cell(ev, p->column);
		if (text == NULL)
			return false;
		if (p->transforms[0] != TRANSFORM_NONE) {
			struct buf *b = eval_scratch(ev);

			buf_adds(b, text);
			transform_all(ev, b, p->transforms);
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
is_equal(struct eval *ev, const struct fieldmap_term *t, const char *target)
{
	struct buf *pattern = eval_scratch(ev);
	const struct strs *values;

	if (!fill_in(ev, &t->pattern, true, pattern))
		return false;
	if (t->column == FIELDMAP_TARGET)
		return is_like(buf_str(pattern), target);
	values = &ev->cells[t->column];
	for (size_t i = 0; i < values->n; i++)
		if (is_like(buf_str(pattern), values->v[i]))
			return true;
	return values->n == 0 && pattern->len == 0;
}

static bool
is_flag(const struct eval *ev, const struct fieldmap_term *t, bool wanted)
{
	const char *text = cell(ev, t->column);

	return (text != NULL && fieldmap_flag(text) == 1) == wanted;
}

bool
eval_holds(
    struct eval *ev, const struct fieldmap_line *line, const char *target)
{
	for (size_t i = 0; i < line->nterms; i++) {
		const struct fieldmap_term *t = &line->terms[i];
		bool yes = false;

		switch (t->test) {
		case TEST_YES:
		case TEST_NO:
			yes = is_flag(ev, t, t->test == TEST_YES);
			break;
		case TEST_EQUAL:
		case TEST_UNEQUAL:
			yes =
			    is_equal(ev, t, target) == (t->test == TEST_EQUAL);
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
finish(struct eval *ev, const struct fieldmap_value *v, const char *text)
{
	if (v->transforms[0] != TRANSFORM_NONE) {
		struct buf *b = eval_scratch(ev);

		buf_adds(b, text);
		transform_all(ev, b, v->transforms);
		text = buf_str(b);
	}
	return *text == '\0' ? NULL : text;
}

/* The text of a line; NULL where it is empty. */
static const char *
line_text(struct eval *ev, const struct fieldmap_value *v)
{
	struct buf *text = eval_scratch(ev);

	return fill_in(ev, v, false, text) ? finish(ev, v, buf_str(text))
					   : NULL;
}

/* The values of a line, but for the empty ones. */
static void
line_values(struct eval *ev, const struct fieldmap_value *v, struct strs *out)
{
	const struct strs *values;
	const char *text;

	if (v->is_text) {
		text = line_text(ev, v);
		if (text != NULL)
			strs_add(out, text);
		return;
	}
	values = &ev->cells[v->pieces[0].column];
	for (size_t i = 0; i < values->n; i++) {
		text = finish(ev, v, values->v[i]);
		if (text != NULL)
			strs_add(out, text);
	}
}

/* The first value of a line, or NULL. */
static const char *
line_value(struct eval *ev, const struct fieldmap_value *v)
{
	const struct strs *values;
	const char *text = NULL;

	if (v->is_text)
		return line_text(ev, v);
	values = &ev->cells[v->pieces[0].column];
	for (size_t i = 0; i < values->n && text == NULL; i++)
		text = finish(ev, v, values->v[i]);
	return text;
}

void
eval_all(struct eval *ev, enum field field, struct strs *out)
{
	const struct fieldmap_section *s = ev->section;

	out->n = 0;
	for (size_t i = s->first[field]; i < s->first[field + 1] && out->n == 0;
	     i++)
		if (eval_holds(ev, &s->lines[i], NULL))
			line_values(ev, &s->lines[i].value, out);
}

void
eval_each(struct eval *ev, enum field field, struct strs *out)
{
	const struct fieldmap_section *s = ev->section;

	out->n = 0;
	for (size_t i = s->first[field]; i < s->first[field + 1]; i++)
		if (eval_holds(ev, &s->lines[i], NULL))
			line_values(ev, &s->lines[i].value, out);
}

const char *
eval_lines(struct eval *ev, enum field field)
{
	const struct fieldmap_section *s = ev->section;
	const char *text = NULL;

	for (size_t i = s->first[field];
	     i < s->first[field + 1] && text == NULL; i++)
		if (eval_holds(ev, &s->lines[i], NULL))
			text = line_value(ev, &s->lines[i].value);
	return text;
}
