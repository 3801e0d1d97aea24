/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

#include "dav/discover.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"
#include "core/str.h"
#include "dav/dav-internal.h"
#include "dav/name.h"

/* --- homes --- */

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
	return dav_ask(d, "PROPFIND", path, "Depth: 0",
	    DAV_XML_HEAD "<propfind" DAV_XML_SPACES
			 "><prop><current-user-principal/>"
			 "<c:calendar-home-set/><a:addressbook-home-set/>"
			 "</prop></propfind>",
	    on_found, f, why);
}

/* Looks at *start and, where it names one, at the principal. *start becomes where
 * redirects led. */
static int
look_both(struct dav *d, char **start, enum dav_kind kind, struct found *f,
    struct why *why)
{
	int r = look(d, start, f, why);
	char *path;

	if (r == -1 || f->homes[kind] != NULL || f->principal == NULL)
		return r;
	path = dav_path(f->principal);
	if (path == NULL)
		r = why_set(why, FAIL_FATAL,
		    "the server names a principal that is not a URL: %.200s",
		    f->principal);
	else
		r = look(d, &path, f, why);
	free(path);
	return r;
}

/* Takes the home that was found; what was looked at, where none was named. */
static int
take_home(struct dav *d, enum dav_kind kind, const struct found *f,
    const char *looked, struct why *why)
{
	char *home =
	    f->homes[kind] == NULL ? xstrdup(looked) : dav_path(f->homes[kind]);

	if (home == NULL)
		return why_set(why, FAIL_FATAL,
		    "the server names a home that is not a URL: %.200s",
		    f->homes[kind]);
	d->homes[kind] = home;
	return 0;
}

/*
 * The home of a kind (RFC 6764, 6): for a bare host its well-known place, which
 * redirects to where the service is, and then the root; otherwise the URL that
 * was given.
 */
static int
find_home(struct dav *d, enum dav_kind kind, struct why *why)
{
	static const char *const well_known[] = { "/.well-known/caldav",
		"/.well-known/carddav" };
	bool bare = strcmp(d->path, "/") == 0;
	struct found f = { .any = false };
	char *path = xstrdup(bare ? well_known[kind] : d->path);
	struct why first = { 0 };
	int r = look_both(d, &path, kind, &f, why);
	bool answered =
	    r == 0 && (f.homes[kind] != NULL || !bare || f.principal != NULL);

	if (!answered && bare && !d->refused &&
	    (r == 0 || why->kind != FAIL_TEMP)) {
		if (r == -1)
			first = *why;
		found_free(&f);
		free(path);
		path = xstrdup("/");
		r = look_both(d, &path, kind, &f, why);
		/* What the well-known place says is of more use: the root of a
		 * server is often a web page. */
		if (r == -1 && first.kind != FAIL_NONE && !d->refused &&
		    why->kind != FAIL_TEMP)
			*why = first;
	}
	if (r == 0)
		r = take_home(d, kind, &f, path, why);
	free(path);
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
add_place(struct dav_places *places, enum dav_kind kind, char *href,
    const char *name, unsigned int takes)
{
	char *kept = name == NULL ? NULL : dav_name(name);

	places->list =
	    xgrow(places->list, places->n, &places->cap, sizeof *places->list);
	places->list[places->n++] = (struct dav_place){ kind, href,
		kept == NULL ? last_part(href) : kept, takes };
}

bool
dav_takes(const struct dav_place *place, unsigned int components)
{
	return place->takes == 0 || (components & ~place->takes) == 0;
}

static bool
has_place(const struct dav_places *places, const char *href)
{
	for (size_t i = 0; i < places->n; i++)
		if (strcmp(places->list[i].href, href) == 0)
			return true;
	return false;
}

static bool
is_taken(const struct dav_places *places, const char *href)
{
	for (size_t i = 0; i < places->n_taken; i++)
		if (strcmp(places->taken[i], href) == 0)
			return true;
	return false;
}

static void
take(struct dav_places *places, const char *href)
{
	if (is_taken(places, href))
		return;
	places->taken = xgrow(places->taken, places->n_taken,
	    &places->cap_taken, sizeof *places->taken);
	places->taken[places->n_taken++] = xstrdup(href);
}

struct find_places {
	bool wanted[2]; /* by kind */
	struct dav_places *places;
	struct dav_listed listed;
};

static void
on_place(void *arg, const struct dav_response *r)
{
	struct find_places *f = arg;
	enum dav_kind kind = r->calendar ? DAV_CALENDAR : DAV_ADDRESSBOOK;
	bool wanted = (r->calendar || r->addressbook) && f->wanted[kind];
	char *href = dav_path(r->href);

	if (r->status >= 300)
		f->listed.cut = r->status;
	if (href != NULL)
		take(f->places, href);
	/* Below a query there is nothing. */
	if (wanted && (href == NULL || strchr(href, '?') != NULL))
		dav_listed_odd(&f->listed, r->href);
	else if (wanted && !has_place(f->places, href))
		add_place(f->places, kind, xstrdup(href), r->name,
		    r->calendar ? r->components : 0);
	free(href);
}

/* Appends the collections in the home of a kind; of the other kind, too, where
 * that is wanted and has the same home. */
static int
list_home(struct dav *d, enum dav_kind kind, bool both,
    struct dav_places *places, struct why *why)
{
	struct find_places f = { { both, both }, places, { 0 } };
	int r;

	f.wanted[kind] = true;
	r = dav_ask(d, "PROPFIND", &d->homes[kind], "Depth: 1",
	    DAV_XML_HEAD "<propfind" DAV_XML_SPACES "><prop><resourcetype/>"
			 "<displayname/>"
			 "<c:supported-calendar-component-set/>"
			 "</prop></propfind>",
	    on_place, &f, why);

	return dav_listed_end(&f.listed, r, d->homes[kind], why);
}

static int
compare_places(const void *a, const void *b)
{
	const struct dav_place *p = a, *q = b;

	return p->kind != q->kind ? (int)p->kind - (int)q->kind
				  : strcmp(p->href, q->href);
}

/* A slash at the end makes no difference. */
static bool
same_path(const char *a, const char *b)
{
	size_t n = strlen(a), m = strlen(b);

	n -= n > 0 && a[n - 1] == '/';
	m -= m > 0 && b[m - 1] == '/';
	return n == m && strncmp(a, b, n) == 0;
}

int
dav_discover(struct dav *d, const bool wanted[2], struct dav_places *places,
    struct why *why)
{
	bool shared = false;
	int r = 0;

	for (int kind = DAV_CALENDAR; r == 0 && kind <= DAV_ADDRESSBOOK; kind++)
		if (wanted[kind])
			r = find_home(d, (enum dav_kind)kind, why);
	/* A home that is listed a second time may have what another run made in
	 * between, of which nobody would look what is in it. */
	if (d->homes[0] != NULL && d->homes[1] != NULL)
		shared = same_path(d->homes[0], d->homes[1]);
	for (int kind = DAV_CALENDAR; r == 0 && kind <= DAV_ADDRESSBOOK; kind++)
		if (wanted[kind] && !(shared && kind == DAV_ADDRESSBOOK))
			r = list_home(
			    d, (enum dav_kind)kind, shared, places, why);
	if (r == 0 && places->n > 0)
		qsort(places->list, places->n, sizeof *places->list,
		    compare_places);
	/* What the server does not have at all concerns every record. */
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
	for (size_t i = 0; i < places->n_taken; i++)
		free(places->taken[i]);
	free(places->taken);
	*places = (struct dav_places){ .list = NULL };
}

/* The letters of a name that are the same in every URL. */
static void
add_plain(struct buf *out, const char *name)
{
	for (; *name != '\0' && out->len < DAV_NAME_LENGTH_MAX; name++) {
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

/* The href of a new collection, which is taken then; the caller frees it. */
static char *
new_href(
    const struct dav *d, const struct dav_new *new, struct dav_places *places)
{
	int attempt = 0;
	const char *home = d->homes[new->kind];
	size_t n = strlen(home);
	struct buf plain = { 0 };
	char *href = NULL;

	add_plain(&plain, new->name);
	if (plain.len == 0)
		buf_adds(&plain, dav_no_name(new->kind));
	do {
		char more[16] = "";

		if (attempt > 0)
			(void)snprintf(more, sizeof more, "-%d", attempt + 1);
		free(href);
		href = xasprintf("%s%s%s%s/", home,
		    n > 0 && home[n - 1] == '/' ? "" : "/", plain.data, more);
		attempt++;
	} while (is_taken(places, href));
	buf_free(&plain);
	take(places, href);
	return href;
}

/* RFC 4791, 5.2.3 */
static void
add_components(unsigned int takes, struct buf *body)
{
	static const char *const names[] = { "VEVENT", "VTODO", "VJOURNAL" };

	if (takes == 0)
		return;
	buf_adds(body, "<c:supported-calendar-component-set>");
	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if ((takes & dav_component(names[i])) != 0)
			buf_addf(body, "<c:comp name=\"%s\"/>", names[i]);
	buf_adds(body, "</c:supported-calendar-component-set>");
}

static void
make_body(const struct dav_new *new, struct buf *body)
{
	bool calendar = new->kind == DAV_CALENDAR;

	if (calendar)
		buf_adds(body,
		    DAV_XML_HEAD "<c:mkcalendar" DAV_XML_SPACES "><set><prop>");
	else
		buf_adds(body, DAV_XML_HEAD
		    "<mkcol" DAV_XML_SPACES "><set><prop><resourcetype>"
		    "<collection/><a:addressbook/></resourcetype>");
	buf_adds(body, "<displayname>");
	dav_add_escaped(body, new->name);
	buf_adds(body, "</displayname>");
	add_components(new->takes, body);
	buf_adds(body, "</prop></set>");
	buf_adds(body, calendar ? "</c:mkcalendar>" : "</mkcol>");
}

/* The href that was to be new is taken: takes the collection that has this name
 * now, and did not before. False: there is none, or nobody knows. */
static bool
made_meanwhile(
    struct dav *d, const struct dav_new *new, struct dav_places *places)
{
	struct dav_places now = { .list = NULL };
	struct why why = { 0 };
	bool found = false;

	if (list_home(d, new->kind, false, &now, &why) == 0)
		for (size_t i = 0; i < now.n && !found; i++) {
			const struct dav_place *p = &now.list[i];

			found = strcmp(p->name, new->name) == 0 &&
				dav_takes(p, new->takes) &&
				!has_place(places, p->href);
			if (found)
				add_place(places, new->kind, xstrdup(p->href),
				    new->name, p->takes);
		}
	dav_places_free(&now);
	return found;
}

enum dav_make
dav_make(struct dav *d, const struct dav_new *new, struct dav_places *places,
    struct why *why)
{
	struct http_reply reply = { 0 };
	struct buf body = { 0 };
	struct http_request r = {
		.method = new->kind == DAV_CALENDAR ? "MKCALENDAR" : "MKCOL",
		.content_type = "application/xml; charset=utf-8"
	};
	char *href = NULL;
	enum dav_make result = DAV_MAKE_FAILED;
	bool unsure;

	make_body(new, &body);
	r.body = body.data;
	r.len = body.len;
	for (int i = 0; i < DAV_NAMES_MAX && result == DAV_MAKE_FAILED; i++) {
		free(href);
		href = new_href(d, new, places);
		r.path = href;
		if (dav_exchange(d, &r, &reply, &unsure, why) == -1)
			break;
		if (reply.status / 100 == 2) {
			add_place(
			    places, new->kind, href, new->name, new->takes);
			href = NULL;
			result = DAV_MAKE_CREATED;
		} else if (reply.status != 405 && reply.status != 409) {
			(void)dav_judge(&reply, href, why);
			break;
		} else if (made_meanwhile(d, new, places)) {
			result = DAV_MAKE_THERE;
		} else {
			/* Something of another kind is there. */
			(void)dav_judge(&reply, href, why);
		}
	}
	free(href);
	buf_free(&body);
	http_reply_free(&reply);
	return result;
}

void
dav_pretend(const struct dav_new *new, struct dav_places *places)
{
	add_place(places, new->kind, xstrdup(""), new->name, new->takes);
}
