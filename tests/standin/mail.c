/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

#include "standin/mail.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"
#include "standin/post.h"

const char *mail_file;

/* Queries, the member of the file that counts them, and the first id as it was
 * recorded: ids of a real server tell nothing. */
static const struct query {
	const char *method, *member, *first;
} queries[] = { { "Email/query", "emails", "eaaaaab" },
	{ "ContactCard/query", "contacts", "b" },
	{ "CalendarEvent/query", "events", "b" },
	{ "FileNode/query", "files", "b" } };

static const struct query *
query_of(const char *method)
{
	for (size_t i = 0; i < sizeof queries / sizeof *queries; i++)
		if (strcmp(queries[i].method, method) == 0)
			return &queries[i];
	return NULL;
}

bool
mail_knows(const char *method)
{
	return strcmp(method, "Mailbox/get") == 0 || query_of(method) != NULL;
}

/* The line of an account, or what it really has; new. */
static json_t *
content(struct object *o)
{
	FILE *f = mail_file == NULL ? NULL : fopen(mail_file, "re");
	char *address = object_address(o), *line = NULL;
	json_t *found = NULL;
	size_t cap = 0;

	while (f != NULL && found == NULL && getline(&line, &cap, f) > 0) {
		json_t *j = json_loads(line, 0, NULL);
		const char *name =
		    json_string_value(json_object_get(j, "account"));

		if (name != NULL && strcmp(name, address) == 0)
			found = json_incref(j);
		json_decref(j);
	}
	if (f != NULL)
		(void)fclose(f);
	free(line);
	free(address);
	return found != NULL ? found
			     : json_pack("{s:b, s:o}", "real", 1, "mailboxes",
				   post_mailboxes(o));
}

/* The id, and what was asked for. */
static json_t *
show(const json_t *mailbox, const json_t *properties)
{
	json_t *shown = json_object(), *p;
	size_t i;

	if (!json_is_array(properties)) {
		json_decref(shown);
		return json_deep_copy(mailbox);
	}
	(void)json_object_set(shown, "id", json_object_get(mailbox, "id"));
	json_array_foreach (properties, i, p) {
		const char *name = json_string_value(p);
		json_t *v =
		    name == NULL ? NULL : json_object_get(mailbox, name);

		if (v != NULL)
			(void)json_object_set(shown, name, v);
	}
	return shown;
}

static json_t *
mailbox_get(const struct object *o, const json_t *args, const json_t *all)
{
	json_t *list = json_array(), *m;
	size_t i;

	json_array_foreach (json_object_get(all, "mailboxes"), i, m) {
		json_t *shares = json_object_get(
		    o->shares, json_string_value(json_object_get(m, "id")));

		(void)json_object_set_new(m, "shareWith",
		    shares == NULL ? json_object() : json_deep_copy(shares));
		(void)json_array_append_new(
		    list, show(m, json_object_get(args, "properties")));
	}
	return json_pack("{s:s, s:s, s:o, s:[]}", "accountId", o->id, "state",
	    "spq", "list", list, "notFound");
}

/* --- shares: the recorded rights, for accounts that there are --- */

static bool
has_mailbox(struct object *o, const char *id)
{
	json_t *all = content(o), *m;
	bool found = false;
	size_t i;

	json_array_foreach (json_object_get(all, "mailboxes"), i, m)
		found =
		    found || strcmp(json_string_value(json_object_get(m, "id")),
				 id) == 0;
	json_decref(all);
	return found;
}

static const char *const rights[] = { "mayReadItems", "mayAddItems",
	"mayRemoveItems", "maySetSeen", "maySetKeywords", "mayCreateChild",
	"mayRename", "mayDelete", "maySubmit" };

static json_t *
bad_share(const char *what)
{
	return set_error("invalidProperties", what, "shareWith");
}

/* All rights, those that are not named being false. NULL: one is not known. */
static json_t *
all_rights(const json_t *given)
{
	json_t *out = json_object(), *v;
	const char *name;
	bool ok = json_is_object(given);

	for (size_t i = 0; i < sizeof rights / sizeof *rights; i++)
		(void)json_object_set_new(out, rights[i], json_false());
	json_object_foreach ((json_t *)(uintptr_t)given, name, v) {
		ok = ok && json_is_boolean(v) &&
		     json_object_get(out, name) != NULL;
		(void)json_object_set(out, name, v);
	}
	if (ok)
		return out;
	json_decref(out);
	return NULL;
}

static json_t *
share_one(json_t *shares, const char *account, const json_t *given)
{
	json_t *all;

	if (object_find(TYPE_ACCOUNT, account) == NULL)
		return bad_share("Account does not exist.");
	if (json_is_null(given)) {
		(void)json_object_del(shares, account);
		return NULL;
	}
	all = all_rights(given);
	if (all == NULL)
		return bad_share("Invalid rights.");
	(void)json_object_set_new(shares, account, all);
	return NULL;
}

json_t *
mail_share(struct object *o, const char *mailbox, const json_t *patch)
{
	json_t *shares, *v, *each, *error = NULL;
	const char *path, *account;

	if (!has_mailbox(o, mailbox))
		return json_pack("{s:s}", "type", "notFound");
	if (o->shares == NULL)
		o->shares = json_object();
	shares = json_deep_copy(json_object_get(o->shares, mailbox));
	if (shares == NULL)
		shares = json_object();
	json_object_foreach ((json_t *)(uintptr_t)patch, path, v) {
		if (strcmp(path, "shareWith") == 0) {
			(void)json_object_clear(shares);
			json_object_foreach (v, account, each)
				if (error == NULL)
					error =
					    share_one(shares, account, each);
		} else if (strncmp(path, "shareWith/", 10) == 0) {
			error = share_one(shares, path + 10, v);
		} else {
			error = set_error("invalidProperties",
			    "Field could not be set.", path);
		}
		if (error != NULL)
			break;
	}
	if (error == NULL)
		(void)json_object_set(o->shares, mailbox, shares);
	json_decref(shares);
	return error;
}

static json_t *
count_query(const struct object *o, const struct query *q, const json_t *args,
    const json_t *all)
{
	json_int_t total = json_integer_value(json_object_get(all, q->member));
	json_t *result = json_pack("{s:s, s:s, s:b, s:i, s:[]}", "accountId",
	    o->id, "queryState", "spq", "canCalculateChanges", 1, "position", 0,
	    "ids");

	if (total > 0)
		(void)json_array_append_new(
		    json_object_get(result, "ids"), json_string(q->first));
	if (json_is_true(json_object_get(args, "calculateTotal")))
		(void)json_object_set_new(result, "total", json_integer(total));
	if (json_is_integer(json_object_get(args, "limit")))
		(void)json_object_set(
		    result, "limit", json_object_get(args, "limit"));
	return result;
}

json_t *
mail_method(
    struct object *o, const char *method, const json_t *args, json_t **error)
{
	const struct query *q = query_of(method);
	json_t *all = content(o), *result;

	if (q == NULL)
		result = mailbox_get(o, args, all);
	else if (json_is_true(json_object_get(all, "real")) &&
		 strcmp(method, "Email/query") == 0)
		result = post_method(o, method, args, NULL, error);
	else
		result = count_query(o, q, args, all);
	json_decref(all);
	return result;
}

void
mail_scripts(struct object *o)
{
	json_t *all, *s;
	size_t i;
	char id[16];

	if (json_object_size(o->scripts) != 0)
		return;
	all = content(o);
	json_array_foreach (json_object_get(all, "scripts"), i, s) {
		const char *name =
		    json_string_value(json_object_get(s, "name"));
		json_t *one;

		if (name == NULL)
			continue;
		id_encode(++o->last_script, id);
		one = json_pack("{s:s, s:s, s:s, s:b}", "id", id, "name", name,
		    "blobId", "c", "isActive",
		    json_is_true(json_object_get(s, "isActive")));
		(void)json_object_set_new(o->scripts, name, one);
	}
	json_decref(all);
}
