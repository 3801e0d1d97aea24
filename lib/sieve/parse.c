/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

#include "sieve/parse.h"

#include <string.h>

#include "core/str.h"
#include "sieve/lex.h"

enum {
	DEPTH_MAX = 32
};

struct parser {
	struct sieve *sieve;
	struct sieve_lexer lexer;
	enum sieve_token token;
	struct why *why;
};

static int
wrong(struct parser *p, const char *expected)
{
	const struct sieve_lexer *l = &p->lexer;

	p->sieve->line = l->line;
	if (p->token == TOKEN_BAD)
		return why_set(p->why, FAIL_DATA, "%s", l->error);
	if (p->token == TOKEN_END)
		return why_set(
		    p->why, FAIL_DATA, "%s is missing at the end", expected);
	return why_set(p->why, FAIL_DATA, "%s is expected", expected);
}

static void
next(struct parser *p)
{
	p->token = sieve_lex(&p->lexer);
}

static bool
at_mark(const struct parser *p, char mark)
{
	return p->token == TOKEN_MARK && p->lexer.mark == mark;
}

static int
take_mark(struct parser *p, char mark, const char *name)
{
	if (!at_mark(p, mark))
		return wrong(p, name);
	next(p);
	return 0;
}

static struct sieve_arg *
new_arg(struct parser *p, enum sieve_kind kind)
{
	struct sieve_arg *a = arena_alloc(&p->sieve->arena, sizeof *a);

	a->kind = kind;
	a->line = p->lexer.line;
	return a;
}

/* What stands between brackets. */
static int
parse_list(struct parser *p, struct sieve_arg *list)
{
	struct sieve_arg **end = &list->strings;

	next(p);
	for (;;) {
		if (p->token != TOKEN_STRING)
			return wrong(p, "a string");
		*end = new_arg(p, SIEVE_STRING);
		(*end)->text = p->lexer.text;
		end = &(*end)->next;
		next(p);
		if (!at_mark(p, ','))
			break;
		next(p);
	}
	list->text = list->strings->text;
	return take_mark(p, ']', "\"]\"");
}

static int
parse_args(struct parser *p, struct sieve_arg **end)
{
	for (;; end = &(*end)->next) {
		if (p->token == TOKEN_STRING || p->token == TOKEN_TAG) {
			*end = new_arg(p,
			    p->token == TOKEN_TAG ? SIEVE_TAG : SIEVE_STRING);
			(*end)->text = p->lexer.text;
			next(p);
		} else if (p->token == TOKEN_NUMBER) {
			*end = new_arg(p, SIEVE_NUMBER);
			(*end)->number = p->lexer.number;
			next(p);
		} else if (at_mark(p, '[')) {
			*end = new_arg(p, SIEVE_LIST);
			if (parse_list(p, *end) == -1)
				return -1;
		} else {
			return 0;
		}
	}
}

static struct sieve_node *
new_node(struct parser *p)
{
	struct sieve_node *n = arena_alloc(&p->sieve->arena, sizeof *n);

	n->name = p->lexer.text;
	n->line = p->lexer.line;
	next(p);
	return n;
}

/* A test, with those in it. */
static int
parse_test(struct parser *p, struct sieve_node **to, int depth)
{
	struct sieve_node *n, **end;

	if (p->token != TOKEN_WORD)
		return wrong(p, "the name of a test");
	if (depth == DEPTH_MAX)
		return wrong(p, "less nesting");
	n = *to = new_node(p);
	if (parse_args(p, &n->args) == -1)
		return -1;
	if (p->token == TOKEN_WORD)
		return parse_test(p, &n->tests, depth + 1);
	if (!at_mark(p, '('))
		return 0;
	n->list = true;
	end = &n->tests;
	do {
		next(p);
		if (parse_test(p, end, depth + 1) == -1)
			return -1;
		end = &(*end)->next;
	} while (at_mark(p, ','));
	return take_mark(p, ')', "\")\"");
}

static int parse_commands(struct parser *p, struct sieve_node **to, int depth);

static int
parse_command(struct parser *p, struct sieve_node **to, int depth)
{
	struct sieve_node *n = *to = new_node(p), **end = &n->tests;

	if (parse_args(p, &n->args) == -1)
		return -1;
	if (p->token == TOKEN_WORD && parse_test(p, end, 0) == -1)
		return -1;
	if (at_mark(p, '(')) {
		n->list = true;
		do {
			next(p);
			if (parse_test(p, end, 0) == -1)
				return -1;
			end = &(*end)->next;
		} while (at_mark(p, ','));
		if (take_mark(p, ')', "\")\"") == -1)
			return -1;
	}
	if (!at_mark(p, '{'))
		return take_mark(p, ';', "\";\"");
	if (depth == DEPTH_MAX)
		return wrong(p, "less nesting");
	next(p);
	n->has_block = true;
	if (parse_commands(p, &n->block, depth + 1) == -1)
		return -1;
	return take_mark(p, '}', "\"}\"");
}

static int
parse_commands(struct parser *p, struct sieve_node **to, int depth)
{
	while (p->token == TOKEN_WORD) {
		if (parse_command(p, to, depth) == -1)
			return -1;
		to = &(*to)->next;
	}
	return 0;
}

int
sieve_parse(struct sieve *s, const char *text, size_t len, struct why *why)
{
	struct parser p = { .sieve = s,
		.why = why,
		.lexer = { .at = text,
		    .end = text + len,
		    .line = 1,
		    .arena = &s->arena } };
	int r = -1;

	s->commands = NULL;
	s->line = 1;
	if (!utf8_text(text, len)) {
		why_set(why, FAIL_DATA, "the text is not UTF-8");
	} else {
		next(&p);
		r = parse_commands(&p, &s->commands, 0);
		if (r == 0 && p.token != TOKEN_END)
			r = wrong(&p, "a command");
	}
	buf_free(&p.lexer.scratch);
	return r;
}

void
sieve_free(struct sieve *s)
{
	arena_free(&s->arena);
	*s = (struct sieve){ 0 };
}
