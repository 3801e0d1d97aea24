/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

#include "planfile/schema.h"
#include "jmap/member.h"

#include <errno.h>
#include <inttypes.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "core/alloc.h"
#include "core/io.h"
#include "core/outfile.h"
#include "core/str.h"

/* --- the cache --- */

/* The folder that schemas are kept in, made where it is not there; the caller's
 * to free, NULL if it cannot be had. */
static char *
cache_folder(void)
{
	const char *base = getenv("XDG_CACHE_HOME"), *home = getenv("HOME");
	char *folder, *ours;

	if (base != NULL && *base == '/')
		folder = xstrdup(base);
	else if (home != NULL && *home == '/')
		folder = xasprintf("%s/.cache", home);
	else
		return NULL;
	(void)mkdir(folder, 0700);
	ours = xasprintf("%s/mailferry", folder);
	free(folder);
	if (mkdir(ours, 0700) == -1 && errno != EEXIST) {
		free(ours);
		return NULL;
	}
	return ours;
}

/* A name for the server in the cache, by its URL. */
static char *
server_file(const char *folder, const char *url)
{
	return xasprintf("%s/server-%016" PRIx64, folder, str_fnv(url));
}

static bool
is_hash(const char *s)
{
	size_t n = strspn(s, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvw"
			     "xyz0123456789-_");

	return n > 0 && n <= 128 && s[n] == '\0';
}

static json_t *
parse(const struct buf *b)
{
	json_t *root = json_loadb(buf_str(b), b->len, 0, NULL);

	if (json_is_object(json_object_get(root, "objects")) &&
	    json_is_object(json_object_get(root, "schemas")) &&
	    json_is_object(json_object_get(root, "fields")))
		return root;
	json_decref(root);
	return NULL;
}

static json_t *
read_cached(const char *folder, const char *hash)
{
	struct buf b = { .max = 64 << 20 };
	struct why why;
	json_t *root = NULL;
	char *path;

	if (folder == NULL || !is_hash(hash))
		return NULL;
	path = xasprintf("%s/schema-%s.json", folder, hash);
	if (read_file(path, &b, &why) == 0)
		root = parse(&b);
	free(path);
	buf_free(&b);
	return root;
}

static void
write_file(const char *path, const char *data, size_t len)
{
	struct outfile o;
	struct why why;

	if (outfile_open(&o, path, &why) == -1)
		return;
	if (fwrite(data, 1, len, o.file) != len ||
	    outfile_commit(&o, &why) == -1)
		outfile_abort(&o);
}

/* Keeps a schema that was parsed. It is an accelerator: what cannot be written
 * is fetched again. */
static void
write_cached(const char *folder, const char *url, const char *hash,
    const struct buf *body)
{
	char *path, *server;

	if (folder == NULL || !is_hash(hash))
		return;
	server = server_file(folder, url);
	path = xasprintf("%s/schema-%s.json", folder, hash);
	if (body != NULL)
		write_file(path, body->data, body->len);
	write_file(server, hash, strlen(hash));
	free(path);
	free(server);
}

/* The schema that was kept last for this server. */
static json_t *
read_last(const char *folder, const char *url)
{
	struct buf hash = { .max = 256 };
	json_t *root = NULL;
	struct why why;
	char *path;

	if (folder == NULL)
		return NULL;
	path = server_file(folder, url);
	if (read_file(path, &hash, &why) == 0)
		root = read_cached(folder, buf_str(&hash));
	free(path);
	buf_free(&hash);
	return root;
}

/* --- fetching --- */

/* Gets the schema that /api/schema leads to: from the cache by its hash, or
 * from the server. NULL and why. */
static json_t *
fetch(struct jmap *j, const char *folder, struct why *why)
{
	const char *base = http_base(j->http), *path, *hash;
	struct buf body = { 0 };
	char *location = NULL;
	json_t *root = NULL;

	if (jmap_get(j, "/api/schema", &body, &location, why) == -1)
		goto out;
	path = location == NULL ? "/api/schema" : location;
	hash = strrchr(path, '/') + 1;
	root = read_cached(folder, hash);
	if (root != NULL) {
		write_cached(folder, base, hash, NULL);
		goto out;
	}
	buf_reset(&body);
	if (jmap_get(j, path, &body, NULL, why) == -1)
		goto out;
	root = parse(&body);
	if (root == NULL)
		why_set(why, FAIL_DATA, "it is not a schema");
	else
		write_cached(folder, base, hash, &body);
out:
	free(location);
	buf_free(&body);
	return root;
}

int
schema_load(struct schema *s, struct jmap *j, char **warning, struct why *why)
{
	char *folder = cache_folder();
	struct why inner = { 0 };

	*warning = NULL;
	s->root = fetch(j, folder, &inner);
	if (s->root == NULL && inner.kind != FAIL_TEMP) {
		s->root = read_last(folder, http_base(j->http));
		*warning = xasprintf("the server's schema cannot be had (%s); "
				     "%s",
		    inner.text,
		    s->root != NULL
			? "the one of an earlier run is taken"
			: "only domains, accounts and lists are known");
	}
	free(folder);
	if (s->root != NULL || inner.kind != FAIL_TEMP)
		return 0;
	*why = inner;
	return -1;
}

void
schema_free(struct schema *s)
{
	json_decref(s->root);
	s->root = NULL;
}

/* --- types --- */

/* What every server of this kind has. */
static const char *const builtin[] = { "Domain", "Account", "MailingList" };

/* The value of a type in a part of the schema, "x:" put before its name. */
static const json_t *
part(const struct schema *s, const char *name, const char *object)
{
	char *key = xasprintf("x:%s", object);
	const json_t *v = json_object_get(json_object_get(s->root, name), key);

	free(key);
	return v;
}

const char *
schema_object(const struct schema *s, const char *raw)
{
	const char *name;
	json_t *v;

	for (size_t i = 0;
	     s->root == NULL && i < sizeof builtin / sizeof *builtin; i++)
		if (str_eq_nocase(builtin[i], raw))
			return builtin[i];
	json_object_foreach (json_object_get(s->root, "objects"), name, v) {
		const char *type = jmap_text(v, "type");

		if (str_starts(name, "x:") && str_eq_nocase(name + 2, raw) &&
		    type != NULL && strcmp(type, "view") != 0)
			return name + 2;
	}
	return NULL;
}

static bool
schema_singleton(const struct schema *s, const char *object)
{
	const char *type = jmap_text(part(s, "objects", object), "type");

	return type != NULL && strcmp(type, "singleton") == 0;
}

static const json_t *
variants(const struct schema *s, const char *object)
{
	return json_object_get(part(s, "schemas", object), "variants");
}

bool
schema_has_variants(const struct schema *s, const char *object)
{
	return s->root == NULL ? strcmp(object, "Account") == 0
			       : json_is_array(variants(s, object));
}

static const json_t *
find_variant(const struct schema *s, const char *object, const char *name)
{
	json_t *v;
	size_t i;

	json_array_foreach (variants(s, object), i, v)
		if (name != NULL && jmap_text(v, "name") != NULL &&
		    strcmp(jmap_text(v, "name"), name) == 0)
			return v;
	return NULL;
}

static bool
schema_is_variant(
    const struct schema *s, const char *object, const char *variant)
{
	return s->root == NULL || find_variant(s, object, variant) != NULL;
}

const char *
schema_label(const struct schema *s, const char *object)
{
	/* Where a schema has no lists, these are the labels of 0.16. */
	static const char *const labels[][2] = { { "Domain", "name" },
		{ "Tenant", "name" }, { "MailingList", "emailAddress" } };

	if (json_is_object(json_object_get(s->root, "lists")))
		return jmap_text(part(s, "lists", object), "labelProperty");
	for (size_t i = 0; i < sizeof labels / sizeof *labels; i++)
		if (strcmp(labels[i][0], object) == 0)
			return labels[i][1];
	return NULL;
}

/* --- members --- */

/* What the schema says of the members of a type. */
static const json_t *
fields(const struct schema *s, const char *object, const char *variant)
{
	const json_t *v = part(s, "schemas", object);
	const char *name;

	if (json_is_array(json_object_get(v, "variants")))
		v = find_variant(s, object, variant);
	name = jmap_text(v, "schemaName");
	return name == NULL
		   ? NULL
		   : json_object_get(json_object_get(s->root, "fields"), name);
}

const json_t *
schema_members(const struct schema *s, const char *object, const char *variant)
{
	return json_object_get(fields(s, object, variant), "properties");
}

const json_t *
schema_defaults(const struct schema *s, const char *object, const char *variant)
{
	return json_object_get(fields(s, object, variant), "defaults");
}

enum member_update
member_update(const json_t *members, const char *name)
{
	const char *update =
	    jmap_text(json_object_get(members, name), "update");

	if (update != NULL && strcmp(update, "serverSet") == 0)
		return MEMBER_SERVER_SET;
	return update != NULL && strcmp(update, "immutable") == 0
		   ? MEMBER_IMMUTABLE
		   : MEMBER_MUTABLE;
}

bool
member_comparable(const json_t *member)
{
	static const char *const scalars[] = { "string", "number", "boolean",
		"enum", "utcDateTime" };
	const json_t *type = json_object_get(member, "type");
	const char *name = jmap_text(type, "type"),
		   *format = jmap_text(type, "format"),
		   *update = jmap_text(member, "update");

	if (name == NULL ||
	    (update != NULL && strcmp(update, "serverSet") == 0) ||
	    (format != NULL && str_starts(format, "secret")))
		return false;
	for (size_t i = 0; i < sizeof scalars / sizeof *scalars; i++)
		if (strcmp(scalars[i], name) == 0)
			return true;
	return false;
}

/* --- checking a plan --- */

/* Where an operation is in the plan, for what is wrong with it. */
struct check {
	const struct schema *schema;
	const struct plan_reader *plan;
	const struct plan_shape *shape;
	const char *object;
	struct why *why;
};

static int
bad(const struct check *c, const char *what, const char *name)
{
	return why_set(c->why, FAIL_FATAL, "%s:%zu: %s: %s", c->plan->name,
	    c->shape->line, name, what);
}

/* A member of any variant. *server_set: in one of them it is. */
static bool
has_member(const struct check *c, const char *name, bool *server_set)
{
	const json_t *list = variants(c->schema, c->object), *members;
	bool there = false;
	json_t *v;
	size_t i;

	*server_set = false;
	if (list == NULL) {
		members = schema_members(c->schema, c->object, NULL);
		there = json_object_get(members, name) != NULL;
		*server_set = member_update(members, name) == MEMBER_SERVER_SET;
	}
	json_array_foreach (list, i, v) {
		members =
		    schema_members(c->schema, c->object, jmap_text(v, "name"));
		there = there || json_object_get(members, name) != NULL;
		*server_set = *server_set ||
			      member_update(members, name) == MEMBER_SERVER_SET;
	}
	return there;
}

static int
check_scope(const struct check *c)
{
	const char *name, *variant;
	bool server_set;
	json_t *v;

	json_object_foreach (c->shape->scope, name, v) {
		if (strcmp(name, "@type") == 0) {
			variant = json_string_value(v);
			if (!schema_has_variants(c->schema, c->object))
				return bad(c,
				    "scope: @type: the type has no "
				    "variants",
				    c->object);
			if (variant == NULL ||
			    !schema_is_variant(c->schema, c->object, variant))
				return bad(c,
				    "scope: @type: not a variant of the type",
				    c->object);
			continue;
		}
		if (c->schema->root == NULL)
			continue;
		if (!has_member(c, name, &server_set))
			return bad(c, "scope: not a member of the type", name);
		if (server_set)
			return bad(c, "scope: the server sets it", name);
	}
	return 0;
}

/* Whether objects are told apart by their values, for want of a name. */
static bool
by_value(const struct check *c)
{
	return c->shape->match_all ||
	       (c->shape->match_on == NULL &&
		   schema_label(c->schema, c->object) == NULL);
}

static int
check_shape(struct check *c)
{
	const struct plan_shape *shape = c->shape;
	bool singleton;

	c->object = schema_object(c->schema, shape->object);
	if (c->object == NULL)
		return bad(
		    c, "the server has no such type of objects", shape->object);
	singleton = schema_singleton(c->schema, c->object);
	if (shape->type == OP_UPDATE && !singleton && !shape->has_id)
		return bad(c, "update: the id is missing", c->object);
	if (singleton && shape->has_id)
		return bad(
		    c, "there is one of its kind: it has no id", c->object);
	if (singleton && shape->type != OP_UPDATE && shape->type != OP_CREATE)
		return bad(c, "there is one of its kind: only update is for it",
		    c->object);
	if (shape->type == OP_RECONCILE && !shape->match_all && by_value(c))
		return bad(c,
		    "reconcile: matchOn is missing, and the type has no name "
		    "(\"*\" matches by all values)",
		    c->object);
	return check_scope(c);
}

int
schema_check(
    const struct schema *s, const struct plan_reader *plan, struct why *why)
{
	struct check c = { .schema = s, .plan = plan, .why = why };

	for (size_t i = 0; i < plan->n_shapes; i++) {
		c.shape = &plan->shapes[i];
		if (check_shape(&c) == -1)
			return -1;
	}
	return 0;
}
