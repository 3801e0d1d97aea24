/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/* Blobs, and the Sieve scripts of an account. */
#include "standin/stalwart.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"
#include "core/str.h"

static struct blob {
	char id[32];
	char *text;
} * blobs;
static size_t n_blobs, cap_blobs;

const char *
blob_store(const char *text, size_t len)
{
	struct blob *b;

	blobs = grow(blobs, n_blobs, &cap_blobs, sizeof *blobs);
	b = &blobs[n_blobs++];
	(void)snprintf(b->id, sizeof b->id, "ecnip%zu", n_blobs);
	b->text = xmemdup(text, len);
	return b->id;
}

static const char *
blob_text(const char *id)
{
	for (size_t i = 0; id != NULL && i < n_blobs; i++)
		if (strcmp(blobs[i].id, id) == 0)
			return blobs[i].text;
	return NULL;
}

/* Creates one blob of texts. */
static json_t *
upload_one(const json_t *body)
{
	const json_t *data = json_object_get(body, "data");
	struct buf b = { 0 };
	json_t *part, *result;
	size_t i;

	json_array_foreach (data, i, part) {
		const char *s =
		    json_string_value(json_object_get(part, "data:asText"));

		if (s != NULL)
			buf_adds(&b, s);
	}
	result = json_pack("{s:s, s:I}", "id", blob_store(buf_str(&b), b.len),
	    "size", (json_int_t)b.len);
	buf_free(&b);
	return result;
}

json_t *
method_blob_upload(
    struct object *o, const json_t *args, json_t *ids, json_t **error)
{
	json_t *created = json_object(), *v;
	const char *key;

	(void)error;
	json_object_foreach (json_object_get(args, "create"), key, v) {
		json_t *one = upload_one(v);

		(void)json_object_set(ids, key, json_object_get(one, "id"));
		(void)json_object_set_new(created, key, one);
	}
	return json_pack("{s:s, s:o}", "accountId", o->id, "created", created);
}

/* Crude: a script begins with a command that it knows. */
static bool
script_valid(const char *s)
{
	static const char *const commands[] = { "require", "redirect", "keep",
		"if", "fileinto", "discard", "stop", "#" };

	for (size_t i = 0; i < sizeof commands / sizeof *commands; i++)
		if (str_starts(s, commands[i]))
			return true;
	return false;
}

static bool
script_quota_full(const struct object *o)
{
	const json_t *quotas = json_object_get(o->value, "quotas"),
		     *max = json_object_get(quotas, "maxSieveScripts"),
		     *disk = json_object_get(quotas, "maxDiskQuota");

	if (json_is_integer(disk) && json_integer_value(disk) == 1)
		return true;
	return json_is_integer(max) &&
	       (json_int_t)json_object_size(o->scripts) >=
		   json_integer_value(max);
}

static json_t *
create_script(
    struct object *o, const json_t *body, const json_t *ids, bool *created)
{
	const char *name = json_string_value(json_object_get(body, "name")),
		   *blob = json_string_value(json_object_get(body, "blobId")),
		   *text;
	json_t *there, *e;
	char id[16];
	char *description;

	if (blob != NULL && *blob == '#')
		blob = json_string_value(json_object_get(ids, blob + 1));
	text = blob_text(blob);
	*created = false;
	if (name == NULL || text == NULL)
		return set_error("invalidProperties", "No such blob", "blobId");
	if (!script_valid(text))
		return set_error("invalidScript",
		    "Expected token \"command\" but found something else at "
		    "line 0, column 0.",
		    NULL);
	there = json_object_get(o->scripts, name);
	if (there != NULL) {
		description = xasprintf(
		    "A sieve script with name '%s' already exists.", name);
		e = set_error("alreadyExists", description, NULL);
		free(description);
		(void)json_object_set(
		    e, "existingId", json_object_get(there, "id"));
		return e;
	}
	if (script_quota_full(o))
		return set_error("overQuota", "Account quota exceeded.", NULL);
	id_encode(json_object_size(o->scripts) + 1, id);
	(void)json_object_set_new(o->scripts, name,
	    json_pack("{s:s, s:s, s:s, s:b}", "id", id, "name", name, "blobId",
		blob, "isActive", 0));
	*created = true;
	return json_pack(
	    "{s:s, s:s, s:b}", "id", id, "blobId", blob, "isActive", 0);
}

static void
activate(struct object *o, const char *id)
{
	const char *name;
	json_t *s;

	json_object_foreach (o->scripts, name, s)
		(void)json_object_set_new(s, "isActive",
		    json_boolean(
			strcmp(json_string_value(json_object_get(s, "id")),
			    id) == 0));
}

static json_t *
script_set(struct object *o, const json_t *args, const json_t *ids)
{
	const char *active =
	    json_string_value(json_object_get(args, "onSuccessActivateScript"));
	json_t *result, *v, *map;
	const char *key;

	result = json_pack("{s:s, s:s, s:s}", "accountId", o->id, "oldState",
	    "n", "newState", "sae");
	json_object_foreach (json_object_get(args, "create"), key, v) {
		bool created;
		json_t *one = create_script(o, v, ids, &created);
		const char *member = created ? "created" : "notCreated";

		if (created && active != NULL && *active == '#' &&
		    strcmp(active + 1, key) == 0) {
			activate(
			    o, json_string_value(json_object_get(one, "id")));
			(void)json_object_set_new(one, "isActive", json_true());
		}
		map = json_object_get(result, member);
		if (map == NULL) {
			map = json_object();
			(void)json_object_set_new(result, member, map);
		}
		(void)json_object_set_new(map, key, one);
	}
	if (active != NULL && *active != '#')
		activate(o, active);
	return result;
}

json_t *
method_script(struct object *o, const char *verb, const json_t *args,
    const json_t *ids, json_t **error)
{
	json_t *list, *s;
	const char *name;

	(void)error;
	if (strcmp(verb, "set") == 0)
		return script_set(o, args, ids);
	if (strcmp(verb, "get") != 0)
		return NULL;
	list = json_array();
	json_object_foreach (o->scripts, name, s)
		(void)json_array_append(list, s);
	return json_pack("{s:s, s:s, s:o, s:[]}", "accountId", o->id, "state",
	    "sae", "list", list, "notFound");
}
