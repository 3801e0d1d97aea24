/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

#include "source/doveconf.h"

#include <stdlib.h>
#include <string.h>

#include "core/str.h"

/* Blocks within blocks: Dovecot itself has four. */
enum {
	DEPTH_MAX = 16
};

struct parser {
	struct doveconf *conf;
	struct setting *block[DEPTH_MAX]; /* those that are open */
	struct setting **tail[DEPTH_MAX];
	size_t depth;
	size_t line;
};

int
doveconf_read(struct doveconf *c, const struct buf *text, struct why *why)
{
	if (memchr(buf_str(text), '\0', text->len) != NULL)
		return why_set(why, FAIL_FATAL, "a NUL byte");
	return doveconf_parse(c, buf_str(text), why);
}

void
doveconf_free(struct doveconf *c)
{
	arena_free(&c->arena);
	*c = (struct doveconf){ 0 };
}

/* "2.4.1-4 (7d8c0e5759)..." */
static bool
read_release(struct doveconf *c, const char *text)
{
	long *const to[] = { &c->major, &c->minor, &c->patch };
	char *end;

	for (size_t i = 0; i < 3; i++) {
		if (*text < '0' || *text > '9')
			return i == 2;
		*to[i] = strtol(text, &end, 10);
		text = end + (*end == '.');
	}
	return true;
}

/* "# 2.3.19.1 (9b53102964): /etc/dovecot/dovecot.conf" */
static void
read_first(struct doveconf *c, const char *line)
{
	const char *colon = strstr(line, "): ");

	if (line[0] != '#' || line[1] != ' ' || !read_release(c, line + 2))
		return;
	if (colon != NULL)
		c->path = arena_adds(&c->arena, colon + 3);
}

/* Whether a field of 2.4 is taken away by a setting. */
static bool
is_removal(const char *key)
{
	static const char suffix[] = ":remove";
	size_t len = strlen(key), n = strlen(suffix);

	return len > n && strcmp(key + len - n, suffix) == 0;
}

/* The server takes fields as they stand in its file, but doveconf sorts them. A
 * removal comes first: behind what sets the field it would make no sense. */
static struct setting *
add(struct parser *p, const char *key)
{
	struct setting *s = arena_alloc(&p->conf->arena, sizeof *s);
	struct setting **at =
	    is_removal(key) ? &p->block[p->depth]->child : p->tail[p->depth];

	s->key = key;
	s->line = p->line;
	s->next = *at;
	*at = s;
	if (at == p->tail[p->depth])
		p->tail[p->depth] = &s->next;
	return s;
}

/*
 * Takes the quotes of a value away, and the backslashes within them, in place.
 * A value that has a quote elsewhere than around the whole stays as it is:
 * doveconf puts quotes around a value only where blanks or a "#" need them.
 */
static char *
unquote(char *value)
{
	char *to = value, *p = value + 1;

	if (*value != '"')
		return value;
	while (*p != '\0' && *p != '"')
		p += *p == '\\' && p[1] != '\0' ? 2 : 1;
	if (*p == '\0' || p[1] != '\0')
		return value;
	for (p = value + 1; *p != '"'; p++) {
		p += *p == '\\';
		*to++ = *p;
	}
	*to = '\0';
	return value;
}

static int
open_block(struct parser *p, char *line, struct why *why)
{
	struct setting *s;
	char *name;

	if (p->depth + 1 == DEPTH_MAX)
		return why_set(
		    why, FAIL_FATAL, "line %zu: too many blocks", p->line);
	line[strlen(line) - 1] = '\0';
	name = str_trim(line);
	line = str_cut(&name, ' ');
	s = add(p, line);
	if (name != NULL)
		s->name = unquote(str_trim(name));
	p->depth++;
	p->block[p->depth] = s;
	p->tail[p->depth] = &s->child;
	return 0;
}

static int
read_line(struct parser *p, char *line, struct why *why)
{
	char *value;
	size_t len;

	line = str_trim(line);
	len = strlen(line);
	if (len == 0 || *line == '#')
		return 0;
	if (strcmp(line, "}") == 0) {
		if (p->depth == 0)
			return why_set(why, FAIL_FATAL,
			    "line %zu: a } without a block", p->line);
		p->depth--;
		return 0;
	}
	/* "key = value", or "key name {", and the name may have a "=". */
	value = line + strcspn(line, " \t=");
	value += strspn(value, " \t");
	if (*value != '=' && line[len - 1] == '{')
		return open_block(p, line, why);
	if (*value != '=')
		return why_set(why, FAIL_FATAL,
		    "line %zu: not what doveconf prints", p->line);
	*value++ = '\0';
	add(p, str_trim(line))->value = unquote(str_trim(value));
	return 0;
}

int
doveconf_parse(struct doveconf *c, const char *text, struct why *why)
{
	struct parser p = { .conf = c };
	const char *version;
	char *line, *rest;

	*c = (struct doveconf){ 0 };
	p.block[0] = &c->top;
	p.tail[0] = &c->top.child;
	rest = arena_adds(&c->arena, text);
	while ((line = str_cut(&rest, '\n')) != NULL) {
		if (++p.line == 1)
			read_first(c, line);
		if (read_line(&p, line, why) == -1)
			return -1;
	}
	if (p.depth != 0)
		return why_set(why, FAIL_FATAL,
		    "the text ends within the block of line %zu",
		    p.block[p.depth]->line);
	version = setting_value(&c->top, "dovecot_config_version");
	if (c->major == 0 && (version == NULL || !read_release(c, version)))
		return why_set(why, FAIL_FATAL,
		    "the first line does not name the release, as that of "
		    "doveconf -nP does");
	return 0;
}

bool
doveconf_since(const struct doveconf *c, long major, long minor, long patch)
{
	if (c->major != major)
		return c->major > major;
	if (c->minor != minor)
		return c->minor > minor;
	return c->patch >= patch;
}

const char *
setting_value(const struct setting *block, const char *key)
{
	const char *value = NULL;

	for (const struct setting *s = block->child; s != NULL; s = s->next)
		if (s->value != NULL && strcmp(s->key, key) == 0)
			value = s->value;
	return value;
}

const struct setting *
setting_block(
    const struct setting *block, const char *key, const struct setting *after)
{
	const struct setting *s = after == NULL ? block->child : after->next;

	while (s != NULL && (s->value != NULL || strcmp(s->key, key) != 0))
		s = s->next;
	return s;
}

/* (Dovecot 2.3, src/lib-settings/settings-parser.c, get_bool.) */
bool
setting_is_yes(const char *value)
{
	return value != NULL &&
	       (str_eq_nocase(value, "yes") || str_eq_nocase(value, "y") ||
		   strcmp(value, "1") == 0);
}

bool
setting_is_no(const char *value)
{
	return value != NULL &&
	       (str_eq_nocase(value, "no") || str_eq_nocase(value, "n") ||
		   strcmp(value, "0") == 0);
}
