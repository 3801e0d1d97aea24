/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

#include "dav/object.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"
#include "core/map.h"
#include "dav/dav-internal.h"

/* Objects asked for at once. */
enum {
	GET_MAX = 50
};

static const char *const type_of[] = { "text/calendar; charset=utf-8",
	"text/vcard; charset=utf-8" };
static const char *const ending_of[] = { ".ics", ".vcf" };

/* A listing of a collection, and which of its objects were read. */
struct listing {
	struct dav *d;
	const struct dav_place *place;
	const struct dav_lister *to;
	char **list;
	struct map known; /* the same: a server may list one two times */
	bool *read;       /* by number in list */
	size_t n, cap;
	size_t first, some; /* those that are asked for at a time */
	struct dav_listed listed;
};

static void
on_href(void *arg, const struct dav_response *r)
{
	struct listing *l = arg;
	char *path = r->collection ? NULL : dav_path(r->href);
	bool added;

	/* RFC 4918, 9.1, RFC 5323, 5.16: 507 for the collection itself. */
	if (r->status >= 300 && r->status != 404 && r->status != 410)
		l->listed.cut = r->status;
	else if (r->status < 300 && !r->collection && path == NULL)
		dav_listed_odd(&l->listed, r->href);
	if (path == NULL || dav_same_path(path, l->place->href) ||
	    r->status >= 300) {
		free(path);
		return;
	}
	(void)map_put(&l->known, path, &added);
	if (!added) {
		free(path);
		return;
	}
	l->list = xgrow(l->list, l->n, &l->cap, sizeof *l->list);
	l->list[l->n++] = path;
}

/* An object was read: its UID, or that it has none. */
static void
take_text(struct listing *l, const char *href, const char *text, size_t len)
{
	unsigned int components;
	struct why why = { 0 };
	char *uid = dav_uid(text, len, l->place->kind, &components, &why);

	if (uid != NULL)
		l->to->each(l->to->arg, uid, href, components);
	else if (l->to->odd != NULL)
		l->to->odd(l->to->arg, href, &why);
	free(uid);
}

static void
on_data(void *arg, const struct dav_response *r)
{
	struct listing *l = arg;
	char *path = r->data == NULL ? NULL : dav_path(r->href);

	for (size_t i = l->first; path != NULL && i < l->first + l->some; i++) {
		if (l->read[i] || !dav_same_path(l->list[i], path))
			continue;
		l->read[i] = true;
		take_text(l, path, r->data, strlen(r->data));
		break;
	}
	free(path);
}

/* RFC 4791, 7.9 and RFC 6352, 8.7 */
static int
multiget(struct listing *l, struct why *why)
{
	bool calendar = l->place->kind == DAV_CALENDAR;
	struct buf body = { 0 };
	char *path = xstrdup(l->place->href);
	int r;

	buf_addf(&body, DAV_XML_HEAD "<%s" DAV_XML_SPACES "><prop><%s/></prop>",
	    calendar ? "c:calendar-multiget" : "a:addressbook-multiget",
	    calendar ? "c:calendar-data" : "a:address-data");
	for (size_t i = l->first; i < l->first + l->some; i++) {
		buf_adds(&body, "<href>");
		dav_add_escaped(&body, l->list[i]);
		buf_adds(&body, "</href>");
	}
	buf_adds(&body,
	    calendar ? "</c:calendar-multiget>" : "</a:addressbook-multiget>");
	r = dav_ask(
	    l->d, "REPORT", &path, "Depth: 0", body.data, on_data, l, why);
	buf_free(&body);
	free(path);
	return r;
}

int
dav_get(struct dav *d, const char *href, struct buf *out, struct why *why)
{
	struct http_request r = { .method = "GET", .path = href };
	struct http_reply reply = { 0 };
	bool unsure;
	int result = -1;

	if (dav_exchange(d, &r, &reply, &unsure, why) == 0) {
		if (reply.status == 200) {
			buf_add(out, buf_str(&reply.body), reply.body.len);
			result = 1;
		} else if (reply.status == 404 || reply.status == 410) {
			result = 0;
		} else {
			(void)dav_judge(&reply, href, why);
		}
	}
	http_reply_free(&reply);
	return result;
}

int
dav_remove(struct dav *d, const char *href, struct why *why)
{
	struct http_request r = { .method = "DELETE", .path = href };
	struct http_reply reply = { 0 };
	bool unsure;
	int result = dav_exchange(d, &r, &reply, &unsure, why);

	if (result == 0 && reply.status / 100 != 2 && reply.status != 404 &&
	    reply.status != 410)
		result = dav_judge(&reply, href, why);
	http_reply_free(&reply);
	return result;
}

/* What no answer had is there all the same, unless the server says that it is
 * not: taken for missing, it would be put a second time. */
static int
get_rest(struct listing *l, struct why *why)
{
	int r = 0;

	for (size_t i = l->first; r != -1 && i < l->first + l->some; i++) {
		struct buf text = { 0 };

		if (l->read[i])
			continue;
		r = dav_get(l->d, l->list[i], &text, why);
		if (r == 1)
			take_text(l, l->list[i], buf_str(&text), text.len);
		buf_free(&text);
	}
	return r == -1 ? -1 : 0;
}

static int
read_all(struct listing *l, struct why *why)
{
	int r = 0;

	l->read = xcalloc(l->n + 1, sizeof *l->read);
	for (; r == 0 && l->first < l->n; l->first += l->some) {
		l->some = l->n - l->first < GET_MAX ? l->n - l->first : GET_MAX;
		r = multiget(l, why);
		/* One at a time is not too much, and any server can do it. */
		if (r == 0 || l->d->too_large || why->kind == FAIL_DATA)
			r = get_rest(l, why);
	}
	free(l->read);
	return r;
}

int
dav_list(struct dav *d, const struct dav_place *place,
    const struct dav_lister *to, struct why *why)
{
	struct listing l = { .d = d, .place = place, .to = to };
	char *path = xstrdup(place->href);
	int r = dav_ask(d, "PROPFIND", &path, "Depth: 1",
	    DAV_XML_HEAD "<propfind" DAV_XML_SPACES
			 "><prop><resourcetype/><getetag/>"
			 "</prop></propfind>",
	    on_href, &l, why);

	r = dav_listed_end(&l.listed, r, place->href, why);
	if (r == 0)
		r = read_all(&l, why);
	/* Of what is not known to be missing nothing can be put. */
	if (r == -1 && why->kind == FAIL_DATA)
		why->kind = FAIL_FATAL;
	for (size_t i = 0; i < l.n; i++)
		free(l.list[i]);
	free(l.list);
	map_free(&l.known);
	free(path);
	return r;
}

/* The name of a new object: its UID where that can be in a URL, else a number
 * made of it, which is the same on every run. */
static char *
object_href(const struct dav_place *place, const char *uid, int attempt)
{
	size_t n = strspn(uid, "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
			       "abcdefghijklmnopqrstuvwxyz0123456789@._-");
	size_t len = strlen(place->href);
	const char *slash = len > 0 && place->href[len - 1] == '/' ? "" : "/";
	const char *ending = ending_of[place->kind];
	char more[16] = "", name[DAV_NAME_LENGTH_MAX + 1];
	uint64_t hash = UINT64_C(14695981039346656037); /* FNV-1a */

	if (attempt > 0)
		(void)snprintf(more, sizeof more, "-%d", attempt + 1);
	if (uid[n] == '\0' && n > 0 && n <= DAV_NAME_LENGTH_MAX && *uid != '.')
		return xasprintf(
		    "%s%s%s%s%s", place->href, slash, uid, more, ending);
	for (; *uid != '\0'; uid++)
		hash = (hash ^ (unsigned char)*uid) * UINT64_C(1099511628211);
	(void)snprintf(name, sizeof name, "%016" PRIx64, hash);
	return xasprintf("%s%s%s%s%s", place->href, slash, name, more, ending);
}

/* Whether the object at an href has that UID; -1 and why if nobody knows. */
static int
has_uid(struct dav *d, enum dav_kind kind, const char *href, const char *uid,
    struct why *why)
{
	struct buf text = { 0 };
	struct why none = { 0 };
	int same = dav_get(d, href, &text, why);

	if (same == 1) {
		char *found =
		    dav_uid(buf_str(&text), text.len, kind, NULL, &none);

		same = found != NULL && strcmp(found, uid) == 0;
		free(found);
	}
	buf_free(&text);
	return same;
}

static void
ignore(void *arg, const struct dav_response *r)
{
	(void)arg;
	(void)r;
}

static bool
is_uid_conflict(const struct http_reply *reply)
{
	struct why why = { 0 };
	bool conflict = false;

	if (reply->body.len > 0)
		(void)dav_parse(buf_str(&reply->body), reply->body.len, ignore,
		    NULL, &conflict, &why);
	return conflict;
}

/* One attempt. 1: the name is taken. */
static int
put_once(struct dav *d, const struct http_request *r,
    const struct dav_place *place, const char *uid, enum dav_put *result,
    struct why *why)
{
	struct http_reply reply = { 0 };
	bool unsure;
	int same, taken = 0;

	*result = DAV_PUT_FAILED;
	if (dav_exchange(d, r, &reply, &unsure, why) == -1) {
		/* It may have arrived all the same. */
		struct why ignored = { 0 };

		if (unsure &&
		    has_uid(d, place->kind, r->path, uid, &ignored) == 1)
			*result = DAV_PUT_CREATED;
	} else if (reply.status / 100 == 2) {
		*result = DAV_PUT_CREATED;
	} else if (reply.status == 412) {
		same = has_uid(d, place->kind, r->path, uid, why);
		if (same == 1)
			*result = unsure ? DAV_PUT_CREATED : DAV_PUT_EXISTS;
		taken = same == 0;
		if (taken)
			(void)why_set(why, FAIL_DATA,
			    "every name for it is taken by another object");
	} else if ((reply.status == 409 || reply.status == 403) &&
		   is_uid_conflict(&reply)) {
		*result = DAV_PUT_EXISTS;
	} else {
		(void)dav_judge(&reply, "the server refuses it", why);
	}
	http_reply_free(&reply);
	return taken;
}

enum dav_put
dav_put(struct dav *d, const struct dav_place *place, const char *uid,
    const char *data, size_t len, char **href, struct why *why)
{
	static const char *const headers[] = { "If-None-Match: *", NULL };
	struct http_request r = { .method = "PUT",
		.headers = headers,
		.content_type = type_of[place->kind],
		.body = data,
		.len = len };
	enum dav_put result = DAV_PUT_FAILED;
	int taken = 1;

	*href = NULL;
	for (int i = 0; taken == 1 && i < DAV_NAMES_MAX; i++) {
		free(*href);
		*href = object_href(place, uid, i);
		r.path = *href;
		taken = put_once(d, &r, place, uid, &result, why);
	}
	return result;
}
