/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/*
 * opendkim: opendkim.conf(5), and the tables that it names. A KeyTable says
 * which key there is (domain, selector, key), a SigningTable whose mail is signed
 * with it.
 */
#include "source/dkim/opendkim.h"

#include <string.h>

#include "core/str.h"
#include "source/dkim/keys.h"

/* --- the tables --- */

/* The domains that a pattern matches. */
struct pattern {
	const char *domain; /* NULL: all of them */
	bool below;         /* not the domain itself, but those below it */
};

/* A line of the SigningTable: whose mail, and the key. */
struct signer {
	struct pattern of;
	const char *key; /* "%": the one named as the sender's domain */
	struct place at;
	bool known; /* the key is in the KeyTable */
	struct signer *next;
};

struct tables {
	struct signer *signers;
	bool signing; /* there is one */
};

/* The file of a data set; NULL for one of another kind. */
static const char *
data_set(const char *name)
{
	static const char *const kinds[] = { "file:", "refile:" };

	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
		if (str_starts(name, kinds[i]))
			return name + strlen(kinds[i]);
	return *name == '/' ? name : NULL;
}

static void
other_kind(struct dkim *d, const char *setting)
{
	struct why why = { 0 };

	why_set(&why, FAIL_DATA,
	    "%s is not in a file: only \"file:\" and \"refile:\" are read",
	    setting);
	emit_fail(d->emit, NULL, &why);
}

/* "*@example.org", "example.org", "alice@example.org"; ".example.org" and
 * "*@*.example.org" for the domains below it. */
static struct pattern
parse_pattern(const char *text)
{
	const char *at = strrchr(text, '@');
	struct pattern p = { .domain = at == NULL ? text : at + 1 };

	if (str_starts(p.domain, "*."))
		p.domain++;
	p.below = *p.domain == '.';
	p.domain += p.below;
	if (*p.domain == '\0' || strchr(p.domain, '*') != NULL)
		p = (struct pattern){ .domain = NULL };
	return p;
}

static bool
matches(const struct pattern *p, const char *domain)
{
	if (p->domain == NULL || p->below)
		return dkim_is_below(domain, p->domain);
	return str_eq_nocase(domain, p->domain);
}

static void
signing_line(struct dkim *d, char *line, void *arg)
{
	struct tables *t = arg;
	char *key = dkim_rest(line);
	struct signer *s = arena_alloc(&d->arena, sizeof *s);

	key[strcspn(key, ": \t")] = '\0'; /* who signs may follow */
	if (*key == '\0') {
		emit_bad(d->emit, NULL, "a line without a key");
		return;
	}
	s->key = arena_adds(&d->arena, key);
	s->of = parse_pattern(arena_adds(&d->arena, line));
	s->at = d->emit->at;
	s->known = false;
	s->next = t->signers;
	t->signers = s;
}

/* A key in its place in the table: its text, or its file. */
static void
put_key(
    struct dkim *d, const char *domain, const char *selector, const char *key)
{
	struct buf path = { 0 };

	if (*key != '/' && *key != '.') {
		dkim_key(d, domain, selector, key, strlen(key));
		return;
	}
	for (; *key != '\0'; key++)
		if (*key == '%')
			buf_adds(&path, domain);
		else
			buf_addc(&path, *key);
	dkim_file(d, domain, selector, path.data);
	buf_free(&path);
}

/* Whether the line signs with the key of that name. */
static bool
signs_with(const struct signer *s, const char *name)
{
	return strcmp(s->key, "%") == 0 ? matches(&s->of, name)
					: strcmp(s->key, name) == 0;
}

/* The senders of the line, whose key that is. */
static struct pattern
senders(const struct signer *s, const char *name)
{
	const struct pattern own = { .domain = name };

	return strcmp(s->key, "%") == 0 ? own : s->of;
}

static bool
is_used(const struct tables *t, const char *name)
{
	bool used = false;

	for (struct signer *s = t->signers; s != NULL; s = s->next)
		if (signs_with(s, name))
			used = s->known = true;
	return used;
}

static void
note_unknown(struct dkim *d, const struct tables *t)
{
	for (const struct signer *s = t->signers; s != NULL; s = s->next) {
		d->emit->at = s->at;
		if (!s->known)
			emit_note(d->emit, s->of.domain,
			    "mail to be signed with a key that the KeyTable "
			    "lacks",
			    s->key);
	}
}

/* A key for all domains of a pattern: put takes each. What they are the options
 * say, where the pattern does not; key is what a failure names. */
static void
put_for(struct dkim *d, const struct pattern *p, const char *name,
    void (*put)(struct dkim *d, const char *domain, const char *selector,
	const char *key),
    const char *selector, const char *key)
{
	if (p->domain != NULL && !p->below)
		put(d, p->domain, selector, key);
	else if (dkim_sender_domains(d, name, p->domain) > 0)
		for (size_t i = 0; i < d->options->n_domains; i++)
			if (matches(p, d->options->domains[i]))
				put(d, d->options->domains[i], selector, key);
}

/* "%" as a domain is that of the sender: each for which the key is used. */
static void
put_for_senders(struct dkim *d, const struct tables *t, const char *name,
    const char *selector, const char *key)
{
	for (const struct signer *s = t->signers; s != NULL; s = s->next) {
		struct pattern of = senders(s, name);

		if (signs_with(s, name))
			put_for(d, &of, name, put_key, selector, key);
	}
}

/* Mail of a domain that is signed in the name of another. */
static void
note_strangers(struct dkim *d, const struct tables *t, const char *name,
    const char *domain)
{
	for (const struct signer *s = t->signers; s != NULL; s = s->next) {
		const char *from = senders(s, name).domain;

		if (signs_with(s, name) && from != NULL &&
		    !str_eq_nocase(from, domain))
			emit_note(d->emit, from,
			    "mail that is signed in the name of another "
			    "domain: "
			    "the new server signs with keys of its own domain",
			    domain);
	}
}

static void
key_line(struct dkim *d, char *line, void *arg)
{
	struct tables *t = arg;
	char *rest = dkim_rest(line), *domain = str_cut(&rest, ':'), *selector;

	selector = rest == NULL ? NULL : str_cut(&rest, ':');
	if (rest == NULL || *rest == '\0') {
		emit_bad(d->emit, NULL,
		    "not of the form \"name domain:selector:key\"");
		return;
	}
	if (t->signing && !is_used(t, line)) {
		emit_drop(d->emit, line, "a key that nothing is signed with");
		return;
	}
	if (strcmp(domain, "%") == 0) {
		put_for_senders(d, t, line, selector, rest);
		return;
	}
	put_key(d, domain, selector, rest);
	note_strangers(d, t, line, domain);
}

void
opendkim_tables_by(
    struct dkim *d, opendkim_table *read, const void *keys, const void *signing)
{
	struct tables t = { .signing = signing != NULL };

	if (signing != NULL && !read(d, signing, signing_line, &t))
		t.signing = false;
	if (read(d, keys, key_line, &t))
		note_unknown(d, &t);
}

/* A table, as opendkim.conf names it. */
struct data_set {
	const char *setting, *name;
};

static bool
read_data_set(struct dkim *d, const void *table, dkim_line *line, void *arg)
{
	const struct data_set *set = table;
	const char *file = data_set(set->name);

	if (file != NULL)
		return dkim_lines(d, file, line, arg);
	other_kind(d, set->setting);
	return false;
}

void
opendkim_tables(struct dkim *d, const char *keys, const char *signing)
{
	struct data_set key_set = { "KeyTable", keys },
			signing_set = { "SigningTable", signing };

	opendkim_tables_by(
	    d, read_data_set, &key_set, signing == NULL ? NULL : &signing_set);
}

/* --- opendkim.conf --- */

enum setting {
	SET_KEY_TABLE,
	SET_SIGNING_TABLE,
	SET_DOMAIN,
	SET_SELECTOR,
	SET_KEY_FILE,
	SETTINGS
};
static const char *const setting_words[] = {
	[SET_KEY_TABLE] = "KeyTable",
	[SET_SIGNING_TABLE] = "SigningTable",
	[SET_DOMAIN] = "Domain",
	[SET_SELECTOR] = "Selector",
	[SET_KEY_FILE] = "KeyFile",
};

struct conf {
	const char *v[SETTINGS];
	unsigned int depth;
};

enum {
	INCLUDE_DEPTH_MAX = 8
};

static void
conf_line(struct dkim *d, char *line, void *arg)
{
	struct conf *c = arg;
	char *value = dkim_rest(line);
	struct place at = d->emit->at;

	if (str_eq_nocase(line, "Include") && c->depth < INCLUDE_DEPTH_MAX) {
		c->depth++;
		(void)dkim_lines(d, value, conf_line, c);
		c->depth--;
		d->emit->at = at;
	}
	for (size_t i = 0; i < SETTINGS; i++)
		if (str_eq_nocase(line, setting_words[i]))
			c->v[i] = arena_adds(&d->arena, value);
}

/* A domain, or of a file of patterns one that may have more. */
static void
domain_line(struct dkim *d, char *line, void *arg)
{
	const struct conf *c = arg;
	const struct pattern of = parse_pattern(line);

	put_for(
	    d, &of, line, dkim_file, c->v[SET_SELECTOR], c->v[SET_KEY_FILE]);
}

/* One key for the domains of a list, or of a file. */
static void
one_key(struct dkim *d, struct conf *c)
{
	static const char list[] = "csl:";
	const char *domains = c->v[SET_DOMAIN], *file = data_set(domains);
	char *rest, *domain;

	if (file != NULL) {
		(void)dkim_lines(d, file, domain_line, c);
		return;
	}
	if (str_starts(domains, list))
		domains += strlen(list);
	if (strchr(domains, ':') != NULL) {
		other_kind(d, "Domain");
		return;
	}
	rest = arena_adds(&d->arena, domains);
	while ((domain = str_cut(&rest, ',')) != NULL)
		domain_line(d, str_trim(domain), c);
}

void
opendkim_read(struct dkim *d, const char *path)
{
	struct conf c = { 0 };

	if (!dkim_lines(d, path, conf_line, &c))
		return;
	d->emit->at.line = 0;
	if (c.v[SET_KEY_TABLE] != NULL)
		opendkim_tables(d, c.v[SET_KEY_TABLE], c.v[SET_SIGNING_TABLE]);
	else if (c.v[SET_DOMAIN] != NULL && c.v[SET_SELECTOR] != NULL &&
		 c.v[SET_KEY_FILE] != NULL)
		one_key(d, &c);
	else
		emit_note(d->emit, NULL,
		    "a configuration that signs nothing: neither a KeyTable, "
		    "nor Domain, Selector and KeyFile",
		    NULL);
}
