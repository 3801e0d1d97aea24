/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/* What becomes of requests when the server closes a kept connection. */
#include "http/http.h"

#include <arpa/inet.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/alloc.h"
#include "unit/tap.h"

enum {
	REQUEST_MAX = 4096
};

static int listener;
/* How many requests came, on how many connections. The thread writes them before
 * it answers. */
static int requests, connections;
/* The number of the request that is read, and not answered. */
static int dropped;

/* Reads one request whose body is "{}". */
static bool
take_request(int fd)
{
	char text[REQUEST_MAX + 1];
	size_t len = 0;

	while (len < REQUEST_MAX) {
		ssize_t n = read(fd, text + len, REQUEST_MAX - len);

		if (n <= 0)
			return false;
		len += (size_t)n;
		text[len] = '\0';
		if (len > 6 && strcmp(text + len - 6, "\r\n\r\n{}") == 0)
			return true;
	}
	return false;
}

static void *
serve(void *arg)
{
	static const char answer[] =
	    "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
	int fd;

	(void)arg;
	while ((fd = accept(listener, NULL, NULL)) != -1) {
		connections++;
		while (take_request(fd) && ++requests != dropped)
			if (write(fd, answer, sizeof answer - 1) == -1)
				break;
		(void)close(fd);
	}
	return NULL;
}

/* A server that drops the request of that number, and its URL. */
static char *
start(pthread_t *thread, int drop)
{
	struct sockaddr_in a = { .sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof a;

	requests = connections = 0;
	dropped = drop;
	listener = socket(AF_INET, SOCK_STREAM, 0);
	if (listener == -1 ||
	    bind(listener, (struct sockaddr *)&a, sizeof a) == -1 ||
	    listen(listener, 5) == -1 ||
	    getsockname(listener, (struct sockaddr *)&a, &len) == -1 ||
	    pthread_create(thread, NULL, serve, NULL) != 0) {
		(void)printf("Bail out! no server\n");
		exit(2);
	}
	return xasprintf("http://127.0.0.1:%d", ntohs(a.sin_port));
}

static void
stop(pthread_t thread)
{
	(void)shutdown(listener, SHUT_RDWR);
	(void)pthread_join(thread, NULL);
	(void)close(listener);
}

/* Posts "{}", alone or as one of several; as http_send. */
static int
post(struct http *h, bool several, bool *unsure, struct why *why)
{
	struct http_call c = { .request = { .method = "POST",
				   .path = "/",
				   .content_type = "application/json",
				   .body = "{}",
				   .len = 2 } };

	*unsure = false;
	if (several) {
		http_start(h, &c);
		while (http_next(h, 1000) == NULL)
			;
		*unsure = c.unsure;
		*why = c.why;
	} else {
		c.result = http_request(h, &c.request, &c.reply, unsure, why);
	}
	http_reply_free(&c.reply);
	return c.result;
}

static void
test_closed(bool several)
{
	const char *how = several ? "one of several" : "alone";
	struct http_options options = { 0 };
	struct why why = { 0 };
	pthread_t thread;
	char *url = start(&thread, 2);
	struct http *h = http_new(url, &options, &why);
	bool unsure;
	int before;

	OK(h != NULL && post(h, several, &unsure, &why) == 0,
	    "%s: a first request", how);
	OK(post(h, several, &unsure, &why) == -1 && unsure &&
		why.kind == FAIL_TEMP,
	    "%s: the server closes the kept connection: nobody knows", how);
	SAME(why.text, "the server closed the connection before it answered",
	    "%s: in words", how);
	OK(post(h, several, &unsure, &why) == 0,
	    "%s: the request after it is not hurt", how);
	before = connections;
	OK(post(h, several, &unsure, &why) == 0 && connections == before,
	    "%s: and its connection is kept", how);
	http_free(h);
	stop(thread);
	OK(requests == 4, "%s: nothing was sent twice (%d)", how, requests);
	free(url);
}

int
main(void)
{
	test_closed(false);
	test_closed(true);
	TAP_DONE();
}
