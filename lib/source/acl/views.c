/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

#include "source/acl/views.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "core/alloc.h"
#include "core/io.h"
#include "core/str.h"
#include "source/passwd/expand.h"

enum {
	GLOBAL_MAX = 1 << 20
};

struct maker {
	struct acl_views *to;
	struct emit *emit;
	const struct acl_settings *settings;
	struct acl_view **end;
};

/* --- the file for all folders --- */

/* A line, appended at *end, which moves on. */
static void
take_line(struct maker *m, struct acl_global ***end, char *line)
{
	struct arena *arena = &m->to->arena;
	struct acl_list check = { 0 };
	struct why why = { 0 };
	struct acl_global *g;
	char *pattern = acl_pattern(&line);

	if (pattern == NULL || *line == '\0')
		why_set(&why, FAIL_DATA,
		    "not of the form \"folder identifier rights\"");
	else if (acl_add(&check, arena, line, true, &why) == 0) {
		g = arena_alloc(arena, sizeof *g);
		g->pattern = arena_adds(arena, pattern);
		g->line = arena_adds(arena, line);
		**end = g;
		*end = &g->next;
	}
	if (why.kind != FAIL_NONE)
		emit_fail(m->emit, NULL, &why);
	acl_list_free(&check);
}

static bool
read_globals(struct maker *m, struct acl_view *view)
{
	struct buf text = { .max = GLOBAL_MAX };
	struct acl_global **end = &view->globals;
	struct why why = { 0 };
	char *rest, *line;
	int r;

	emit_file(m->emit, view->scope.global);
	r = read_file(view->scope.global, &text, &why);
	if (r == -1) {
		why.kind = FAIL_FATAL;
		emit_fail_at(m->emit, NULL, NULL, &why);
	}
	for (rest = text.data; r == 0 && rest != NULL;) {
		line = str_cut(&rest, '\n');
		m->emit->at.line++;
		line[strcspn(line, "\r")] = '\0';
		if (*line != '\0' && *line != '#')
			take_line(m, &end, line);
	}
	buf_free(&text);
	return r == 0;
}

/* Dovecot does without a file that is not there. */
static bool
has_globals(struct maker *m, const struct acl_scope *scope)
{
	struct stat st;

	if (scope->global == NULL || *scope->global == '\0')
		return false;
	if (stat(scope->global, &st) == -1) {
		if (errno != ENOENT)
			return true;
		emit_note(m->emit, NULL,
		    "a list for all folders that is not there", scope->global);
		return false;
	}
	if (!S_ISDIR(st.st_mode))
		return true;
	emit_note_behind(m->emit, NULL,
	    "a folder of lists for all folders, which is not read",
	    scope->global);
	return false;
}

/* --- views --- */

static bool
is_same(const struct acl_scope *a, const struct acl_scope *b)
{
	return a->globals_only == b->globals_only &&
	       a->inbox_defaults == b->inbox_defaults &&
	       a->ignored == b->ignored &&
	       (a->global == NULL) == (b->global == NULL) &&
	       (a->global == NULL || strcmp(a->global, b->global) == 0);
}

/* The view of a scope. NULL where its file cannot be read. */
static struct acl_view *
find(struct maker *m, const struct acl_scope *scope, const char *address)
{
	struct acl_view *view = m->to->first;

	while (view != NULL && !is_same(&view->scope, scope))
		view = view->next;
	if (view != NULL)
		return view;
	view = arena_alloc(&m->to->arena, sizeof *view);
	view->scope = *scope;
	*m->end = view;
	m->end = &view->next;
	if (address != NULL && scope->ignored)
		emit_note(m->emit, address,
		    "an account for which Dovecot looks at no lists, by its "
		    "userdb: they hold for it here",
		    NULL);
	return has_globals(m, scope) && !read_globals(m, view) ? NULL : view;
}

/* The variables of a path are of the one who asks. */
static void
expand(struct maker *m, struct acl_scope *scope, const char *address)
{
	struct buf path = { 0 };

	if (scope->global == NULL || strchr(scope->global, '%') == NULL)
		return;
	if (address != NULL && expand_user(scope->global, address, &path)) {
		scope->global = arena_adds(&m->to->arena, buf_str(&path));
	} else {
		emit_note_behind(m->emit, address,
		    address == NULL
			? "a list for all folders whose name depends on who "
			  "asks: not known for others than the accounts"
			: "a list for all folders whose name has a variable "
			  "that is not known",
		    scope->global);
		scope->global = NULL;
	}
	buf_free(&path);
}

static bool
add_person(struct maker *m, const struct person *p)
{
	struct acl_scope scope = m->settings->scope;
	struct acl_view *view;

	for (size_t i = 0; i < p->settings.n; i++) {
		char *value = arena_adds(&m->to->arena, p->settings.v[i]);
		const char *name = str_cut(&value, '=');

		if (value == NULL ||
		    !acl_scope_set(&scope, &m->to->arena, name, value))
			emit_note_behind(m->emit, p->address,
			    "a setting that its userdb gives the account: not "
			    "followed",
			    p->settings.v[i]);
	}
	expand(m, &scope, p->address);
	view = find(m, &scope, p->address);
	*map_put(&m->to->of, p->address, NULL) = view;
	return view != NULL;
}

bool
acl_views_make(struct acl_views *v, struct emit *e, const struct people *people,
    const struct acl_settings *s)
{
	struct maker m = { v, e, s, &v->first };
	struct acl_scope scope = s->scope;
	bool made;

	expand(&m, &scope, NULL);
	made = find(&m, &scope, NULL) != NULL;
	for (size_t i = 0; i < people->n && made; i++)
		made = add_person(&m, people->v[i]);
	return made;
}

void
acl_views_free(struct acl_views *v)
{
	map_free(&v->of);
	arena_free(&v->arena);
}

const struct acl_view *
acl_view_of(const struct acl_views *v, const struct person *p)
{
	void **view = p == NULL ? NULL : map_get(&v->of, p->address);

	return view == NULL ? v->first : *view;
}
