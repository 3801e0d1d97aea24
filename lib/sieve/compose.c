/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

#include "sieve/compose.h"

#include <string.h>

/* A quoted string: RFC 5228, 2.4.2. */
static void
add_quoted(struct buf *out, const char *text)
{
	buf_addc(out, '"');
	for (; *text != '\0'; text++) {
		if (*text == '"' || *text == '\\')
			buf_addc(out, '\\');
		buf_addc(out, *text);
	}
	buf_addc(out, '"');
}

void
sieve_forward(struct buf *out, const char *target, bool keep)
{
	if (keep) /* RFC 3894 */
		buf_adds(out, "require [\"copy\"];\n");
	buf_adds(out, keep ? "redirect :copy " : "redirect ");
	add_quoted(out, target);
	buf_adds(out, keep ? ";\n" : ";\nstop;\n");
}

/* --- vacation --- */

/*
 * A test whether now is before a moment, or not before it. Days and times are
 * compared as texts: how a server writes them together is its own business.
 */
static void
add_moment(struct buf *out, time_t moment, bool before)
{
	char day[16], hour[16];
	struct tm tm;

	if (gmtime_r(&moment, &tm) == NULL ||
	    strftime(day, sizeof day, "%Y-%m-%d", &tm) == 0 ||
	    strftime(hour, sizeof hour, "%H:%M:%S", &tm) == 0)
		return;
	buf_addf(out,
	    "anyof(currentdate :zone \"+0000\" :value \"%s\" \"date\" \"%s\",\n"
	    "        allof(currentdate :zone \"+0000\" :is \"date\" \"%s\",\n"
	    "            currentdate :zone \"+0000\" :value \"%s\" \"time\" "
	    "\"%s\"))",
	    before ? "lt" : "gt", day, day, before ? "lt" : "ge", hour);
}

static const char boundary[] = "=_mailferry_vacation";

/* The message as MIME: HTML, with the plain text if there is one. */
static void
add_html(struct buf *out, const struct sieve_vacation *v)
{
	struct buf mime = { 0 };

	if (v->text != NULL)
		buf_addf(&mime,
		    "Content-Type: multipart/alternative; boundary=\"%s\"\n\n"
		    "--%s\nContent-Type: text/plain; charset=utf-8\n"
		    "Content-Transfer-Encoding: 8bit\n\n%s\n\n--%s\n",
		    boundary, boundary, v->text, boundary);
	buf_addf(&mime,
	    "Content-Type: text/html; charset=utf-8\n"
	    "Content-Transfer-Encoding: 8bit\n\n%s\n",
	    v->html);
	if (v->text != NULL)
		buf_addf(&mime, "\n--%s--\n", boundary);
	buf_adds(out, " :mime ");
	add_quoted(out, buf_str(&mime));
	buf_free(&mime);
}

static void
add_addresses(struct buf *out, const char *const *addresses)
{
	if (addresses == NULL || *addresses == NULL)
		return;
	buf_adds(out, " :addresses [");
	for (const char *const *a = addresses; *a != NULL; a++) {
		if (a != addresses)
			buf_adds(out, ", ");
		add_quoted(out, *a);
	}
	buf_adds(out, "]");
}

void
sieve_vacation(struct buf *out, const struct sieve_vacation *v)
{
	bool limited = v->from != -1 || v->until != -1;

	buf_adds(out, limited ? "require [\"vacation\", \"date\", "
				"\"relational\"];\nif allof("
			      : "require [\"vacation\"];\n");
	if (v->from != -1)
		add_moment(out, v->from, false);
	if (v->from != -1 && v->until != -1)
		buf_adds(out, ",\n    ");
	if (v->until != -1)
		add_moment(out, v->until, true);
	if (limited)
		buf_adds(out, ") {\n");
	buf_adds(out, "vacation");
	if (v->subject != NULL) {
		buf_adds(out, " :subject ");
		add_quoted(out, v->subject);
	}
	add_addresses(out, v->addresses);
	if (v->html != NULL) {
		add_html(out, v);
	} else {
		buf_addc(out, ' ');
		add_quoted(out, v->text);
	}
	buf_adds(out, limited ? ";\n}\n" : ";\n");
}

/* --- wrapper --- */

static void
add_include(struct buf *out, const char *name)
{
	buf_adds(out, "include :personal :optional ");
	add_quoted(out, name);
	buf_adds(out, ";\n");
}

void
sieve_wrapper(struct buf *out, const char *const *names, size_t n)
{
	buf_adds(out, "require [\"include\"];\n");
	for (size_t i = 0; i < n; i++)
		add_include(out, names[i]);
}

bool
sieve_wraps(const char *text, const char *name)
{
	struct buf line = { 0 };
	bool found;

	add_include(&line, name);
	found = strstr(text, buf_str(&line)) != NULL;
	buf_free(&line);
	return found;
}
