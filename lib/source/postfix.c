/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

#include "source/postfix.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/str.h"
#include "record/address.h"
#include "source/command.h"
#include "source/lines.h"
#include "source/postfix-database.h"

enum {
	VALUE_MAX = 1 << 20
};

void
postfix_free(struct postfix *p)
{
	free(p->domains.v);
	aliases_free(&p->aliases);
	arena_free(&p->arena);
}

char *
postfix_parameter(struct postfix *p, const char *name, struct why *why)
{
	const char *argv[7] = { "postconf" };
	struct buf text = { .max = VALUE_MAX };
	char *value = NULL;
	size_t n = 1;

	if (p->dir != NULL) {
		argv[n++] = "-c";
		argv[n++] = p->dir;
	}
	argv[n++] = "-x";
	argv[n++] = "-h";
	argv[n] = name;
	if (command_read(argv, &text, why) == 0)
		value = str_trim(arena_add(
		    &p->arena, buf_str(&text), strcspn(buf_str(&text), "\n")));
	buf_free(&text);
	return value;
}

/* The next word of a list that commas and blanks divide; braces keep those
 * within them. */
static char *
next_word(char **list)
{
	char *p = *list, *start;
	int depth = 0;

	p += strspn(p, ", \t");
	if (*p == '\0')
		return NULL;
	for (start = p; *p != '\0'; p++) {
		depth += (*p == '{') - (*p == '}');
		if (depth <= 0 && strchr(", \t", *p) != NULL)
			break;
	}
	*list = *p == '\0' ? p : p + 1;
	*p = '\0';
	return start;
}

void
postfix_add_alias(
    struct postfix *p, struct emit *e, const char *key, char *value)
{
	aliases_add(&p->aliases, e, key, value);
}

static void
add_domain(struct postfix *p, struct emit *e, const char *key, char *value)
{
	struct buf name = { 0 };
	struct why why = { 0 };

	(void)value;
	if (domain_normalise(key, &name, &why) == -1)
		emit_fail(e, NULL, &why);
	else if (!strs_has(&p->domains, buf_str(&name)))
		strs_add(&p->domains, arena_adds(&p->arena, buf_str(&name)));
	buf_free(&name);
}

static void
read_entries(struct postfix *p, struct emit *e, struct postfix_map *m,
    bool lines, postfix_entry *entry)
{
	struct why why = { 0 };
	char *key, *value;
	int n;

	while ((n = postfix_map_next(m, &key, &value, &why)) != 0 &&
	       !emit_stop(e)) {
		e->at.line = lines ? (uint32_t)m->line : 0;
		if (n == 1)
			entry(p, e, key, value);
		else
			emit_fail(e, NULL, &why);
		if (n == -1 && why.kind == FAIL_FATAL)
			break;
	}
}

/* Tables that Postfix's own program lists. */
static void
read_listed(
    struct postfix *p, struct emit *e, const char *table, postfix_entry *entry)
{
	const char *argv[6] = { "postmap" };
	struct postfix_map m;
	struct command c;
	struct why why = { 0 };
	size_t n = 1;

	if (p->dir != NULL) {
		argv[n++] = "-c";
		argv[n++] = p->dir;
	}
	argv[n++] = "-s";
	argv[n] = table;
	emit_file(e, table);
	if (command_open(&c, argv, &why) == -1) {
		emit_fail(e, NULL, &why);
		return;
	}
	postfix_map_init(&m, c.fd, MAP_LISTED);
	read_entries(p, e, &m, false, entry);
	postfix_map_close(&m);
	c.fd = -1;
	if (command_close(&c, &why) == -1 && !emit_stop(e)) {
		e->at.line = 0;
		emit_fail(e, NULL, &why);
	}
}

static void
read_text(
    struct postfix *p, struct emit *e, const char *path, postfix_entry *entry)
{
	struct postfix_map m;
	struct why why = { 0 };

	emit_file(e, path);
	if (postfix_map_open(&m, path, MAP_TABLE, &why) == -1) {
		emit_fail(e, NULL, &why);
		return;
	}
	read_entries(p, e, &m, true, entry);
	postfix_map_close(&m);
}

static void
read_database(
    struct postfix *p, struct emit *e, const char *table, postfix_entry *entry)
{
	struct postfix_rows rows;
	struct why why = { 0 };
	int r = postfix_database_read(&rows, table, &why);

	emit_file(e, table);
	for (struct postfix_row *row = rows.first; row != NULL && r == 0;
	     row = row->next)
		entry(p, e, row->key, row->value);
	for (size_t i = 0; i < rows.never; i++)
		emit_note(e, NULL,
		    "a key with capitals, which Postfix never finds", NULL);
	if (r == -1)
		emit_fail(e, NULL, &why);
	postfix_rows_free(&rows);
}

static bool
is_one_of(const char *type, size_t len, const char *const *names)
{
	for (; *names != NULL; names++)
		if (strlen(*names) == len && strncmp(type, *names, len) == 0)
			return true;
	return false;
}

void
postfix_table(struct postfix *p, struct emit *e, const char *table,
    const char *parameter_name, postfix_entry *entry)
{
	static const char *const listed[] = { "hash", "btree", "lmdb", "cdb",
		"dbm", "sdbm", NULL };
	static const char *const text[] = { "texthash", NULL };
	struct why why = { 0 };
	size_t len;

	if (str_starts(table, "proxy:"))
		table += strlen("proxy:");
	len = strcspn(table, ":");
	if (is_one_of(table, len, listed)) {
		read_listed(p, e, table, entry);
	} else if (is_one_of(table, len, text) && table[len] == ':') {
		read_text(p, e, table + len + 1, entry);
	} else if (postfix_is_database(table, len) && table[len] == ':') {
		read_database(p, e, table, entry);
	} else {
		why_set(&why, FAIL_DATA,
		    "a table of the type \"%.*s\" cannot be listed", (int)len,
		    table);
		tally_fail(e->tally, parameter_name, NULL, NULL, &why);
	}
}

void
postfix_tables(struct postfix *p, struct emit *e, const char *name, char *list,
    postfix_entry *entry)
{
	char *word;

	while ((word = next_word(&list)) != NULL && !emit_stop(e))
		postfix_table(p, e, word, name, entry);
}

/* A list of names, files of names, and tables with names as keys. */
static void
read_domains(struct postfix *p, struct emit *e, const char *name, char *list)
{
	char *word;

	while ((word = next_word(&list)) != NULL && !emit_stop(e)) {
		if (*word == '!') {
			emit_note(e, NULL,
			    "a domain that a list of Postfix excludes", word);
		} else if (*word == '/') {
			struct source_lines in;
			char *line;

			if (!source_lines_open(&in, e, word, true))
				continue;
			while (source_lines_content(&in, &line))
				add_domain(p, e, str_trim(line), NULL);
			source_lines_close(&in);
		} else if (strchr(word, ':') != NULL) {
			postfix_table(p, e, word, name, add_domain);
		} else {
			emit_file(e, name);
			add_domain(p, e, word, NULL);
		}
	}
}

/* Whether "@domain @other" made it another name of a domain. */
static bool
is_other_name(struct postfix *p, const char *domain)
{
	struct buf key = { 0 };
	void **value;

	buf_addf(&key, "@%s", domain);
	value = map_get(&p->aliases.by_address, key.data);
	buf_free(&key);
	return value != NULL && ((struct alias *)*value)->used;
}

static void
emit_domains(struct postfix *p, struct emit *e)
{
	emit_file(e, "postconf");
	for (size_t i = 0; i < p->domains.n; i++)
		if (!is_other_name(p, p->domains.v[i]))
			emit_domain(e, p->domains.v[i]);
}

void
postfix_read(struct postfix *p, struct emit *e)
{
	static const char *const domains[] = { "virtual_alias_domains",
		"virtual_mailbox_domains" };
	struct why why = { 0 };
	char *maps = postfix_parameter(p, "virtual_alias_maps", &why), *value;
	const char *all;

	if (maps == NULL && p->dir == NULL &&
	    access("/etc/postfix", F_OK) != 0) {
		emit_note(
		    e, NULL, "no Postfix on this machine: no aliases", NULL);
		return;
	}
	emit_file(e, "postconf");
	if (maps == NULL) {
		emit_fail(e, NULL, &why);
		return;
	}
	if (p->aliases.domain == NULL)
		p->aliases.domain = postfix_parameter(p, "myorigin", &why);
	all = arena_adds(&p->arena, maps);
	p->aliases.first_counts = true;
	postfix_tables(p, e, "virtual_alias_maps", maps, postfix_add_alias);
	for (size_t i = 0; i < 2 && !emit_stop(e); i++) {
		value = postfix_parameter(p, domains[i], &why);
		if (value == NULL)
			emit_fail(e, NULL, &why);
		/* By default the domains are those that the aliases are in. */
		else if (strcmp(value, all) != 0)
			read_domains(p, e, domains[i], value);
	}
	aliases_domains(&p->aliases, e);
	emit_domains(p, e);
}
