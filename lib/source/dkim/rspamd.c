/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/*
 * rspamd: the module dkim_signing. A domain has its selector and its key by
 * itself, by maps, or by the path that is the same for all (rspamd,
 * src/plugins/lua/dkim_signing.lua and lualib/lua_dkim_tools.lua).
 */
#include "source/dkim/rspamd.h"

#include <glob.h>
#include <string.h>

#include "core/str.h"
#include "record/address.h"
#include "source/dkim/keys.h"
#include "source/dkim/opendkim.h"
#include "source/dkim/redis.h"
#include "source/dkim/ucl.h"

enum {
	CONFIG_MAX = 1 << 20,
	INCLUDE_DEPTH_MAX = 8
};

#define DEFAULT_PATH "/var/lib/rspamd/dkim/$domain.$selector.key"

struct rspamd {
	struct dkim *d;
	const char *folder; /* $CONFDIR */
	struct ucl top;
	struct map selectors, paths; /* by domain: the maps */
	struct map known;            /* domains that were looked at */
	const char *selector, *path; /* for all others */
};

/* --- the configuration --- */

static const char *
expand(struct rspamd *r, const char *text, const char *name, const char *value)
{
	struct buf b = { 0 };
	const char *at, *result;
	size_t len = strlen(name);

	while ((at = strstr(text, name)) != NULL) {
		buf_add(&b, text, (size_t)(at - text));
		buf_adds(&b, value);
		text = at + len;
	}
	buf_adds(&b, text);
	result = arena_add(&r->d->arena, b.data, b.len);
	buf_free(&b);
	return result;
}

/* A path of the configuration; maps may say that they are files. */
static const char *
config_path(struct rspamd *r, const char *path)
{
	if (str_starts(path, "file://"))
		path += strlen("file://");
	path = expand(r, path, "$LOCAL_CONFDIR", r->folder);
	path = expand(r, path, "$CONFDIR", r->folder);
	return expand(r, path, "$DBDIR", "/var/lib/rspamd");
}

static void read_config(
    struct rspamd *r, struct ucl *top, const char *path, unsigned int depth);

/* Only what was in the file itself: what is included comes after it. */
static void
read_includes(struct rspamd *r, struct ucl *top, unsigned int depth)
{
	const struct ucl *last = top->last;

	for (const struct ucl *u = top->first; u != NULL; u = u->next) {
		if (str_starts(u->key, ".include") && u->value != NULL &&
		    depth < INCLUDE_DEPTH_MAX)
			read_config(
			    r, top, config_path(r, u->value), depth + 1);
		if (u == last)
			break;
	}
}

static void
append(struct ucl *to, const struct ucl *from)
{
	if (from->first == NULL)
		return;
	if (to->last == NULL)
		to->first = from->first;
	else
		to->last->next = from->first;
	to->last = from->last;
}

/* Appends the members of a file that is there. */
static void
read_config(
    struct rspamd *r, struct ucl *top, const char *path, unsigned int depth)
{
	struct buf text = { .max = CONFIG_MAX };
	struct emit *e = r->d->emit;
	struct ucl file = { 0 };
	struct why why = { 0 };

	if (!dkim_exists(r->d, path))
		return;
	emit_file(e, dkim_path(r->d, path));
	if (dkim_read(r->d, path, &text, &why) == -1 ||
	    (text.data != NULL &&
		ucl_parse(&file, &r->d->arena, text.data, &why) == -1)) {
		why.kind = FAIL_FATAL;
		emit_fail(e, NULL, &why);
	} else if (file.first != NULL) {
		read_includes(r, &file, depth);
		append(top, &file);
	}
	buf_wipe(&text);
}

/* The module's section in one of the files that add to the whole. */
static void
read_section(struct rspamd *r, const char *name)
{
	static const char section[] = "dkim_signing";
	const char *path = dkim_below(r->d, r->folder, name);
	struct buf text = { .max = CONFIG_MAX };
	struct ucl conf = { 0 };
	const struct ucl *found;

	if (dkim_exists(r->d, path) &&
	    dkim_read(r->d, path, &text, NULL) == 0 &&
	    strstr(buf_str(&text), section) != NULL)
		read_config(r, &conf, path, 0);
	buf_wipe(&text);
	found = ucl_object(&conf, section);
	if (found != NULL)
		append(&r->top, found);
}

static void
map_line(struct dkim *d, char *line, void *arg)
{
	struct map *m = arg;
	char *value = dkim_rest(line);

	if (*value != '\0')
		*map_put(m, arena_adds(&d->arena, str_lower(line)), NULL) =
		    arena_adds(&d->arena, value);
}

/* --- maps: a file, several, lines in the configuration itself, or an object
 * that says which (rspamd, "Map Configuration Formats") --- */

/* A map that is read, and who gets its lines. */
struct reading {
	struct rspamd *r;
	const char *setting;
	dkim_line *line;
	void *arg;
	bool ok;
};

static void
map_fail(struct reading *m, const char *text)
{
	struct why why = { 0 };

	why_set(&why, FAIL_DATA, "%s: %s: the keys of its domains are missing",
	    m->setting, text);
	emit_file(m->r->d->emit, dkim_path(m->r->d, m->r->folder));
	emit_fail(m->r->d->emit, NULL, &why);
	m->ok = false;
}

/* The file of a source; NULL: it is none, or not one of plain lines. */
static const char *
map_file(const char *source)
{
	static const char *const ahead[] = { "fallback+", "hash;", "plain;",
		"glob;" };

	for (size_t i = 0; i < sizeof ahead / sizeof *ahead; i++)
		if (str_starts(source, ahead[i]))
			source += strlen(ahead[i]);
	return *source == '/' || *source == '$' || str_starts(source, "file://")
		   ? source
		   : NULL;
}

static void
map_source(struct reading *m, const char *source)
{
	const char *file = map_file(source);

	if (file == NULL)
		map_fail(m,
		    "a map that is not a file of plain lines: write it to one, "
		    "and name that in a copy of the configuration");
	else if (!dkim_lines(m->r->d, config_path(m->r, file), m->line, m->arg))
		m->ok = false;
}

static void
map_entry(struct reading *m, const char *text)
{
	char *line = str_trim(arena_adds(&m->r->d->arena, text));

	if (*line != '\0')
		m->line(m->r->d, line, m->arg);
}

/* What has a key and a value is no place to read from. */
static bool
is_source(const char *text)
{
	return *text == '/' || str_starts(text, "http") ||
	       strpbrk(text, " \t") == NULL;
}

static void
map_list(struct reading *m, const struct ucl *list, bool sources)
{
	for (const struct ucl *u = list->first; u != NULL; u = u->next) {
		if (u->value == NULL)
			map_fail(m, "a map whose form is not known");
		else if (sources)
			map_source(m, u->value);
		else
			map_entry(m, u->value);
	}
}

static void
map_object(struct reading *m, const struct ucl *object)
{
	static const char *const places[] = { "url", "urls", "upstreams" };
	const struct ucl *u = ucl_member(object, "data");
	bool any = u != NULL;

	if (u != NULL && u->value != NULL)
		map_entry(m, u->value);
	else if (u != NULL)
		map_list(m, u, false);
	for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
		u = ucl_member(object, places[i]);
		if (u == NULL)
			continue;
		if (u->value == NULL)
			map_list(m, u, true);
		else if (strcmp(u->value, "static") != 0)
			map_source(m, u->value);
		any = true;
	}
	if (!any)
		map_fail(m, "a map without a url");
}

/* A setting that is a map. */
struct setting {
	struct rspamd *r;
	const char *name;
};

static bool
read_lines(struct dkim *d, const void *table, dkim_line *line, void *arg)
{
	const struct setting *s = table;
	const struct ucl *u = ucl_member(&s->r->top, s->name);
	struct reading m = { s->r, s->name, line, arg, true };

	emit_file(d->emit, dkim_path(d, s->r->folder));
	if (u->value != NULL)
		map_source(&m, u->value);
	else if (u->first != NULL && *u->first->key != '\0')
		map_object(&m, u);
	else if (u->first != NULL)
		map_list(&m, u,
		    u->first->value != NULL && is_source(u->first->value));
	return m.ok;
}

static void
read_map(struct rspamd *r, const char *name, struct map *m)
{
	struct setting s = { r, name };

	if (ucl_member(&r->top, name) != NULL)
		(void)read_lines(r->d, &s, map_line, m);
}

/* --- keys --- */

static const char *
looked_up(const struct map *m, const char *domain)
{
	void **value = map_get(m, domain);

	return value == NULL ? NULL : *value;
}

/* $domain and $selector in a path. */
static const char *
filled_in(struct rspamd *r, const char *path, const char *domain,
    const char *selector)
{
	path = config_path(r, path);
	path = expand(r, path, "$domain", domain);
	return expand(r, path, "$selector", selector);
}

/* A domain with the selector and the path of its own block, which may be
 * NULL. */
static void
put_domain(struct rspamd *r, const char *domain, const char *selector,
    const char *path)
{
	if (selector == NULL)
		selector = looked_up(&r->selectors, domain);
	if (selector == NULL)
		selector = r->selector;
	if (path == NULL)
		path = looked_up(&r->paths, domain);
	if (path == NULL)
		path = r->path;
	dkim_file(r->d, domain, selector, filled_in(r, path, domain, selector));
}

/* The selectors of a domain's block, each an object. */
static bool
put_selectors(struct rspamd *r, const char *domain, const struct ucl *list)
{
	bool any = false;

	for (const struct ucl *u = list == NULL ? NULL : list->first; u != NULL;
	     u = u->next) {
		if (u->value != NULL)
			continue;
		put_domain(
		    r, domain, ucl_value(u, "selector"), ucl_value(u, "path"));
		any = true;
	}
	return any;
}

static void
put_block(struct rspamd *r, const struct ucl *block)
{
	const char *domain = str_lower(arena_adds(&r->d->arena, block->key));

	if (block->value != NULL)
		return;
	(void)map_put(&r->known, domain, NULL);
	if (!put_selectors(r, domain, ucl_object(block, "selectors")))
		put_domain(r, domain, ucl_value(block, "selector"),
		    ucl_value(block, "path"));
}

static void
put_mapped(struct rspamd *r, const struct map *m)
{
	const char *domain;
	void *value;
	bool added;

	for (size_t at = 0; map_next(m, &at, &domain, &value);) {
		(void)map_put(&r->known, domain, &added);
		if (added)
			put_domain(r, domain, NULL, NULL);
	}
}

/* --- the path for all domains: which files are there --- */

/* The part of a file's path that stands for $domain: what makes the path when
 * it is filled in. NULL if there is none. */
static char *
domain_of(struct rspamd *r, const char *template, const char *file)
{
	const char *at = strstr(template, "$domain");
	size_t start = (size_t)(at - template);

	if (strncmp(template, file, start) != 0)
		return NULL;
	for (size_t len = 1; file[start + len] != '\0'; len++) {
		char *domain = arena_add(&r->d->arena, file + start, len);

		if (strcmp(expand(r, template, "$domain", domain), file) == 0)
			return strchr(domain, '/') == NULL ? domain : NULL;
	}
	return NULL;
}

/* The template as glob(7) has it. */
static void
glob_pattern(const char *template, struct buf *out)
{
	for (; *template != '\0'; template ++) {
		if (str_starts(template, "$domain")) {
			buf_addc(out, '*');
			template += strlen("$domain") - 1;
			continue;
		}
		if (strchr("*?[\\", *template) != NULL)
			buf_addc(out, '\\');
		buf_addc(out, *template);
	}
}

/* A path that is the same for all: one key signs for whoever sends. */
static void
put_one_key(struct rspamd *r, const char *path)
{
	struct dkim *d = r->d;

	if (!dkim_exists(d, path) ||
	    dkim_sender_domains(d, dkim_path(d, path), NULL) == 0)
		return;
	for (size_t i = 0; i < d->options->n_domains; i++) {
		const char *domain = d->options->domains[i];

		if (map_get(&r->known, domain) == NULL)
			dkim_file(d, domain, r->selector, path);
	}
}

static void
put_fallback(struct rspamd *r)
{
	const char *template =
	    expand(r, config_path(r, r->path), "$selector", r->selector);
	const char *here = dkim_path(r->d, template);
	struct buf pattern = { 0 };
	glob_t found;

	if (strstr(template, "$domain") == NULL) {
		put_one_key(r, template);
		return;
	}
	glob_pattern(here, &pattern);
	if (glob(pattern.data, 0, NULL, &found) == 0) {
		for (size_t i = 0; i < found.gl_pathc; i++) {
			char *domain = domain_of(r, here, found.gl_pathv[i]);

			if (domain != NULL &&
			    map_get(&r->known, str_lower(domain)) == NULL)
				dkim_file(r->d, domain, r->selector,
				    expand(r, template, "$domain", domain));
		}
		globfree(&found);
	}
	buf_free(&pattern);
}

static bool
is_false(const char *value)
{
	return value != NULL &&
	       (strcmp(value, "false") == 0 || strcmp(value, "no") == 0 ||
		   strcmp(value, "off") == 0);
}

static bool
is_true(const char *value)
{
	return value != NULL && !is_false(value);
}

/* --- Redis --- */

static void
read_redis(struct rspamd *r)
{
	struct ucl conf = { 0 };
	const char *servers = ucl_value(&r->top, "servers"), *port = "6379";
	const char *prefix = ucl_value(&r->top, "key_prefix");
	char *host, *colon;

	if (servers == NULL) {
		read_config(r, &conf,
		    dkim_below(r->d, r->folder, "local.d/redis.conf"), 0);
		servers = ucl_value(&conf, "servers");
	}
	host =
	    arena_adds(&r->d->arena, servers == NULL ? "127.0.0.1" : servers);
	host[strcspn(host, ", ")] = '\0';
	colon = strrchr(host, ':');
	if (colon != NULL) {
		*colon = '\0';
		port = colon + 1;
	}
	redis_read(r->d, host, port, prefix == NULL ? "DKIM_KEYS" : prefix,
	    ucl_value(&r->top, "selector_prefix"));
}

static void
read_keys(struct rspamd *r)
{
	struct ucl *top = &r->top;
	struct setting keys = { r, "key_table" },
		       signing = { r, "signing_table" };

	if (is_true(ucl_value(top, "use_redis")))
		read_redis(r);
	if (is_true(ucl_value(top, "use_vault")))
		emit_bad(r->d->emit, NULL,
		    "use_vault: keys in Vault are not read, and are missing");
	if (ucl_member(top, keys.name) != NULL)
		opendkim_tables_by(r->d, read_lines, &keys,
		    ucl_member(top, signing.name) == NULL ? NULL : &signing);
	for (const struct ucl *u = top->first; u != NULL; u = u->next)
		if (u->value == NULL && strcmp(u->key, "domain") == 0)
			for (const struct ucl *b = u->first; b != NULL;
			     b = b->next)
				put_block(r, b);
	put_mapped(r, &r->selectors);
	put_mapped(r, &r->paths);
	if (!is_false(ucl_value(top, "try_fallback")))
		put_fallback(r);
}

void
rspamd_read(struct dkim *d, const char *folder)
{
	struct rspamd r = { .d = d, .folder = folder };

	read_section(&r, "rspamd.conf.local");
	read_config(
	    &r, &r.top, dkim_below(d, folder, "local.d/dkim_signing.conf"), 0);
	read_config(&r, &r.top,
	    dkim_below(d, folder, "override.d/dkim_signing.conf"), 0);
	read_section(&r, "rspamd.conf.override");
	emit_file(d->emit, dkim_path(d, folder));
	read_map(&r, "selector_map", &r.selectors);
	read_map(&r, "path_map", &r.paths);
	emit_file(d->emit, dkim_path(d, folder));
	r.selector = ucl_value(&r.top, "selector");
	if (r.selector == NULL)
		r.selector = "dkim";
	r.path = ucl_value(&r.top, "path");
	if (r.path == NULL)
		r.path = DEFAULT_PATH;
	read_keys(&r);
	map_free(&r.selectors);
	map_free(&r.paths);
	map_free(&r.known);
}
