/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

#include "source/fieldmap/row-settings.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "core/num.h"
#include "core/str.h"
#include "record/join.h"
#include "record/moment.h"
#include "source/address-list.h"
#include "source/fieldmap/member.h"

enum {
	YEAR_2001 = 978307200,
	YEAR_2037 = 2114380800
};

/* "2026-01-02 03:04:05+00", as PostgreSQL writes a time with a zone. */
static bool
read_zoned(const char *text, time_t *t)
{
	size_t len = strlen(text);
	char full[48];

	if (len < 22 || len > 40 || strchr("+-", text[len - 3]) == NULL)
		return false;
	(void)snprintf(full, sizeof full, "%s:00", text);
	return moment_read(full, t);
}

/*
 * A moment in UTC; NULL: none. Databases hold times as their server's clock
 * shows them, without a zone. A beginning before 2001, and an end in 2037 or
 * later, are what forms write for "no limit".
 */
static const char *
get_moment(struct rows *m, enum field field)
{
	const char *text = eval_first(&m->eval, field);
	struct buf *out;
	int64_t when;
	struct tm tm;
	time_t t;

	if (text == NULL)
		return NULL;
	when = eval_time(text);
	if (when == -1 && !str_starts(text, "19"))
		emit_note(m->emit, m->r.address,
		    "a time that is not understood", row_brief(text));
	if (when <= (field == FIELD_VACATION_FROM ? YEAR_2001 : 0) ||
	    when >= YEAR_2037)
		return NULL;
	t = (time_t)when;
	if (read_zoned(text, &t))
		;
	else if (!is_digits(text) && gmtime_r(&t, &tm) != NULL) {
		tm.tm_isdst = -1;
		t = mktime(&tm);
	}
	out = eval_scratch(&m->eval);
	(void)buf_room(out, MOMENT_SIZE);
	moment_write(t, out->data);
	return out->data;
}

static bool
add_vacation(struct rows *m)
{
	const char *text = eval_first(&m->eval, FIELD_VACATION_TEXT),
		   *html = eval_first(&m->eval, FIELD_VACATION_HTML);
	struct record_vacation *v;
	bool bad = false;
	int active = row_flag(m, FIELD_VACATION_ACTIVE, m->r.address, &bad);

	if (text == NULL && html == NULL)
		return !bad;
	v = record_add(&m->r, &m->r.vacation);
	v->active = active != 0;
	v->subject = eval_first(&m->eval, FIELD_VACATION_SUBJECT);
	v->text = text;
	v->html = html;
	v->from = get_moment(m, FIELD_VACATION_FROM);
	v->until = get_moment(m, FIELD_VACATION_UNTIL);
	return !bad;
}

static bool
add_script(struct rows *m)
{
	const char *name = eval_first(&m->eval, FIELD_SCRIPT_NAME),
		   *text = eval_first(&m->eval, FIELD_SCRIPT_TEXT);
	struct record_script *s;
	bool bad = false;
	int active = row_flag(m, FIELD_SCRIPT_ACTIVE, m->r.address, &bad);

	if (text == NULL)
		return !bad;
	s = record_add(&m->r, &m->r.scripts);
	s->name = name == NULL ? "script" : name;
	s->text = text;
	s->active = active == 1;
	return !bad;
}

static void
add_app_password(struct rows *m)
{
	const char *name = eval_first(&m->eval, FIELD_APP_PASSWORD);
	struct record_app_password *p;

	if (name == NULL)
		return;
	p = record_add(&m->r, &m->r.app_passwords);
	p->name = name;
}

/* A list of who may send as an address names others than accounts, too. */
static void
add_senders(struct rows *m)
{
	struct record *r = &m->r;

	row_add_senders(m);
	if (r->send_as.n == 0 || emit_has_account(m->emit, r->address))
		return;
	r->send_as.n = 0;
	emit_drop(m->emit, r->address,
	    "the right of an address elsewhere to send as others");
}

/* What the row says of one account. */
static void
read_owner(struct rows *m, const char *address)
{
	struct record *r = &m->r;

	record_reset(r, REC_SETTINGS);
	r->address = row_address(m, address);
	if (r->address == NULL || !add_vacation(m) || !add_script(m))
		return;
	add_app_password(m);
	add_senders(m);
	r->admin = eval_first(&m->eval, FIELD_ADMIN);
	if (record_has_settings(r))
		(void)emit_plain(m->emit, r);
}

void
row_read_settings(struct rows *m)
{
	const char *text = eval_first(&m->eval, FIELD_ADDRESS);
	char *rest, *address;

	if (text == NULL || strchr(text, ',') == NULL) {
		read_owner(m, text);
		return;
	}
	rest = row_list(m, text);
	while ((address = address_list_next(&rest)) != NULL)
		read_owner(m, address);
}
