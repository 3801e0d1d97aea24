/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

#include "cli/opt.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/opt-help.h"
#include "core/alloc.h"
#include "core/buf.h"
#include "core/cred.h"
#include "core/num.h"
#include "core/str.h"

enum {
	SHOWN = 60 /* bytes of a wrong value in a message */
};

/* Where the parser is. */
struct parser {
	const struct opt_tool *tool;
	char **next;         /* the argument after the one in work */
	char name[64];       /* of the option in work, as people write it */
	struct tally *tally; /* of -E */
};

static void
print_usage(const struct opt_tool *tool)
{
	struct buf text = { 0 };

	opt_usage(&text, tool);
	(void)fputs(buf_str(&text), stderr);
	buf_free(&text);
}

__attribute__((format(printf, 1, 0))) static void
say_list(const char *fmt, va_list ap)
{
	char *text = NULL;

	if (vasprintf(&text, fmt, ap) == -1)
		text = NULL;
	tool_say(NULL, "%s", text == NULL ? "wrong call" : text);
	free(text);
}

int
opt_wrong(const struct opt_tool *tool, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	say_list(fmt, ap);
	va_end(ap);
	print_usage(tool);
	return EXIT_BROKEN;
}

int
opt_lacks(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	say_list(fmt, ap);
	va_end(ap);
	return EXIT_BROKEN;
}

void
opt_list_free(struct opt_list *list)
{
	free(list->v);
	*list = (struct opt_list){ 0 };
}

static void
list_add(struct opt_list *list, char *value)
{
	list->v = xgrow(list->v, list->n + 1, &list->cap, sizeof *list->v);
	list->v[list->n++] = value;
	list->v[list->n] = NULL;
}

/* --- texts that are asked for --- */

static int
print(const struct opt_tool *tool,
    void (*put)(struct buf *, const struct opt_tool *))
{
	struct buf text = { 0 };

	put(&text, tool);
	(void)fputs(buf_str(&text), stdout);
	buf_free(&text);
	return tool_close_stdout();
}

/* --- values --- */

static int
set_number(const struct opt *o, const char *value, struct why *why)
{
	const char *wrong;

	if (parse_num(value, o->min, o->max, o->to.number, &wrong))
		return 0;
	return why_set(why, FAIL_FATAL,
	    "\"%.*s\" is %s: a number from %" PRId64 " to %" PRId64
	    " is wanted",
	    SHOWN, value,
	    strcmp(wrong, "invalid") == 0 ? "not a number" : wrong, o->min,
	    o->max);
}

static int
set_word(const struct opt *o, const char *value, struct why *why)
{
	struct buf words = { 0 };

	for (size_t i = 0; i < o->n_words; i++)
		if (o->words[i] != NULL && strcmp(value, o->words[i]) == 0) {
			*o->to.word = (unsigned int)i;
			return 0;
		}
	opt_words(&words, o);
	why_set(why, FAIL_FATAL, "\"%.*s\" is not one of: %s", SHOWN, value,
	    buf_str(&words));
	buf_free(&words);
	return -1;
}

static int
set_secret(const struct opt *o, const char *value, struct why *why)
{
	free_secret(*o->to.secret);
	*o->to.secret = o->kind == OPT_KIND_FILE ? cred_file(value, why)
						 : cred_command(value, why);
	return *o->to.secret == NULL ? -1 : 0;
}

/* Puts the value, which is NULL where the option takes none, in its place. */
static int
apply(struct parser *p, const struct opt *o, char *value, struct why *why)
{
	if (o->kind == OPT_KIND_SET || o->kind == OPT_KIND_CLEAR)
		*o->to.flag = o->kind == OPT_KIND_SET;
	else if (o->kind == OPT_KIND_COUNT)
		++*o->to.count;
	if (value == NULL)
		return 0;
	switch (o->kind) {
	case OPT_KIND_STRING:
		*o->to.string = value;
		return 0;
	case OPT_KIND_NUMBER:
		return set_number(o, value, why);
	case OPT_KIND_WORD:
		return set_word(o, value, why);
	case OPT_KIND_FILE:
	case OPT_KIND_COMMAND:
		return set_secret(o, value, why);
	case OPT_KIND_LIST:
		list_add(o->to.list, value);
		return 0;
	case OPT_KIND_CALL:
		return o->call(o->to.any, value, why);
	case OPT_KIND_REJECTS:
		p->tally = o->to.tally;
		p->tally->rejects_path = value;
		return 0;
	case OPT_KIND_SET:
	case OPT_KIND_CLEAR:
	case OPT_KIND_COUNT:
	case OPT_KIND_HELP:
	case OPT_KIND_VERSION:
	case OPT_KIND_END:
		break;
	}
	return 0;
}

/* An option with its value, or without one. OPT_GO_ON, or the exit status. */
static int
take(struct parser *p, const struct opt *o, char *value)
{
	struct why why = { 0 };

	if (o->kind == OPT_KIND_HELP)
		return print(p->tool, opt_help);
	if (o->kind == OPT_KIND_VERSION)
		return tool_version();
	if (o->arg != NULL && value == NULL) {
		value = *p->next;
		if (value == NULL)
			return opt_wrong(
			    p->tool, "%s: no %s given", p->name, o->arg);
		p->next++;
	}
	if (value != NULL && *value == '\0')
		return opt_wrong(p->tool, "%s: its value is empty", p->name);
	if (apply(p, o, value, &why) == 0)
		return OPT_GO_ON;
	tool_say(p->name, "%s", why.text);
	return EXIT_BROKEN;
}

/* --- names --- */

/* The option of that name, or the only one whose name begins so. NULL if there
 * is none; *several is then set if there is more than one. */
static const struct opt *
find_long(
    const struct opt_tool *tool, const char *name, size_t len, bool *several)
{
	const struct opt *found = NULL;

	*several = false;
	for (const struct opt *o = tool->options; o->kind != OPT_KIND_END;
	     o++) {
		if (strncmp(o->name, name, len) != 0)
			continue;
		if (o->name[len] == '\0')
			return o;
		*several = found != NULL || *several;
		found = o;
	}
	return *several ? NULL : found;
}

/* The names that begin so: "--password-file, --password-command". */
static void
put_candidates(
    struct buf *out, const struct opt_tool *tool, const char *name, size_t len)
{
	const char *before = "";

	for (const struct opt *o = tool->options; o->kind != OPT_KIND_END; o++)
		if (strncmp(o->name, name, len) == 0) {
			buf_addf(out, "%s--%s", before, o->name);
			before = ", ";
		}
}

static int
unknown_long(const struct parser *p, const char *name, size_t len, bool several)
{
	struct buf list = { 0 };
	int status;

	if (several)
		put_candidates(&list, p->tool, name, len);
	if (several)
		status = opt_wrong(p->tool, "--%.*s may be any of: %s",
		    (int)len, name, buf_str(&list));
	else
		status = opt_wrong(p->tool,
		    "there is no option --%.*s; --help lists them",
		    len > SHOWN ? SHOWN : (int)len, name);
	buf_free(&list);
	return status;
}

/* "--name" or "--name=value". */
static int
take_long(struct parser *p, char *arg)
{
	char *equals = strchr(arg, '=');
	size_t len = equals == NULL ? strlen(arg) : (size_t)(equals - arg);
	const struct opt *o;
	bool several;

	/* Asked by the shell's completion, and of no use to people. */
	if (strcmp(arg, "complete") == 0)
		return print(p->tool, opt_complete);
	o = len == 0 ? NULL : find_long(p->tool, arg, len, &several);
	if (o == NULL)
		return unknown_long(p, arg, len, len != 0 && several);
	(void)snprintf(p->name, sizeof p->name, "--%s", o->name);
	if (equals != NULL && o->arg == NULL)
		return opt_wrong(p->tool, "%s takes no value", p->name);
	return take(p, o, equals == NULL ? NULL : equals + 1);
}

/* "-qv", "-ofile" or "-o" and the file as the next argument. */
static int
take_letters(struct parser *p, char *arg)
{
	int status = OPT_GO_ON;

	while (status == OPT_GO_ON && *arg != '\0') {
		const struct opt *o = p->tool->options;
		char *value = NULL;

		while (o->kind != OPT_KIND_END && o->letter != *arg)
			o++;
		if (o->kind == OPT_KIND_END)
			return opt_wrong(p->tool,
			    "there is no option -%c; --help lists them", *arg);
		(void)snprintf(p->name, sizeof p->name, "-%c", *arg++);
		if (o->arg != NULL && *arg != '\0') {
			value = arg;
			arg += strlen(arg);
		}
		status = take(p, o, value);
	}
	return status;
}

/* --- the command line --- */

static int
check_operands(const struct opt_tool *tool, int n, char **operands)
{
	if (n < tool->min)
		return opt_wrong(tool, "%s: %s", n == 0 ? "missing" : "too few",
		    tool->operands);
	if (tool->max >= 0 && n > tool->max)
		return opt_wrong(tool, "%.*s: one argument too many", SHOWN,
		    operands[tool->max]);
	return OPT_GO_ON;
}

int
opt_parse(const struct opt_tool *tool, int *argc, char ***argv)
{
	char **operands = *argv + (*argc > 0), **end = operands;
	struct parser p = { .tool = tool, .next = operands };
	int status = OPT_GO_ON;
	struct why why = { 0 };

	tool_init(tool->name);
	while (status == OPT_GO_ON && *p.next != NULL) {
		char *arg = *p.next++;

		if (strcmp(arg, "--") == 0)
			break;
		if (str_starts(arg, "--"))
			status = take_long(&p, arg + 2);
		else if (arg[0] == '-' && arg[1] != '\0')
			status = take_letters(&p, arg + 1);
		else
			*end++ = arg;
		if (tool->stop_at_operand && end != operands)
			break;
	}
	while (*p.next != NULL)
		*end++ = *p.next++;
	*end = NULL;
	*argc = (int)(end - operands);
	*argv = operands;
	if (status == OPT_GO_ON)
		status = check_operands(tool, *argc, operands);
	if (status == OPT_GO_ON && p.tally != NULL &&
	    tally_rejects(p.tally, p.tally->rejects_path, &why) == -1) {
		tool_say(NULL, "%s", why.text);
		status = EXIT_BROKEN;
	}
	return status;
}
