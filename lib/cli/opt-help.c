/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

#include "cli/opt-help.h"

#include <inttypes.h>
#include <string.h>

enum {
	WIDTH = 79,
	COLUMN_MAX =
	    28 /* of the help texts; they follow longer options below */
};

static const char *
command(const struct opt_tool *tool)
{
	return tool->command != NULL ? tool->command : tool->name;
}

/* The letters without a value in one word, "[-hq]". */
static void
usage_letters(struct buf *out, const struct opt_tool *tool)
{
	const char *before = " [-";

	for (const struct opt *o = tool->options; o->kind != OPT_KIND_END; o++)
		if (o->letter != '\0' && o->arg == NULL) {
			buf_adds(out, before);
			buf_addc(out, o->letter);
			before = "";
		}
	if (*before == '\0')
		buf_addc(out, ']');
}

void
opt_usage(struct buf *out, const struct opt_tool *tool)
{
	bool more = false;

	buf_addf(out, "usage: %s", command(tool));
	usage_letters(out, tool);
	for (const struct opt *o = tool->options; o->kind != OPT_KIND_END; o++)
		if (o->letter != '\0' && o->arg != NULL)
			buf_addf(out, " [-%c %s]", o->letter, o->arg);
		else if (o->letter == '\0')
			more = true;
	if (more)
		buf_adds(out, " [option ...]");
	if (tool->operands != NULL)
		buf_addf(out, " %s", tool->operands);
	buf_addc(out, '\n');
}

/* The words of text, which begins at column at of a line that is begun; lines
 * are broken before WIDTH and go on at column indent. */
static void
wrap(struct buf *out, const char *text, size_t at, size_t indent)
{
	bool first = true;

	while (*text != '\0') {
		size_t len = strcspn(text, " ");

		if (!first && at + 1 + len > WIDTH) {
			buf_addf(out, "\n%*s", (int)indent, "");
			at = indent;
		} else if (!first) {
			buf_addc(out, ' ');
			at++;
		}
		buf_add(out, text, len);
		at += len;
		text += len;
		text += strspn(text, " ");
		first = false;
	}
	buf_addc(out, '\n');
}

static void
put_option(struct buf *out, const struct opt *o)
{
	if (o->letter != '\0')
		buf_addf(out, "  -%c, --%s", o->letter, o->name);
	else
		buf_addf(out, "      --%s", o->name);
	if (o->arg != NULL)
		buf_addf(out, " %s", o->arg);
}

/* The column of the help texts: after the longest option that is not too
 * long. */
static size_t
help_column(const struct opt_tool *tool, struct buf *scratch)
{
	size_t column = 0;

	for (const struct opt *o = tool->options; o->kind != OPT_KIND_END;
	     o++) {
		buf_reset(scratch);
		put_option(scratch, o);
		if (scratch->len + 2 <= COLUMN_MAX && scratch->len + 2 > column)
			column = scratch->len + 2;
	}
	return column;
}

void
opt_words(struct buf *out, const struct opt *o)
{
	const char *before = "";

	for (size_t i = 0; i < o->n_words; i++)
		if (o->words[i] != NULL) {
			buf_addf(out, "%s%s", before, o->words[i]);
			before = ", ";
		}
}

/* The text of a row, with the words that it allows and the default. */
static void
put_text(struct buf *out, const struct opt *o)
{
	buf_adds(out, o->help);
	if (o->kind == OPT_KIND_NUMBER && *o->to.number >= o->min &&
	    *o->to.number <= o->max)
		buf_addf(out, " (%" PRId64 ")", *o->to.number);
	if (o->kind != OPT_KIND_WORD)
		return;
	buf_adds(out, ": ");
	opt_words(out, o);
	if (*o->to.word < o->n_words && o->words[*o->to.word] != NULL)
		buf_addf(out, " (%s)", o->words[*o->to.word]);
}

static void
put_row(struct buf *out, const struct opt *o, size_t column)
{
	struct buf left = { 0 }, text = { 0 };
	size_t pad = column;

	put_option(&left, o);
	put_text(&text, o);
	buf_adds(out, left.data);
	if (left.len + 2 <= column)
		pad -= left.len;
	else
		buf_addc(out, '\n');
	buf_addf(out, "%*s", (int)pad, "");
	wrap(out, buf_str(&text), column, column);
	buf_free(&left);
	buf_free(&text);
}

void
opt_help(struct buf *out, const struct opt_tool *tool)
{
	static const char status[] = "Exit status: ";
	struct buf scratch = { 0 };
	size_t column = help_column(tool, &scratch);

	opt_usage(out, tool);
	buf_addf(out, "\n%s\n", tool->about);
	for (const struct opt *o = tool->options; o->kind != OPT_KIND_END; o++)
		put_row(out, o, column);
	if (tool->notes != NULL)
		buf_addf(out, "\n%s", tool->notes);
	if (tool->status != NULL) {
		buf_addf(out, "\n%s", status);
		wrap(out, tool->status, strlen(status), 0);
	}
	buf_free(&scratch);
}

static void
put_value(struct buf *out, const struct opt *o)
{
	if (o->arg != NULL)
		buf_addf(out, "\t%s", o->arg);
	if (o->kind == OPT_KIND_WORD) {
		buf_addc(out, '\t');
		for (size_t i = 0; i < o->n_words; i++)
			if (o->words[i] != NULL)
				buf_addf(out, "%s ", o->words[i]);
	}
	buf_addc(out, '\n');
}

/* What a tool is to do, where its first operand says it: "set|unset|get [login
 * ...]" becomes a line without a name. */
static void
put_verbs(struct buf *out, const char *operands)
{
	size_t len = operands == NULL ? 0 : strcspn(operands, " ");

	if (len == 0 || memchr(operands, '|', len) == NULL)
		return;
	buf_adds(out, "\t\t");
	for (size_t i = 0; i < len; i++)
		buf_addc(out, operands[i] == '|' ? ' ' : operands[i]);
	buf_adds(out, " \n");
}

void
opt_complete(struct buf *out, const struct opt_tool *tool)
{
	put_verbs(out, tool->operands);
	for (const struct opt *o = tool->options; o->kind != OPT_KIND_END;
	     o++) {
		if (o->letter != '\0') {
			buf_addf(out, "-%c", o->letter);
			put_value(out, o);
		}
		buf_addf(out, "--%s", o->name);
		put_value(out, o);
	}
}
