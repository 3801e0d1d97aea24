/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

#include "source/webmail/sogo.h"

#include <ctype.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/alloc.h"
#include "core/buf.h"
#include "record/moment.h"
#include "source/webmail/sogo-words.h"

enum {
	DAY = 86400,
	DAYS_BETWEEN =
	    7 /* between two answers to one sender, of both servers */
};

/* One user: what c_defaults holds (SOGo, UI/PreferencesUI/
 * UIxJSONPreferences.m and SoObjects/SOGo/SOGoUserDefaults.m), and of c_settings
 * who else may use the mailbox (SoObjects/Mailer/SOGoMailAccount.m). */
struct user {
	struct emit *emit;
	const char *login;
	const char *address;
	json_t *defaults, *settings;
	struct record r;
	struct arena arena;
};

/* --- values; SOGo is not strict in the types of its own --- */

/* A text that is not empty; NULL. */
static const char *
text(const json_t *object, const char *key)
{
	const char *s = json_string_value(json_object_get(object, key));

	return s == NULL || *s == '\0' ? NULL : s;
}

static bool
is_set(const json_t *object, const char *key)
{
	const json_t *v = json_object_get(object, key);
	const char *s = json_string_value(v);

	if (s != NULL)
		return strcmp(s, "1") == 0 || strcmp(s, "YES") == 0 ||
		       strcmp(s, "true") == 0;
	return json_is_true(v) || json_number_value(v) != 0;
}

/* Seconds since 1970, or another number above 0; -1. */
static time_t
seconds(const json_t *object, const char *key)
{
	const json_t *v = json_object_get(object, key);
	const char *s = json_string_value(v);
	double n = s != NULL ? strtod(s, NULL) : json_number_value(v);

	/* The years that a moment of a record may have. */
	return n > 0 && n < 253402300800.0 ? (time_t)n : -1;
}

static const char *
moment(struct user *u, time_t t)
{
	char out[MOMENT_SIZE];

	if (t == -1)
		return NULL;
	moment_write(t, out);
	return arena_adds(&u->arena, out);
}

/* The day after, at the same hour where the owner is: a day of the change of the
 * clocks has 23 or 25 hours. */
static time_t
day_after(const struct user *u, time_t t)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyz"
				      "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				      "0123456789_+-/";
	const char *zone = text(u->defaults, "SOGoTimeZone"),
		   *set = getenv("TZ");
	char *before = set == NULL ? NULL : xstrdup(set);
	struct tm tm;

	/* A name and no path of a file. */
	if (zone == NULL || !isalpha((unsigned char)*zone) ||
	    zone[strspn(zone, letters)] != '\0' ||
	    setenv("TZ", zone, 1) == -1) {
		free(before);
		return t + DAY;
	}
	tzset();
	if (localtime_r(&t, &tm) != NULL) {
		tm.tm_mday++;
		tm.tm_isdst = -1;
		t = mktime(&tm);
	} else {
		t += DAY;
	}
	if (before == NULL)
		(void)unsetenv("TZ");
	else
		(void)setenv("TZ", before, 1);
	tzset();
	free(before);
	return t;
}

/* --- members --- */

/* Signatures are HTML where messages are written so. Where that is left to
 * sogo.conf, the editor for HTML has put tags around every line. */
static bool
is_html(const struct user *u, const char *s)
{
	const char *type = text(u->defaults, "SOGoMailComposeMessageType");

	if (type != NULL)
		return strcmp(type, "html") == 0;
	return strstr(s, "</") != NULL || strstr(s, "<br") != NULL;
}

static void
set_signature(const struct user *u, struct record_identity *i, const char *s)
{
	if (s != NULL && is_html(u, s))
		i->html = s;
	else
		i->text = s;
}

static void
add_identity(struct user *u, const json_t *from)
{
	struct record_identity *i = record_add(&u->r, &u->r.identities);

	i->address = text(from, "email");
	if (i->address == NULL)
		i->address = u->address;
	i->name = text(from, "fullName");
	i->reply_to = text(from, "replyTo");
	i->is_default = is_set(from, "isDefault");
	set_signature(u, i, text(from, "signature"));
}

/* Before SOGo 4 there was one identity. */
static void
add_old_identity(struct user *u)
{
	const json_t *d = u->defaults;
	const char *signature = text(d, "SOGoMailSignature"),
		   *name = text(d, "SOGoMailCustomFullName"),
		   *address = text(d, "SOGoMailCustomEmail"),
		   *reply_to = text(d, "SOGoMailReplyTo");
	struct record_identity *i;

	if (signature == NULL && name == NULL && address == NULL &&
	    reply_to == NULL)
		return;
	i = record_add(&u->r, &u->r.identities);
	i->address = address == NULL ? u->address : address;
	i->name = name;
	i->reply_to = reply_to;
	i->is_default = true;
	set_signature(u, i, signature);
}

static void
add_identities(struct user *u)
{
	const json_t *list = json_object_get(u->defaults, "SOGoMailIdentities");
	json_t *v;
	size_t i;

	if (json_array_size(list) == 0)
		add_old_identity(u);
	json_array_foreach (list, i, v)
		add_identity(u, v);
}

/* SOGo puts the subject of the message that it answers in the place of
 * ${subject}; without a subject the new server takes "Auto: " and that one
 * (RFC 5230, 5.4). */
static const char *
subject(const struct user *u, const json_t *vacation)
{
	const char *s = text(vacation, "customSubject");

	if (s == NULL || !is_set(vacation, "customSubjectEnabled"))
		return NULL;
	if (strstr(s, "${subject}") == NULL)
		return s;
	emit_note(u->emit, u->address,
	    "${subject} in the subject of a vacation message: it becomes the "
	    "new server's Auto: and the subject",
	    NULL);
	return NULL;
}

static void
note_vacation(const struct user *u, const json_t *from)
{
	time_t days = seconds(from, "daysBetweenResponse");

	if (is_set(from, "startTimeEnabled") ||
	    is_set(from, "endTimeEnabled") || is_set(from, "weekdaysEnabled"))
		emit_note_behind(u->emit, u->address,
		    "hours and weekdays of a vacation message are not carried",
		    NULL);
	if (days != -1 && days != DAYS_BETWEEN)
		emit_note_behind(u->emit, u->address,
		    "how often a vacation message answers one sender is not "
		    "carried: once in 7 days",
		    NULL);
	if (is_set(from, "discardMails"))
		emit_note_behind(u->emit, u->address,
		    "mail that is thrown away during a vacation is kept", NULL);
}

/* The last day is one of the vacation. */
static void
add_vacation(struct user *u)
{
	const json_t *from = json_object_get(u->defaults, "Vacation");
	struct record_vacation *v;
	time_t end = -1;

	if (text(from, "autoReplyText") == NULL) {
		if (is_set(from, "enabled"))
			emit_note_behind(u->emit, u->address,
			    "a vacation message without a text is not carried",
			    NULL);
		return;
	}
	v = record_add(&u->r, &u->r.vacation);
	v->active = is_set(from, "enabled");
	v->text = text(from, "autoReplyText");
	v->subject = subject(u, from);
	if (is_set(from, "startDateEnabled"))
		v->from = moment(u, seconds(from, "startDate"));
	if (is_set(from, "endDateEnabled"))
		end = seconds(from, "endDate");
	if (end != -1)
		v->until = moment(u, day_after(u, end));
	note_vacation(u, from);
}

static void
note_list(const struct user *u, const json_t *list, const char *text)
{
	if (json_array_size(list) > 0)
		emit_note_many(
		    u->emit, u->address, text, (int64_t)json_array_size(list));
}

/* What is elsewhere, or has no place. */
static void
note_others(const struct user *u)
{
	const json_t *forward = json_object_get(u->defaults, "Forward");

	if (is_set(forward, "enabled"))
		emit_note(u->emit, u->address,
		    "a forward set in SOGo: it is in the owner's Sieve script",
		    NULL);
	if (json_array_size(json_object_get(u->defaults, "SOGoSieveFilters")) !=
	    0)
		emit_note(u->emit, u->address,
		    "filters set in SOGo: they are in the owner's Sieve "
		    "script",
		    NULL);
	note_list(u, json_object_get(u->defaults, "AuxiliaryMailAccounts"),
	    "accounts of other servers that are read in SOGo are not carried");
	note_list(u,
	    json_object_get(json_object_get(u->settings, "Mail"), "DelegateTo"),
	    "delegates set in SOGo, who send in the owner's name, are not "
	    "carried");
}

static void
add_language(struct user *u)
{
	const char *language = text(u->defaults, "SOGoLanguage");

	if (language != NULL) {
		u->r.locale = sogo_language(language);
		if (u->r.locale == NULL)
			emit_note_word(u->emit, u->address,
			    "a language that is not known is not carried",
			    language);
	}
	u->r.time_zone = text(u->defaults, "SOGoTimeZone");
}

/* --- rows --- */

static void
put_user(struct user *u)
{
	record_reset(&u->r, REC_SETTINGS);
	u->r.address = u->address;
	add_identities(u);
	add_vacation(u);
	add_language(u);
	note_others(u);
	if (u->r.identities.n != 0 || u->r.vacation.n != 0 ||
	    u->r.locale != NULL || u->r.time_zone != NULL)
		(void)emit_plain(u->emit, &u->r);
}

static void
take_row(struct user *u, const struct webmail_options *o, struct sql *db)
{
	const char *defaults, *settings;
	struct buf address = { 0 };

	u->login = webmail_text(u->emit, db, "c_uid", &u->arena);
	defaults = webmail_text(u->emit, db, "c_defaults", &u->arena);
	settings = webmail_text(u->emit, db, "c_settings", &u->arena);
	if (u->login == NULL || (defaults == NULL && settings == NULL))
		return;
	u->defaults = json_loads(defaults == NULL ? "{}" : defaults, 0, NULL);
	u->settings = settings == NULL ? NULL : json_loads(settings, 0, NULL);
	if (!json_is_object(u->defaults)) {
		emit_bad(u->emit, u->login,
		    "c_defaults is not JSON, as SOGo 2 and newer write it");
	} else if (webmail_address(u->emit, o, u->login, NULL, &address) == 0) {
		u->address = address.data;
		put_user(u);
	}
	json_decref(u->defaults);
	json_decref(u->settings);
	u->defaults = u->settings = NULL;
	buf_free(&address);
}

static void
make_query(struct sql *db, const struct webmail_options *o, struct buf *out)
{
	buf_adds(out, "SELECT c_uid, c_defaults, c_settings FROM ");
	sql_quote_name(
	    db, o->table == NULL ? "sogo_user_profile" : o->table, out);
	buf_adds(out, " ORDER BY c_uid");
}

void
sogo_dump(struct emit *e, const struct webmail_options *o)
{
	struct user u = { .emit = e };
	struct buf query = { 0 };
	struct why why = { 0 };
	struct sql *db = sql_open(&o->sql, &why);
	int n = -1;

	if (db != NULL) {
		emit_file(e, sql_name(db));
		make_query(db, o, &query);
		if (sql_query(db, query.data, &why) == 0)
			while ((n = sql_next(db, &why)) == 1 && !emit_stop(e)) {
				e->at.line++;
				take_row(&u, o, db);
				arena_reset(&u.arena);
			}
	}
	if (n == -1)
		emit_fail_at(e, NULL, NULL, &why);
	sql_close(db);
	record_free(&u.r);
	arena_free(&u.arena);
	buf_free(&query);
}
