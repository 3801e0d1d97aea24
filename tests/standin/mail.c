/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

#include "standin/mail.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"

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

static json_t *
default_content(void)
{
	return json_pack("{s:[{s:s, s:s, s:n, s:s, s:i, s:i}, "
			 "{s:s, s:s, s:n, s:s, s:i, s:i}, "
			 "{s:s, s:s, s:n, s:s, s:i, s:i}, "
			 "{s:s, s:s, s:n, s:s, s:i, s:i}, "
			 "{s:s, s:s, s:n, s:s, s:i, s:i}]}",
	    "mailboxes", "id", "a", "name", "Inbox", "parentId", "role",
	    "inbox", "totalEmails", 0, "unreadEmails", 0, "id", "b", "name",
	    "Deleted Items", "parentId", "role", "trash", "totalEmails", 0,
	    "unreadEmails", 0, "id", "c", "name", "Junk Mail", "parentId",
	    "role", "junk", "totalEmails", 0, "unreadEmails", 0, "id", "d",
	    "name", "Drafts", "parentId", "role", "drafts", "totalEmails", 0,
	    "unreadEmails", 0, "id", "e", "name", "Sent Items", "parentId",
	    "role", "sent", "totalEmails", 0, "unreadEmails", 0);
}

/* The line of an account; new. */
static json_t *
content(const struct object *o)
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
	return found == NULL ? default_content() : found;
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

	json_array_foreach (json_object_get(all, "mailboxes"), i, m)
		(void)json_array_append_new(
		    list, show(m, json_object_get(args, "properties")));
	return json_pack("{s:s, s:s, s:o, s:[]}", "accountId", o->id, "state",
	    "spq", "list", list, "notFound");
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

	(void)error;
	result = q == NULL ? mailbox_get(o, args, all)
			   : count_query(o, q, args, all);
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
		id_encode(i + 1, id);
		one = json_pack("{s:s, s:s, s:s, s:b}", "id", id, "name", name,
		    "blobId", "c", "isActive",
		    json_is_true(json_object_get(s, "isActive")));
		(void)json_object_set_new(o->scripts, name, one);
	}
	json_decref(all);
}
