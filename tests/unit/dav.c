/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/* What WebDAV servers answer, and the UIDs of objects. */
#include <stdlib.h>
#include <string.h>

#include "dav/answer.h"
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

	buf_addf(b, "%s %ld %s%s%s|%s|%s|%s;", r->href, r->status,
	    r->collection ? "d" : "-", r->calendar ? "c" : "-",
	    r->addressbook ? "a" : "-", r->name == NULL ? "" : r->name,
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
	char *uid = dav_uid(text, strlen(text), kind, &why);
	bool same =
	    want == NULL ? uid == NULL : uid != NULL && strcmp(uid, want) == 0;

	free(uid);
	return same;
}

int
main(void)
{
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
