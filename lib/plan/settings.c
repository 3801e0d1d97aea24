/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

#include "plan/settings.h"

#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"
#include "core/ndjson.h"
#include "plan/model.h"
#include "plan/switches.h"
#include "record/join.h"
#include "record/moment.h"
#include "record/record.h"
#include "sieve/check.h"

/* What the server takes of a signature, in bytes. */
enum {
	SIGNATURE_MAX = 2047
};

void
plan_keep_settings(struct plan *p, uint32_t address, const struct record *r)
{
	bool apart = r->type == REC_SETTINGS;
	struct record s;

	if (!record_has_settings(r) && !(apart && r->forward.n != 0))
		return;
	s = *r;
	/* An account's own forward is in the model already. */
	if (!apart)
		s.forward.n = 0;
	s.type = REC_SETTINGS;
	buf_reset(&p->scratch);
	record_write(&s, &p->scratch);
	p->settings = xgrow(
	    p->settings, p->n_settings, &p->cap_settings, sizeof *p->settings);
	p->settings[p->n_settings++] = (struct settings){ address,
		plan_text(p, r->origin), plan_text(p, p->scratch.data) };
}

/* --- joining --- */

/* The settings of one account while they are worked on. */
struct joiner {
	struct plan *plan;
	struct model_account *account;
	const char *address;
	const struct settings *next; /* what is being joined */
	struct record all;
};

static void
tell_conflict(void *arg, const char *member, const char *which)
{
	const struct joiner *o = arg;
	const char *origin = plan_string(o->plan, o->next->origin);

	plan_note(o->plan, NOTE_LEFT, o->address, o->account->origin,
	    "%s%s%s of %s: another record has it otherwise", member,
	    which == NULL ? "" : " ", which == NULL ? "" : which,
	    origin == NULL ? "an unknown place" : origin);
}

/* This reads back what we wrote ourselves: it cannot be refused. */
static void
read_line(struct record *r, const char *line)
{
	struct why why = { 0 };

	(void)record_parse(r, line, strlen(line), &why);
}

static void
join(struct joiner *o, const struct settings *s, struct record *other)
{
	const struct record_conflict conflict = { tell_conflict, o };
	struct buf line = { 0 };

	o->next = s;
	read_line(other, plan_string(o->plan, s->line));
	record_join(&o->all, other, &conflict);
	/* The strings become the joined record's own. */
	record_write(&o->all, &line);
	read_line(&o->all, line.data);
	buf_wipe(&line);
}

/* --- what the server will not take --- */

/* The number of an address that is the account's; 0. */
static uint32_t
own_address(const struct joiner *o, const char *address)
{
	struct plan *p = o->plan;
	uint32_t number = plan_address(p, address, NULL);
	const struct address *a;

	if (number == 0)
		return 0;
	a = &p->addresses[plan_canonical(p, number)];
	return (a->kind == OWNER_ACCOUNT || a->kind == OWNER_ALIAS) &&
		       &p->accounts[a->owner] == o->account
		   ? number
		   : 0;
}

static const char *
fitting(const struct joiner *o, const char *signature, const char *address)
{
	if (signature == NULL || strlen(signature) <= SIGNATURE_MAX)
		return signature;
	plan_note(o->plan, NOTE_LEFT, o->address, o->account->origin,
	    "a signature of %s: it has %zu bytes, and the server takes %d",
	    address, strlen(signature), SIGNATURE_MAX);
	return NULL;
}

static void
check_identities(struct joiner *o)
{
	struct record_identity *v = o->all.identities.v;
	size_t left = 0;

	for (size_t i = 0; i < o->all.identities.n; i++) {
		uint32_t own = own_address(o, v[i].address);

		if (own == 0) {
			plan_note(o->plan, NOTE_LEFT, o->address,
			    o->account->origin,
			    "the identity %s: it is not an address of the "
			    "account",
			    v[i].address);
			continue;
		}
		v[left] = v[i];
		/* As the server has it: the domain in ASCII. */
		v[left].address = plan_name(o->plan, own);
		v[left].text = fitting(o, v[i].text, v[i].address);
		v[left].html = fitting(o, v[i].html, v[i].address);
		left++;
	}
	o->all.identities.n = left;
}

/* A moment of a vacation in UTC, or none; buf has room for it. */
static const char *
in_utc(const struct joiner *o, const char *text, char buf[MOMENT_SIZE])
{
	time_t moment;

	if (text == NULL)
		return NULL;
	if (moment_read(text, &moment)) {
		moment_write(moment, buf);
		return buf;
	}
	plan_note(o->plan, NOTE_LEFT, o->address, o->account->origin,
	    "the end or beginning of the vacation message: \"%s\" is not a "
	    "moment with a zone",
	    text);
	return NULL;
}

/* --- what is left where no option carries it --- */

#define LEFT(o, text)                                                          \
	plan_note(                                                             \
	    (o)->plan, NOTE_LEFT, (o)->address, (o)->account->origin, text)

static void
note_left(const struct joiner *o)
{
	const struct record *r = &o->all;

	if (!o->plan->options->settings) {
		if (r->vacation.n != 0)
			LEFT(o, "the vacation message (--settings carries it)");
		if (r->identities.n != 0)
			LEFT(o, "identities and signatures (--settings carries "
				"them)");
		if (r->scripts.n != 0)
			LEFT(o, "Sieve scripts (--settings carries them)");
		if (r->app_passwords.n != 0)
			LEFT(o, "app passwords (--settings, and stalwart-apply "
				"--app-passwords, make new ones)");
		if (r->shares.n != 0)
			LEFT(o, "shared folders (--settings carries them)");
	}
}

/* --- into the account --- */

static void
add_forward(struct joiner *o)
{
	struct plan *p = o->plan;
	struct model_account *a = o->account;
	struct run run = plan_run(p);

	if (o->all.forward.n == 0)
		return;
	if (a->forward.n == 0)
		a->flags &= ~(uint32_t)ACC_KEEP;
	if (o->all.keep)
		a->flags |= ACC_KEEP;
	for (uint32_t i = 0; i < a->forward.n; i++)
		plan_append(p, &run, p->numbers[a->forward.at + i]);
	for (size_t i = 0; i < o->all.forward.n; i++) {
		struct why why = { 0 };
		uint32_t n = plan_outside(p, o->all.forward.v[i], &why);

		if (n != 0) {
			plan_append(p, &run, n);
			continue;
		}
		a->flags |= ACC_UNSURE;
		plan_note(p, NOTE_LEFT, o->address, a->origin,
		    "the forward to %s: %s", o->all.forward.v[i], why.text);
	}
	a->forward = run;
	o->all.forward.n = 0;
}

static void
keep_joined(struct joiner *o)
{
	struct record_vacation *v = o->all.vacation.v;
	char from[MOMENT_SIZE], until[MOMENT_SIZE];
	struct buf line = { 0 };

	add_forward(o);
	check_identities(o);
	if (o->all.vacation.n != 0) {
		v->from = in_utc(o, v->from, from);
		v->until = in_utc(o, v->until, until);
	}
	note_left(o);
	plan_take_switches(o->plan, o->account, &o->all);
	o->all.address = o->address;
	if (record_has_settings(&o->all)) {
		record_write(&o->all, &line);
		plan_extras_put(o->plan, o->account)->settings =
		    texts_add(&o->plan->texts, line.data, line.len);
	}
	buf_wipe(&line);
}

/* The account that a row is about, and the row. */
struct found {
	uint32_t account;
	uint32_t row;
};

static int
by_account(const void *a, const void *b)
{
	const struct found *x = a, *y = b;

	if (x->account != y->account)
		return x->account < y->account ? -1 : 1;
	return x->row < y->row ? -1 : 1;
}

/* The rows by account; those of nobody are named. The array is new. */
static struct found *
find_accounts(struct plan *p, size_t *n)
{
	struct found *found = xcalloc(p->n_settings, sizeof *found);

	*n = 0;
	for (size_t i = 0; i < p->n_settings; i++) {
		const struct settings *s = &p->settings[i];
		const struct model_account *a =
		    plan_account_of(p, plan_canonical(p, s->address));

		if (a != NULL)
			found[(*n)++] =
			    (struct found){ (uint32_t)(a - p->accounts),
				    (uint32_t)i };
		else
			plan_note(p, NOTE_LEFT, plan_name(p, s->address),
			    s->origin,
			    "settings of an account that is not among those "
			    "of the plan");
	}
	qsort(found, *n, sizeof *found, by_account);
	return found;
}

void
plan_resolve_settings(struct plan *p)
{
	struct record other = { 0 };
	struct joiner o = { .plan = p };
	struct found *found;
	size_t n;

	if (p->n_settings == 0)
		return;
	found = find_accounts(p, &n);
	for (size_t i = 0; i < n;) {
		uint32_t account = found[i].account;

		o.account = &p->accounts[account];
		o.address = plan_name(p, o.account->address);
		read_line(
		    &o.all, plan_string(p, p->settings[found[i++].row].line));
		for (; i < n && found[i].account == account; i++)
			join(&o, &p->settings[found[i].row], &other);
		keep_joined(&o);
	}
	free(found);
	record_free(&o.all);
	record_free(&other);
}

/* --- out --- */

/* What the file gets: the rest is in the plan, or was noted. */
static void
reduce(const struct plan *p, const struct model_account *a, struct record *r)
{
	r->address = plan_name(p, a->address);
	r->origin = plan_string(p, a->origin);
	r->forward.n = r->disabled.n = r->allow_nets.n = r->send_as.n = 0;
	r->locale = r->time_zone = r->admin = NULL;
	if (a->redirect != 0)
		strs_add(&r->forward, plan_name(p, a->redirect));
	r->keep = (a->flags & ACC_KEEP) != 0;
}

/* The forward and the filters run as one script, of which the server runs one
 * redirect: the forward comes first. */
static void
note_redirects(
    struct plan *p, const struct model_account *a, const struct record *r)
{
	const struct record_script *v = r->scripts.v;

	for (size_t i = 0; r->forward.n != 0 && i < r->scripts.n; i++) {
		if (!v[i].active ||
		    sieve_redirects(v[i].text, strlen(v[i].text)) == 0)
			continue;
		plan_note(p, NOTE_LEFT, r->address, a->origin,
		    "a redirect of the filter \"%s\" beside the forward: the "
		    "server runs one of both, the forward; let a list hold all "
		    "targets",
		    v[i].name);
		return;
	}
}

#define CARRIED(text) plan_note(p, NOTE_CARRIED, r->address, a->origin, text)

/* What the file has of an account, by kind. */
static void
note_carried(
    struct plan *p, const struct model_account *a, const struct record *r)
{
	note_redirects(p, a, r);
	if (r->forward.n != 0)
		CARRIED("a forward");
	if (r->vacation.n != 0)
		CARRIED("a vacation message");
	if (r->identities.n != 0)
		CARRIED("identities and signatures");
	if (r->scripts.n != 0)
		CARRIED("Sieve scripts");
	if (r->app_passwords.n != 0)
		CARRIED("names of app passwords");
	if (r->shares.n != 0)
		CARRIED("shared folders");
}

/* Why what the directory has of an account may not be all here; NULL: it is. Only
 * then does the server lose what is not in the file. */
static const char *
missing_of(const struct plan *p, const struct model_account *a)
{
	if (!p->options->whole_accounts)
		return "the input was not all of the directory";
	if ((a->flags & ACC_UNSURE) != 0)
		return "the directory has more of a forward than could be "
		       "carried";
	return NULL;
}

static void
mark_unsure(struct plan *p)
{
	for (size_t i = 0; i < p->n_unsure; i++) {
		struct model_account *a =
		    plan_account_of(p, plan_canonical(p, p->unsure[i]));

		if (a != NULL)
			a->flags |= ACC_UNSURE;
	}
}

/* The line of an account; empty where it needs none: in the file of a part, an
 * account without one is not of this part. */
static void
write_owner(struct plan *p, const struct model_account *a, struct buf *b)
{
	struct record r = { 0 };
	const char *missing = missing_of(p, a);
	uint32_t settings = plan_extras(p, a).settings;
	bool has;

	buf_reset(b);
	record_reset(&r, REC_SETTINGS);
	if (settings != 0)
		read_line(&r, plan_string(p, settings));
	reduce(p, a, &r);
	r.part = missing;
	has = record_has_settings(&r) || r.forward.n != 0;
	if (has || missing != NULL || p->options->part)
		record_write(&r, b);
	if (b->len > RECORD_LINE_MAX) {
		plan_note(p, NOTE_LEFT, r.address, a->origin,
		    "scripts and signatures: together they are longer than a "
		    "line of a record may be");
		has = false;
		buf_reset(b);
		record_reset(&r, REC_SETTINGS);
		r.address = plan_name(p, a->address);
		r.part = "there is more than a line may hold";
		record_write(&r, b);
	}
	if (has) {
		p->counts.settings++;
		note_carried(p, a, &r);
	}
	record_free(&r);
}

static void
write_settings_end(const struct plan *p, int64_t count, struct buf *b)
{
	struct record end = { 0 };

	record_reset(&end, REC_END);
	end.count = count;
	end.source = "mkaccounts";
	if (p->options->part)
		end.part = "a part of the directory";
	buf_reset(b);
	record_write(&end, b);
	record_free(&end);
}

int
plan_each_settings(struct plan *p,
    int (*line)(void *arg, const char *text, size_t len, struct why *why),
    void *arg, struct why *why)
{
	struct buf b = { 0 };
	int64_t count = 0;
	int result = 0;

	mark_unsure(p);
	for (size_t i = 0; i < p->n_accounts && result == 0; i++) {
		if ((p->accounts[i].flags & ACC_REFUSED) != 0)
			continue;
		write_owner(p, &p->accounts[i], &b);
		if (b.len == 0)
			continue;
		count++;
		result = line(arg, b.data, b.len, why);
	}
	if (result == 0) {
		write_settings_end(p, count, &b);
		result = line(arg, b.data, b.len, why);
	}
	buf_wipe(&b);
	return result;
}
