/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

#include "managesieve/response.h"

#include <string.h>

#include "core/str.h"
#include "imap/token.h"

static void
reset(struct managesieve_response *r)
{
	r->kind = MANAGESIEVE_ITEM;
	r->active = false;
	buf_reset(&r->name);
	buf_reset(&r->value);
	buf_reset(&r->code);
	buf_reset(&r->text);
}

static bool
at_string(const struct token_reader *r)
{
	return token_peek(r) == '"' || token_peek(r) == '{';
}

/* A script, a capability, or a challenge of SASL. */
static bool
read_item(struct token_reader *r, struct managesieve_response *to)
{
	if (!token_string(r, &to->name))
		return false;
	token_blanks(r);
	if (token_at_end(r))
		return true;
	if (at_string(r))
		return token_string(r, &to->value) && token_at_end(r);
	if (!token_atom(r, &to->text))
		return false;
	to->active = str_eq_nocase(buf_str(&to->text), "ACTIVE");
	return to->active && token_at_end(r);
}

/* The code of an answer: its first word; strings may follow. */
static bool
read_code(struct token_reader *r, struct managesieve_response *to)
{
	if (!token_take(r, '(') || !token_atom(r, &to->code))
		return false;
	for (token_blanks(r); token_peek(r) != ')'; token_blanks(r))
		if (!token_value(r, &to->text))
			return false;
	return token_take(r, ')');
}

static bool
read_answer(struct token_reader *r, struct managesieve_response *to)
{
	static const struct {
		const char *word;
		enum managesieve_kind kind;
	} known[] = { { "OK", MANAGESIEVE_OK }, { "NO", MANAGESIEVE_NO },
		{ "BYE", MANAGESIEVE_BYE } };
	size_t i = 0;

	if (!token_atom(r, &to->text))
		return false;
	while (i < sizeof known / sizeof *known &&
	       !str_eq_nocase(buf_str(&to->text), known[i].word))
		i++;
	if (i == sizeof known / sizeof *known)
		return false;
	to->kind = known[i].kind;
	buf_reset(&to->text);
	token_blanks(r);
	if (token_peek(r) == '(' && !read_code(r, to))
		return false;
	buf_reset(&to->text);
	token_blanks(r);
	if (token_at_end(r))
		return true;
	return at_string(r) && token_string(r, &to->text) && token_at_end(r);
}

bool
managesieve_parse(struct managesieve_response *to, const char *data, size_t len)
{
	struct token_reader r = token_reader_of(data, len);

	reset(to);
	return at_string(&r) ? read_item(&r, to) : read_answer(&r, to);
}

void
managesieve_response_free(struct managesieve_response *r)
{
	buf_free(&r->name);
	buf_free(&r->value);
	buf_free(&r->code);
	buf_free(&r->text);
}
