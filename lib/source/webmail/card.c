/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

#include "source/webmail/card.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "core/alloc.h"
#include "core/str.h"

enum {
	FOLD = 75 /* octets of a line: RFC 2426, 2.6 */
};

/* --- lines --- */

/* Appends a line, folded between characters. */
static void
put_line(struct buf *out, const char *line)
{
	size_t len = strlen(line), room = FOLD;

	while (len > room) {
		size_t n = room;

		while (n > 1 && ((unsigned char)line[n] & 0xc0) == 0x80)
			n--;
		buf_add(out, line, n);
		buf_adds(out, "\r\n ");
		line += n;
		len -= n;
		room = FOLD - 1;
	}
	buf_adds(out, line);
	buf_adds(out, "\r\n");
}

/* A text value: RFC 2426, 4. */
static void
put_text(struct buf *line, const char *text)
{
	for (; *text != '\0'; text++) {
		if (*text == '\n')
			buf_adds(line, "\\n");
		else if (strchr("\\,;", *text) != NULL)
			buf_addf(line, "\\%c", *text);
		else if ((unsigned char)*text >= ' ' || *text == '\t')
			buf_addc(line, *text);
	}
}

static void
put_property(struct buf *out, const char *name, const char *text)
{
	struct buf line = { 0 };

	buf_adds(&line, name);
	put_text(&line, text);
	put_line(out, line.data);
	buf_free(&line);
}

static void
put_groups(struct buf *out, const struct webmail_card *c)
{
	struct buf line = { 0 };

	if (c->groups.n == 0)
		return;
	buf_adds(&line, "CATEGORIES:");
	for (size_t i = 0; i < c->groups.n; i++) {
		if (i > 0)
			buf_addc(&line, ',');
		put_text(&line, c->groups.v[i]);
	}
	put_line(out, line.data);
	buf_free(&line);
}

/* What names the contact for people; it must not be empty. */
static const char *
full_name(const struct webmail_card *c)
{
	return c->name != NULL    ? c->name
	       : c->email != NULL ? c->email
	       : c->last != NULL  ? c->last
	       : c->first != NULL ? c->first
				  : "?";
}

/* --- a card of columns --- */

static void
write_new(const struct webmail_card *c, struct buf *out)
{
	struct buf line = { 0 };
	const char *at = c->email;

	put_line(out, "BEGIN:VCARD");
	put_line(out, "VERSION:3.0");
	put_property(out, "UID:", c->uid);
	put_property(out, "FN:", full_name(c));
	buf_adds(&line, "N:");
	put_text(&line, c->last == NULL ? "" : c->last);
	buf_addc(&line, ';');
	put_text(&line, c->first == NULL ? "" : c->first);
	buf_adds(&line, ";;;");
	put_line(out, line.data);
	while (at != NULL && *at != '\0') {
		size_t n = strcspn(at, ",");

		char *one = xmemdup(at, n), *address = str_trim(one);

		if (*address != '\0')
			put_property(out, "EMAIL;TYPE=INTERNET:", address);
		free(one);
		at += n + (at[n] == ',');
	}
	put_groups(out, c);
	put_line(out, "END:VCARD");
	buf_free(&line);
}

/* --- a card of its own --- */

/* Whether the line is a property of that name; a group before it does not
 * count. */
static bool
is_property(const char *line, const char *name)
{
	size_t len = strcspn(line, ":;");
	const char *dot = memchr(line, '.', len);

	if (dot != NULL) {
		len -= (size_t)(dot + 1 - line);
		line = dot + 1;
	}
	return len == strlen(name) && strncasecmp(line, name, len) == 0;
}

struct has {
	bool begin, end, version, uid, fn;
	bool skip; /* the lines that continue this one are left out with it */
};

static bool
continues(const char *line)
{
	return *line == ' ' || *line == '\t';
}

static int
not_a_card(struct why *why, const char *what)
{
	return why_set(why, FAIL_DATA, "its vCard is not one: %s", what);
}

/* What is missing comes before the end. */
static void
complete(const struct webmail_card *c, const struct has *has, struct buf *out)
{
	if (!has->uid)
		put_property(out, "UID:", c->uid);
	if (!has->fn)
		put_property(out, "FN:", full_name(c));
	put_groups(out, c);
}

static int
take_line(const struct webmail_card *c, struct has *has, const char *line,
    struct buf *out, struct why *why)
{
	has->skip = has->skip && continues(line);
	if (!has->begin) {
		if (strcasecmp(line, "BEGIN:VCARD") != 0)
			return not_a_card(why, "it begins with something else");
		has->begin = true;
	} else if (has->end || strcasecmp(line, "BEGIN:VCARD") == 0) {
		return not_a_card(why, "there are several");
	} else if (strcasecmp(line, "END:VCARD") == 0) {
		has->end = true;
		complete(c, has, out);
	} else if (is_property(line, "UID")) {
		const char *value = strchr(line, ':');

		has->skip = c->own_uid || value == NULL || value[1] == '\0';
		has->uid = !has->skip;
	} else if (is_property(line, "FN")) {
		has->fn = true;
	}
	if (has->skip)
		return 0;
	buf_adds(out, line);
	buf_adds(out, "\r\n");
	/* RFC 6350, 3.3: it comes first. */
	if (has->begin && !has->version && strcasecmp(line, "BEGIN:VCARD") == 0)
		put_line(out, "VERSION:3.0");
	return 0;
}

/* Takes the CRs out: Roundcube itself writes none within a line. */
static void
drop_returns(char *line)
{
	char *to = line;

	for (; *line != '\0'; line++)
		if (*line != '\r')
			*to++ = *line;
	*to = '\0';
}

static bool
has_version(const char *text)
{
	for (; *text != '\0'; text++)
		if ((*text == '\n' || *text == '\r') &&
		    strncasecmp(text + 1, "VERSION", 7) == 0)
			return true;
	return false;
}

static int
mend(const struct webmail_card *c, struct buf *out, struct why *why)
{
	struct has has = { .version = has_version(c->vcard) };
	struct buf copy = { 0 };
	char *rest, *line;
	int r = 0;

	buf_adds(&copy, c->vcard);
	for (rest = copy.data; r == 0 && rest != NULL;) {
		line = str_cut(&rest, '\n');
		drop_returns(line);
		if (*line != '\0')
			r = take_line(c, &has, line, out, why);
	}
	if (r == 0 && !has.end)
		r = not_a_card(why, "it has no end");
	buf_free(&copy);
	return r;
}

int
card_write(const struct webmail_card *c, struct buf *out, struct why *why)
{
	if (c->vcard != NULL)
		return mend(c, out, why);
	write_new(c, out);
	return 0;
}

void
card_uid(const char *card, struct buf *uid)
{
	struct buf copy = { 0 };
	char *rest, *line;
	bool inside = false;

	buf_adds(&copy, card);
	for (rest = copy.data; rest != NULL;) {
		line = str_cut(&rest, '\n');
		drop_returns(line);
		if (inside && continues(line))
			buf_adds(uid, line + 1);
		else if ((inside = is_property(line, "UID")))
			buf_adds(uid, line + strcspn(line, ":"));
	}
	buf_free(&copy);
}
