/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

#include "imap/response.h"

#include <string.h>

#include "core/num.h"
#include "core/str.h"

enum {
	NESTING_MAX = 32
};

/* --- literals --- */

/* The line ends with "{N}" or "{N+}": the number of bytes that follow it; -1 if
 * it does not. A number that is too large is no length. */
static int64_t
literal_length(const char *line, size_t len)
{
	const char *open;
	char digits[12];
	int64_t n = -1;
	size_t count;

	if (len < 3 || line[len - 1] != '}')
		return -1;
	open = memrchr(line, '{', len);
	if (open == NULL)
		return -1;
	count = (size_t)(line + len - 1 - open) - 1;
	if (count > 0 && open[count] == '+')
		count--;
	if (count == 0 || count >= sizeof digits)
		return -1;
	memcpy(digits, open + 1, count);
	digits[count] = '\0';
	return parse_num(digits, 0, IMAP_RESPONSE_MAX, &n, NULL) ? n : -1;
}

/* The length of the line without its end, which is "\r\n" or "\n" alone. */
static size_t
line_length(const char *line, const char *newline)
{
	size_t len = (size_t)(newline - line);

	return len > 0 && line[len - 1] == '\r' ? len - 1 : len;
}

ssize_t
imap_complete(const char *data, size_t len)
{
	size_t at = 0;

	for (;;) {
		const char *newline =
		    at < len ? memchr(data + at, '\n', len - at) : NULL;
		int64_t literal;

		if (newline == NULL)
			return len > IMAP_RESPONSE_MAX ? -1 : 0;
		literal =
		    literal_length(data + at, line_length(data + at, newline));
		at = (size_t)(newline - data) + 1;
		if (literal > 0)
			at += (size_t)literal;
		if (at > IMAP_RESPONSE_MAX)
			return -1;
		if (literal == -1)
			return (ssize_t)at;
	}
}

/* --- tokens --- */

struct reader {
	const char *at, *end;
	bool bad;
};

static bool
fail(struct reader *r)
{
	r->bad = true;
	return false;
}

/* The next byte; NUL at the end, which no token has. */
static char
peek(const struct reader *r)
{
	return r->at < r->end ? *r->at : '\0';
}

static bool
take(struct reader *r, char c)
{
	if (r->bad || r->at == r->end || *r->at != c)
		return fail(r);
	r->at++;
	return true;
}

static void
skip_blanks(struct reader *r)
{
	while (r->at < r->end && *r->at == ' ')
		r->at++;
}

/* What may stand in an atom; more than the RFC has it: a flag's "\\", "]". */
static bool
is_atom(char c)
{
	return (unsigned char)c > ' ' && c != 0x7f &&
	       strchr("(){\"", c) == NULL;
}

static bool
read_atom(struct reader *r, struct buf *out)
{
	const char *from = r->at;

	buf_reset(out);
	while (r->at < r->end && is_atom(*r->at))
		r->at++;
	buf_add(out, from, (size_t)(r->at - from));
	return r->at > from ? true : fail(r);
}

static bool
read_quoted(struct reader *r, struct buf *out)
{
	if (!take(r, '"'))
		return false;
	while (r->at < r->end && *r->at != '"') {
		if (*r->at == '\\' && r->end - r->at > 1)
			r->at++;
		if (*r->at == '\0')
			return fail(r);
		buf_addc(out, *r->at++);
	}
	return take(r, '"');
}

static bool
read_literal(struct reader *r, struct buf *out)
{
	const char *newline = memchr(r->at, '\n', (size_t)(r->end - r->at));
	int64_t n = newline == NULL
			? -1
			: literal_length(r->at, line_length(r->at, newline));

	if (n == -1 || n > r->end - newline - 1 ||
	    memchr(newline + 1, '\0', (size_t)n) != NULL)
		return fail(r);
	buf_add(out, newline + 1, (size_t)n);
	r->at = newline + 1 + n;
	return true;
}

/* astring (RFC 9051, 9), and nstring, whose NIL reads as "NIL". */
static bool
read_string(struct reader *r, struct buf *out)
{
	buf_reset(out);
	if (r->bad)
		return false;
	if (peek(r) == '"')
		return read_quoted(r, out);
	if (peek(r) == '{')
		return read_literal(r, out);
	return read_atom(r, out);
}

/* Any value: a list, a string or an atom. */
static bool
skip_value(struct reader *r, struct buf *scratch)
{
	int depth = 0;

	do {
		skip_blanks(r);
		if (peek(r) == '(') {
			r->at++;
			if (++depth > NESTING_MAX)
				return fail(r);
		} else if (peek(r) == ')') {
			r->at++;
			depth--;
		} else if (!read_string(r, scratch)) {
			return false;
		}
	} while (depth > 0);
	return depth == 0 ? true : fail(r);
}

/* --- the kinds --- */

static const struct {
	const char *name;
	unsigned int flags;
} capabilities[] = { { "AUTH=PLAIN", IMAP_CAN_PLAIN },
	{ "SASL-IR", IMAP_CAN_SASL_IR }, { "LOGINDISABLED", IMAP_NO_LOGIN },
	{ "NAMESPACE", IMAP_CAN_NAMESPACE },
	{ "LIST-EXTENDED", IMAP_CAN_EXTENDED },
	{ "SPECIAL-USE", IMAP_CAN_SPECIAL_USE },
	{ "LIST-STATUS", IMAP_CAN_LIST_STATUS },
	/* RFC 9051, appendix E, has them all. */
	{ "IMAP4rev2", IMAP_CAN_SASL_IR | IMAP_CAN_NAMESPACE |
			   IMAP_CAN_EXTENDED | IMAP_CAN_SPECIAL_USE |
			   IMAP_CAN_LIST_STATUS } };

static bool
read_capabilities(struct reader *r, struct imap_response *to)
{
	for (skip_blanks(r); r->at < r->end; skip_blanks(r)) {
		if (!read_atom(r, &to->text))
			return false;
		for (size_t i = 0;
		     i < sizeof capabilities / sizeof *capabilities; i++)
			if (str_eq_nocase(
				capabilities[i].name, buf_str(&to->text)))
				to->capabilities |= capabilities[i].flags;
	}
	return true;
}

/* RFC 6154, 2, without "\\". */
static void
read_attribute(struct imap_response *to, const char *attribute)
{
	static const char *const uses[][2] = { { "\\Sent", "sent" },
		{ "\\Drafts", "drafts" }, { "\\Trash", "trash" },
		{ "\\Junk", "junk" }, { "\\Archive", "archive" } };

	if (str_eq_nocase(attribute, "\\Noselect") ||
	    str_eq_nocase(attribute, "\\NonExistent"))
		to->selectable = false;
	for (size_t i = 0; i < sizeof uses / sizeof *uses; i++)
		if (str_eq_nocase(attribute, uses[i][0]))
			to->role = uses[i][1];
}

/* LIST (RFC 9051, 7.3.1); extended data behind the name is left unread. */
static bool
read_list(struct reader *r, struct imap_response *to)
{
	skip_blanks(r);
	if (!take(r, '('))
		return false;
	for (skip_blanks(r); peek(r) != ')'; skip_blanks(r)) {
		if (!read_atom(r, &to->text))
			return false;
		read_attribute(to, buf_str(&to->text));
	}
	if (!take(r, ')') || !take(r, ' '))
		return false;
	if (peek(r) == '"') {
		if (!read_string(r, &to->text) || to->text.len != 1)
			return fail(r);
		to->delimiter = to->text.data[0];
	} else if (!read_atom(r, &to->text) ||
		   !str_eq_nocase(buf_str(&to->text), "NIL")) {
		return fail(r);
	}
	return take(r, ' ') && read_string(r, &to->name);
}

static bool
read_status(struct reader *r, struct imap_response *to)
{
	skip_blanks(r);
	if (!read_string(r, &to->name))
		return false;
	skip_blanks(r);
	if (!take(r, '('))
		return false;
	for (skip_blanks(r); peek(r) != ')'; skip_blanks(r)) {
		bool messages;

		if (!read_atom(r, &to->text))
			return false;
		messages = str_eq_nocase(buf_str(&to->text), "MESSAGES");
		skip_blanks(r);
		if (!read_atom(r, &to->text))
			return false;
		if (messages && !parse_num(buf_str(&to->text), 0, UINT32_MAX,
				    &to->messages, NULL))
			return fail(r);
	}
	return take(r, ')');
}

/* One of the three lists of NAMESPACE (RFC 2342, 5): NIL, or prefixes with
 * their delimiters. */
static bool
read_prefixes(struct reader *r, struct imap_response *to, bool personal)
{
	bool first = true;

	skip_blanks(r);
	if (peek(r) != '(')
		return read_atom(r, &to->text);
	(void)take(r, '(');
	for (skip_blanks(r); peek(r) == '('; skip_blanks(r)) {
		(void)take(r, '(');
		if (!read_string(r, &to->text))
			return false;
		if (personal && first)
			buf_adds(&to->personal, buf_str(&to->text));
		else if (!personal)
			buf_add(
			    &to->foreign, buf_str(&to->text), to->text.len + 1);
		first = false;
		for (skip_blanks(r); peek(r) != ')'; skip_blanks(r))
			if (!skip_value(r, &to->text))
				return false;
		(void)take(r, ')');
	}
	return take(r, ')');
}

/* OK, NO and BAD, behind the word (RFC 9051, 7.1). */
static bool
read_condition(struct reader *r, struct imap_response *to)
{
	skip_blanks(r);
	if (peek(r) == '[') {
		const char *close =
		    memchr(r->at, ']', (size_t)(r->end - r->at));
		size_t len;

		if (close == NULL)
			return fail(r);
		for (len = 0; r->at + 1 + len < close && r->at[1 + len] != ' ';)
			len++;
		buf_add(&to->code, r->at + 1, len);
		r->at = close + 1;
		skip_blanks(r);
	}
	buf_reset(&to->text);
	buf_add(&to->text, r->at, (size_t)(r->end - r->at));
	return true;
}

static bool
read_namespace(struct reader *r, struct imap_response *to)
{
	return read_prefixes(r, to, true) && read_prefixes(r, to, false) &&
	       read_prefixes(r, to, false);
}

static bool
read_untagged(struct reader *r, struct imap_response *to)
{
	static const struct {
		const char *word;
		enum imap_kind kind;
		bool (*read)(struct reader *r, struct imap_response *to);
	} known[] = { { "BYE", IMAP_BYE, read_condition },
		{ "CAPABILITY", IMAP_CAPABILITY, read_capabilities },
		{ "LIST", IMAP_LIST, read_list },
		{ "STATUS", IMAP_STATUS, read_status },
		{ "NAMESPACE", IMAP_NAMESPACE, read_namespace } };

	if (!read_atom(r, &to->text))
		return false;
	for (size_t i = 0; i < sizeof known / sizeof *known; i++)
		if (str_eq_nocase(buf_str(&to->text), known[i].word)) {
			to->kind = known[i].kind;
			return known[i].read(r, to);
		}
	return true;
}

static bool
read_tagged(struct reader *r, struct imap_response *to)
{
	to->kind = IMAP_TAGGED;
	skip_blanks(r);
	if (!read_atom(r, &to->text))
		return false;
	to->ok = str_eq_nocase(buf_str(&to->text), "OK");
	if (!to->ok && !str_eq_nocase(buf_str(&to->text), "NO") &&
	    !str_eq_nocase(buf_str(&to->text), "BAD"))
		return fail(r);
	return read_condition(r, to);
}

static void
reset(struct imap_response *r)
{
	struct buf *all[] = { &r->tag, &r->code, &r->text, &r->name,
		&r->personal, &r->foreign };

	for (size_t i = 0; i < sizeof all / sizeof *all; i++)
		buf_reset(all[i]);
	r->kind = IMAP_OTHER;
	r->ok = false;
	r->capabilities = 0;
	r->delimiter = '\0';
	r->selectable = true;
	r->role = NULL;
	r->messages = -1;
}

bool
imap_parse(struct imap_response *to, const char *data, size_t len)
{
	struct reader r = { .at = data, .end = data + len };

	reset(to);
	/* The line end; one more before it is a literal's. */
	if (r.end > r.at && r.end[-1] == '\n')
		r.end--;
	if (r.end > r.at && r.end[-1] == '\r')
		r.end--;
	if (!read_atom(&r, &to->tag))
		return false;
	if (strcmp(to->tag.data, "+") == 0) {
		to->kind = IMAP_CONTINUE;
		return true;
	}
	skip_blanks(&r);
	return strcmp(to->tag.data, "*") == 0 ? read_untagged(&r, to)
					      : read_tagged(&r, to);
}

void
imap_response_free(struct imap_response *r)
{
	buf_free(&r->tag);
	buf_free(&r->code);
	buf_free(&r->text);
	buf_free(&r->name);
	buf_free(&r->personal);
	buf_free(&r->foreign);
}
