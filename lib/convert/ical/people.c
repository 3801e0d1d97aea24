/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

#include "convert/ical/people.h"

#include <string.h>

#include "convert/ical/property.h"
#include "core/alloc.h"
#include "core/str.h"

static const char *const kinds[] = { "individual", "group", "resource",
	"location", NULL };
static const char *const answers[] = { "needs-action", "accepted", "declined",
	"tentative", "delegated", "in-process", "completed", NULL };
static const char *const agents[] = { "server", "client", "none", NULL };

/* Addresses are compared without regard to case, "mailto:" or not. */
static bool
same_address(const char *a, const char *b)
{
	if (a == NULL || b == NULL)
		return false;
	if (str_starts_nocase(a, "mailto:"))
		a += 7;
	if (str_starts_nocase(b, "mailto:"))
		b += 7;
	return str_eq_nocase(a, b);
}

/* A member that is an address, or the addresses of a map {"address": true}, as
 * a parameter. */
static void
address_param(
    struct object *o, json_t *person, const char *member, const char *param)
{
	json_t *map = js_object(person, member);
	const char *one =
	    map == NULL ? js_take_str(&o->t, person, member) : NULL;
	bool first = true;
	const char *name;
	json_t *value;
	void *next;

	if (one != NULL)
		cl_param(&o->w->line, param, one);
	json_object_foreach_safe(map, next, name, value)
	{
		if (!json_is_true(value) || strchr(name, ':') == NULL)
			continue;
		if (first)
			cl_param(&o->w->line, param, name);
		else
			cl_param_more(&o->w->line, name);
		first = false;
		(void)json_object_del(map, name);
	}
}

/* The roles that a parameter can say; the strongest wins. */
static void
role_param(struct object *o, json_t *person)
{
	static const char *const roles[][2] = { { "chair", "CHAIR" },
		{ "informational", "NON-PARTICIPANT" },
		{ "optional", "OPT-PARTICIPANT" },
		{ "required", "REQ-PARTICIPANT" },
		{ "attendee", "REQ-PARTICIPANT" } };
	json_t *map = js_object(person, "roles");
	const char *role = NULL;

	for (size_t i = 0; i < sizeof roles / sizeof *roles; i++) {
		if (!json_is_true(json_object_get(map, roles[i][0])))
			continue;
		/* "attendee" goes without saying beside another. */
		if (role != NULL && strcmp(roles[i][0], "attendee") != 0)
			continue;
		if (role == NULL)
			role = roles[i][1];
		(void)json_object_del(map, roles[i][0]);
	}
	if (role != NULL)
		cl_param(&o->w->line, "ROLE", role);
}

static void
text_param(
    struct object *o, json_t *person, const char *member, const char *param)
{
	const char *s = js_take_str(&o->t, person, member);

	if (s != NULL)
		cl_param(&o->w->line, param, s);
}

static void
flag_param(
    struct object *o, json_t *person, const char *member, const char *param)
{
	bool value;

	if (js_take_bool(&o->t, person, member, &value) && value)
		cl_param(&o->w->line, param, "TRUE");
}

static void
status_param(struct object *o, json_t *person)
{
	json_t *list = js_take(&o->t, person, "scheduleStatus", JSON_ARRAY);
	struct buf text = { 0 };
	const json_t *v;
	size_t i;

	json_array_foreach (list, i, v)
		if (json_is_string(v)) {
			if (text.len > 0)
				buf_addc(&text, ',');
			buf_adds(&text, json_string_value(v));
		}
	if (text.len > 0)
		cl_param(&o->w->line, "SCHEDULE-STATUS", buf_str(&text));
	buf_free(&text);
}

/* An address, which can be said without its scheme. */
static void
sent_by_param(struct object *o, json_t *from)
{
	const char *s = js_take_str(&o->t, from, "sentBy");
	char *uri;

	if (s == NULL)
		return;
	uri = xasprintf("%s%s", strchr(s, ':') == NULL ? "mailto:" : "", s);
	cl_param(&o->w->line, "SENT-BY", uri);
	free(uri);
}

/* What may be said of the organizer and of those invited. */
static void
common_params(struct object *o, json_t *person, const char *address)
{
	if (same_address(js_peek_str(person, "email"), address))
		(void)js_take_str(&o->t, person, "email");
	text_param(o, person, "name", "CN");
	text_param(o, person, "email", "EMAIL");
	text_param(o, person, "language", "LANGUAGE");
	sent_by_param(o, person);
	status_param(o, person);
	(void)js_take_word(&o->t, person, "scheduleAgent", "server");
	ical_word_param(o, person, "scheduleAgent", "SCHEDULE-AGENT", agents);
}

static void
end_line(struct object *o, const char *address)
{
	cl_colon(&o->w->line);
	cl_raw(&o->w->line, address);
	cl_end(&o->w->line);
}

static const char *const skip[] = { "cn", "cutype", "role", "partstat", "rsvp",
	"member", "delegated-to", "delegated-from", "sent-by", "email",
	"language", "schedule-agent", "schedule-status", "schedule-force-send",
	NULL };

/* PARTSTAT; what somebody did of a task says more than the answer (RFC 5545,
 * 3.2.12). */
static void
answer_param(struct object *o, json_t *person)
{
	static const char *const done[] = { "completed", "in-process", NULL };
	const char *progress = js_peek_str(person, "progress");

	if (o->task && progress != NULL &&
	    (strcmp(progress, "completed") == 0 ||
		strcmp(progress, "in-process") == 0)) {
		(void)js_take_word(
		    &o->t, person, "participationStatus", "accepted");
		ical_word_param(o, person, "progress", "PARTSTAT", done);
		return;
	}
	ical_word_param(o, person, "participationStatus", "PARTSTAT", answers);
}

static void
attendee(struct object *o, json_t *person, const char *id, const char *address)
{
	char *pointer = xasprintf("participants/%s/calendarAddress", id);

	cl_begin(&o->w->line, NULL, "ATTENDEE");
	common_params(o, person, address);
	if (js_take_word(&o->t, person, "kind", "location"))
		cl_param(&o->w->line, "CUTYPE", "ROOM");
	else
		ical_word_param(o, person, "kind", "CUTYPE", kinds);
	role_param(o, person);
	answer_param(o, person);
	flag_param(o, person, "expectReply", "RSVP");
	flag_param(o, person, "scheduleForceSend", "SCHEDULE-FORCE-SEND");
	address_param(o, person, "memberOf", "MEMBER");
	address_param(o, person, "delegatedTo", "DELEGATED-TO");
	address_param(o, person, "delegatedFrom", "DELEGATED-FROM");
	ical_converted(o, pointer, skip);
	end_line(o, address);
	free(pointer);
}

/* The address of a participant; what tells it is taken. NULL if it has none;
 * *scratch then or otherwise is to be freed. */
static const char *
address_of(struct object *o, json_t *person, char **scratch)
{
	json_t *send_to = js_object(person, "sendTo");
	const char *s = js_take_str(&o->t, person, "calendarAddress");
	const char *email;

	if (s == NULL)
		s = js_take_str(&o->t, send_to, "imip");
	email = js_peek_str(person, "email");
	if (s == NULL && email != NULL && strchr(email, '@') != NULL &&
	    cl_clean(email)) {
		*scratch = xasprintf("mailto:%s", email);
		s = *scratch;
	}
	return s;
}

/*
 * Whether nothing says that the organizer was invited as well: such a person
 * is ORGANIZER alone, for an ATTENDEE who says nothing has not answered yet
 * (RFC 5545, 3.2.12). calcard before 0.3.9 gives an organizer no role at all.
 */
static bool
only_organizes(const json_t *person)
{
	static const char *const invited[] = { "participationStatus",
		"expectReply", "kind", "delegatedTo", "delegatedFrom",
		"memberOf", "participationComment", "progress" };
	json_t *roles = json_object_get(person, "roles"), *value;
	const char *role;

	for (size_t i = 0; i < sizeof invited / sizeof *invited; i++)
		if (json_object_get(person, invited[i]) != NULL)
			return false;
	json_object_foreach (roles, role, value)
		if (json_is_true(value) && strcmp(role, "owner") != 0)
			return false;
	return true;
}

/* Begins the line. calcard has what it says of somebody who acts for the organizer in
 * the organizer, since 0.3.9 in the object. */
static void
begin_organizer(struct object *o, json_t *person)
{
	const char *by = js_peek_str(o->t.root, "sentBy");

	cl_begin(&o->w->line, NULL, "ORGANIZER");
	if (by == NULL)
		return;
	(void)js_take_word(&o->t, person, "sentBy", by);
	if (js_peek_str(person, "sentBy") == NULL)
		sent_by_param(o, o->t.root);
}

void
ical_people(struct object *o)
{
	const char *organizer =
	    js_take_str(&o->t, o->t.root, "organizerCalendarAddress");
	json_t *people = js_object(o->t.root, "participants"), *person;
	struct contentline *l = &o->w->line;
	bool named = false;
	const char *id;

	if (organizer == NULL)
		organizer =
		    js_take_str(&o->t, js_object(o->t.root, "replyTo"), "imip");
	json_object_foreach (people, id, person) {
		char *scratch = NULL;
		bool only = only_organizes(person);
		const char *address = address_of(o, person, &scratch);

		if (address != NULL && same_address(address, organizer) &&
		    !named) {
			named = true;
			(void)json_object_del(
			    json_object_get(person, "roles"), "owner");
			begin_organizer(o, person);
			if (only) {
				common_params(o, person, address);
			} else if (js_peek_str(person, "name") != NULL) {
				cl_param(l, "CN", js_peek_str(person, "name"));
			}
			ical_converted(o, "organizerCalendarAddress", skip);
			end_line(o, organizer);
		} else {
			only = false;
		}
		if (address != NULL && !only)
			attendee(o, person, id, address);
		free(scratch);
	}
	if (organizer != NULL && !named) {
		begin_organizer(o, NULL);
		ical_converted(o, "organizerCalendarAddress", skip);
		end_line(o, organizer);
	}
}
