/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

#include "imap/response.h"

#include <string.h>

#include "core/num.h"
#include "core/str.h"
#include "imap/token.h"

/* --- the kinds --- */

static const struct {
	const char *name;
	unsigned int flags;
} capabilities[] = { { "AUTH=PLAIN", IMAP_CAN_PLAIN },
	{ "SASL-IR", IMAP_CAN_SASL_IR }, { "LOGINDISABLED", IMAP_NO_LOGIN },
	{ "NAMESPACE", IMAP_CAN_NAMESPACE },
	{ "LIST-EXTENDED", IMAP_CAN_EXTENDED },
	{ "SPECIAL-USE", IMAP_CAN_SPECIAL_USE },
	{ "LIST-STATUS", IMAP_CAN_LIST_STATUS }, { "ACL", IMAP_CAN_ACL },
	/* RFC 9051, appendix E, has them all. */
	{ "IMAP4rev2", IMAP_CAN_SASL_IR | IMAP_CAN_NAMESPACE |
			   IMAP_CAN_EXTENDED | IMAP_CAN_SPECIAL_USE |
			   IMAP_CAN_LIST_STATUS } };

static bool
read_capabilities(struct token_reader *r, struct imap_response *to)
{
	for (token_blanks(r); r->at < r->end; token_blanks(r)) {
		if (!token_atom(r, &to->text))
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

/* LIST (RFC 9051, 7.3.1); extended data after the name is left unread. */
static bool
read_list(struct token_reader *r, struct imap_response *to)
{
	token_blanks(r);
	if (!token_take(r, '('))
		return false;
	for (token_blanks(r); token_peek(r) != ')'; token_blanks(r)) {
		if (!token_atom(r, &to->text))
			return false;
		read_attribute(to, buf_str(&to->text));
	}
	if (!token_take(r, ')') || !token_take(r, ' '))
		return false;
	if (token_peek(r) == '"') {
		if (!token_string(r, &to->text) || to->text.len != 1)
			return token_fail(r);
		to->delimiter = to->text.data[0];
	} else if (!token_atom(r, &to->text) ||
		   !str_eq_nocase(buf_str(&to->text), "NIL")) {
		return token_fail(r);
	}
	return token_take(r, ' ') && token_string(r, &to->name);
}

static bool
read_status(struct token_reader *r, struct imap_response *to)
{
	token_blanks(r);
	if (!token_string(r, &to->name))
		return false;
	token_blanks(r);
	if (!token_take(r, '('))
		return false;
	for (token_blanks(r); token_peek(r) != ')'; token_blanks(r)) {
		bool messages;

		if (!token_atom(r, &to->text))
			return false;
		messages = str_eq_nocase(buf_str(&to->text), "MESSAGES");
		token_blanks(r);
		if (!token_atom(r, &to->text))
			return false;
		if (messages && !parse_num(buf_str(&to->text), 0, UINT32_MAX,
				    &to->messages, NULL))
			return token_fail(r);
	}
	return token_take(r, ')');
}

/* MYRIGHTS (RFC 4314, 3.8) */
static bool
read_rights(struct token_reader *r, struct imap_response *to)
{
	token_blanks(r);
	if (!token_string(r, &to->name))
		return false;
	token_blanks(r);
	return token_string(r, &to->text);
}

/* One of the three lists of NAMESPACE (RFC 2342, 5): NIL, or prefixes with
 * their delimiters. */
static bool
read_prefixes(
    struct token_reader *r, struct imap_response *to, struct buf *prefixes)
{
	token_blanks(r);
	if (token_peek(r) != '(')
		return token_atom(r, &to->text);
	(void)token_take(r, '(');
	for (token_blanks(r); token_peek(r) == '('; token_blanks(r)) {
		(void)token_take(r, '(');
		if (!token_string(r, &to->text))
			return false;
		buf_add(prefixes, buf_str(&to->text), to->text.len + 1);
		for (token_blanks(r); token_peek(r) != ')'; token_blanks(r))
			if (!token_value(r, &to->text))
				return false;
		(void)token_take(r, ')');
	}
	return token_take(r, ')');
}

/* OK, NO and BAD, after the word (RFC 9051, 7.1). */
static bool
read_condition(struct token_reader *r, struct imap_response *to)
{
	token_blanks(r);
	if (token_peek(r) == '[') {
		const char *close =
		    memchr(r->at, ']', (size_t)(r->end - r->at));
		size_t len;

		if (close == NULL)
			return token_fail(r);
		for (len = 0; r->at + 1 + len < close && r->at[1 + len] != ' ';)
			len++;
		buf_add(&to->code, r->at + 1, len);
		r->at = close + 1;
		token_blanks(r);
	}
	buf_reset(&to->text);
	buf_add(&to->text, r->at, (size_t)(r->end - r->at));
	return true;
}

static bool
read_namespace(struct token_reader *r, struct imap_response *to)
{
	return read_prefixes(r, to, &to->personal) &&
	       read_prefixes(r, to, &to->foreign) &&
	       read_prefixes(r, to, &to->foreign);
}

static bool
read_untagged(struct token_reader *r, struct imap_response *to)
{
	static const struct {
		const char *word;
		enum imap_kind kind;
		bool (*read)(struct token_reader *r, struct imap_response *to);
	} known[] = { { "BYE", IMAP_BYE, read_condition },
		{ "CAPABILITY", IMAP_CAPABILITY, read_capabilities },
		{ "LIST", IMAP_LIST, read_list },
		{ "STATUS", IMAP_STATUS, read_status },
		{ "MYRIGHTS", IMAP_MYRIGHTS, read_rights },
		{ "NAMESPACE", IMAP_NAMESPACE, read_namespace } };

	if (!token_atom(r, &to->text))
		return false;
	for (size_t i = 0; i < sizeof known / sizeof *known; i++)
		if (str_eq_nocase(buf_str(&to->text), known[i].word)) {
			to->kind = known[i].kind;
			return known[i].read(r, to);
		}
	return true;
}

static bool
read_tagged(struct token_reader *r, struct imap_response *to)
{
	to->kind = IMAP_TAGGED;
	token_blanks(r);
	if (!token_atom(r, &to->text))
		return false;
	to->ok = str_eq_nocase(buf_str(&to->text), "OK");
	if (!to->ok && !str_eq_nocase(buf_str(&to->text), "NO") &&
	    !str_eq_nocase(buf_str(&to->text), "BAD"))
		return token_fail(r);
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
	struct token_reader r = token_reader_of(data, len);

	reset(to);
	if (!token_atom(&r, &to->tag))
		return false;
	if (strcmp(to->tag.data, "+") == 0) {
		to->kind = IMAP_CONTINUE;
		return true;
	}
	token_blanks(&r);
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
