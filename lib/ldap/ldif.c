/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

#include "ldap/ldif.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "core/base64.h"
#include "core/str.h"

void
ldif_init(struct ldif *in, int fd)
{
	*in = (struct ldif){ 0 };
	lines_init(&in->lines, fd, ENTRY_MAX);
	buf_init(&in->text, ENTRY_MAX);
	buf_init(&in->ahead, ENTRY_MAX);
	buf_init(&in->value, ENTRY_MAX);
}

void
ldif_free(struct ldif *in)
{
	lines_free(&in->lines);
	buf_wipe(&in->text);
	buf_wipe(&in->ahead);
	buf_wipe(&in->value);
}

/* --- lines --- */

/* Reads one line of the file into in->ahead. 0, or -1 and why. */
static int
read_ahead(struct ldif *in, struct why *why)
{
	char *line;
	size_t len;
	enum line r = lines_next(&in->lines, &line, &len);

	in->have_ahead = r == LINE_OK || r == LINE_LONG;
	in->ahead_long = r == LINE_LONG;
	in->ahead_number = in->lines.number;
	buf_reset(&in->ahead);
	if (r == LINE_ERROR)
		return why_errno(why, FAIL_FATAL, "cannot be read");
	if (r != LINE_OK)
		return 0;
	in->unended = in->lines.truncated;
	if (len > 0 && line[len - 1] == '\r')
		len--;
	buf_add(&in->ahead, line, len);
	return 0;
}

/*
 * The next line into in->text, with the lines that continue it: those that
 * begin with a blank, which is not part of it (RFC 2849, note 2). 1, 0 at the
 * end, or -1 and why.
 */
static int
next_line(struct ldif *in, struct why *why)
{
	struct buf t = in->text;

	if (!in->have_ahead && read_ahead(in, why) == -1)
		return -1;
	if (!in->have_ahead)
		return 0;
	in->text = in->ahead;
	in->ahead = t;
	in->number = in->ahead_number;
	in->too_long = in->ahead_long;
	for (;;) {
		if (read_ahead(in, why) == -1)
			return -1;
		if (!in->have_ahead || in->text.len == 0 ||
		    *buf_str(&in->ahead) != ' ')
			break;
		buf_add(&in->text, in->ahead.data + 1, in->ahead.len - 1);
	}
	in->too_long = in->too_long || in->text.overflow;
	return 1;
}

static bool
is_blank(const struct ldif *in)
{
	return in->text.len == 0 && !in->too_long;
}

/* As next_line, without comments. */
static int
next_content(struct ldif *in, struct why *why)
{
	int r;

	do
		r = next_line(in, why);
	while (r == 1 && *buf_str(&in->text) == '#');
	return r;
}

/* --- one line of an entry --- */

struct attribute {
	const char *name;
	size_t len;
	struct value value;
};

static bool
is_name(const char *name, size_t len)
{
	static const char set[] = "abcdefghijklmnopqrstuvwxyz"
				  "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				  "0123456789-._;";

	return len != 0 && strspn(name, set) == len;
}

static bool
name_is(const struct attribute *a, const char *name)
{
	return a->len == strlen(name) &&
	       strncasecmp(a->name, name, a->len) == 0;
}

/* Takes the current line apart; its text, or in->value, holds the value. */
static int
parse_line(struct ldif *in, struct attribute *a, struct why *why)
{
	const char *text = buf_str(&in->text), *at;

	*a = (struct attribute){ text, 0, { "", 0 } };
	if (in->too_long)
		return why_set(why, FAIL_DATA, "more than %d bytes in one line",
		    (int)ENTRY_MAX);
	if (memchr(text, '\0', in->text.len) != NULL)
		return why_set(why, FAIL_DATA, "a NUL byte");
	if (*text == ' ')
		return why_set(
		    why, FAIL_DATA, "a line that continues no other");
	a->len = strcspn(text, ":");
	if (text[a->len] != ':' || !is_name(text, a->len))
		return why_set(why, FAIL_DATA, "not a line of an LDIF entry");
	at = text + a->len + 1;
	if (*at == '<')
		return why_set(why, FAIL_DATA,
		    "the value of %.*s is at a URL, which is not read",
		    (int)a->len, a->name);
	if (*at != ':') {
		at += strspn(at, " ");
		a->value =
		    (struct value){ at, in->text.len - (size_t)(at - text) };
		return 0;
	}
	at++;
	at += strspn(at, " ");
	buf_reset(&in->value);
	if (!base64_decode(
		at, in->text.len - (size_t)(at - text), "+/", &in->value))
		return why_set(why, FAIL_DATA,
		    "the value of %.*s is not base64", (int)a->len, a->name);
	a->value = (struct value){ buf_str(&in->value), in->value.len };
	return 0;
}

/* --- entries --- */

/* Passes over what is left of an entry. */
static int
skip_entry(struct ldif *in, struct why *why)
{
	int r = 1;

	while (r == 1 && !is_blank(in))
		r = next_line(in, why);
	return r == -1 ? -1 : 0;
}

/*
 * ldapsearch(1) writes what the server said at the end as if it were an entry:
 * "search: 2", "result: 4 Size limit exceeded".
 */
static int
read_result(struct ldif *in, struct why *why)
{
	struct attribute a;
	int r;

	while ((r = next_content(in, why)) == 1 && !is_blank(in)) {
		if (parse_line(in, &a, why) == -1 || !name_is(&a, "result"))
			continue;
		if (strncmp(a.value.data, "0 ", 2) == 0)
			return skip_entry(in, why);
		in->line = in->number;
		return why_set(why, FAIL_FATAL,
		    "the search ended early, the entries are not all: %.100s",
		    a.value.data);
	}
	return r == -1 ? -1 : 0;
}

/* "version:" comes before the first entry, or not at all. */
static int
read_version(const struct attribute *a, struct why *why)
{
	if (a->value.len == 1 && *a->value.data == '1')
		return 0;
	return why_set(why, FAIL_FATAL, "LDIF of another version than 1");
}

/* What begins with something else than a DN. 0: it is passed over. */
static int
read_other(struct ldif *in, const struct attribute *a, struct why *why)
{
	if (name_is(a, "search"))
		return read_result(in, why);
	if (!name_is(a, "ref"))
		return why_set(
		    why, FAIL_DATA, "an entry that does not begin with a DN");
	in->references++;
	return skip_entry(in, why);
}

/* The attributes, up to the empty line. */
static int
read_attributes(struct ldif *in, struct ldap_entry *e, struct why *why)
{
	struct attribute a;
	int r;

	while ((r = next_content(in, why)) == 1 && !is_blank(in)) {
		if (parse_line(in, &a, why) == -1)
			return -1;
		if (name_is(&a, "changetype") || name_is(&a, "control"))
			return why_set(why, FAIL_FATAL,
			    "a change record: only the entries of a directory "
			    "are read, as slapcat and ldapsearch write them");
		if (name_is(&a, "dn"))
			return why_set(why, FAIL_DATA,
			    "two entries without an empty line between them");
		entry_add(e, a.name, a.len, a.value.data, a.value.len);
		if (entry_too_large(e))
			return why_set(why, FAIL_DATA,
			    "an entry of more than %d bytes", (int)ENTRY_MAX);
	}
	return r == -1 ? -1 : 1;
}

/* Reads an entry whose first line was read. 1; 0: it is not an entry; or -1
 * and why. */
static int
read_entry(struct ldif *in, struct ldap_entry *e, struct why *why)
{
	struct attribute a;

	if (parse_line(in, &a, why) == -1)
		return -1;
	if (!in->started && name_is(&a, "version")) {
		in->started = true;
		return read_version(&a, why);
	}
	in->started = true;
	if (!name_is(&a, "dn"))
		return read_other(in, &a, why);
	if (!utf8_text(a.value.data, a.value.len))
		return why_set(why, FAIL_DATA, "a DN that is not UTF-8");
	entry_reset(e, a.value.data, a.value.len);
	in->line = in->number;
	return read_attributes(in, e, why);
}

int
ldif_next(struct ldif *in, struct ldap_entry *e, struct why *why)
{
	int r;

	for (;;) {
		entry_reset(e, "", 0);
		do
			r = next_content(in, why);
		while (r == 1 && is_blank(in));
		in->line = in->number;
		if (r != 1)
			return r;
		r = read_entry(in, e, why);
		if (r == 1)
			return 1;
		if (r == -1)
			break;
	}
	if (why->kind == FAIL_DATA) {
		struct why more;

		in->line = in->number;
		if (skip_entry(in, &more) == -1)
			*why = more;
	}
	return -1;
}
