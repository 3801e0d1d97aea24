/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/*
 * Whether the server would compile a script: the grammar of RFC 5228, section 8,
 * with the commands and tests that it knows. Which extensions a script requires
 * is not looked at, as the server does not.
 */
#include "standin/stalwart.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "core/alloc.h"

static const char *const commands[] = { "require", "if", "elsif", "else",
	"stop", "keep", "fileinto", "redirect", "discard", "reject", "ereject",
	"vacation", "set", "setflag", "addflag", "removeflag", "addheader",
	"deleteheader", "notify", "include", "return", "global", "foreverypart",
	"break", "replace", "enclose", "extracttext", "error", "convert" };
static const char *const tests[] = { "address", "allof", "anyof", "envelope",
	"exists", "false", "header", "not", "size", "true", "body", "date",
	"currentdate", "hasflag", "string", "environment", "duplicate",
	"spamtest", "virustest", "ihave", "mailboxexists", "mailboxidexists",
	"metadata", "metadataexists", "servermetadata", "servermetadataexists",
	"specialuse_exists", "valid_notify_method", "notify_method_capability",
	"valid_ext_list", "convert" };

struct sieve {
	const char *start, *at;
	char *error;
};

static bool commands_of(struct sieve *s, bool block);

static bool
wrong(struct sieve *s, const char *wanted)
{
	size_t len = strcspn(s->at, " \t\r\n;{}()[],"), line = 0, column = 0;

	for (const char *p = s->start; p < s->at; p++) {
		column = *p == '\n' ? 0 : column + 1;
		line += *p == '\n';
	}
	if (*s->at == '\0')
		s->error = xasprintf("Expected token \"%s\" but found end of "
				     "file at line %zu, column %zu.",
		    wanted, line, column);
	else
		s->error = xasprintf("Expected token \"%s\" but found \"%.*s\" "
				     "at line %zu, column %zu.",
		    wanted, (int)(len == 0 ? 1 : len), s->at, line, column);
	return false;
}

static void
skip_space(struct sieve *s)
{
	for (;;) {
		s->at += strspn(s->at, " \t\r\n");
		if (*s->at == '#') {
			s->at += strcspn(s->at, "\n");
		} else if (strncmp(s->at, "/*", 2) == 0) {
			const char *end = strstr(s->at + 2, "*/");

			s->at = end == NULL ? s->at + strlen(s->at) : end + 2;
		} else {
			return;
		}
	}
}

static size_t
word(const char *p)
{
	size_t n = 0;

	while (isalnum((unsigned char)p[n]) || p[n] == '_')
		n++;
	return isdigit((unsigned char)*p) ? 0 : n;
}

static bool
is_one_of(const char *p, size_t len, const char *const *words, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (strlen(words[i]) == len &&
		    strncasecmp(words[i], p, len) == 0)
			return true;
	return false;
}

static bool
string(struct sieve *s)
{
	const char *end;

	if (strncasecmp(s->at, "text:", 5) == 0) {
		end = strstr(s->at, "\n.\n");
		if (end == NULL)
			end = strstr(s->at, "\n.\r\n");
		if (end == NULL)
			return wrong(s, "end of text");
		s->at = end + 3;
		return true;
	}
	for (s->at++; *s->at != '"'; s->at++) {
		if (*s->at == '\\' && s->at[1] != '\0')
			s->at++;
		if (*s->at == '\0')
			return wrong(s, "end of string");
	}
	s->at++;
	return true;
}

/* Skips blanks, and takes a character if it comes next. */
static bool
take(struct sieve *s, char c)
{
	skip_space(s);
	if (*s->at != c)
		return false;
	s->at++;
	return true;
}

static bool
string_list(struct sieve *s)
{
	if (take(s, ']'))
		return true;
	do {
		skip_space(s);
		if (*s->at != '"')
			return wrong(s, "string");
		if (!string(s))
			return false;
	} while (take(s, ','));
	return take(s, ']') || wrong(s, "]");
}

/* Strings, numbers, tags, lists, and tests. */
static bool
arguments(struct sieve *s)
{
	for (;;) {
		size_t n;

		skip_space(s);
		n = word(s->at);
		if (*s->at == '"' || strncasecmp(s->at, "text:", 5) == 0) {
			if (!string(s))
				return false;
		} else if (*s->at == '[') {
			s->at++;
			if (!string_list(s))
				return false;
		} else if (*s->at == ':') {
			s->at += 1 + word(s->at + 1);
		} else if (isdigit((unsigned char)*s->at)) {
			s->at += strspn(s->at, "0123456789KMGkmg");
		} else if (*s->at == '(') {
			do {
				s->at++;
				if (!arguments(s))
					return false;
				skip_space(s);
			} while (*s->at == ',');
			if (!take(s, ')'))
				return wrong(s, ")");
		} else if (n != 0 && is_one_of(s->at, n, tests,
					 sizeof tests / sizeof *tests)) {
			s->at += n;
		} else if (n != 0) {
			return wrong(s, "test");
		} else {
			return true;
		}
	}
}

static bool
command(struct sieve *s)
{
	size_t n = word(s->at);

	if (n == 0 ||
	    !is_one_of(s->at, n, commands, sizeof commands / sizeof *commands))
		return wrong(s, "command");
	s->at += n;
	if (!arguments(s))
		return false;
	if (take(s, ';'))
		return true;
	if (!take(s, '{'))
		return wrong(s, ";");
	return commands_of(s, true);
}

static bool
commands_of(struct sieve *s, bool block)
{
	for (;;) {
		skip_space(s);
		if (*s->at == '\0')
			return !block || wrong(s, "}");
		if (block && take(s, '}'))
			return true;
		if (!command(s))
			return false;
	}
}

char *
sieve_error(const char *script)
{
	struct sieve s = { .start = script, .at = script };

	(void)commands_of(&s, false);
	return s.error;
}
