/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

#include "dav/answer.h"

#include <expat.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "core/num.h"
#include "core/str.h"

#define DAV "DAV: "
#define CAL "urn:ietf:params:xml:ns:caldav "
#define CARD "urn:ietf:params:xml:ns:carddav "

enum {
	DEPTH_MAX = 32
};

/* What is known of one response, or of one of its propstats. */
struct props {
	bool collection, calendar, addressbook;
	unsigned int components;
	struct buf name, principal, calendar_home, addressbook_home, data;
};

struct parse {
	XML_Parser parser;
	void (*each)(void *, const struct dav_response *);
	void *arg;
	const char *error;
	bool uid_conflict;
	int depth;
	/* Where we are. */
	bool in_response, in_propstat, in_type, in_components;
	struct buf *inside; /* the property whose href is wanted */
	struct buf *text;   /* where characters go; NULL: nowhere */
	struct buf status;
	struct buf href;
	struct props all, some;
	long response_status, propstat_status;
};

static void
props_free(struct props *p)
{
	buf_free(&p->name);
	buf_free(&p->principal);
	buf_free(&p->calendar_home);
	buf_free(&p->addressbook_home);
	buf_free(&p->data);
	*p = (struct props){ .collection = false };
}

static void
move(struct buf *to, struct buf *from)
{
	if (from->len == 0)
		return;
	buf_free(to);
	*to = *from;
	*from = (struct buf){ .data = NULL };
}

/* A propstat with success: its properties are the response's. */
static void
props_merge(struct props *to, struct props *from)
{
	to->collection |= from->collection;
	to->calendar |= from->calendar;
	to->addressbook |= from->addressbook;
	to->components |= from->components;
	move(&to->name, &from->name);
	move(&to->principal, &from->principal);
	move(&to->calendar_home, &from->calendar_home);
	move(&to->addressbook_home, &from->addressbook_home);
	move(&to->data, &from->data);
}

static void
stop(struct parse *p, const char *error)
{
	if (p->error == NULL)
		p->error = error;
	(void)XML_StopParser(p->parser, XML_FALSE);
}

static void XMLCALL
on_doctype(void *arg, const XML_Char *name, const XML_Char *system_id,
    const XML_Char *public_id, int internal)
{
	(void)name;
	(void)system_id;
	(void)public_id;
	(void)internal;
	stop(arg, "a document type in the answer");
}

static void
collect(struct parse *p, struct buf *to)
{
	buf_reset(to);
	p->text = to;
}

unsigned int
dav_component(const char *name)
{
	if (str_eq_nocase(name, "VEVENT"))
		return DAV_EVENT;
	if (str_eq_nocase(name, "VTODO"))
		return DAV_TODO;
	return str_eq_nocase(name, "VJOURNAL") ? DAV_JOURNAL : DAV_OTHER;
}

static const char *
attribute(const XML_Char **attributes, const char *name)
{
	for (; *attributes != NULL; attributes += 2)
		if (strcmp(attributes[0], name) == 0)
			return attributes[1];
	return "";
}

/* A property of a propstat begins. */
static void
begin_property(struct parse *p, const char *name, const XML_Char **attributes)
{
	struct props *s = &p->some;

	if (strcmp(name, DAV "resourcetype") == 0)
		p->in_type = true;
	else if (p->in_type && strcmp(name, DAV "collection") == 0)
		s->collection = true;
	else if (p->in_type && strcmp(name, CAL "calendar") == 0)
		s->calendar = true;
	else if (p->in_type && strcmp(name, CARD "addressbook") == 0)
		s->addressbook = true;
	else if (strcmp(name, CAL "supported-calendar-component-set") == 0)
		p->in_components = true;
	else if (p->in_components && strcmp(name, CAL "comp") == 0)
		s->components |= dav_component(attribute(attributes, "name"));
	else if (strcmp(name, DAV "displayname") == 0)
		collect(p, &s->name);
	else if (strcmp(name, CAL "calendar-data") == 0 ||
		 strcmp(name, CARD "address-data") == 0)
		collect(p, &s->data);
	else if (strcmp(name, DAV "current-user-principal") == 0)
		p->inside = &s->principal;
	else if (strcmp(name, CAL "calendar-home-set") == 0)
		p->inside = &s->calendar_home;
	else if (strcmp(name, CARD "addressbook-home-set") == 0)
		p->inside = &s->addressbook_home;
	else if (strcmp(name, DAV "href") == 0 && p->inside != NULL &&
		 p->inside->len == 0)
		collect(p, p->inside);
}

static void XMLCALL
on_start(void *arg, const XML_Char *name, const XML_Char **attributes)
{
	struct parse *p = arg;

	if (++p->depth > DEPTH_MAX) {
		stop(p, "an answer that is nested too deeply");
		return;
	}
	p->text = NULL;
	if (strcmp(name, CAL "no-uid-conflict") == 0 ||
	    strcmp(name, CARD "no-uid-conflict") == 0) {
		p->uid_conflict = true;
	} else if (strcmp(name, DAV "response") == 0 && !p->in_response) {
		p->in_response = true;
		p->response_status = 0;
		buf_reset(&p->href);
	} else if (!p->in_response) {
		return;
	} else if (strcmp(name, DAV "propstat") == 0) {
		p->in_propstat = true;
		p->propstat_status = 0;
		props_free(&p->some);
	} else if (strcmp(name, DAV "status") == 0) {
		collect(p, &p->status);
	} else if (p->in_propstat) {
		begin_property(p, name, attributes);
	} else if (strcmp(name, DAV "href") == 0 && p->href.len == 0) {
		collect(p, &p->href);
	}
}

/* "HTTP/1.1 200 OK"; 0 if it is none. */
static long
status_number(const char *s)
{
	int64_t n = 0;
	char digits[4] = "";

	s = strchr(s, ' ');
	if (s == NULL || strlen(s) < 4)
		return 0;
	memcpy(digits, s + 1, 3);
	return parse_num(digits, 100, 599, &n, NULL) ? (long)n : 0;
}

static const char *
text_or_null(struct buf *b)
{
	return b->len == 0 ? NULL : str_trim(b->data);
}

static void
end_response(struct parse *p)
{
	struct dav_response r = { .status = p->response_status,
		.collection = p->all.collection,
		.calendar = p->all.calendar,
		.addressbook = p->all.addressbook,
		.components = p->all.components };

	r.href = text_or_null(&p->href);
	r.name = text_or_null(&p->all.name);
	r.principal = text_or_null(&p->all.principal);
	r.calendar_home = text_or_null(&p->all.calendar_home);
	r.addressbook_home = text_or_null(&p->all.addressbook_home);
	r.data = p->all.data.len == 0 ? NULL : p->all.data.data;
	if (r.href != NULL && *r.href != '\0')
		p->each(p->arg, &r);
	props_free(&p->all);
	p->in_response = false;
}

static void XMLCALL
on_end(void *arg, const XML_Char *name)
{
	struct parse *p = arg;

	p->depth--;
	p->text = NULL;
	if (!p->in_response)
		return;
	if (strcmp(name, DAV "status") == 0) {
		long n = status_number(buf_str(&p->status));

		if (p->in_propstat)
			p->propstat_status = n;
		else
			p->response_status = n;
	} else if (strcmp(name, DAV "resourcetype") == 0) {
		p->in_type = false;
	} else if (strcmp(name, CAL "supported-calendar-component-set") == 0) {
		p->in_components = false;
	} else if (strcmp(name, DAV "current-user-principal") == 0 ||
		   strcmp(name, CAL "calendar-home-set") == 0 ||
		   strcmp(name, CARD "addressbook-home-set") == 0) {
		p->inside = NULL;
	} else if (strcmp(name, DAV "propstat") == 0) {
		p->in_propstat = false;
		p->in_type = p->in_components = false;
		p->inside = NULL;
		if (p->propstat_status / 100 == 2)
			props_merge(&p->all, &p->some);
		props_free(&p->some);
	} else if (strcmp(name, DAV "response") == 0) {
		end_response(p);
	}
}

static void XMLCALL
on_text(void *arg, const XML_Char *s, int len)
{
	struct parse *p = arg;

	if (p->text != NULL && len > 0)
		buf_add(p->text, s, (size_t)len);
}

int
dav_parse(const char *xml, size_t len,
    void (*each)(void *, const struct dav_response *), void *arg,
    bool *uid_conflict, struct why *why)
{
	struct parse p = { .each = each, .arg = arg };
	int r = 0;

	if (len > INT_MAX)
		return why_set(why, FAIL_TEMP, "an answer that is too long");
	p.parser = XML_ParserCreateNS(NULL, ' ');
	if (p.parser == NULL)
		return why_set(why, FAIL_FATAL, "out of memory");
	XML_SetUserData(p.parser, &p);
	XML_SetElementHandler(p.parser, on_start, on_end);
	XML_SetCharacterDataHandler(p.parser, on_text);
	XML_SetStartDoctypeDeclHandler(p.parser, on_doctype);
	if (XML_Parse(p.parser, xml, (int)len, XML_TRUE) != XML_STATUS_OK)
		r = why_set(why, FAIL_TEMP, "not an answer of WebDAV: %s",
		    p.error != NULL
			? p.error
			: XML_ErrorString(XML_GetErrorCode(p.parser)));
	XML_ParserFree(p.parser);
	if (uid_conflict != NULL)
		*uid_conflict = p.uid_conflict;
	props_free(&p.all);
	props_free(&p.some);
	buf_free(&p.status);
	buf_free(&p.href);
	return r;
}
