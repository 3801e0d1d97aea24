/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

#include "dav/client.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/alloc.h"
#include "core/map.h"
#include "core/str.h"

#define XML_HEAD "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n"
#define XML_SPACES                                                             \
	" xmlns=\"DAV:\" xmlns:c=\"urn:ietf:params:xml:ns:caldav\""            \
	" xmlns:a=\"urn:ietf:params:xml:ns:carddav\""

enum {
	REDIRECTS_MAX = 5,
	TRIES_MAX = 4,
	/* Objects asked for at once. */
	GET_MAX = 50,
	/* How often another name is tried for one that is taken. */
	NAMES_MAX = 5,
	NAME_LENGTH_MAX = 80
};

static const char *const type_of[] = { "text/calendar; charset=utf-8",
	"text/vcard; charset=utf-8" };
static const char *const ending_of[] = { ".ics", ".vcf" };

/* --- requests --- */

static void
pause_for(long seconds)
{
	struct timespec t = { .tv_sec = seconds };

	(void)nanosleep(&t, NULL);
}

/* Whether to send it again, after waiting. */
static bool
again(struct dav *d, const struct http_reply *reply, int attempt,
    const struct why *why)
{
	long seconds =
	    reply->retry_after > 0 ? reply->retry_after : 1L << attempt;

	if (attempt + 1 >= TRIES_MAX || seconds > d->budget ||
	    (d->stop != NULL && d->stop()))
		return false;
	if (d->waiting != NULL)
		d->waiting(seconds, why);
	d->budget -= seconds;
	pause_for(seconds);
	return true;
}

/*
 * One request, repeated while the server asks to wait. A reply of any status
 * but 429 and 503 is 0. *unsure: nobody knows whether it was done.
 */
static int
exchange(struct dav *d, const struct http_request *r, struct http_reply *reply,
    bool *unsure, struct why *why)
{
	bool doubt = false;

	*unsure = false;
	for (int attempt = 0;; attempt++) {
		int result = http_request(d->http, r, reply, &doubt, why);

		d->requests++;
		*unsure = *unsure || doubt;
		if (result == 0 && reply->status == 401 && reply->digest &&
		    attempt == 0) {
			http_use_digest(d->http);
			continue;
		}
		if (result == 0 && reply->status != 429 && reply->status != 503)
			return 0;
		/* A kept connection that broke; each request of ours does no
		 * harm when it arrives twice. */
		if (result == -1 && doubt && attempt == 0)
			continue;
		if (result == -1)
			return -1;
		(void)why_set(why, FAIL_TEMP,
		    "the server asks to wait (status %ld)", reply->status);
		if (!again(d, reply, attempt, why))
			return -1;
	}
}

/* What a status other than success means. */
static int
judge(const struct http_reply *reply, const char *what, struct why *why)
{
	long s = reply->status;

	switch (s) {
	case 401:
		return why_set(why, FAIL_FATAL,
		    "the server refuses the name and password");
	case 403:
		return why_set(why, FAIL_DATA,
		    "%s: the server does not allow it (status 403)", what);
	case 413:
		return why_set(
		    why, FAIL_DATA, "%s: too large for the server", what);
	case 507:
		return why_set(
		    why, FAIL_DATA, "%s: no room left on the server", what);
	default:
		break;
	}
	if (reply->location != NULL && s >= 300 && s < 400)
		return why_set(why, FAIL_FATAL,
		    "%s: the server says to go to %.200s", what,
		    reply->location);
	return why_set(why, s >= 500 || s == 408 ? FAIL_TEMP : FAIL_DATA,
	    "%s: status %ld", what, s);
}

/* The path of a URL that the server gave: absolute, or on the same server.
 * NULL if it is elsewhere. The caller frees it. */
static char *
own_path(const struct dav *d, const char *href)
{
	const char *base = http_base(d->http);
	size_t n = strlen(base);

	if (*href == '/' && href[1] != '/')
		return xstrdup(href);
	if (str_starts_nocase(href, base) && href[n] == '/')
		return xstrdup(href + n);
	return NULL;
}

/* A header or a path must not hold what ends it. */
static bool
is_path(const char *s)
{
	for (; *s != '\0'; s++)
		if ((unsigned char)*s <= 0x20 || *s == 0x7f)
			return false;
	return true;
}

struct take {
	void (*each)(void *, const struct dav_response *);
	void *arg;
};

/* PROPFIND or REPORT; redirects on the same server are followed, and *path is
 * then the new one. */
static int
ask(struct dav *d, const char *method, char **path, const char *depth,
    const char *body, void (*each)(void *, const struct dav_response *),
    void *arg, struct why *why)
{
	const char *headers[] = { depth, NULL };
	struct http_reply reply = { 0 };
	struct http_request r = { .method = method,
		.headers = headers,
		.content_type = "application/xml; charset=utf-8",
		.body = body,
		.len = strlen(body) };
	bool unsure;
	int result = -1;

	for (int i = 0; i <= REDIRECTS_MAX; i++) {
		char *to;

		r.path = *path;
		if (exchange(d, &r, &reply, &unsure, why) == -1)
			goto out;
		to = reply.location == NULL || reply.status < 300 ||
			     reply.status >= 400
			 ? NULL
			 : own_path(d, reply.location);
		if (to == NULL || !is_path(to)) {
			free(to);
			break;
		}
		free(*path);
		*path = to;
	}
	if (reply.status == 207)
		result = dav_parse(
		    buf_str(&reply.body), reply.body.len, each, arg, NULL, why);
	else
		result = judge(&reply, *path, why);
out:
	http_reply_free(&reply);
	return result;
}

/* --- discovery --- */

int
dav_open(struct dav *d, const char *url, const struct http_options *o,
    long budget, struct why *why)
{
	const char *host = strstr(url, "://");
	const char *path = host == NULL ? NULL : strchr(host + 3, '/');
	char *origin =
	    path == NULL ? xstrdup(url) : xmemdup(url, (size_t)(path - url));

	*d = (struct dav){ .budget = budget };
	d->path = xstrdup(path == NULL ? "/" : path);
	if (!is_path(d->path))
		(void)why_set(why, FAIL_FATAL, "%s: not a URL", url);
	else
		d->http = http_new(origin, o, why);
	free(origin);
	return d->http == NULL ? -1 : 0;
}

void
dav_close(struct dav *d)
{
	http_free(d->http);
	free(d->path);
	free(d->homes[0]);
	free(d->homes[1]);
	*d = (struct dav){ .http = NULL };
}

/* What a PROPFIND on one resource says. */
struct found {
	char *principal;
	char *homes[2];
	bool any;
};

static void
keep(char **to, const char *s)
{
	if (*to == NULL && s != NULL)
		*to = xstrdup(s);
}

static void
on_found(void *arg, const struct dav_response *r)
{
	struct found *f = arg;

	f->any = true;
	keep(&f->principal, r->principal);
	keep(&f->homes[DAV_CALENDAR], r->calendar_home);
	keep(&f->homes[DAV_ADDRESSBOOK], r->addressbook_home);
}

static void
found_free(struct found *f)
{
	free(f->principal);
	free(f->homes[0]);
	free(f->homes[1]);
	*f = (struct found){ .any = false };
}

static int
look(struct dav *d, char **path, struct found *f, struct why *why)
{
	return ask(d, "PROPFIND", path, "Depth: 0",
	    XML_HEAD "<propfind" XML_SPACES "><prop><current-user-principal/>"
		     "<c:calendar-home-set/><a:addressbook-home-set/>"
		     "</prop></propfind>",
	    on_found, f, why);
}

/* Looks at a resource and, where it names one, at the principal. */
static int
look_both(struct dav *d, const char *start, enum dav_kind kind, struct found *f,
    struct why *why)
{
	char *path = xstrdup(start);
	int r = look(d, &path, f, why);

	if (r == 0 && f->homes[kind] == NULL && f->principal != NULL) {
		free(path);
		path = own_path(d, f->principal);
		if (path == NULL || !is_path(path))
			r = why_set(why, FAIL_FATAL,
			    "the principal is on another server: %.200s",
			    f->principal);
		else
			r = look(d, &path, f, why);
	}
	free(path);
	return r;
}

/* The home of a kind. Where the server names none, what the URL names is taken
 * for it. */
static int
find_home(struct dav *d, enum dav_kind kind, struct why *why)
{
	static const char *const well_known[] = { "/.well-known/caldav",
		"/.well-known/carddav" };
	struct found f = { .any = false };
	int r = -1;

	if (strcmp(d->path, "/") == 0) {
		r = look_both(d, well_known[kind], kind, &f, why);
		if (r == -1 && (why->kind == FAIL_TEMP ||
				   str_starts(why->text, "the server refuses")))
			goto out;
	}
	if (f.homes[kind] == NULL)
		r = look_both(d, d->path, kind, &f, why);
	if (r == -1)
		goto out;
	d->homes[kind] = f.homes[kind] == NULL ? xstrdup(d->path)
					       : own_path(d, f.homes[kind]);
	if (d->homes[kind] == NULL || !is_path(d->homes[kind])) {
		r = why_set(why, FAIL_FATAL,
		    "the home is on another server: %.200s", f.homes[kind]);
		free(d->homes[kind]);
		d->homes[kind] = NULL;
	}
out:
	found_free(&f);
	return r;
}

/* --- collections --- */

/* The last part of a path, without the slash at its end; for the caller to
 * free. */
static char *
last_part(const char *href)
{
	size_t n = strlen(href), start;

	while (n > 0 && href[n - 1] == '/')
		n--;
	for (start = n; start > 0 && href[start - 1] != '/'; start--)
		;
	return xmemdup(href + start, n - start);
}

static void
add_place(
    struct dav_places *places, enum dav_kind kind, char *href, const char *name)
{
	places->list =
	    grow(places->list, places->n, &places->cap, sizeof *places->list);
	places->list[places->n++] = (struct dav_place){ kind, href,
		name != NULL && *name != '\0' ? xstrdup(name)
					      : last_part(href) };
}

struct find_places {
	struct dav *d;
	enum dav_kind kind;
	struct dav_places *places;
};

static void
on_place(void *arg, const struct dav_response *r)
{
	struct find_places *f = arg;
	char *href;

	if (f->kind == DAV_CALENDAR ? !r->calendar : !r->addressbook)
		return;
	href = own_path(f->d, r->href);
	if (href != NULL && is_path(href))
		add_place(f->places, f->kind, href, r->name);
	else
		free(href);
}

int
dav_discover(struct dav *d, enum dav_kind kind, struct dav_places *places,
    struct why *why)
{
	struct find_places f = { d, kind, places };
	int r = find_home(d, kind, why);

	if (r == 0)
		r = ask(d, "PROPFIND", &d->homes[kind], "Depth: 1",
		    XML_HEAD "<propfind" XML_SPACES "><prop><resourcetype/>"
			     "<displayname/></prop></propfind>",
		    on_place, &f, why);
	/* What the server does not have at all is no matter of one record. */
	if (r == -1 && why->kind == FAIL_DATA)
		why->kind = FAIL_FATAL;
	return r;
}

void
dav_places_free(struct dav_places *places)
{
	for (size_t i = 0; i < places->n; i++) {
		free(places->list[i].href);
		free(places->list[i].name);
	}
	free(places->list);
	*places = (struct dav_places){ .list = NULL };
}

static void
add_escaped(struct buf *out, const char *s)
{
	for (; *s != '\0'; s++) {
		if (*s == '&')
			buf_adds(out, "&amp;");
		else if (*s == '<')
			buf_adds(out, "&lt;");
		else if (*s == '>')
			buf_adds(out, "&gt;");
		else if ((unsigned char)*s >= 0x20 || *s == '\t')
			buf_addc(out, *s);
	}
}

/* The letters of a name that are the same in every URL. */
static void
add_plain(struct buf *out, const char *name)
{
	for (; *name != '\0' && out->len < NAME_LENGTH_MAX; name++) {
		bool plain = (*name >= 'a' && *name <= 'z') ||
			     (*name >= 'A' && *name <= 'Z') ||
			     (*name >= '0' && *name <= '9');

		if (plain)
			buf_addc(out, *name);
		else if (out->len > 0 && out->data[out->len - 1] != '-')
			buf_addc(out, '-');
	}
	while (out->len > 0 && out->data[out->len - 1] == '-')
		out->data[--out->len] = '\0';
}

static bool
has_href(const struct dav_places *places, const char *href)
{
	for (size_t i = 0; i < places->n; i++)
		if (strcmp(places->list[i].href, href) == 0)
			return true;
	return false;
}

/* The href of a new collection; the caller frees it. */
static char *
new_href(const struct dav *d, enum dav_kind kind, const char *name,
    const struct dav_places *places, int attempt)
{
	const char *home = d->homes[kind];
	size_t n = strlen(home);
	struct buf plain = { 0 };
	char *href = NULL;

	add_plain(&plain, name);
	if (plain.len == 0)
		buf_adds(
		    &plain, kind == DAV_CALENDAR ? "calendar" : "contacts");
	do {
		char more[16] = "";

		if (attempt > 0)
			(void)snprintf(more, sizeof more, "-%d", attempt + 1);
		free(href);
		href = xasprintf("%s%s%s%s/", home,
		    n > 0 && home[n - 1] == '/' ? "" : "/", plain.data, more);
		attempt++;
	} while (has_href(places, href));
	buf_free(&plain);
	return href;
}

static void
make_body(enum dav_kind kind, const char *name, struct buf *body)
{
	if (kind == DAV_CALENDAR)
		buf_adds(
		    body, XML_HEAD "<c:mkcalendar" XML_SPACES "><set><prop>");
	else
		buf_adds(body,
		    XML_HEAD "<mkcol" XML_SPACES "><set><prop><resourcetype>"
			     "<collection/><a:addressbook/></resourcetype>");
	buf_adds(body, "<displayname>");
	add_escaped(body, name);
	buf_adds(body, "</displayname></prop></set>");
	buf_adds(body, kind == DAV_CALENDAR ? "</c:mkcalendar>" : "</mkcol>");
}

int
dav_make(struct dav *d, enum dav_kind kind, const char *name,
    struct dav_places *places, struct why *why)
{
	struct http_reply reply = { 0 };
	struct buf body = { 0 };
	struct http_request r = { .method = kind == DAV_CALENDAR ? "MKCALENDAR"
								 : "MKCOL",
		.content_type = "application/xml; charset=utf-8" };
	char *href = NULL;
	bool unsure;
	int result = -1;

	make_body(kind, name, &body);
	r.body = body.data;
	r.len = body.len;
	for (int i = 0; i < NAMES_MAX && result == -1; i++) {
		free(href);
		href = new_href(d, kind, name, places, i);
		r.path = href;
		if (exchange(d, &r, &reply, &unsure, why) == -1)
			break;
		if (reply.status / 100 == 2) {
			add_place(places, kind, href, name);
			href = NULL;
			result = 0;
		} else if (reply.status != 405 && reply.status != 409) {
			(void)judge(&reply, href, why);
			break;
		} else {
			/* Something of another kind is there. */
			(void)judge(&reply, href, why);
		}
	}
	free(href);
	buf_free(&body);
	http_reply_free(&reply);
	return result;
}

/* --- objects --- */

struct hrefs {
	struct dav *d;
	const char *self;
	char **list;
	size_t n, cap;
};

static void
on_href(void *arg, const struct dav_response *r)
{
	struct hrefs *h = arg;
	char *path = r->collection ? NULL : own_path(h->d, r->href);

	if (path == NULL || strcmp(path, h->self) == 0 || !is_path(path)) {
		free(path);
		return;
	}
	h->list = grow(h->list, h->n, &h->cap, sizeof *h->list);
	h->list[h->n++] = path;
}

struct uids {
	struct dav *d;
	enum dav_kind kind;
	void (*each)(void *, const char *, const char *);
	void *arg;
};

static void
on_data(void *arg, const struct dav_response *r)
{
	struct uids *u = arg;
	struct why why = { 0 };
	char *path = own_path(u->d, r->href);
	char *uid = r->data == NULL || path == NULL
			? NULL
			: dav_uid(r->data, strlen(r->data), u->kind, &why);

	if (uid != NULL)
		u->each(u->arg, uid, path);
	free(uid);
	free(path);
}

/* RFC 4791, 7.9 and RFC 6352, 8.7 */
static int
multiget(struct dav *d, const struct dav_place *place, char **hrefs, size_t n,
    struct uids *u, struct why *why)
{
	bool calendar = place->kind == DAV_CALENDAR;
	struct buf body = { 0 };
	char *path = xstrdup(place->href);
	int r;

	buf_addf(&body, XML_HEAD "<%s" XML_SPACES "><prop><%s/></prop>",
	    calendar ? "c:calendar-multiget" : "a:addressbook-multiget",
	    calendar ? "c:calendar-data" : "a:address-data");
	for (size_t i = 0; i < n; i++) {
		buf_adds(&body, "<href>");
		add_escaped(&body, hrefs[i]);
		buf_adds(&body, "</href>");
	}
	buf_adds(&body,
	    calendar ? "</c:calendar-multiget>" : "</a:addressbook-multiget>");
	r = ask(d, "REPORT", &path, "Depth: 0", body.data, on_data, u, why);
	buf_free(&body);
	free(path);
	return r;
}

int
dav_list(struct dav *d, const struct dav_place *place,
    void (*each)(void *, const char *, const char *), void *arg,
    struct why *why)
{
	struct hrefs h = { .d = d, .self = place->href };
	struct uids u = { d, place->kind, each, arg };
	char *path = xstrdup(place->href);
	int r = ask(d, "PROPFIND", &path, "Depth: 1",
	    XML_HEAD "<propfind" XML_SPACES "><prop><resourcetype/><getetag/>"
		     "</prop></propfind>",
	    on_href, &h, why);

	for (size_t i = 0; r == 0 && i < h.n; i += GET_MAX)
		r = multiget(d, place, h.list + i,
		    h.n - i < GET_MAX ? h.n - i : GET_MAX, &u, why);
	for (size_t i = 0; i < h.n; i++)
		free(h.list[i]);
	free(h.list);
	free(path);
	return r;
}

/* The name of a new object: its UID where that can stand in a URL, else a
 * number made of it, which is the same on every run. */
static char *
object_href(const struct dav_place *place, const char *uid, int attempt)
{
	size_t n = strspn(uid, "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
			       "abcdefghijklmnopqrstuvwxyz0123456789@._-");
	size_t len = strlen(place->href);
	const char *slash = len > 0 && place->href[len - 1] == '/' ? "" : "/";
	const char *ending = ending_of[place->kind];
	char more[16] = "", name[NAME_LENGTH_MAX + 1];
	uint64_t hash = UINT64_C(14695981039346656037); /* FNV-1a */

	if (attempt > 0)
		(void)snprintf(more, sizeof more, "-%d", attempt + 1);
	if (uid[n] == '\0' && n > 0 && n <= NAME_LENGTH_MAX && *uid != '.')
		return xasprintf(
		    "%s%s%s%s%s", place->href, slash, uid, more, ending);
	for (; *uid != '\0'; uid++)
		hash = (hash ^ (unsigned char)*uid) * UINT64_C(1099511628211);
	(void)snprintf(name, sizeof name, "%016" PRIx64, hash);
	return xasprintf("%s%s%s%s%s", place->href, slash, name, more, ending);
}

/* Whether that is what stands at an href. */
static int
has_uid(struct dav *d, enum dav_kind kind, const char *href, const char *uid,
    struct why *why)
{
	struct http_request r = { .method = "GET", .path = href };
	struct http_reply reply = { 0 };
	struct why none = { 0 };
	bool unsure;
	char *found;
	int same = -1;

	if (exchange(d, &r, &reply, &unsure, why) == 0) {
		found =
		    dav_uid(buf_str(&reply.body), reply.body.len, kind, &none);
		same = reply.status == 200 && found != NULL &&
		       strcmp(found, uid) == 0;
		free(found);
	}
	http_reply_free(&reply);
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
	if (exchange(d, r, &reply, &unsure, why) == -1) {
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
		(void)judge(&reply, "the server refuses it", why);
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
	for (int i = 0; taken == 1 && i < NAMES_MAX; i++) {
		free(*href);
		*href = object_href(place, uid, i);
		r.path = *href;
		taken = put_once(d, &r, place, uid, &result, why);
	}
	return result;
}
