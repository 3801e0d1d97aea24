/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/*
 * jmap-post URL USER PASSWORD CONNECTIONS PLAN: posts the lines of a plan as
 * requests that were made before the clock starts, over so many connections,
 * and reads no more of an answer than its bytes: the least that a client of
 * this server can do. References are put in by the text "b", the id of the first
 * domain. Prints the seconds.
 */
#include <curl/curl.h>
#include <jansson.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/alloc.h"
#include "core/buf.h"
#include "core/io.h"

static struct buf *bodies;
static size_t n, cap;

/* The request that creates the objects of a line. */
static void
add_line(const char *line, size_t len)
{
	json_t *op = json_loadb(line, len, 0, NULL), *value, *body;
	const char *key;
	char *text;

	value = json_object_get(op, "value");
	json_object_foreach (value, key, body) {
		json_t *alias =
		    json_object_get(json_object_get(body, "aliases"), "0");

		if (json_object_get(body, "domainId") != NULL)
			(void)json_object_set_new(
			    body, "domainId", json_string("b"));
		if (alias != NULL)
			(void)json_object_set_new(
			    alias, "domainId", json_string("b"));
	}
	text = json_dumps(value, JSON_COMPACT);
	bodies = xgrow(bodies, n, &cap, sizeof *bodies);
	bodies[n] = (struct buf){ 0 };
	buf_addf(&bodies[n],
	    "{\"using\":[\"urn:ietf:params:jmap:core\",\"urn:stalwart:jmap\"],"
	    "\"methodCalls\":[[\"x:%s/set\",{\"create\":",
	    json_string_value(json_object_get(op, "object")));
	buf_adds(&bodies[n], text);
	buf_adds(&bodies[n++], "},\"0\"]]}");
	free(text);
	json_decref(op);
}

static size_t
swallow(char *data, size_t size, size_t count, void *arg)
{
	(void)data;
	(void)arg;
	return size * count;
}

static CURL *
make_handle(const char *url, const char *user, const char *password,
    struct curl_slist *headers)
{
	CURL *c = curl_easy_init();

	if (c == NULL)
		exit(2);
	(void)curl_easy_setopt(c, CURLOPT_URL, url);
	(void)curl_easy_setopt(c, CURLOPT_USERNAME, user);
	(void)curl_easy_setopt(c, CURLOPT_PASSWORD, password);
	(void)curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, swallow);
	(void)curl_easy_setopt(c, CURLOPT_HTTPHEADER, headers);
	return c;
}

static void
give(CURLM *m, CURL *c, size_t i)
{
	(void)curl_easy_setopt(c, CURLOPT_POSTFIELDS, bodies[i].data);
	(void)curl_easy_setopt(c, CURLOPT_POSTFIELDSIZE, (long)bodies[i].len);
	(void)curl_multi_add_handle(m, c);
}

/* All requests from the second on: the first makes the domain. */
static void
post_all(CURLM *m, CURL **handles, size_t connections)
{
	size_t next = 0, done = 0;
	int running, left;

	for (; next < connections && next < n; next++)
		give(m, handles[next], next);
	while (done < n) {
		CURLMsg *msg;

		(void)curl_multi_perform(m, &running);
		while ((msg = curl_multi_info_read(m, &left)) != NULL) {
			CURL *c = msg->easy_handle;

			if (msg->data.result != CURLE_OK)
				exit(2);
			done++;
			(void)curl_multi_remove_handle(m, c);
			if (next < n)
				give(m, c, next++);
		}
		(void)curl_multi_poll(m, NULL, 0, 1000, NULL);
	}
}

static double
now(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

int
main(int argc, char **argv)
{
	struct curl_slist *headers = NULL;
	struct buf plan = { 0 };
	CURL *handles[16];
	struct why why;
	size_t connections;
	double start;
	CURLM *m;
	char *url;

	if (argc != 6 || read_file(argv[5], &plan, &why) == -1)
		return 2;
	for (char *p = plan.data, *end; (end = strchr(p, '\n')) != NULL;
	     p = end + 1)
		add_line(p, (size_t)(end - p));
	connections = strtoul(argv[4], NULL, 10) % 17;
	url = xasprintf("%s/jmap/", argv[1]);
	(void)curl_global_init(CURL_GLOBAL_DEFAULT);
	headers = curl_slist_append(headers, "Content-Type: application/json");
	headers = curl_slist_append(headers, "Expect:");
	m = curl_multi_init();
	for (size_t i = 0; i < connections; i++)
		handles[i] = make_handle(url, argv[2], argv[3], headers);
	start = now();
	post_all(m, handles, connections);
	(void)printf("%.3f\n", now() - start);
	for (size_t i = 0; i < connections; i++)
		curl_easy_cleanup(handles[i]);
	(void)curl_multi_cleanup(m);
	curl_slist_free_all(headers);
	free(url);
	return 0;
}
