/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

#include "source/postfix/transport.h"

#include <string.h>

#include "core/str.h"

enum {
	PROGRAM = 7 /* words of a service's line before it; master(5) */
};

/* A service of master.cf that deliveries are made by. */
struct service {
	const char *program; /* its name where master.cf does not have it */
	const char *arguments;
};

/* Takes the next word of a line away. */
static char *
take_word(char **line)
{
	char *word = *line + strspn(*line, " \t");

	*line = word + strcspn(word, " \t");
	if (**line != '\0')
		*(*line)++ = '\0';
	return word;
}

/* Whether a line defines the service NAME of the type unix. */
static bool
defines(const char *line, const char *name)
{
	size_t len = strlen(name), blanks;

	if (strncmp(line, name, len) != 0)
		return false;
	line += len;
	blanks = strspn(line, " \t");
	line += blanks;
	return blanks > 0 && strcspn(line, " \t") == strlen("unix") &&
	       str_starts(line, "unix");
}

/* The line of a service, with those that it goes on in; the last of a name
 * counts. (master(5).) */
static void
find_line(char *text, const char *name, struct buf *found)
{
	bool is_in = false;
	char *line;

	while ((line = str_cut(&text, '\n')) != NULL) {
		size_t blanks = strspn(line, " \t");

		if (line[blanks] == '#' || line[blanks] == '\0')
			continue;
		if (blanks == 0) {
			is_in = defines(line, name);
			if (is_in)
				buf_reset(found);
		}
		if (is_in)
			buf_addf(found, "%s ", line);
	}
}

static struct service
find(struct postfix_config *c, const char *value)
{
	size_t len = strcspn(value, ":");
	struct service s = { arena_add(&c->arena, value, len), "" };
	struct buf path = { 0 }, text = { 0 }, line = { 0 };

	if (postfix_master(c, &path, &text))
		find_line(text.data, s.program, &line);
	if (line.len > 0) {
		char *rest = arena_adds(&c->arena, line.data);

		for (size_t i = 0; i < PROGRAM; i++)
			(void)take_word(&rest);
		s.program = take_word(&rest);
		s.arguments = rest;
	}
	buf_free(&line);
	buf_free(&text);
	buf_free(&path);
	return s;
}

bool
postfix_transport_is(
    struct postfix_config *c, const char *value, const char *program)
{
	return strcmp(find(c, value).program, program) == 0;
}

bool
postfix_has_local(struct postfix_config *c)
{
	const char *value = postfix_is_set(c, "local_transport");

	return value == NULL || postfix_transport_is(c, value, "local");
}

/* Whether what follows "smtp:" or "lmtp:" is on this machine: a socket, or
 * "inet:127.0.0.1:24", "[::1]:24", "localhost". */
static bool
is_here(struct postfix_config *c, const char *nexthop)
{
	struct buf host = { 0 };
	const char *own;
	bool here;

	if (str_starts(nexthop, "unix:"))
		return true;
	if (str_starts(nexthop, "inet:"))
		nexthop += strlen("inet:");
	if (*nexthop == '[')
		buf_add(&host, nexthop + 1, strcspn(nexthop + 1, "]"));
	else
		buf_add(&host, nexthop, strcspn(nexthop, ":"));
	own = postfix_parameter(c, "myhostname", NULL);
	here = is_loopback(buf_str(&host)) ||
	       (own != NULL && str_eq_nocase(buf_str(&host), own));
	buf_free(&host);
	return here;
}

const char *
postfix_transport_does(struct postfix_config *c, const char *value)
{
	static const char program[] =
	    "goes to a program, which may do more than deliver it";
	const struct service s = find(c, value);
	const char *nexthop = strchr(value, ':');
	bool lmtp = strcmp(s.program, "lmtp") == 0;

	if (strcmp(s.program, "virtual") == 0)
		return NULL;
	if (strcmp(s.program, "local") == 0)
		return "goes to local(8), which looks at alias_maps and "
		       ".forward files first";
	if (strcmp(s.program, "error") == 0)
		return "is refused";
	if (strcmp(s.program, "discard") == 0)
		return "is thrown away";
	if (!lmtp && strcmp(s.program, "smtp") != 0)
		/* dovecot-lda, by pipe(8). */
		return strstr(s.program, "dovecot") != NULL ||
			       strstr(s.arguments, "dovecot") != NULL
			   ? NULL
			   : program;
	if (nexthop == NULL || !is_here(c, nexthop + 1))
		return "goes to another server";
	return lmtp ? NULL : program;
}
