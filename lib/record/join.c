/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

#include "record/join.h"

#include <string.h>

#include "record/member.h"

static bool
same(const char *a, const char *b)
{
	return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

static void
conflict_of(
    const struct record_conflict *c, const char *member, const char *which)
{
	c->tell(c->arg, member, which);
}

static void
join_text(const char **into, const char *from, const char *member,
    const struct record_conflict *c)
{
	if (*into == NULL)
		*into = from;
	else if (from != NULL && !same(*into, from))
		conflict_of(c, member, NULL);
}

static void
join_list(struct strs *into, const struct strs *from)
{
	for (size_t i = 0; i < from->n; i++)
		if (!strs_has(into, from->v[i]))
			strs_add(into, from->v[i]);
}

/* If both name networks, joining them would let in whom one keeps out. */
static void
join_nets(
    struct strs *into, const struct strs *from, const struct record_conflict *c)
{
	bool differ = into->n != from->n;

	for (size_t i = 0; i < from->n && !differ; i++)
		differ = !strs_has(into, from->v[i]);
	if (into->n == 0)
		join_list(into, from);
	else if (from->n != 0 && differ)
		conflict_of(c, "allow_nets", NULL);
}

static void
join_forward(struct record *into, const struct record *from)
{
	if (from->forward.n == 0)
		return;
	into->keep =
	    into->forward.n == 0 ? from->keep : into->keep || from->keep;
	join_list(&into->forward, &from->forward);
}

static void
join_vacation(struct record *into, const struct record *from,
    const struct record_conflict *c)
{
	const struct record_vacation *v = record_vacation(from);
	struct record_vacation *mine;

	if (v == NULL)
		return;
	if (into->vacation.n == 0) {
		mine = record_add(into, &into->vacation);
		*mine = *v;
		return;
	}
	mine = into->vacation.v;
	if (same(mine->subject, v->subject) && same(mine->text, v->text) &&
	    same(mine->html, v->html) && same(mine->from, v->from) &&
	    same(mine->until, v->until) && mine->active == v->active)
		return;
	conflict_of(c, "vacation", NULL);
	if (!mine->active && v->active)
		*mine = *v;
}

static void
join_identities(struct record *into, const struct record *from,
    const struct record_conflict *c)
{
	const struct record_identity *theirs = from->identities.v;
	bool has_default = false;

	for (size_t i = 0; i < into->identities.n; i++)
		has_default |= ((struct record_identity *)into->identities.v)[i]
				   .is_default;
	for (size_t i = 0; i < from->identities.n; i++) {
		const struct record_identity *t = &theirs[i];
		struct record_identity *m = into->identities.v;
		size_t at = 0;

		while (at < into->identities.n &&
		       !(same(m[at].address, t->address) &&
			   same(m[at].name, t->name)))
			at++;
		if (at == into->identities.n) {
			m = record_add(into, &into->identities);
			*m = *t;
			m->is_default = t->is_default && !has_default;
			has_default |= m->is_default;
		} else if (!same(m[at].text, t->text) ||
			   !same(m[at].html, t->html) ||
			   !same(m[at].reply_to, t->reply_to) ||
			   !same(m[at].bcc, t->bcc)) {
			conflict_of(c, "identities", t->address);
		}
	}
}

/* One script at most is the active one. */
static void
join_scripts(struct record *into, const struct record *from,
    const struct record_conflict *c)
{
	const struct record_script *theirs = from->scripts.v;
	bool active = false;

	for (size_t i = 0; i < into->scripts.n; i++)
		active |= ((struct record_script *)into->scripts.v)[i].active;
	for (size_t i = 0; i < from->scripts.n; i++) {
		const struct record_script *t = &theirs[i];
		struct record_script *m = into->scripts.v;
		size_t at = 0;

		while (at < into->scripts.n && !same(m[at].name, t->name))
			at++;
		if (at < into->scripts.n) {
			if (!same(m[at].text, t->text))
				conflict_of(c, "scripts", t->name);
			continue;
		}
		m = record_add(into, &into->scripts);
		*m = *t;
		if (t->active && active) {
			conflict_of(c, "scripts", t->name);
			m->active = false;
		}
		active |= m->active;
	}
}

static void
join_app_passwords(struct record *into, const struct record *from)
{
	const struct record_app_password *theirs = from->app_passwords.v;

	for (size_t i = 0; i < from->app_passwords.n; i++) {
		struct record_app_password *m = into->app_passwords.v;
		size_t at = 0;

		while (at < into->app_passwords.n &&
		       !same(m[at].name, theirs[i].name))
			at++;
		if (at == into->app_passwords.n) {
			m = record_add(into, &into->app_passwords);
			*m = theirs[i];
		}
	}
}

static void
join_shares(struct record *into, const struct record *from,
    const struct record_conflict *c)
{
	const struct record_share *theirs = from->shares.v;

	for (size_t i = 0; i < from->shares.n; i++) {
		struct record_share *m = into->shares.v;
		size_t at = 0;

		while (at < into->shares.n &&
		       !(same(m[at].folder, theirs[i].folder) &&
			   same(m[at].with, theirs[i].with)))
			at++;
		if (at == into->shares.n) {
			m = record_add(into, &into->shares);
			*m = theirs[i];
		} else if (!same(m[at].rights, theirs[i].rights)) {
			conflict_of(c, "shares", theirs[i].folder);
		}
	}
}

/* A member that accounts and settings records share, and no others; the forward
 * apart. */
static bool
is_setting(const struct record *r, const struct record_member *m)
{
	return m->types == (MEMBER_OF(REC_ACCOUNT) | MEMBER_OF(REC_SETTINGS)) &&
	       record_field(r, m) != (const void *)&r->forward;
}

static void
join_texts(struct record *into, const struct record *from,
    const struct record_conflict *conflict)
{
	for (size_t i = 0; i < RECORD_MEMBERS; i++) {
		const struct record_member *m = &record_members[i];

		if (is_setting(from, m) && m->kind == MEMBER_TEXT)
			join_text(record_field(into, m),
			    *(const char **)record_field(from, m), m->name,
			    conflict);
	}
}

void
record_join(struct record *into, const struct record *from,
    const struct record_conflict *conflict)
{
	join_forward(into, from);
	join_vacation(into, from, conflict);
	join_identities(into, from, conflict);
	join_scripts(into, from, conflict);
	join_app_passwords(into, from);
	join_list(&into->disabled, &from->disabled);
	join_nets(&into->allow_nets, &from->allow_nets, conflict);
	join_list(&into->send_as, &from->send_as);
	join_shares(into, from, conflict);
	join_texts(into, from, conflict);
}

bool
record_has_settings(const struct record *r)
{
	for (size_t i = 0; i < RECORD_MEMBERS; i++) {
		const struct record_member *m = &record_members[i];

		if (is_setting(r, m) && m->kind != MEMBER_FLAG &&
		    !member_absent(r, m))
			return true;
	}
	return false;
}
