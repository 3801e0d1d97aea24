/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/*
 * iRedMail: amavis signs, and its configuration, which is Perl, has a call for
 * each key (amavis, README_FILES/amavisd-new-docs: "dkim_key"):
 *	dkim_key('example.org', 'dkim', '/var/lib/dkim/example.org.pem');
 */
#include "source/dkim/amavis.h"

#include <string.h>

#include "core/str.h"
#include "source/dkim/keys.h"

enum {
	CONFIG_MAX = 1 << 20,
	ARGUMENTS = 3
};

/* Where systems have it. */
static const char *const places[] = { "/etc/amavis/conf.d/50-user",
	"/etc/amavisd/amavisd.conf", "/usr/local/etc/amavisd.conf",
	"/etc/amavisd.conf" };

/* A string of Perl between its quotes, in place; *at moves past it. NULL if
 * there is none. */
static char *
perl_string(char **at)
{
	char quote, *start;

	*at += strspn(*at, " \t\r\n,");
	quote = **at;
	if (quote != '\'' && quote != '"')
		return NULL;
	start = ++*at;
	*at = strchr(start, quote);
	if (*at == NULL)
		return NULL;
	*(*at)++ = '\0';
	return start;
}

static void
put_call(struct dkim *d, char *at)
{
	char *argument[ARGUMENTS];

	at += strspn(at, " \t\r\n");
	if (*at++ != '(') {
		emit_bad(d->emit, NULL, "a dkim_key without arguments");
		return;
	}
	for (size_t i = 0; i < ARGUMENTS; i++) {
		argument[i] = perl_string(&at);
		if (argument[i] == NULL) {
			emit_bad(d->emit, NULL,
			    "the arguments of dkim_key are not texts: only "
			    "dkim_key('domain', 'selector', 'file') is read");
			return;
		}
	}
	dkim_file(d, argument[0], argument[1], argument[2]);
}

/* Overwrites comments, as far as they begin a line or follow a blank. */
static void
blank_comments(char *text)
{
	bool blank = true;

	for (; *text != '\0'; text++) {
		if (*text == '#' && blank)
			while (*text != '\0' && *text != '\n')
				*text++ = ' ';
		if (*text == '\0')
			return;
		blank = strchr(" \t\n;", *text) != NULL;
	}
}

static void
read_calls(struct dkim *d, char *text)
{
	static const char call[] = "dkim_key";
	uint32_t line = 1;
	char *at, *from = text;

	blank_comments(text);
	/* The arguments are cut into pieces of a copy: the search goes on. */
	while ((at = strstr(from, call)) != NULL) {
		for (; from < at; from++)
			line += *from == '\n';
		d->emit->at.line = line;
		from = at + strlen(call);
		if ((at == text || strchr(" \t\n;", at[-1]) != NULL) &&
		    strchr(" \t(", *from) != NULL)
			put_call(d, arena_adds(&d->arena, from));
	}
}

void
amavis_read(struct dkim *d, const char *place)
{
	struct buf text = { .max = CONFIG_MAX };
	struct why why = { 0 };

	for (size_t i = 0; place == NULL && i < sizeof places / sizeof *places;
	     i++)
		if (dkim_exists(d, places[i]))
			place = places[i];
	if (place == NULL)
		place = places[0];
	emit_file(d->emit, dkim_path(d, place));
	if (dkim_read(d, place, &text, &why) == -1) {
		why.kind = FAIL_FATAL;
		emit_fail(d->emit, NULL, &why);
	} else if (text.data != NULL) {
		read_calls(d, text.data);
	}
	buf_wipe(&text);
}
