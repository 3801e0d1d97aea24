/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

#include "jmap/mailboxes.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"
#include "core/str.h"
#include "jmap/member.h"

enum {
	DEPTH_MAX = 64
};

const char *
data_name(enum data_kind k)
{
	static const char *const names[] = { [DATA_CONTACTS] = "contacts",
		[DATA_EVENTS] = "events",
		[DATA_FILES] = "files",
		[DATA_SCRIPTS] = "scripts" };

	return names[k];
}

void
jmap_account_free(struct jmap_account *a)
{
	mailboxes_free(&a->mailboxes);
	free(a->active_script);
	a->active_script = NULL;
}

void
jmap_domains_free(struct jmap_domains *d)
{
	map_free(&d->ids);
	arena_free(&d->texts);
}

/* Sends a request that only reads. -1 and why for a failure of all of it, as
 * the callers of this file have it. */
static int
run(struct jmap *j, struct jmap_request *r, struct why *why)
{
	enum jmap_status status;

	r->repeat = true;
	status = jmap_run(j, r);
	if (status == JMAP_OK)
		return 0;
	*why = r->why;
	if (status == JMAP_TOO_LARGE)
		why->kind = FAIL_FATAL;
	else if (why->kind == FAIL_DATA)
		why->kind = FAIL_TEMP;
	return -1;
}

/* --- ids --- */

/* The one id that the query number i found, into id; empty if it found none. */
static int
read_id(const struct jmap_request *r, size_t i, const char *method, char id[64],
    struct why *why)
{
	json_t *result = NULL;
	const json_t *ids;
	const char *found;

	*id = '\0';
	if (jmap_answer(r, i, method, &result, why) != JMAP_OK)
		return -1;
	ids = json_object_get(result, "ids");
	found = json_string_value(json_array_get(ids, 0));
	if (json_array_size(ids) > 1 || (found != NULL && strlen(found) > 63))
		return why_set(why, FAIL_DATA,
		    "%s: the server finds more than one", method);
	if (found != NULL)
		(void)snprintf(id, 64, "%s", found);
	return 0;
}

/* Domains by name, and by alias: an alias has its domain's id. */
static int
ask_domain(
    struct jmap *j, struct jmap_domains *d, const char *name, struct why *why)
{
	struct jmap_request request = { 0 };
	char id[64] = "";
	int r;

	jmap_begin(&request, JMAP_REGISTRY);
	jmap_add_json(&request, "x:Domain/query",
	    json_pack("{s:{s:s}}", "filter", "name", name));
	jmap_add_json(&request, "x:Domain/query",
	    json_pack("{s:{s:s}}", "filter", "aliases", name));
	r = run(j, &request, why);
	for (size_t i = 0; r == 0 && i < 2 && *id == '\0'; i++)
		r = read_id(&request, i, "x:Domain/query", id, why);
	if (r == 0)
		*map_put_copy(&d->ids, &d->texts, name, NULL) =
		    arena_adds(&d->texts, id);
	jmap_clear(&request);
	return r;
}

static int
ask_domains(struct jmap *j, struct jmap_domains *d,
    struct jmap_account *const *accounts, size_t n, struct why *why)
{
	for (size_t i = 0; i < n; i++) {
		const char *domain = strrchr(accounts[i]->address, '@') + 1;

		if (map_get(&d->ids, domain) == NULL &&
		    ask_domain(j, d, domain, why) == -1)
			return -1;
	}
	return 0;
}

/* The call that finds an account; NULL where its domain is not there. */
static json_t *
account_query(const struct jmap_domains *d, const struct jmap_account *a)
{
	const char *at = strrchr(a->address, '@');
	const char *domain = *map_get(&d->ids, at + 1);

	if (*domain == '\0')
		return NULL;
	return json_pack("{s:{s:s%, s:s}}", "filter", "name", a->address,
	    (size_t)(at - a->address), "domainId", domain);
}

/* One request: up to max_calls accounts. */
static int
find_some(struct jmap *j, const struct jmap_domains *d,
    struct jmap_account *const *accounts, size_t n, struct why *why)
{
	struct jmap_request request = { 0 };
	size_t at = 0;
	int r = 0;

	jmap_begin(&request, JMAP_REGISTRY);
	for (size_t i = 0; i < n; i++) {
		json_t *query = account_query(d, accounts[i]);

		if (query != NULL)
			jmap_add_json(&request, "x:Account/query", query);
	}
	if (request.calls != 0)
		r = run(j, &request, why);
	for (size_t i = 0; r == 0 && i < n; i++) {
		const char *domain =
		    *map_get(&d->ids, strrchr(accounts[i]->address, '@') + 1);

		if (*domain != '\0' &&
		    read_id(&request, at++, "x:Account/query", accounts[i]->id,
			&accounts[i]->why) == -1 &&
		    accounts[i]->why.kind == FAIL_FATAL) {
			*why = accounts[i]->why;
			r = -1;
		}
	}
	jmap_clear(&request);
	return r;
}

int
jmap_find_accounts(struct jmap *j, struct jmap_domains *domains,
    struct jmap_account *const *accounts, size_t n, struct why *why)
{
	int r = ask_domains(j, domains, accounts, n, why);

	for (size_t i = 0; r == 0 && i < n; i += j->max_calls)
		r = find_some(j, domains, accounts + i,
		    n - i < j->max_calls ? n - i : j->max_calls, why);
	return r;
}

/* --- mailboxes --- */

/* The item of an id; NULL if there is none. */
static const json_t *
item_of(const json_t *by_id, const char *id)
{
	return id == NULL ? NULL : json_object_get(by_id, id);
}

/* Appends the path, from the top of the tree down. */
static int
put_path(
    struct buf *out, const json_t *by_id, const json_t *item, struct why *why)
{
	const char *names[DEPTH_MAX];
	size_t depth = 0;

	for (;;) {
		const char *name = jmap_text(item, "name"),
			   *parent = jmap_text(item, "parentId");

		if (name == NULL || depth == DEPTH_MAX)
			break;
		names[depth++] = name;
		if (parent == NULL) {
			while (depth > 0) {
				buf_adds(out, names[--depth]);
				if (depth > 0)
					buf_addc(out, MAILBOX_SEP);
			}
			return 0;
		}
		item = item_of(by_id, parent);
	}
	return why_set(why, FAIL_DATA,
	    "Mailbox/get: a folder has no name, or no way to the top");
}

static int64_t
whole_number(const json_t *v)
{
	return json_is_integer(v) && json_integer_value(v) >= 0
		   ? (int64_t)json_integer_value(v)
		   : -1;
}

int
jmap_read_mailboxes(const json_t *list, struct mailboxes *to, struct why *why)
{
	json_t *by_id = json_object(), *item;
	struct buf path = { 0 };
	size_t i;
	int r = 0;

	json_array_foreach (list, i, item)
		if (jmap_text(item, "id") != NULL)
			(void)json_object_set(
			    by_id, jmap_text(item, "id"), item);
	json_array_foreach (list, i, item) {
		buf_reset(&path);
		r = put_path(&path, by_id, item, why);
		if (r == -1)
			break;
		(void)mailboxes_add(to, buf_str(&path), jmap_text(item, "role"),
		    jmap_text(item, "id"),
		    whole_number(json_object_get(item, "totalEmails")));
	}
	buf_free(&path);
	json_decref(by_id);
	return r;
}

/* --- the calls for one account --- */

static const char *const query_methods[] = { [DATA_CONTACTS] =
						 "ContactCard/query",
	[DATA_EVENTS] = "CalendarEvent/query",
	[DATA_FILES] = "FileNode/query",
	[DATA_SCRIPTS] = "SieveScript/get" };

static size_t
calls_each(const bool counted[DATA_KINDS])
{
	size_t n = 1;

	for (int k = 0; k < DATA_KINDS; k++)
		n += counted[k] ? 1 : 0;
	return n;
}

size_t
jmap_fetch_max(const struct jmap *j, const bool counted[DATA_KINDS])
{
	size_t n = j->max_calls / calls_each(counted);

	return n == 0 ? 1 : n;
}

static void
add_calls(
    struct jmap_request *r, const char *id, const bool counted[DATA_KINDS])
{
	jmap_add_json(r, "Mailbox/get",
	    json_pack("{s:s, s:n, s:[s, s, s, s]}", "accountId", id, "ids",
		"properties", "name", "parentId", "role", "totalEmails"));
	for (int k = 0; k < DATA_KINDS; k++) {
		if (!counted[k])
			continue;
		jmap_add_json(r, query_methods[k],
		    k == DATA_SCRIPTS
			? json_pack("{s:s, s:n}", "accountId", id, "ids")
			: json_pack("{s:s, s:b, s:i}", "accountId", id,
			      "calculateTotal", 1, "limit", 1));
	}
}

static int
take_mailboxes(struct jmap_account *a, const json_t *result, size_t max)
{
	const json_t *list = json_object_get(result, "list");

	if (!json_is_array(list))
		return why_set(&a->why, FAIL_DATA,
		    "Mailbox/get: an answer without a list");
	if (json_array_size(list) >= max)
		return why_set(&a->why, FAIL_DATA,
		    "Mailbox/get: %zu folders, and maybe more: the server cuts "
		    "the list off",
		    json_array_size(list));
	return jmap_read_mailboxes(list, &a->mailboxes, &a->why);
}

/* The active one of a list of scripts (RFC 9661, 2). */
static void
take_active(struct jmap_account *a, const json_t *list)
{
	size_t i;
	json_t *item;

	json_array_foreach (list, i, item)
		if (json_is_true(json_object_get(item, "isActive")) &&
		    jmap_text(item, "name") != NULL && a->active_script == NULL)
			a->active_script = xstrdup(jmap_text(item, "name"));
}

static int
take_count(struct jmap_account *a, enum data_kind k, const json_t *result)
{
	const json_t *list = json_object_get(result, "list");

	a->counts[k] = k != DATA_SCRIPTS
			   ? whole_number(json_object_get(result, "total"))
		       : json_is_array(list) ? (int64_t)json_array_size(list)
					     : -1;
	if (k == DATA_SCRIPTS)
		take_active(a, list);
	return a->counts[k] >= 0
		   ? 0
		   : why_set(&a->why, FAIL_DATA,
			 "%s: an answer without a count", query_methods[k]);
}

/* Takes the answers of one account, from number at on; returns where the next
 * one's begin. The first failure stays. */
static size_t
take_account(struct jmap_account *a, const struct jmap_request *r, size_t at,
    const bool counted[DATA_KINDS], size_t max)
{
	for (int k = -1; k < DATA_KINDS; k++) {
		const char *method = k < 0 ? "Mailbox/get" : query_methods[k];
		json_t *result = NULL;

		if (k >= 0 && !counted[k])
			continue;
		if (a->why.kind == FAIL_NONE &&
		    jmap_answer(r, at, method, &result, &a->why) == JMAP_OK) {
			if (k < 0)
				(void)take_mailboxes(a, result, max);
			else
				(void)take_count(a, (enum data_kind)k, result);
		}
		at++;
	}
	return at;
}

int
jmap_fetch_accounts(struct jmap *j, struct jmap_account *const *accounts,
    size_t n, const bool counted[DATA_KINDS], struct why *why)
{
	struct jmap_request request = { 0 };
	size_t at = 0;
	int r;

	jmap_begin(&request, JMAP_DATA);
	for (size_t i = 0; i < n; i++)
		add_calls(&request, accounts[i]->id, counted);
	r = run(j, &request, why);
	for (size_t i = 0; r == 0 && i < n; i++) {
		at = take_account(
		    accounts[i], &request, at, counted, j->max_get);
		if (accounts[i]->why.kind == FAIL_FATAL) {
			*why = accounts[i]->why;
			r = -1;
		}
	}
	jmap_clear(&request);
	return r;
}

int
jmap_read_owner(const struct buf *body, const char *address, struct why *why)
{
	json_t *s =
	    json_loadb(buf_str(body), body->len, JSON_REJECT_DUPLICATES, NULL);
	const char *user = jmap_text(s, "username");
	int r = 0;

	if (user == NULL)
		r = why_set(why, FAIL_TEMP, "the answer is no session");
	else if (*user == '\0')
		r = why_set(why, FAIL_DATA,
		    "the password opens no session of an owner");
	else if (!str_eq_nocase(user, address))
		r = why_set(why, FAIL_DATA,
		    "the password opens the account %s instead", user);
	json_decref(s);
	return r;
}
