/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/* standin-stalwart: options, and the paths of the server. */
#include "standin/stalwart.h"

#include <getopt.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/str.h"
#include "standin/mail.h"
#include "standin/routes.h"
#include "standin/smtp.h"

static void
problem(struct reply *r, int status, const char *type, const char *title,
    const char *detail)
{
	json_t *j = json_pack("{s:s, s:i, s:s, s:s}", "type", type, "status",
	    status, "title", title, "detail", detail);
	char *text = j == NULL ? NULL : json_dumps(j, 0);

	r->status = status;
	r->type = "application/problem+json";
	buf_adds(&r->body, text == NULL ? "{}" : text);
	free(text);
	json_decref(j);
}

static void
no_login(struct reply *r, int status)
{
	if (status == 401)
		problem(r, 401, "about:blank", "Unauthorized",
		    "You have to authenticate first.");
	else if (status == 402)
		problem(r, 402, "about:blank", "MFA code required",
		    "This account requires multi-factor authentication.");
	else
		problem(r, 403, "about:blank", "Forbidden",
		    "You do not have enough permissions to access this "
		    "resource.");
}

static void
not_found(struct reply *r)
{
	problem(r, 404, "about:blank", "Not Found",
	    "The requested resource does not exist on this server.");
}

static void
send_json(struct reply *r, json_t *j)
{
	char *text = json_dumps(j, JSON_COMPACT);

	r->type = "application/json; charset=utf-8";
	buf_adds(&r->body, text);
	free(text);
	json_decref(j);
}

/* --- JMAP requests --- */

static void
not_request(const struct request *q, struct reply *r)
{
	problem(r, 400, "urn:ietf:params:jmap:error:notRequest", "Bad Request",
	    utf8_valid(q->body, q->len) ? q->body : "");
}

static bool
valid_call(const json_t *call)
{
	const json_t *args = json_array_get(call, 1), *create;

	create = json_object_get(args, "create");
	return json_array_size(call) == 3 &&
	       json_is_string(json_array_get(call, 0)) &&
	       json_is_object(args) &&
	       json_is_string(json_array_get(call, 2)) &&
	       (create == NULL || json_is_object(create) ||
		   json_is_null(create));
}

static bool
valid_request(const json_t *j)
{
	static const char *const known[] = { "urn:ietf:params:jmap:",
		"urn:stalwart:jmap" };
	const json_t *using = json_object_get(j, "using"),
		     *calls = json_object_get(j, "methodCalls");
	json_t *v;
	size_t i;

	if (!json_is_array(using) || !json_is_array(calls))
		return false;
	json_array_foreach (using, i, v) {
		const char *s = json_string_value(v);

		if (s == NULL ||
		    (!str_starts(s, known[0]) && !str_starts(s, known[1])))
			return false;
	}
	json_array_foreach (calls, i, v)
		if (!valid_call(v))
			return false;
	return true;
}

/* The value that "#ids" refers to in an earlier answer: "/ids" only. */
static void
resolve_result(json_t *args, const json_t *answers)
{
	const json_t *ref = json_object_get(args, "#ids");
	const char *of = json_string_value(json_object_get(ref, "resultOf"));
	json_t *a;
	size_t i;

	json_array_foreach (answers, i, a)
		if (of != NULL &&
		    strcmp(of, json_string_value(json_array_get(a, 2))) == 0)
			(void)json_object_set(args, "ids",
			    json_object_get(json_array_get(a, 1), "ids"));
	(void)json_object_del(args, "#ids");
}

/* A store that fails in the middle of a set: half of the creates are done. */
static void
half(
    const struct caller *who, const char *name, const json_t *args, json_t *ids)
{
	json_t *some = json_deep_copy(args), *error = NULL, *v;
	json_t *create = json_object_get(some, "create");
	size_t n = json_object_size(create), i = 0;
	const char *key;
	void *tmp;

	json_object_foreach_safe(create, tmp, key, v) if (i++ >= n / 2)(void)
	    json_object_del(create, key);
	json_decref(method_call(who, name, some, ids, &error));
	json_decref(error);
	json_decref(some);
}

static void
do_calls(const struct caller *who, const json_t *j, struct reply *r,
    const struct fault *fault)
{
	const json_t *calls = json_object_get(j, "methodCalls"),
		     *given = json_object_get(j, "createdIds");
	json_t *ids =
	    json_is_object(given) ? json_deep_copy(given) : json_object();
	json_t *answers = json_array(), *call, *all;
	size_t i;

	json_array_foreach (calls, i, call) {
		const char *name = json_string_value(json_array_get(call, 0));
		json_t *args = json_deep_copy(json_array_get(call, 1)),
		       *error = NULL, *result = NULL;

		if (json_object_get(args, "#ids") != NULL)
			resolve_result(args, answers);
		if (fault->kind == FAULT_MID_SET && i == 0)
			half(who, name, args, ids);
		if ((fault->kind == FAULT_METHOD_ERROR ||
			fault->kind == FAULT_MID_SET) &&
		    i == 0)
			error = json_pack("{s:s}", "type",
			    *fault->text == '\0' ? "serverUnavailable"
						 : fault->text);
		else
			result = method_call(who, name, args, ids, &error);
		(void)json_array_append_new(answers,
		    json_pack("[s, o, O]", result == NULL ? "error" : name,
			result == NULL ? error : result,
			json_array_get(call, 2)));
		json_decref(args);
	}
	all = json_pack("{s:o, s:s}", "methodResponses", answers,
	    "sessionState", "b6a325e5");
	if (json_is_object(given) && json_object_size(ids) != 0)
		(void)json_object_set(all, "createdIds", ids);
	json_decref(ids);
	send_json(r, all);
}

static void
jmap(const struct request *q, const struct caller *who, struct reply *r,
    const struct fault *fault)
{
	size_t flags = JSON_ALLOW_NUL | JSON_REJECT_DUPLICATES;
	json_t *j;

	if (q->content_type != NULL &&
	    !str_starts(q->content_type, "application/json")) {
		problem(r, 400, "urn:ietf:params:jmap:error:notJSON",
		    "Bad Request",
		    "The Content-Type header must be "
		    "application/json.");
		return;
	}
	if (q->len > settings.max_size) {
		problem(r, 400, "urn:ietf:params:jmap:error:limit",
		    "Bad Request", "maxSizeRequest");
		return;
	}
	j = json_loadb(q->body, q->len, flags, NULL);
	if (j == NULL) /* a number past 2^63, which jansson refuses */
		j = json_loadb(
		    q->body, q->len, flags | JSON_DECODE_INT_AS_REAL, NULL);
	if (!valid_request(j))
		not_request(q, r);
	else if (json_array_size(json_object_get(j, "methodCalls")) >
		 settings.max_calls)
		problem(r, 400, "urn:ietf:params:jmap:error:limit",
		    "Bad Request",
		    "The request exceeds the maximum number of calls in a "
		    "single request.");
	else
		do_calls(who, j, r, fault);
	json_decref(j);
}

/* --- other paths --- */

static void
schema(struct reply *r)
{
	buf_add(&r->body, schema_packed()->data, schema_packed()->len);
	r->type = "application/json";
	(void)snprintf(
	    r->header_name, sizeof r->header_name, "Content-Encoding");
	(void)snprintf(r->header_value, sizeof r->header_value, "gzip");
}

static void
take_out(json_t *all, const json_t *names)
{
	const char *name;
	json_t *v;
	size_t i;

	json_array_foreach (names, i, v)
		for (size_t k = json_array_size(all); k-- > 0;) {
			name = json_string_value(json_array_get(all, k));
			if (strcmp(name, json_string_value(v)) == 0)
				(void)json_array_remove(all, k);
		}
}

/* All permissions for an administrator, without those that it lacks, or that
 * the list leaves out although it has them: so do real servers. */
static json_t *
permissions(const struct caller *who)
{
	json_t *all = who->admin ? schema_permissions() : json_array();

	if (json_array_size(all) == 0) {
		json_decref(all);
		all =
		    json_pack("[s, s, s, s, s]", "authenticate", "emailReceive",
			who->admin ? "sysAccountCreate" : "emailSend",
			who->admin ? "sysActionCreate" : "imapAuthenticate",
			who->admin ? "impersonate" : "pop3Authenticate");
	}
	take_out(all, settings.lacks);
	take_out(all, settings.hides);
	return all;
}

static void
upload(const struct request *q, const struct caller *who, struct reply *r)
{
	char *id = strdup(q->path + strlen("/jmap/upload/"));
	struct object *o;

	id[strcspn(id, "/")] = '\0';
	o = object_find(TYPE_ACCOUNT, id);
	if (o == NULL || (!who->admin && who->account != o))
		no_login(r, 403);
	else
		send_json(r, json_pack("{s:s, s:s, s:s?, s:I}", "accountId", id,
				 "blobId", blob_store(q->body, q->len), "type",
				 q->content_type, "size", (json_int_t)q->len));
	free(id);
}

/* /jmap/download/ACCOUNT/BLOB/NAME */
static void
download(const struct request *q, const struct caller *who, struct reply *r)
{
	char *id = strdup(q->path + strlen("/jmap/download/")), *blob;
	const char *data = NULL;
	struct object *o;
	size_t len = 0;

	blob = id + strcspn(id, "/");
	if (*blob != '\0')
		*blob++ = '\0';
	blob[strcspn(blob, "/")] = '\0';
	o = object_find(TYPE_ACCOUNT, id);
	if (o != NULL && (who->admin || who->account == o))
		data = blob_data(blob, &len);
	if (data == NULL) {
		not_found(r);
	} else {
		r->type = "application/octet-stream";
		buf_add(&r->body, data, len);
	}
	free(id);
}

static void
redirect(struct reply *r, int status, const char *path)
{
	r->status = status;
	(void)snprintf(r->location, sizeof r->location, "%s", path);
	buf_adds(&r->body, "");
}

static bool no_schema;

static void
with_login(const struct request *q, const struct caller *who, struct reply *r,
    const struct fault *fault)
{
	bool get = strcmp(q->method, "GET") == 0,
	     post = strcmp(q->method, "POST") == 0;
	const char *path = q->path;

	if (strcmp(path, "/api/account") == 0)
		send_json(r, json_pack("{s:o, s:s, s:s}", "permissions",
				 permissions(who), "edition", "community",
				 "locale", schema_locale()));
	else if (!no_schema && strcmp(path, "/api/schema") == 0)
		redirect(r, 302, schema_path());
	else if (!no_schema && strcmp(path, schema_path()) == 0)
		schema(r);
	else if (post && str_starts(path, "/jmap/upload/"))
		upload(q, who, r);
	else if (get && str_starts(path, "/jmap/download/"))
		download(q, who, r);
	else if (post &&
		 (strcmp(path, "/jmap") == 0 || strcmp(path, "/jmap/") == 0))
		jmap(q, who, r, fault);
	else if (get && (str_starts(path, "/jmap/session")))
		send_json(r, session_object(who));
	else if (str_starts(path, "/jmap") || str_starts(path, "/api"))
		not_found(r);
	else {
		char to[200];

		(void)snprintf(to, sizeof to, "%.190s/", path);
		redirect(r, 302, to);
	}
}

static void
answer(const struct request *q, struct reply *r, const struct fault *fault)
{
	struct caller who = { 0 };
	int status;

	if (strcmp(q->path, "/.well-known/jmap") == 0) {
		redirect(r, 307, "/jmap/session");
		return;
	}
	if (q->authorization == NULL && str_starts(q->path, "/jmap/session") &&
	    strcmp(q->method, "GET") == 0) {
		send_json(r, session_object(NULL));
		return;
	}
	status = *q->user == '\0'
		     ? 401
		     : login(q->user, q->password, q->remote, &who);
	if (status != 200)
		no_login(r, status);
	else
		with_login(q, &who, r, fault);
}

/* As a start does. */
static void
load_all(void)
{
	routes_load_settings();
	routes_load_keys();
}

static bool
counted(const struct request *q)
{
	return strcmp(q->method, "POST") == 0;
}

static const char help[] =
    "usage: standin-stalwart --listen ADDRESS:PORT --admin USER:SECRET "
    "[option ...]\n"
    "\n"
    "A stand-in for the Stalwart server 0.16, for tests. The URL is printed "
    "on\n"
    "the first line; port 0 takes a free one. SIGUSR2 loads the settings as "
    "a\n"
    "restart does.\n"
    "\n"
    "  --tls CERT KEY      serve https with these PEM files\n"
    "  --log FILE          a line of JSON for each request\n"
    "  --fault WHEN:WHAT   something goes wrong at a POST request: number, or "
    "*;\n"
    "                      202 429[:SECONDS] 503[:SECONDS] 500\n"
    "                      reset-before\n"
    "                      reset-after cut badjson no-list slow:MS refuse:MS\n"
    "                      method-error:TYPE mid-set[:TYPE]\n"
    "  --mail FILE         what the accounts hold, a line of JSON each\n"
    "  --smtp ADDRESS:PORT take mail, too; the URL is on the second line\n"
    "  --smtp-log FILE     a line of JSON for each recipient: delivered, "
    "relayed,\n"
    "                      deferred or bounced\n"
    "  --reach HOST:PORT=ADDRESS:PORT  where a relay really is\n"
    "  --world ADDRESS:PORT  the MX of everybody else\n"
    "  --schema FILE       what /api/schema serves, and the types of objects\n"
    "  --bcp47             locales as from 0.16.20 on, de-DE\n"
    "  --no-schema         /api/schema is not found\n"
    "  --no-default-role   new users have no role\n"
    "  --lacks PERMISSION  the administrator does not have it\n"
    "  --hides PERMISSION  it has it, and the list of its own does not say so\n"
    "  --rehash            hash every secret again, as releases before 0.16.6\n"
    "  --resolves          names can be resolved, so that ReloadSettings "
    "works\n"
    "  --quote-request     quote the request in the errors of objects\n"
    "  --max-objects-in-set N, --max-objects-in-get N, --max-calls N,\n"
    "  --max-size-request N, --max-concurrent N  limits of the session\n";

int
main(int argc, char **argv)
{
	enum {
		LISTEN = 256,
		ADMIN,
		TLS,
		LOG,
		FAULT,
		MAIL,
		SMTP,
		SMTP_LOG,
		REACH,
		WORLD,
		REHASH,
		QUOTE,
		RESOLVES,
		SET,
		GET,
		CALLS,
		SIZE,
		CONCURRENT,
		SCHEMA,
		BCP47,
		NO_SCHEMA,
		NO_ROLE,
		LACKS,
		HIDES,
		HELP
	};
	static const struct option options[] = { { "listen", required_argument,
						     NULL, LISTEN },
		{ "admin", required_argument, NULL, ADMIN },
		{ "tls", required_argument, NULL, TLS },
		{ "log", required_argument, NULL, LOG },
		{ "fault", required_argument, NULL, FAULT },
		{ "mail", required_argument, NULL, MAIL },
		{ "smtp", required_argument, NULL, SMTP },
		{ "smtp-log", required_argument, NULL, SMTP_LOG },
		{ "reach", required_argument, NULL, REACH },
		{ "world", required_argument, NULL, WORLD },
		{ "rehash", no_argument, NULL, REHASH },
		{ "quote-request", no_argument, NULL, QUOTE },
		{ "resolves", no_argument, NULL, RESOLVES },
		{ "max-objects-in-set", required_argument, NULL, SET },
		{ "max-objects-in-get", required_argument, NULL, GET },
		{ "max-calls", required_argument, NULL, CALLS },
		{ "max-size-request", required_argument, NULL, SIZE },
		{ "max-concurrent", required_argument, NULL, CONCURRENT },
		{ "schema", required_argument, NULL, SCHEMA },
		{ "bcp47", no_argument, NULL, BCP47 },
		{ "no-schema", no_argument, NULL, NO_SCHEMA },
		{ "no-default-role", no_argument, NULL, NO_ROLE },
		{ "lacks", required_argument, NULL, LACKS },
		{ "hides", required_argument, NULL, HIDES },
		{ "help", no_argument, NULL, HELP }, { NULL, 0, NULL, 0 } };
	struct http_server server = { .answer = answer,
		.counted = counted,
		.realm = "Basic realm=\"Stalwart Server\"" };
	struct smtp_options smtp = { .max_size = 100 << 20 };
	const char *listen = NULL;
	bool roles = true, new_locales = false;
	int ch;

	while ((ch = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (ch) {
		case LISTEN:
			listen = optarg;
			break;
		case ADMIN:
			settings.admin = optarg;
			break;
		case TLS:
			server.cert = optarg;
			server.key = argv[optind++];
			break;
		case LOG:
			server.log = optarg;
			break;
		case FAULT:
			if (!http_fault(&server, optarg)) {
				(void)fprintf(
				    stderr, "no such fault: %s\n", optarg);
				return 2;
			}
			break;
		case MAIL:
			mail_file = optarg;
			break;
		case SMTP:
			smtp.listen = optarg;
			break;
		case SMTP_LOG:
			smtp.log = optarg;
			break;
		case REACH:
			smtp.reach = optarg;
			break;
		case WORLD:
			smtp.world = optarg;
			break;
		case REHASH:
			settings.rehash = true;
			break;
		case QUOTE:
			settings.quote = true;
			break;
		case RESOLVES:
			settings.resolves = true;
			break;
		case SET:
			settings.max_set = strtoul(optarg, NULL, 10);
			break;
		case GET:
			settings.max_get = strtoul(optarg, NULL, 10);
			break;
		case CALLS:
			settings.max_calls = strtoul(optarg, NULL, 10);
			break;
		case SIZE:
			settings.max_size = strtoul(optarg, NULL, 10);
			break;
		case CONCURRENT:
			settings.max_concurrent = strtoul(optarg, NULL, 10);
			break;
		case SCHEMA:
			if (!schema_read(optarg)) {
				(void)fprintf(
				    stderr, "no schema: %s\n", optarg);
				return 2;
			}
			break;
		case BCP47:
			new_locales = true;
			break;
		case NO_SCHEMA:
			no_schema = true;
			break;
		case NO_ROLE:
			roles = false;
			break;
		case LACKS:
			if (settings.lacks == NULL)
				settings.lacks = json_array();
			(void)json_array_append_new(
			    settings.lacks, json_string(optarg));
			break;
		case HIDES:
			if (settings.hides == NULL)
				settings.hides = json_array();
			(void)json_array_append_new(
			    settings.hides, json_string(optarg));
			break;
		case HELP:
			(void)fputs(help, stdout);
			return 0;
		default:
			(void)fputs(help, stderr);
			return 2;
		}
	}
	if (listen == NULL || settings.admin == NULL ||
	    strchr(settings.admin, ':') == NULL) {
		(void)fputs(help, stderr);
		return 2;
	}
	if (new_locales)
		schema_bcp47();
	generic_roles(roles);
	load_all();
	server.restarted = load_all;
	if (smtp.listen != NULL && (server.more = smtp_start(&smtp)) == NULL)
		return 2;
	return http_serve(&server, listen);
}
