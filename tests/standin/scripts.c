/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/* Blobs, and the Sieve scripts of an account. */
#include "standin/stalwart.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "core/alloc.h"
#include "core/str.h"

static struct blob {
	char id[32];
	char *text;
	size_t len;
} * blobs;
static size_t n_blobs, cap_blobs;

const char *
blob_store(const char *text, size_t len)
{
	struct blob *b;

	blobs = xgrow(blobs, n_blobs, &cap_blobs, sizeof *blobs);
	b = &blobs[n_blobs++];
	(void)snprintf(b->id, sizeof b->id, "ecnip%zu", n_blobs);
	b->text = xmemdup(text, len);
	b->len = len;
	return b->id;
}

const char *
blob_data(const char *id, size_t *len)
{
	for (size_t i = 0; id != NULL && i < n_blobs; i++)
		if (strcmp(blobs[i].id, id) == 0) {
			*len = blobs[i].len;
			return blobs[i].text;
		}
	return NULL;
}

static const char *
blob_text(const char *id)
{
	size_t len;

	return blob_data(id, &len);
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
exists(const json_t *there, const char *name)
{
	char *description =
	    xasprintf("A sieve script with name '%s' already exists.", name);
	json_t *e = set_error("alreadyExists", description, NULL);

	free(description);
	(void)json_object_set(e, "existingId", json_object_get(there, "id"));
	return e;
}

/* The id of the blob that a script is to have, compiled; NULL and *error. */
static const char *
script_blob(const json_t *body, const json_t *ids, json_t **error)
{
	const char *blob = json_string_value(json_object_get(body, "blobId")),
		   *text;
	char *wrong;

	if (blob != NULL && *blob == '#')
		blob = json_string_value(json_object_get(ids, blob + 1));
	text = blob_text(blob);
	if (text == NULL) {
		*error =
		    set_error("invalidProperties", "No such blob", "blobId");
		return NULL;
	}
	wrong = sieve_error(text);
	if (wrong != NULL)
		*error = set_error("invalidScript", wrong, NULL);
	free(wrong);
	return *error == NULL ? blob : NULL;
}

static json_t *
check_name(const struct object *o, const char *name)
{
	if (name == NULL)
		return set_error("invalidProperties", "No name", "name");
	if (strcasecmp(name, "vacation") == 0)
		return set_error("forbidden",
		    "The name \"vacation\" is reserved, please use a "
		    "different name.",
		    "name");
	if (json_object_get(o->scripts, name) != NULL)
		return exists(json_object_get(o->scripts, name), name);
	return NULL;
}

static json_t *
put_script(struct object *o, const char *name, const char *blob)
{
	char id[16];

	id_encode(++o->last_script, id);
	(void)json_object_set_new(o->scripts, name,
	    json_pack("{s:s, s:s, s:s, s:b}", "id", id, "name", name, "blobId",
		blob, "isActive", 0));
	return json_pack("{s:s, s:s}", "id", id, "blobId", blob);
}

static json_t *
create_script(
    struct object *o, const json_t *body, const json_t *ids, json_t **error)
{
	const char *name = json_string_value(json_object_get(body, "name")),
		   *blob;

	*error = check_name(o, name);
	blob = *error == NULL ? script_blob(body, ids, error) : NULL;
	if (blob != NULL && script_quota_full(o))
		*error =
		    set_error("overQuota", "Account quota exceeded.", NULL);
	return *error == NULL ? put_script(o, name, blob) : NULL;
}

static json_t *
script_by_id(const struct object *o, const char *id)
{
	const char *name;
	json_t *s;

	json_object_foreach (o->scripts, name, s)
		if (strcmp(json_string_value(json_object_get(s, "id")), id) ==
		    0)
			return s;
	return NULL;
}

/* A script gets another text, another name, or both. NULL, or an error. */
static json_t *
update_script(
    struct object *o, const char *id, const json_t *patch, const json_t *ids)
{
	json_t *s = script_by_id(o, id), *error = NULL;
	const char *name = json_string_value(json_object_get(patch, "name")),
		   *old = json_string_value(json_object_get(s, "name")), *blob;

	if (s == NULL)
		return json_pack("{s:s}", "type", "notFound");
	if (strcmp(old, "vacation") == 0)
		return set_error("forbidden",
		    "The 'vacation' script cannot be modified", NULL);
	if (name != NULL && strcmp(name, old) != 0)
		error = check_name(o, name);
	if (error == NULL && json_object_get(patch, "blobId") != NULL) {
		blob = script_blob(patch, ids, &error);
		if (blob != NULL)
			(void)json_object_set_new(
			    s, "blobId", json_string(blob));
	}
	if (error != NULL || name == NULL || strcmp(name, old) == 0)
		return error;
	(void)json_object_set(o->scripts, name, s);
	(void)json_object_del(o->scripts, old);
	(void)json_object_set_new(s, "name", json_string(name));
	return NULL;
}

static json_t *
destroy_script(struct object *o, const char *id)
{
	json_t *s = script_by_id(o, id);
	const char *name = json_string_value(json_object_get(s, "name"));

	if (s == NULL)
		return json_pack("{s:s}", "type", "notFound");
	if (json_is_true(json_object_get(s, "isActive")))
		return set_error("scriptIsActive",
		    "Deactivate Sieve script before deletion.", NULL);
	(void)json_object_del(o->scripts, name);
	return NULL;
}

/* At most one is active. id NULL: none. */
static void
activate(struct object *o, const char *id)
{
	const char *name;
	json_t *s;

	json_object_foreach (o->scripts, name, s)
		(void)json_object_set_new(s, "isActive",
		    json_boolean(
			id != NULL &&
			strcmp(json_string_value(json_object_get(s, "id")),
			    id) == 0));
}

void
script_vacation(struct object *o, bool active)
{
	json_t *s = json_object_get(o->scripts, "vacation");

	if (s == NULL) {
		json_decref(put_script(o, "vacation", blob_store("", 0)));
		s = json_object_get(o->scripts, "vacation");
	}
	if (active)
		activate(o, json_string_value(json_object_get(s, "id")));
	else
		(void)json_object_set_new(s, "isActive", json_false());
}

bool
script_is_active(const struct object *o, const char *name)
{
	return json_is_true(
	    json_object_get(json_object_get(o->scripts, name), "isActive"));
}

static void
destroy_scripts(struct object *o, const json_t *list, json_t *result)
{
	json_t *destroyed = json_array(), *v, *error;
	size_t i;

	json_array_foreach (list, i, v) {
		error = destroy_script(o, json_string_value(v));
		if (error != NULL)
			answer_add(result, "notDestroyed", json_string_value(v),
			    error);
		else
			(void)json_array_append(destroyed, v);
	}
	if (json_array_size(destroyed) != 0)
		(void)json_object_set(result, "destroyed", destroyed);
	json_decref(destroyed);
}

/* What onSuccessActivateScript names: "#KEY" of a create, or an id. Only where
 * all changes were made. */
static void
activate_named(struct object *o, const json_t *args, json_t *result)
{
	const char *active =
	    json_string_value(json_object_get(args, "onSuccessActivateScript"));
	json_t *made;

	if (json_object_get(result, "notCreated") != NULL ||
	    json_object_get(result, "notUpdated") != NULL)
		return;
	if (json_is_true(json_object_get(args, "onSuccessDeactivateScript")))
		activate(o, NULL);
	if (active == NULL)
		return;
	if (*active != '#') {
		activate(o, active);
		return;
	}
	made = json_object_get(json_object_get(result, "created"), active + 1);
	if (made == NULL)
		return;
	activate(o, json_string_value(json_object_get(made, "id")));
	(void)json_object_set_new(made, "isActive", json_true());
}

static json_t *
script_set(struct object *o, const json_t *args, const json_t *ids)
{
	json_t *result, *v, *error, *one;
	const char *key;

	result = json_pack("{s:s, s:s, s:s}", "accountId", o->id, "oldState",
	    "n", "newState", "sae");
	json_object_foreach (json_object_get(args, "create"), key, v) {
		one = create_script(o, v, ids, &error);
		answer_add(result, error == NULL ? "created" : "notCreated",
		    key, error == NULL ? one : error);
	}
	json_object_foreach (json_object_get(args, "update"), key, v) {
		error = update_script(o, key, v, ids);
		answer_add(result, error == NULL ? "updated" : "notUpdated",
		    key, error == NULL ? json_null() : error);
	}
	destroy_scripts(o, json_object_get(args, "destroy"), result);
	activate_named(o, args, result);
	return result;
}

static bool
is_among(const json_t *ids, const json_t *script)
{
	const json_t *id = json_object_get(script, "id");
	json_t *v;
	size_t i;

	json_array_foreach (ids, i, v)
		if (json_equal(v, id))
			return true;
	return false;
}

json_t *
method_script(struct object *o, const char *verb, const json_t *args,
    const json_t *ids, json_t **error)
{
	const json_t *wanted = json_object_get(args, "ids");
	json_t *list, *missing, *s;
	const char *name;
	size_t i;

	(void)error;
	if (strcmp(verb, "set") == 0)
		return script_set(o, args, ids);
	if (strcmp(verb, "get") != 0)
		return NULL;
	list = json_array();
	missing = json_array();
	json_array_foreach (wanted, i, s)
		if (json_is_string(s) &&
		    script_by_id(o, json_string_value(s)) == NULL)
			(void)json_array_append(missing, s);
	json_object_foreach (o->scripts, name, s)
		if (!json_is_array(wanted) || is_among(wanted, s))
			(void)json_array_append(list, s);
	return json_pack("{s:s, s:s, s:o, s:o}", "accountId", o->id, "state",
	    "sae", "list", list, "notFound", missing);
}
