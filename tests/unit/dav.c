/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/* What WebDAV servers answer, and the UIDs of objects. */
#include <stdlib.h>
#include <string.h>

#include "dav/answer.h"
#include "dav/name.h"
#include "dav/tree.h"
#include "unit/tap.h"

#define OPEN                                                                   \
	"<d:multistatus xmlns:d='DAV:' "                                       \
	"xmlns:c='urn:ietf:params:xml:ns:caldav'><d:response>"
#define CLOSE "</d:response></d:multistatus>"
#define STAT(props, code)                                                      \
	"<d:propstat><d:prop>" props "</d:prop><d:status>HTTP/1.1 " code       \
	"</d:status></d:propstat>"

/* The last response, copied into one line. */
static void
note(void *arg, const struct dav_response *r)
{
	struct buf *b = arg;

	buf_addf(b, "%s %ld %s%s%s", r->href, r->status,
	    r->collection ? "d" : "-", r->calendar ? "c" : "-",
	    r->addressbook ? "a" : "-");
	if (r->components != 0)
		buf_addf(b, "%u", r->components);
	buf_addf(b, "|%s|%s|%s;", r->name == NULL ? "" : r->name,
	    r->principal == NULL ? "" : r->principal,
	    r->calendar_home == NULL ? "" : r->calendar_home);
}

/* Whether an answer is read as that line; NULL: it is refused. */
static bool
reads(const char *xml, const char *want)
{
	struct buf b = { 0 };
	struct why why = { 0 };
	int r = dav_parse(xml, strlen(xml), note, &b, NULL, &why);
	bool same = want == NULL ? r == -1 && *why.text != '\0'
				 : r == 0 && strcmp(buf_str(&b), want) == 0;

	if (!same)
		printf("# %s\n", buf_str(&b));
	buf_free(&b);
	return same;
}

static bool
uid_is(const char *text, enum dav_kind kind, const char *want)
{
	struct why why = { 0 };
	char *uid = dav_uid(text, strlen(text), kind, NULL, &why);
	bool same =
	    want == NULL ? uid == NULL : uid != NULL && strcmp(uid, want) == 0;

	free(uid);
	return same;
}

static bool
name_is(const char *text, const char *want)
{
	char *name = dav_name(text);
	bool same = want == NULL ? name == NULL
				 : name != NULL && strcmp(name, want) == 0;

	free(name);
	return same;
}

static bool
can_be_sent(const char *text, size_t len)
{
	struct why why = { 0 };

	return dav_text_check(text, len, &why) == 0;
}

static void
names_and_texts(void)
{
	OK(name_is(" Work\r\n", "Work"), "a name without its ends");
	OK(name_is("A\x01\xc2\x85 \xef\xbf\xbe B\xc2\xa0", "A B"),
	    "one blank for what no server keeps");
	OK(name_is("e\xcc\x81", "\xc3\xa9"), "composed");
	OK(name_is("a\xff", "a\xef\xbf\xbd"), "UTF-8");
	OK(name_is("\t \xe2\x80\xa8", NULL), "nothing is left");
	OK(uid_is("BEGIN:VEVENT\nUID: a b \t\nEND:VEVENT", DAV_CALENDAR, "a b"),
	    "a UID without its ends");
	OK(can_be_sent("\xc3\xa9\r\n\t\x7f", 6), "a text of XML");
	OK(!can_be_sent("a\x01", 2) && !can_be_sent("a\0b", 3) &&
		!can_be_sent("\xef\xbf\xbf", 3) && !can_be_sent("\xff", 1),
	    "and what is none");
}

int
main(void)
{
	names_and_texts();
	OK(reads(OPEN "<d:href> /a/ </d:href>" STAT(
		     "<d:resourcetype><d:collection/><c:calendar/>"
		     "</d:resourcetype><d:displayname>A &amp; "
		     "B</d:displayname>",
		     "200 OK") CLOSE,
	       "/a/ 0 dc-|A & B||;"),
	    "a calendar");
	OK(reads(OPEN "<d:href>/a/</d:href>" STAT(
		     "<d:displayname>x</d:displayname>", "404 Not Found")
		     STAT("<d:current-user-principal>"
			  "<d:href>/p/</d:href>"
			  "</d:current-user-principal>",
			 "200 OK") CLOSE,
	       "/a/ 0 ---||/p/|;"),
	    "what is not found is left out");
	OK(reads(OPEN "<d:href>/a/</d:href><d:status>HTTP/1.1 404 "
		      "Gone</d:status>" CLOSE,
	       "/a/ 404 ---|||;"),
	    "a status of its own");
	OK(reads(OPEN STAT("<d:getetag/>", "200 OK") CLOSE, ""),
	    "a response without an href");
	OK(reads(OPEN "<d:href>/a</d:href>" STAT(
		     "<c:calendar-home-set><d:href>/1/</d:href>"
		     "<d:href>/2/</d:href></c:calendar-home-set>",
		     "200 OK") CLOSE,
	       "/a 0 ---|||/1/;"),
	    "of several homes the first");
	OK(reads(OPEN "<d:href>/a</d:href>" STAT(
		     "<c:supported-calendar-component-set><c:comp "
		     "name='VTODO'/><c:comp name='vjournal'/>"
		     "</c:supported-calendar-component-set><c:comp "
		     "name='VEVENT'/>",
		     "200 OK") CLOSE,
	       "/a 0 ---6|||;"),
	    "the components that a calendar takes");
	OK(reads(OPEN
	       "<d:href>/a</d:href>" STAT(
		   "<c:supported-calendar-component-set><c:comp name='VTODO'/>"
		   "</c:supported-calendar-component-set>",
		   "404 Not Found") CLOSE,
	       "/a 0 ---|||;"),
	    "those that it does not tell");
	OK(reads("<multistatus xmlns='other'><response><href>/a</href>"
		 "</response></multistatus>",
	       ""),
	    "another namespace");
	OK(reads("", NULL), "nothing");
	OK(reads("<html><br></html>", NULL), "no XML");
	OK(reads("<!DOCTYPE a [<!ENTITY e 'x'>]><a>&e;</a>", NULL),
	    "a document type");
	OK(uid_is("BEGIN:VCALENDAR\r\nUID:out\r\nBEGIN:VEVENT\r\nBEGIN:VALARM"
		  "\r\nUID:alarm\r\nEND:VALARM\r\nuid;x=1:a\\,\r\n b\r\n"
		  "END:VEVENT\r\nBEGIN:VEVENT\r\nUID:a\\,b\r\nEND:VEVENT\r\n",
	       DAV_CALENDAR, "a,b"),
	    "the UID of an event, not of its alarm");
	OK(uid_is("BEGIN:VEVENT\nUID:a\nEND:VEVENT\nBEGIN:VTODO\nUID:b\n",
	       DAV_CALENDAR, NULL),
	    "two UIDs");
	OK(uid_is("BEGIN:VCARD\nitem1.UID:x\nEND:VCARD", DAV_ADDRESSBOOK, "x"),
	    "the UID of a card, in a group");
	OK(uid_is("\xef\xbb\xbf"
		  "BEGIN:VCALENDAR\nBEGIN:VJOURNAL\nU\n ID:j\nEND:VJOURNAL\n",
	       DAV_CALENDAR, "j"),
	    "a mark of UTF-8, a journal, a name that is folded");
	OK(uid_is("BEGIN:VCARD\nUID:a\nEND:VCARD\nBEGIN:VCARD\nUID:b\n",
	       DAV_ADDRESSBOOK, NULL),
	    "two cards");
	OK(uid_is("BEGIN:VCARD\nUID:\nEND:VCARD", DAV_ADDRESSBOOK, NULL),
	    "an empty UID");
	return tap_done();
}
