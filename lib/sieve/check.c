/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

#include "sieve/check.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"
#include "core/map.h"
#include "core/str.h"
#include "sieve/language.h"
#include "sieve/parse.h"

const char *const sieve_finding_words[FOUND_KINDS] = {
	[FOUND_SYNTAX] = "syntax",
	[FOUND_UNKNOWN] = "unknown",
	[FOUND_REQUIRE] = "require",
	[FOUND_NO_EFFECT] = "no-effect",
	[FOUND_REDIRECTS] = "redirects",
	[FOUND_FOLDER] = "folder",
	[FOUND_GLOBAL] = "global",
};

const char *const sieve_verdict_words[SIEVE_REFUSED + 1] = {
	[SIEVE_GOOD] = "good",
	[SIEVE_DIFFERS] = "differs",
	[SIEVE_REFUSED] = "refused",
};

enum {
	/* The server runs this many of a script
	 * (SieveUserInterpreter.maxRedirects). */
	REDIRECTS_MAX = 1,
	/* So many names are looked at for one that is made of variables. */
	FOLDER_NAMES_MAX = 64,
	FOLDER_LENGTH_MAX = 4096
};

/* A text that the script sets a variable to. */
struct value {
	const char *text;
	struct value *next;
};

struct check {
	struct map required;
	enum sieve_verdict verdict;
	void (*tell)(void *arg, size_t line, enum sieve_finding what,
	    const char *reason);
	void *arg;
	bool begun;        /* a command other than require was there */
	struct map values; /* variable, in lower case -> struct value */
	struct arena arena;
	size_t loops;  /* those that we are in */
	size_t looped; /* the line of a redirect in one; 0: none */
};

static void __attribute__((format(printf, 4, 5))) find(
    struct check *c, size_t line, enum sieve_finding what, const char *fmt, ...)
{
	enum sieve_verdict v =
	    what <= FOUND_REQUIRE ? SIEVE_REFUSED : SIEVE_DIFFERS;
	char text[256];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	if (v > c->verdict)
		c->verdict = v;
	c->tell(c->arg, line, what, text);
}

static bool
has(const struct check *c, const char *extension)
{
	/* RFC 5235: spamtestplus is spamtest and more. */
	return map_get(&c->required, extension) != NULL ||
	       (strcmp(extension, "spamtest") == 0 &&
		   map_get(&c->required, "spamtestplus") != NULL) ||
	       /* RFC 6131 */
	       (strcmp(extension, "vacation") == 0 &&
		   map_get(&c->required, "vacation-seconds") != NULL) ||
	       /* RFC 5463: a test asks for it. */
	       map_get(&c->required, "ihave") != NULL;
}

static void
need(struct check *c, size_t line, const char *extension, const char *what)
{
	if (extension != NULL && *extension != '\0' && !has(c, extension))
		find(c, line, FOUND_REQUIRE, "\"%s\" needs require \"%s\"",
		    what, extension);
}

/* --- require --- */

static void
require_one(struct check *c, const struct sieve_arg *a)
{
	(void)map_put(&c->required, a->text, NULL);
	switch (extension_find(a->text)) {
	case EXTENSION_KNOWN:
		break;
	case EXTENSION_NO_EFFECT:
		find(c, a->line, FOUND_NO_EFFECT,
		    "the server takes \"%.100s\" and does nothing with it",
		    a->text);
		break;
	case EXTENSION_UNKNOWN:
		find(c, a->line, FOUND_NO_EFFECT,
		    "the extension \"%.100s\" is not known", a->text);
		break;
	}
}

static void
check_require(struct check *c, const struct sieve_node *n)
{
	const struct sieve_arg *a = n->args;

	if (c->begun)
		find(c, n->line, FOUND_SYNTAX,
		    "require has to come before other commands");
	if (a->kind == SIEVE_STRING)
		require_one(c, a);
	for (a = a->strings; a != NULL; a = a->next)
		require_one(c, a);
}

/* --- folders --- */

static const struct {
	const char *old, *name;
} folders[] = {
	{ "Sent", "Sent Items" },
	{ "Sent Messages", "Sent Items" },
	{ "Trash", "Deleted Items" },
	{ "Deleted Messages", "Deleted Items" },
	{ "Junk", "Junk Mail" },
	{ "Spam", "Junk Mail" },
	{ "Junk E-mail", "Junk Mail" },
};

/* Whether something was found. */
static bool
check_name(struct check *c, size_t line, const char *name)
{
	if (str_starts_nocase(name, "INBOX.")) {
		find(c, line, FOUND_FOLDER,
		    "\"%.100s\": over there, folders do not begin with "
		    "\"INBOX.\", and \"/\" stands between levels",
		    name);
		return true;
	}
	for (size_t i = 0; i < sizeof folders / sizeof *folders; i++)
		if (str_eq_nocase(name, folders[i].old)) {
			find(c, line, FOUND_FOLDER,
			    "\"%s\": over there, the folder is called \"%s\"",
			    name, folders[i].name);
			return true;
		}
	if (strchr(name, '&') != NULL && strchr(name, '-') != NULL &&
	    strchr(name, '&') < strrchr(name, '-') &&
	    strstr(name, "${") == NULL && strchr(name, ' ') == NULL) {
		find(c, line, FOUND_FOLDER,
		    "\"%.100s\" looks like modified UTF-7: over there, names "
		    "are UTF-8",
		    name);
		return true;
	}
	return false;
}

/* A name with a variable stands for one with each of the texts that the script sets
 * it to. What a message sets it to is not known. left: how many to look at, since
 * they can be made of one another. */
static void
check_folder(struct check *c, size_t line, const char *name, size_t *left)
{
	const char *from = strstr(name, "${"), *to;
	void **values;
	char *variable;

	if (*left == 0 || strlen(name) > FOLDER_LENGTH_MAX ||
	    check_name(c, line, name) || from == NULL)
		return;
	--*left;
	to = from + strcspn(from, "}");
	if (*to == '\0')
		return;
	variable = str_lower(xmemdup(from + 2, (size_t)(to - from - 2)));
	values = map_get(&c->values, variable);
	free(variable);
	for (const struct value *v = values == NULL ? NULL : *values; v != NULL;
	     v = v->next) {
		char *full = xasprintf(
		    "%.*s%s%s", (int)(from - name), name, v->text, to + 1);

		check_folder(c, line, full, left);
		free(full);
	}
}

/* One folder, or a list of them. */
static void
check_folders(struct check *c, const struct sieve_arg *a)
{
	bool list = a->kind == SIEVE_LIST;

	for (a = list ? a->strings : a; a != NULL; a = list ? a->next : NULL) {
		size_t left = FOLDER_NAMES_MAX;

		check_folder(c, a->line, a->text, &left);
	}
}

/* --- arguments --- */

static bool
fits(const struct sieve_arg *a, char kind)
{
	if (kind == 'n')
		return a->kind == SIEVE_NUMBER;
	return a->kind == SIEVE_STRING ||
	       (a->kind == SIEVE_LIST && (kind == 'S' || kind == 'F'));
}

static void
check_comparator(struct check *c, const struct sieve_arg *a)
{
	char extension[64];

	if (strcmp(a->text, "i;octet") == 0 ||
	    strcmp(a->text, "i;ascii-casemap") == 0)
		return;
	(void)snprintf(
	    extension, sizeof extension, "comparator-%.40s", a->text);
	need(c, a->line, extension, a->text);
}

/* RFC 5231 */
static bool
is_relation(const char *text)
{
	static const char *const relations[] = { "gt", "ge", "lt", "le", "eq",
		"ne" };

	for (size_t i = 0; i < sizeof relations / sizeof *relations; i++)
		if (strcmp(text, relations[i]) == 0)
			return true;
	return false;
}

/* The values that are words of the language. */
static void
check_value(struct check *c, const char *tag, const struct sieve_arg *value)
{
	if (strcmp(tag, "comparator") == 0)
		check_comparator(c, value);
	if ((strcmp(tag, "value") == 0 || strcmp(tag, "count") == 0) &&
	    !is_relation(value->text))
		find(c, value->line, FOUND_SYNTAX,
		    "\":%s\" compares by gt, ge, lt, le, eq or ne, not "
		    "\"%.40s\"",
		    tag, value->text);
}

/* A tag and its value; the argument after them. */
static const struct sieve_arg *
check_tag(struct check *c, const struct verb *v, const struct sieve_arg *a)
{
	const struct sieve_arg *value = a->next;
	struct verb_tag tag;

	if (!verb_tag(v, a->text, &tag)) {
		find(c, a->line, FOUND_UNKNOWN, "\"%s\" has no tag \":%.80s\"",
		    v->name, a->text);
		return a->next;
	}
	need(c, a->line, tag.extension, a->text);
	if (tag.value == '\0')
		return a->next;
	if (value == NULL || !fits(value, tag.value)) {
		find(c, a->line, FOUND_SYNTAX,
		    "\":%.80s\" of \"%s\" needs another value", a->text,
		    v->name);
		return value;
	}
	check_value(c, a->text, value);
	return value->next;
}

static size_t
count_positional(const struct verb *v, const struct sieve_node *n)
{
	size_t count = 0;

	for (const struct sieve_arg *a = n->args; a != NULL; a = a->next) {
		struct verb_tag tag;

		if (a->kind != SIEVE_TAG)
			count++;
		else if (verb_tag(v, a->text, &tag) && tag.value != '\0' &&
			 a->next != NULL)
			a = a->next;
	}
	return count;
}

static void
check_args(struct check *c, const struct verb *v, const struct sieve_node *n)
{
	const char *kinds = v->args;
	bool optional = false, positional = false;

	if ((v->flags & VERB_OPTIONAL) != 0 &&
	    count_positional(v, n) < strlen(v->args))
		kinds++;
	for (const struct sieve_arg *a = n->args; a != NULL;) {
		if (a->kind == SIEVE_TAG) {
			/* RFC 5228, 2.6.2 */
			if (positional)
				find(c, a->line, FOUND_SYNTAX,
				    "\"%s\" has the tag \":%.80s\" behind "
				    "other arguments",
				    v->name, a->text);
			a = check_tag(c, v, a);
			continue;
		}
		positional = true;
		if (*kinds == '?') {
			optional = true;
			kinds++;
		}
		if (*kinds == '\0' || !fits(a, *kinds)) {
			find(c, a->line, FOUND_SYNTAX,
			    "\"%s\" takes no such argument", v->name);
			return;
		}
		if ((*kinds == 'f' || *kinds == 'F') &&
		    c->verdict != SIEVE_REFUSED)
			check_folders(c, a);
		kinds++;
		a = a->next;
	}
	if (*kinds != '\0' && *kinds != '?' && !optional)
		find(c, n->line, FOUND_SYNTAX, "\"%s\" lacks an argument",
		    v->name);
}

static bool
is_match(const char *tag)
{
	static const char *const matches[] = { "is", "contains", "matches",
		"regex", "count", "value", "over", "under" };

	for (size_t i = 0; i < sizeof matches / sizeof *matches; i++)
		if (strcmp(tag, matches[i]) == 0)
			return true;
	return false;
}

/* No tag twice, a comparison has one kind of match, and "size" needs one of its
 * two. */
static void
check_tags_together(
    struct check *c, const struct verb *v, const struct sieve_node *n)
{
	size_t found = 0, keys = 0;

	for (const struct sieve_arg *a = n->args; a != NULL; a = a->next) {
		if (a->kind != SIEVE_TAG)
			continue;
		found += is_match(a->text);
		keys += strcmp(a->text, "header") == 0 ||
			strcmp(a->text, "uniqueid") == 0;
		for (const struct sieve_arg *b = n->args; b != a; b = b->next)
			if (b->kind == SIEVE_TAG &&
			    strcmp(a->text, b->text) == 0)
				find(c, a->line, FOUND_SYNTAX,
				    "\"%s\" has the tag \":%.80s\" twice",
				    v->name, a->text);
	}
	if (found > 1)
		find(c, n->line, FOUND_SYNTAX,
		    "\"%s\" with more than one kind of match", v->name);
	/* RFC 7352, 3.1 */
	if (keys > 1 && strcmp(v->name, "duplicate") == 0)
		find(c, n->line, FOUND_SYNTAX,
		    "\"duplicate\" with both \":header\" and \":uniqueid\"");
	if (found == 0 && strcmp(v->name, "size") == 0)
		find(c, n->line, FOUND_SYNTAX,
		    "\"size\" lacks \":over\" or \":under\"");
}

/* --- meanings --- */

static const struct sieve_arg *
last_string(const struct sieve_node *n)
{
	const struct sieve_arg *last = NULL;

	for (const struct sieve_arg *a = n->args; a != NULL; a = a->next)
		if (a->kind == SIEVE_STRING)
			last = a;
	return last;
}

static bool
has_tag(const struct sieve_node *n, const char *name)
{
	for (const struct sieve_arg *a = n->args; a != NULL; a = a->next)
		if (a->kind == SIEVE_TAG && strcmp(a->text, name) == 0)
			return true;
	return false;
}

static void
check_meaning(struct check *c, const struct sieve_node *n)
{
	const struct sieve_arg *last = last_string(n);

	if (last == NULL)
		return;
	if (strcmp(n->name, "redirect") == 0 &&
	    strchr(last->text, '@') == NULL && strstr(last->text, "${") == NULL)
		find(c, last->line, FOUND_SYNTAX,
		    "\"%.100s\" is not an address", last->text);
	else if (strcmp(n->name, "include") == 0 && has_tag(n, "global"))
		find(c, n->line, FOUND_GLOBAL,
		    "the global script \"%.100s\" has to come along, as a "
		    "SieveUserScript",
		    last->text);
}

/* --- the tree --- */

static void check_tests(
    struct check *c, const struct verb *v, const struct sieve_node *n);

static void
check_node(struct check *c, const struct sieve_node *n, bool test)
{
	const struct verb *v = verb_find(n->name, test);

	if (v == NULL || (v->flags & VERB_DOVECOT) != 0) {
		find(c, n->line, FOUND_UNKNOWN,
		    "the server does not know the %s \"%.80s\"%s",
		    test ? "test" : "command", n->name,
		    v == NULL ? "" : ", a plugin of Dovecot");
		return;
	}
	need(c, n->line, v->extension, v->name);
	check_args(c, v, n);
	check_tags_together(c, v, n);
	check_tests(c, v, n);
	if (!test && n->has_block != ((v->flags & VERB_BLOCK) != 0))
		find(c, n->line, FOUND_SYNTAX,
		    n->has_block ? "\"%s\" takes no block"
				 : "\"%s\" lacks a block",
		    v->name);
	if (!test && c->verdict != SIEVE_REFUSED)
		check_meaning(c, n);
}

static void
check_tests(struct check *c, const struct verb *v, const struct sieve_node *n)
{
	bool one = (v->flags & VERB_ONE) != 0,
	     many = (v->flags & VERB_MANY) != 0;

	if ((n->tests == NULL && (one || many)) ||
	    (n->tests != NULL && !one && !many) ||
	    (n->tests != NULL && n->list != many))
		find(c, n->line, FOUND_SYNTAX, "\"%s\" takes %s", v->name,
		    many  ? "a list of tests"
		    : one ? "one test"
			  : "no test");
	for (const struct sieve_node *t = n->tests; t != NULL; t = t->next)
		check_node(c, t, true);
}

/* RFC 5229, 4: what the script sets variables to. */
static void
collect_values(struct check *c, const struct sieve_node *n)
{
	for (; n != NULL; n = n->next) {
		const struct sieve_arg *a = n->args;
		struct value *v;
		void **slot;

		collect_values(c, n->block);
		while (a != NULL && a->kind == SIEVE_TAG)
			a = a->next;
		if (strcmp(n->name, "set") != 0 || a == NULL ||
		    a->kind != SIEVE_STRING || a->next == NULL ||
		    a->next->kind != SIEVE_STRING)
			continue;
		slot = map_put(&c->values,
		    str_lower(arena_adds(&c->arena, a->text)), NULL);
		v = arena_alloc(&c->arena, sizeof *v);
		*v = (struct value){ a->next->text, *slot };
		*slot = v;
	}
}

/* A redirect to what a variable says is another one each time. */
static bool
is_varying(const struct sieve_node *redirect)
{
	const struct sieve_arg *to = last_string(redirect);

	return to != NULL && strstr(to->text, "${") != NULL;
}

/* How many redirects can run in one pass: those in a row, and of branches the
 * most. */
static size_t
check_commands(struct check *c, const struct sieve_node *n)
{
	size_t total = 0, branch = 0;
	const struct sieve_node *before = NULL;

	for (; n != NULL; before = n, n = n->next) {
		bool chained = strcmp(n->name, "elsif") == 0 ||
			       strcmp(n->name, "else") == 0;
		size_t inside;

		if (chained &&
		    (before == NULL || (strcmp(before->name, "if") != 0 &&
					   strcmp(before->name, "elsif") != 0)))
			find(c, n->line, FOUND_SYNTAX,
			    "\"%s\" without an \"if\" before it", n->name);
		check_node(c, n, false);
		if (strcmp(n->name, "require") == 0) {
			if (n->args != NULL && fits(n->args, 'S'))
				check_require(c, n);
			continue;
		}
		c->begun = true;
		c->loops += strcmp(n->name, "foreverypart") == 0;
		inside = check_commands(c, n->block);
		c->loops -= strcmp(n->name, "foreverypart") == 0;
		if (!chained) {
			total += branch;
			branch = inside;
		} else if (inside > branch) {
			branch = inside;
		}
		if (strcmp(n->name, "redirect") != 0)
			continue;
		total++;
		if (c->loops > 0 && c->looped == 0 && is_varying(n))
			c->looped = n->line;
	}
	return total + branch;
}

enum sieve_verdict
sieve_check(const char *text, size_t len,
    void (*tell)(
	void *arg, size_t line, enum sieve_finding what, const char *reason),
    void *arg)
{
	struct check c = { .tell = tell, .arg = arg };
	struct sieve s = { 0 };
	struct why why = { 0 };
	size_t redirects;

	if (sieve_parse(&s, text, len, &why) == -1) {
		find(&c, s.line, FOUND_SYNTAX, "%s", why.text);
	} else {
		collect_values(&c, s.commands);
		redirects = check_commands(&c, s.commands);
		if (c.looped != 0 && c.verdict != SIEVE_REFUSED)
			find(&c, c.looped, FOUND_REDIRECTS,
			    "a redirect in a foreverypart can run for each "
			    "part, and the server runs one of a script");
		else if (redirects > REDIRECTS_MAX &&
			 c.verdict != SIEVE_REFUSED)
			find(&c, 1, FOUND_REDIRECTS,
			    "up to %zu redirects can run, and the server runs "
			    "one of a script: let a mailing list hold the "
			    "targets",
			    redirects);
	}
	map_free(&c.required);
	map_free(&c.values);
	arena_free(&c.arena);
	sieve_free(&s);
	return c.verdict;
}

static void
say_nothing(void *arg, size_t line, enum sieve_finding what, const char *reason)
{
	(void)arg;
	(void)line;
	(void)what;
	(void)reason;
}

size_t
sieve_redirects(const char *text, size_t len)
{
	struct check c = { .tell = say_nothing };
	struct sieve s = { 0 };
	struct why why = { 0 };
	size_t n = 0;

	if (sieve_parse(&s, text, len, &why) == 0)
		n = check_commands(&c, s.commands);
	map_free(&c.required);
	sieve_free(&s);
	return n;
}
