/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

#include "standin/post.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "core/alloc.h"
#include "core/str.h"
#include "standin/mail.h"

/* The folders that the server makes at the first access, in the order of
 * their ids. */
static const struct {
	const char *name, *role;
} first_mailboxes[] = { { "Inbox", "inbox" }, { "Deleted Items", "trash" },
	{ "Junk Mail", "junk" }, { "Drafts", "drafts" },
	{ "Sent Items", "sent" } };

static json_t *
new_mailbox(unsigned long n, const char *name, const char *parent,
    const char *role, bool subscribed)
{
	char id[16];

	id_encode(n, id);
	return json_pack("{s:s, s:s, s:s?, s:s?, s:i, s:b}", "id", id, "name",
	    name, "parentId", parent, "role", role, "sortOrder", 0,
	    "isSubscribed", subscribed);
}

/* {"mailboxes":[...],"emails":{id:{...}}}: the account's own. */
static json_t *
store(struct object *o)
{
	json_t *mailboxes;

	if (o->post != NULL)
		return o->post;
	mailboxes = json_array();
	for (size_t i = 0; i < sizeof first_mailboxes / sizeof *first_mailboxes;
	     i++)
		(void)json_array_append_new(
		    mailboxes, new_mailbox(i, first_mailboxes[i].name, NULL,
				   first_mailboxes[i].role, true));
	o->post = json_pack("{s:o, s:{}}", "mailboxes", mailboxes, "emails");
	return o->post;
}

static json_t *
emails(struct object *o)
{
	return json_object_get(store(o), "emails");
}

static const char *
member(const json_t *j, const char *name)
{
	return json_string_value(json_object_get(j, name));
}

static bool
same(const char *a, const char *b)
{
	return a == NULL || b == NULL ? a == b : strcasecmp(a, b) == 0;
}

static json_t *
mailbox_by_id(struct object *o, const char *id)
{
	json_t *m;
	size_t i;

	json_array_foreach (json_object_get(store(o), "mailboxes"), i, m)
		if (id != NULL && strcmp(member(m, "id"), id) == 0)
			return m;
	return NULL;
}

json_t *
post_mailboxes(struct object *o)
{
	json_t *list = json_deep_copy(json_object_get(store(o), "mailboxes"));
	json_t *m, *e;
	const char *key;
	size_t i;

	json_array_foreach (list, i, m) {
		json_int_t total = 0, unread = 0;

		json_object_foreach (emails(o), key, e) {
			if (json_object_get(json_object_get(e, "mailboxIds"),
				member(m, "id")) == NULL)
				continue;
			total++;
			if (json_object_get(json_object_get(e, "keywords"),
				"$seen") == NULL)
				unread++;
		}
		(void)json_object_set_new(
		    m, "totalEmails", json_integer(total));
		(void)json_object_set_new(
		    m, "unreadEmails", json_integer(unread));
	}
	return list;
}

/* --- messages --- */

/* Numbers are never used twice, as ids of the server are not. */
static unsigned long last_email;

static const char *
put_email(struct object *o, const char *blob, const json_t *mailboxes,
    const json_t *keywords, const char *received)
{
	char id[24], number[16];
	json_t *e;

	id_encode(++last_email, number);
	(void)snprintf(id, sizeof id, "e%s", number);
	e = json_pack("{s:s, s:s, s:O, s:O, s:s}", "id", id, "blobId", blob,
	    "mailboxIds", mailboxes, "keywords", keywords, "receivedAt",
	    received);
	(void)json_object_set_new(emails(o), id, e);
	return member(e, "id");
}

static void
now(char text[32])
{
	time_t t = time(NULL);
	struct tm tm;

	(void)strftime(text, 32, "%Y-%m-%dT%H:%M:%SZ", gmtime_r(&t, &tm));
}

const char *
post_deliver(
    struct object *o, const char *mailbox, const char *data, size_t len)
{
	json_t *m, *in, *keywords = json_object();
	const char *id = NULL, *want = mailbox == NULL ? "inbox" : mailbox;
	char at[32];
	size_t i;

	now(at);
	json_array_foreach (json_object_get(store(o), "mailboxes"), i, m) {
		if (!same(member(m, "role"), want) &&
		    !same(member(m, "name"), want))
			continue;
		in = json_object();
		(void)json_object_set_new(in, member(m, "id"), json_true());
		id = put_email(o, blob_store(data, len), in, keywords, at);
		json_decref(in);
		break;
	}
	json_decref(keywords);
	return id;
}

/* A message begins with the name of a header field. */
static bool
has_header(const char *data, size_t len)
{
	size_t i = 0;

	while (i < len && data[i] > ' ' && data[i] < 127 && data[i] != ':')
		i++;
	return i > 0 && i < len && data[i] == ':';
}

static json_t *
import_one(struct object *o, const json_t *body, bool *created)
{
	const json_t *in = json_object_get(body, "mailboxIds"),
		     *flags = json_object_get(body, "keywords");
	const char *blob = member(body, "blobId"),
		   *at = member(body, "receivedAt"), *data, *id, *key;
	json_t *keywords, *v;
	char text[32];
	size_t len;

	*created = false;
	data = blob_data(blob, &len);
	if (data == NULL)
		return set_error("blobNotFound", "No such blob", NULL);
	json_object_foreach ((json_t *)(uintptr_t)in, key, v)
		if (mailbox_by_id(o, key) == NULL)
			return set_error("invalidProperties",
			    "Mailbox does not exist.", "mailboxIds");
	if (json_object_size(in) == 0)
		return set_error("invalidProperties",
		    "Message must belong to at least one mailbox.",
		    "mailboxIds");
	if (!has_header(data, len))
		return set_error(
		    "invalidEmail", "Failed to parse message.", NULL);
	now(text);
	keywords =
	    json_is_object(flags) ? json_deep_copy(flags) : json_object();
	id = put_email(o, blob, in, keywords, at == NULL ? text : at);
	json_decref(keywords);
	*created = true;
	return json_pack(
	    "{s:s, s:s, s:i}", "id", id, "blobId", blob, "size", (int)len);
}

/* Puts one answer under "created" or the like. */
static void
answered(json_t *result, const char *under, const char *key, json_t *one)
{
	json_t *map = json_object_get(result, under);

	if (map == NULL) {
		map = json_object();
		(void)json_object_set_new(result, under, map);
	}
	(void)json_object_set_new(map, key, one);
}

static json_t *
set_answer(const struct object *o)
{
	return json_pack("{s:s, s:s, s:s}", "accountId", o->id, "oldState", "n",
	    "newState", "sae");
}

static json_t *
email_import(struct object *o, const json_t *args)
{
	json_t *result = set_answer(o), *v;
	const char *key;

	json_object_foreach (json_object_get(args, "emails"), key, v) {
		bool created;
		json_t *one = import_one(o, v, &created);

		answered(result, created ? "created" : "notCreated", key, one);
	}
	return result;
}

static bool
matches(const json_t *email, const json_t *filter)
{
	const char *in = member(filter, "inMailbox");

	return in == NULL ||
	       json_object_get(json_object_get(email, "mailboxIds"), in) !=
		   NULL;
}

static json_t *
email_query(struct object *o, const json_t *args)
{
	json_int_t position =
	    json_integer_value(json_object_get(args, "position"));
	json_int_t limit = json_integer_value(json_object_get(args, "limit"));
	json_int_t at = 0;
	json_t *found = json_array(), *e, *result;
	const char *key;

	json_object_foreach (emails(o), key, e) {
		if (!matches(e, json_object_get(args, "filter")))
			continue;
		if (at >= position && (limit <= 0 || at < position + limit))
			(void)json_array_append_new(found, json_string(key));
		at++;
	}
	result = json_pack("{s:s, s:s, s:b, s:I, s:o}", "accountId", o->id,
	    "queryState", "spq", "canCalculateChanges", 1, "position", position,
	    "ids", found);
	if (json_is_true(json_object_get(args, "calculateTotal")))
		(void)json_object_set_new(result, "total", json_integer(at));
	if (limit > 0)
		(void)json_object_set_new(result, "limit", json_integer(limit));
	return result;
}

static json_t *
email_get(struct object *o, const json_t *args)
{
	json_t *list = json_array(), *missing = json_array(), *id;
	size_t i;

	json_array_foreach (json_object_get(args, "ids"), i, id) {
		json_t *e = json_object_get(emails(o), json_string_value(id));

		if (e == NULL)
			(void)json_array_append(missing, id);
		else
			(void)json_array_append_new(list, json_deep_copy(e));
	}
	return json_pack("{s:s, s:s, s:o, s:o}", "accountId", o->id, "state",
	    "spq", "list", list, "notFound", missing);
}

/* Sets a member, or one key of it by a pointer: "keywords/$seen". */
static void
patch(json_t *email, const char *path, json_t *value)
{
	const char *slash = strchr(path, '/');
	char *name = slash == NULL ? xstrdup(path)
				   : xmemdup(path, (size_t)(slash - path));
	json_t *map = json_object_get(email, name);

	if (slash == NULL)
		(void)json_object_set(email, path, value);
	else if (json_is_true(value))
		(void)json_object_set(map, slash + 1, value);
	else
		(void)json_object_del(map, slash + 1);
	free(name);
}

static json_t *
email_set(struct object *o, const json_t *args)
{
	json_t *result = set_answer(o), *change, *v, *e, *gone = json_array();
	const char *key, *path;
	size_t i;

	json_object_foreach (json_object_get(args, "update"), key, change) {
		e = json_object_get(emails(o), key);
		if (e == NULL) {
			answered(result, "notUpdated", key,
			    set_error("notFound", "No such email.", NULL));
			continue;
		}
		json_object_foreach (change, path, v)
			patch(e, path, v);
		answered(result, "updated", key, json_null());
	}
	json_array_foreach (json_object_get(args, "destroy"), i, v) {
		if (json_object_del(emails(o), json_string_value(v)) == 0)
			(void)json_array_append(gone, v);
		else
			answered(result, "notDestroyed", json_string_value(v),
			    set_error("notFound", "No such email.", NULL));
	}
	(void)json_object_set_new(result, "destroyed", gone);
	return result;
}

/* --- mailboxes --- */

static json_t *
create_mailbox(
    struct object *o, const json_t *body, const json_t *ids, bool *created)
{
	json_t *list = json_object_get(store(o), "mailboxes"), *m, *e;
	const char *name = member(body, "name"),
		   *parent = member(body, "parentId"),
		   *role = member(body, "role");
	size_t i;

	*created = false;
	if (parent != NULL && *parent == '#')
		parent = json_string_value(json_object_get(ids, parent + 1));
	if (name == NULL || *name == '\0')
		return set_error("invalidProperties",
		    "Mailbox name cannot be empty.", "name");
	json_array_foreach (list, i, m) {
		if (!same(member(m, "parentId"), parent) ||
		    !same(member(m, "name"), name))
			continue;
		e = set_error("alreadyExists",
		    "A mailbox with that name "
		    "already exists.",
		    NULL);
		(void)json_object_set(
		    e, "existingId", json_object_get(m, "id"));
		return e;
	}
	m = new_mailbox(json_array_size(list), name, parent, role,
	    !json_is_false(json_object_get(body, "isSubscribed")));
	(void)json_array_append_new(list, m);
	*created = true;
	return json_pack("{s:O}", "id", json_object_get(m, "id"));
}

static json_t *
mailbox_set(struct object *o, const json_t *args, const json_t *ids)
{
	json_t *result = set_answer(o), *v, *known = json_deep_copy(ids);
	const char *key;

	json_object_foreach (json_object_get(args, "create"), key, v) {
		bool created;
		json_t *one = create_mailbox(o, v, known, &created);

		if (created)
			(void)json_object_set(
			    known, key, json_object_get(one, "id"));
		answered(result, created ? "created" : "notCreated", key, one);
	}
	json_object_foreach (json_object_get(args, "update"), key, v) {
		json_t *error = mail_share(o, key, v);

		answered(result, error == NULL ? "updated" : "notUpdated", key,
		    error == NULL ? json_null() : error);
	}
	json_decref(known);
	return result;
}

bool
post_knows(const char *method)
{
	static const char *const known[] = { "Mailbox/set", "Email/import",
		"Email/get", "Email/set" };

	for (size_t i = 0; i < sizeof known / sizeof *known; i++)
		if (strcmp(method, known[i]) == 0)
			return true;
	return false;
}

json_t *
post_method(struct object *o, const char *method, const json_t *args,
    const json_t *ids, json_t **error)
{
	(void)error;
	if (strcmp(method, "Mailbox/set") == 0)
		return mailbox_set(o, args, ids);
	if (strcmp(method, "Email/import") == 0)
		return email_import(o, args);
	if (strcmp(method, "Email/get") == 0)
		return email_get(o, args);
	if (strcmp(method, "Email/set") == 0)
		return email_set(o, args);
	return email_query(o, args);
}
