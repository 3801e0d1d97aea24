/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/*
 * standin-stalwart015: the management API of Stalwart 0.13 to 0.15, as far as
 * principals are made and listed.
 */
#include <getopt.h>
#include <jansson.h>
#include <microhttpd.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/buf.h"
#include "standin/hash.h"
#include "standin/http.h"

static const char help[] =
    "standin-stalwart015 --listen ADDRESS:PORT --admin USER:SECRET\n"
    "    [--log FILE] [--fault WHEN:WHAT[:ARG]]\n";

static const char *admin;
static json_t *principals; /* in the order of their names */
static json_int_t last_id;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static const char *
text(const json_t *object, const char *member)
{
	const char *s = json_string_value(json_object_get(object, member));

	return s == NULL ? "" : s;
}

static bool
has(const json_t *list, const char *value)
{
	const json_t *item;
	size_t i;

	json_array_foreach (list, i, item)
		if (strcmp(json_string_value(item), value) == 0)
			return true;
	return false;
}

/* --- answers --- */

static void
send_json(struct reply *r, json_t *j)
{
	char *s = json_dumps(j, JSON_COMPACT);

	r->status = 200;
	r->type = "application/json; charset=utf-8";
	buf_adds(&r->body, s == NULL ? "" : s);
	free(s);
	json_decref(j);
}

static void
problem(struct reply *r, int status)
{
	send_json(r,
	    json_pack("{s:s, s:i, s:s, s:s}", "type", "about:blank", "status",
		status, "title",
		status == 401   ? "Unauthorized"
		: status == 403 ? "Forbidden"
				: "Not Found",
		"detail",
		status == 401 ? "You have to authenticate first."
		: status == 403
		    ? "You do not have enough permissions to access this "
		      "resource."
		    : "The requested resource does not exist on this server."));
	r->status = status;
	r->type = "application/problem+json";
}

/* --- principals --- */

static json_t *
find(const char *name)
{
	json_t *p;
	size_t i;

	json_array_foreach (principals, i, p)
		if (strcmp(text(p, "name"), name) == 0)
			return p;
	return NULL;
}

/* How many addresses a domain has. */
static json_int_t
addresses_in(const char *domain)
{
	const json_t *p, *address;
	json_int_t n = 0;
	size_t i, k;

	json_array_foreach (principals, i, p)
		json_array_foreach (json_object_get(p, "emails"), k, address) {
			const char *at =
			    strrchr(json_string_value(address), '@');

			if (at != NULL && strcmp(at + 1, domain) == 0)
				n++;
		}
	return n;
}

/* The names of the principals whose list holds a name. */
static json_t *
who_has(const char *type, const char *list, const char *name)
{
	json_t *names = json_array();
	const json_t *p;
	size_t i;

	json_array_foreach (principals, i, p)
		if (strcmp(text(p, "type"), type) == 0 &&
		    has(json_object_get(p, list), name))
			(void)json_array_append(
			    names, json_object_get(p, "name"));
	return names;
}

/* As it is shown: with what follows from others, and nothing empty. */
static json_t *
shown(const json_t *p)
{
	json_t *copy = json_deep_copy(p), *value;
	const char *type = text(p, "type"), *name = text(p, "name"), *member;
	void *next;

	if (strcmp(type, "domain") == 0)
		(void)json_object_set_new(
		    copy, "members", json_integer(addresses_in(name)));
	else if (strcmp(type, "group") == 0)
		(void)json_object_set_new(
		    copy, "members", who_has("individual", "memberOf", name));
	else if (strcmp(type, "individual") == 0)
		(void)json_object_set_new(
		    copy, "lists", who_has("list", "members", name));
	json_object_foreach_safe(
	    copy, next, member, value) if (json_is_array(value) &&
					   json_array_size(value) == 0)(void)
	    json_object_del(copy, member);
	return copy;
}

static json_t *
taken(const char *field, const char *value)
{
	return json_pack("{s:s, s:s, s:s}", "error", "fieldAlreadyExists",
	    "field", field, "value", value);
}

/* One password is kept, and what is not a password. */
static void
keep_one_password(json_t *secrets)
{
	bool found = false;
	size_t i = 0;

	while (i < json_array_size(secrets)) {
		const char *s = json_string_value(json_array_get(secrets, i));
		bool other = strncmp(s, "$app$", 5) == 0 ||
			     strncmp(s, "otpauth://", 10) == 0;

		if (!other && found)
			(void)json_array_remove(secrets, i);
		else
			i++;
		found = found || !other;
	}
}

static json_t *
create(const char *body)
{
	json_t *new = json_loads(body, 0, NULL), *p;
	const json_t *address;
	size_t i, k, at = 0;

	if (strcmp(text(new, "type"), "tenant") == 0) {
		json_decref(new);
		return json_pack("{s:s, s:s}", "error", "unsupported",
		    "details", "Enterprise feature");
	}
	json_array_foreach (principals, i, p) {
		int order = strcmp(text(p, "name"), text(new, "name"));
		json_t *error = NULL;

		at += order < 0;
		if (order == 0)
			error = taken("name", text(new, "name"));
		json_array_foreach (json_object_get(new, "emails"), k, address)
			if (error == NULL && has(json_object_get(p, "emails"),
						 json_string_value(address)))
				error =
				    taken("emails", json_string_value(address));
		if (error != NULL) {
			json_decref(new);
			return error;
		}
	}
	keep_one_password(json_object_get(new, "secrets"));
	(void)json_object_set_new(new, "id", json_integer(++last_id));
	(void)json_array_insert_new(principals, at, new);
	return json_pack("{s:I}", "data", last_id);
}

/* --- a list --- */

/* A parameter of the query; "" without it. */
static const char *
parameter(const struct request *q, const char *name)
{
	const char *value = MHD_lookup_connection_value(
	    q->connection, MHD_GET_ARGUMENT_KIND, name);

	return value == NULL ? "" : value;
}

/* Whether a word is in a list divided by commas. */
static bool
in_list(const char *list, const char *word)
{
	size_t len = strlen(word);

	for (; list != NULL; list = strchr(list, ',')) {
		list += *list == ',';
		if (strncmp(list, word, len) == 0 &&
		    (list[len] == ',' || list[len] == '\0'))
			return true;
	}
	return false;
}

static bool
is_type(const char *types)
{
	static const char *const names[] = { "individual", "group", "list",
		"domain" };

	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (in_list(types, names[i]))
			return true;
	return false;
}

static json_t *
list(const struct request *q)
{
	const char *types = parameter(q, "types"),
		   *filter = parameter(q, "filter"),
		   *fields = parameter(q, "fields"), *member;
	size_t limit = strtoul(parameter(q, "limit"), NULL, 10),
	       page = strtoul(parameter(q, "page"), NULL, 10), i, total = 0;
	json_t *items = json_array(), *p, *item, *ignored;
	void *next;

	json_array_foreach (principals, i, p) {
		if (is_type(types) && !in_list(types, text(p, "type")))
			continue;
		if (strstr(text(p, "name"), filter) == NULL)
			continue;
		if (limit != 0 &&
		    (total++) / limit != (page == 0 ? 0 : page - 1))
			continue;
		total += limit == 0;
		item = shown(p);
		json_object_foreach_safe(item, next, member,
		    ignored) if (*fields != '\0' && !in_list(fields, member) &&
				 strcmp(member, "id") != 0 &&
				 strcmp(member, "type") != 0)(void)
		    json_object_del(item, member);
		(void)json_array_append_new(items, item);
	}
	return json_pack("{s:{s:o, s:I}}", "data", "items", items, "total",
	    (json_int_t)total);
}

static json_t *
one(const char *path)
{
	char name[512];
	size_t len = 0;
	const json_t *p;

	for (; *path != '\0' && len + 1 < sizeof name; path++) {
		char hex[3] = { path[0] == '%' ? path[1] : '\0',
			path[0] == '%' ? path[2] : '\0', '\0' };

		name[len++] =
		    *hex == '\0' ? *path : (char)strtoul(hex, NULL, 16);
		path += *hex == '\0' ? 0 : 2;
	}
	name[len] = '\0';
	p = find(name);
	if (p == NULL)
		return json_pack(
		    "{s:s, s:s}", "error", "notFound", "item", name);
	return json_pack("{s:o}", "data", shown(p));
}

/* 200, 401 or 403. An address is a login name too. */
static int
login(const struct request *q)
{
	const json_t *p, *secret;
	size_t i, k, len = strlen(q->user);

	if (strncmp(admin, q->user, len) == 0 && admin[len] == ':' &&
	    strcmp(admin + len + 1, q->password) == 0)
		return 200;
	json_array_foreach (principals, i, p) {
		if (strcmp(text(p, "name"), q->user) != 0)
			continue;
		json_array_foreach (json_object_get(p, "secrets"), k, secret)
			if (hash_verify(json_string_value(secret), q->password))
				return has(json_object_get(p, "roles"), "admin")
					   ? 200
					   : 403;
	}
	return 401;
}

static void
answer(const struct request *q, struct reply *r, const struct fault *fault)
{
	static const char path[] = "/api/principal";
	const char *rest = q->path + sizeof path - 1;
	int status;

	(void)fault;
	(void)pthread_mutex_lock(&lock);
	status = login(q);
	if (status != 200)
		problem(r, status);
	else if (strncmp(q->path, path, sizeof path - 1) != 0)
		problem(r, 404);
	else if (strcmp(q->method, "POST") == 0)
		send_json(r, create(q->body));
	else if (*rest == '/')
		send_json(r, one(rest + 1));
	else
		send_json(r, list(q));
	(void)pthread_mutex_unlock(&lock);
}

static bool
counted(const struct request *q)
{
	return strcmp(q->method, "GET") == 0;
}

int
main(int argc, char **argv)
{
	static const struct option options[] = { { "listen", required_argument,
						     NULL, 'l' },
		{ "admin", required_argument, NULL, 'a' },
		{ "log", required_argument, NULL, 'g' },
		{ "fault", required_argument, NULL, 'f' }, { 0 } };
	struct http_server server = { .answer = answer, .counted = counted };
	const char *listen = NULL;
	int ch;

	while ((ch = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (ch == 'l')
			listen = optarg;
		else if (ch == 'a')
			admin = optarg;
		else if (ch == 'g')
			server.log = optarg;
		else if (ch != 'f' || !http_fault(&server, optarg))
			admin = listen = NULL;
	}
	if (listen == NULL || admin == NULL || strchr(admin, ':') == NULL) {
		(void)fputs(help, stderr);
		return 2;
	}
	principals = json_array();
	return http_serve(&server, listen);
}
