/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/* The schema that the stand-in serves: a recording of the real server's. */
#include "standin/stalwart.h"

#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

static json_t *schema; /* NULL: none was given */
static struct buf packed;
static char path[80] = "/api/schema/standin";

static const char *
text(const json_t *v, const char *member)
{
	return json_string_value(json_object_get(v, member));
}

static const char small[] =
    "{\"objects\":{\"x:Domain\":{\"type\":\"object\"},\"x:Account\":{\"type\":"
    "\"object\"},\"x:MailingList\":{\"type\":\"object\"},\"x:Action\":{"
    "\"type\":\"object\"}},\"schemas\":{\"x:Account\":{\"type\":\"multiple\","
    "\"variants\":[{\"name\":\"User\"},{\"name\":\"Group\"}]}},\"fields\":{},"
    "\"enums\":{}}";

/* gzip, whatever the client says that it takes. */
static void
pack(const char *data, size_t len)
{
	z_stream z = { 0 };

	if (deflateInit2(&z, 9, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY) !=
	    Z_OK)
		return;
	z.next_out = (Bytef *)buf_room(&packed, deflateBound(&z, len));
	z.avail_out = (uInt)deflateBound(&z, len);
	z.next_in = (Bytef *)(uintptr_t)data;
	z.avail_in = (uInt)len;
	(void)deflate(&z, Z_FINISH);
	packed.len = z.total_out;
	(void)deflateEnd(&z);
}

/* The path ends in the SHA-256 of the schema, in base64url. */
static void
name_schema(const char *data, size_t len)
{
	unsigned char digest[EVP_MAX_MD_SIZE];
	unsigned char encoded[64];
	unsigned int n = 0;

	(void)EVP_Digest(data, len, digest, &n, EVP_sha256(), NULL);
	(void)EVP_EncodeBlock(encoded, digest, (int)n);
	for (char *p = (char *)encoded; *p != '\0'; p++)
		*p = *p == '+' ? '-' : *p == '/' ? '_' : *p == '=' ? '\0' : *p;
	(void)snprintf(path, sizeof path, "/api/schema/%.43s", (char *)encoded);
}

/* Puts in a text that is not there, as the recording has it without texts. */
static void
name_it(json_t *v, const char *member, const char *text_of_it)
{
	if (json_object_get(v, member) == NULL)
		(void)json_object_set_new(v, member, json_string(text_of_it));
}

/* The recording has lost all texts for people, and the parts of the schema that
 * only the web interface reads. Whoever reads it strictly, as stalwart-cli does,
 * needs them. */
static void
complete_schema(void)
{
	static const char *const maps[] = { "forms", "lists" };
	static const char *const lists[] = { "dashboards", "layouts" };
	const char *name, *member;
	json_t *v, *item;
	size_t i;

	json_object_foreach (json_object_get(schema, "objects"), name, v)
		if (strcmp(text(v, "type"), "view") != 0)
			name_it(v, "description", name);
	json_object_foreach (json_object_get(schema, "schemas"), name, v)
		json_array_foreach (json_object_get(v, "variants"), i, item)
			name_it(item, "label", text(item, "name"));
	json_object_foreach (json_object_get(schema, "fields"), name, v)
		json_object_foreach (
		    json_object_get(v, "properties"), member, item)
			name_it(item, "description", member);
	json_object_foreach (json_object_get(schema, "enums"), name, v)
		json_array_foreach (v, i, item)
			name_it(item, "label", text(item, "name"));
	for (i = 0; i < 2; i++) {
		if (json_object_get(schema, maps[i]) == NULL)
			(void)json_object_set_new(
			    schema, maps[i], json_object());
		if (json_object_get(schema, lists[i]) == NULL)
			(void)json_object_set_new(
			    schema, lists[i], json_array());
	}
}

static void
publish_schema(void)
{
	char *out = json_dumps(schema, JSON_COMPACT | JSON_SORT_KEYS);

	buf_reset(&packed);
	pack(out, strlen(out));
	name_schema(out, strlen(out));
	free(out);
}

bool
schema_read(const char *file)
{
	struct buf b = { 0 };
	gzFile f = gzopen(file, "rb");
	int n = 0;

	while (f != NULL && (n = gzread(f, buf_room(&b, 65536), 65536)) > 0)
		b.len += (size_t)n;
	if (f == NULL || n < 0)
		return false;
	(void)gzclose(f);
	schema = json_loadb(b.data, b.len, 0, NULL);
	buf_free(&b);
	if (schema == NULL)
		return false;
	complete_schema();
	publish_schema();
	return true;
}

static json_t *
enum_of(const char *enumeration)
{
	return json_object_get(json_object_get(schema, "enums"), enumeration);
}

/* "de_DE" is "de-DE"; what has no such form is gone. */
static json_t *
bcp47(const json_t *locales)
{
	json_t *out = json_array(), *v;
	char name[32];
	size_t i;

	json_array_foreach (locales, i, v) {
		(void)snprintf(name, sizeof name, "%s", text(v, "name"));
		for (char *p = name; *p != '\0'; p++)
			if (*p == '_')
				*p = '-';
		if (strchr(name, '-') != NULL && strchr(name, '@') == NULL)
			(void)json_array_append_new(
			    out, json_pack("{s:s, s:s}", "name", name, "label",
				     name));
	}
	return out;
}

void
schema_bcp47(void)
{
	const char *name;
	json_t *v;

	if (schema == NULL)
		schema = json_pack("{s:{s:[{s:s}, {s:s}]}}", "enums", "Locale",
		    "name", "en_US", "name", "de_DE");
	(void)json_object_set_new(json_object_get(schema, "enums"), "Locale",
	    bcp47(enum_of("Locale")));
	json_object_foreach (json_object_get(schema, "fields"), name, v) {
		json_t *defaults = json_object_get(v, "defaults");

		if (json_object_get(defaults, "locale") != NULL)
			(void)json_object_set_new(
			    defaults, "locale", json_string("en-US"));
	}
	complete_schema();
	publish_schema();
}

bool
schema_has(const char *enumeration, const char *value)
{
	const json_t *all = enum_of(enumeration);
	json_t *v;
	size_t i;

	json_array_foreach (all, i, v)
		if (strcmp(text(v, "name"), value) == 0)
			return true;
	return all == NULL;
}

const char *
schema_locale(void)
{
	return enum_of("Locale") == NULL || schema_has("Locale", "en_US")
		   ? "en_US"
		   : "en-US";
}

const char *
schema_path(void)
{
	return path;
}

const struct buf *
schema_packed(void)
{
	if (packed.len == 0)
		pack(small, sizeof small - 1);
	return &packed;
}

json_t *
schema_permissions(void)
{
	json_t *all = json_array(), *v;
	size_t i;

	json_array_foreach (
	    json_object_get(json_object_get(schema, "enums"), "Permission"), i,
	    v)
		(void)json_array_append(all, json_object_get(v, "name"));
	return all;
}

json_t *
schema_part(const char *name)
{
	return json_object_get(schema, name);
}
