/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

#include "source/passwd/autoreply.h"

#include <errno.h>
#include <iconv.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "core/str.h"
#include "record/moment.h"
#include "source/host.h"

enum {
	FILE_MAX = 1024 * 1024
};

/* Reads a file of that owner, if there is one (-1: of anybody). False: there is
 * none, or it is empty, or it cannot be read, which is reported. */
static bool
read_text(struct emit *e, const char *path, int64_t owner, struct buf *out)
{
	struct why why = { 0 };
	struct stat st;
	int r;

	if (host_stat(path, &st) == -1)
		return false;
	out->max = FILE_MAX;
	if (!S_ISREG(st.st_mode) || (owner != -1 && st.st_uid != owner))
		r = why_set(&why, FAIL_DATA,
		    "not a file of the owner of that home: left out");
	else
		r = host_read_file(path, out, &why);
	if (r == -1)
		emit_fail_at(e, path, NULL, &why);
	return r == 0 && out->len != 0;
}

/* The text in UTF-8, appended to out; false: it is not in that charset. */
static bool
decode(const char *charset, char *text, size_t len, struct buf *out)
{
	iconv_t cd = iconv_open("UTF-8", charset);
	bool good = cd != (iconv_t)-1;

	while (good && len > 0) {
		char piece[4096], *to = piece;
		size_t left = sizeof piece;

		good = iconv(cd, &text, &len, &to, &left) != (size_t)-1 ||
		       errno == E2BIG;
		buf_add(out, piece, sizeof piece - left);
	}
	if (cd != (iconv_t)-1)
		(void)iconv_close(cd);
	return good;
}

/* Writes the vacation of an address. The texts are not empty. */
static void
emit_vacation(
    struct emit *e, const char *address, const struct record_vacation *v)
{
	struct record r = { 0 };

	record_reset(&r, REC_SETTINGS);
	r.address = address;
	*(struct record_vacation *)record_add(&r, &r.vacation) = *v;
	(void)emit_plain(e, &r);
	record_free(&r);
}

void
autoreply_hestia(struct emit *e, const char *address, const char *path)
{
	struct place before = e->at;
	struct buf text = { 0 };

	if (read_text(e, path, -1, &text)) {
		emit_file(e, path);
		if (!utf8_text(text.data, text.len))
			emit_bad(e, address,
			    "an automatic reply that is not UTF-8 is not "
			    "carried");
		else
			emit_vacation(e, address,
			    &(struct record_vacation){
				.active = true, .text = text.data });
	}
	e->at = before;
	buf_free(&text);
}

/* --- cPanel --- */

struct message {
	const char *subject;
	const char *charset;
	bool html;
	char *body;
};

/* "text/html; charset=utf-8" */
static void
read_type(struct message *m, char *value)
{
	char *charset = strcasestr(value, "charset=");

	m->html = str_starts_nocase(value, "text/html");
	if (charset == NULL)
		return;
	charset += strlen("charset=");
	charset += *charset == '"';
	charset[strcspn(charset, "\"; \t")] = '\0';
	if (*charset != '\0')
		m->charset = charset;
}

/* Reads the header; the rest is the body. */
static void
read_message(struct message *m, char *text)
{
	*m = (struct message){ .charset = "utf-8" };
	while (text != NULL) {
		char *line = str_cut(&text, '\n'), *value = line;
		size_t len = strlen(line);

		if (len > 0 && line[len - 1] == '\r')
			line[--len] = '\0';
		if (len == 0)
			break;
		(void)str_cut(&value, ':');
		if (value == NULL)
			continue;
		value = str_trim(value);
		if (str_eq_nocase(line, "subject"))
			m->subject = value;
		else if (str_eq_nocase(line, "content-type"))
			read_type(m, value);
	}
	m->body = text;
}

/* The moment after a word: {"start":1511111111} as well as "start: 1511111111".
 * NULL: none. */
static const char *
find_moment(const struct buf *times, const char *word, char moment[MOMENT_SIZE])
{
	const char *p = strstr(buf_str(times), word);
	time_t t;

	if (p == NULL)
		return NULL;
	p += strlen(word);
	p += strspn(p, "\"': \t");
	t = (time_t)strtoll(p, NULL, 10);
	if (t <= 0)
		return NULL;
	moment_write(t, moment);
	return *moment == '\0' ? NULL : moment;
}

/* The program replaces these in what it sends. */
static bool
has_tag(const char *text)
{
	return strstr(text, "%subject%") != NULL ||
	       strstr(text, "%from%") != NULL ||
	       strstr(text, "%email%") != NULL;
}

static void
set_subject(struct emit *e, const char *address, struct record_vacation *v,
    const char *subject)
{
	if (subject == NULL || *subject == '\0')
		return;
	if (has_tag(subject))
		emit_note_behind(e, address,
		    "a subject of an automatic reply that repeats the one of "
		    "the message is not carried",
		    NULL);
	else
		v->subject = subject;
}

static void
emit_message(struct emit *e, const char *address, const struct buf *times,
    struct buf *file, bool active)
{
	char from[MOMENT_SIZE], until[MOMENT_SIZE];
	struct record_vacation v = { .active = active,
		.from = find_moment(times, "start", from),
		.until = find_moment(times, "stop", until) };
	struct buf text = { 0 };
	struct message m;

	read_message(&m, file->data);
	if (m.body == NULL ||
	    !decode(m.charset, m.body, strlen(m.body), &text) ||
	    text.len == 0 || !utf8_valid(text.data, text.len) ||
	    (m.subject != NULL && !utf8_valid(m.subject, strlen(m.subject)))) {
		emit_bad(e, address,
		    "an automatic reply without a text in its charset is not "
		    "carried");
	} else {
		set_subject(e, address, &v, m.subject);
		if (has_tag(text.data))
			emit_note_behind(e, address,
			    "the %tags% of an automatic reply are not "
			    "replaced on the new server",
			    NULL);
		*(m.html ? &v.html : &v.text) = text.data;
		emit_vacation(e, address, &v);
	}
	buf_free(&text);
}

void
autoreply_cpanel(
    struct emit *e, const char *address, const char *home, bool active)
{
	static const char *const endings[] = { ".json", ".conf" };
	struct place before = e->at;
	struct buf file = { 0 }, times = { 0 }, name = { 0 };
	struct stat st;
	int64_t owner;
	size_t len;

	if (host_stat(home, &st) == -1)
		return;
	owner = st.st_uid;
	buf_addf(&name, "%s/.autorespond/%s", home, address);
	len = name.len;
	if (read_text(e, name.data, owner, &file)) {
		emit_file(e, name.data);
		for (size_t i = 0; i < 2 && times.len == 0; i++) {
			name.len = len;
			buf_adds(&name, endings[i]);
			(void)read_text(e, name.data, owner, &times);
		}
		emit_message(e, address, &times, &file, active);
	}
	e->at = before;
	buf_free(&file);
	buf_free(&times);
	buf_free(&name);
}
