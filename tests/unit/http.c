/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/* What becomes of requests when the server closes a kept connection, and of one
 * whose answer has no end. */
#include "http/http.h"

#include <arpa/inet.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/alloc.h"
#include "http/retry.h"
#include "http/stream.h"
#include "unit/tap.h"

enum {
	REQUEST_MAX = 4096,
	DRIP_US = 50000
};

static int listener;
/* How many requests came, on how many connections. The thread writes them before
 * it answers. */
static int requests, connections;
/* The number of the request that is read, and not answered. */
static int dropped = 2;

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

/* Greets, and then says a byte now and then. */
static void *
drip(void *arg)
{
	const char *greeting = arg;
	int fd = accept(listener, NULL, NULL);

	(void)send(fd, greeting, strlen(greeting), MSG_NOSIGNAL);
	while (send(fd, "x", 1, MSG_NOSIGNAL) == 1)
		(void)usleep(DRIP_US);
	(void)close(fd);
	return NULL;
}

/* A server, and the port. */
static int
start(pthread_t *thread, void *(*serving)(void *), void *arg)
{
	struct sockaddr_in a = { .sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof a;

	requests = connections = 0;
	listener = socket(AF_INET, SOCK_STREAM, 0);
	if (listener == -1 ||
	    bind(listener, (struct sockaddr *)&a, sizeof a) == -1 ||
	    listen(listener, 5) == -1 ||
	    getsockname(listener, (struct sockaddr *)&a, &len) == -1 ||
	    pthread_create(thread, NULL, serving, arg) != 0) {
		(void)printf("Bail out! no server\n");
		exit(2);
	}
	return ntohs(a.sin_port);
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
	char *url =
	    xasprintf("http://127.0.0.1:%d", start(&thread, serve, NULL));
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

static void
test_drip_http(void)
{
	char greeting[] = "HTTP/1.1 200 OK\r\nContent-Length: 9999\r\n\r\n";
	struct http_options options = { .timeout = 1 };
	struct why why = { 0 };
	pthread_t thread;
	char *url =
	    xasprintf("http://127.0.0.1:%d", start(&thread, drip, greeting));
	struct http *h = http_new(url, &options, &why);
	double started = http_now();
	bool unsure;

	OK(h != NULL && post(h, false, &unsure, &why) == -1 &&
		why.kind == FAIL_TEMP && http_now() - started < 5,
	    "an answer of HTTP that comes by drops is given up");
	http_free(h);
	stop(thread);
	free(url);
}

static void
test_drip_stream(void)
{
	char greeting[] = "OK\r\n";
	struct stream_options options = { .timeout = 2, .total = 1 };
	struct why why = { 0 };
	pthread_t thread;
	char *url =
	    xasprintf("sieve://127.0.0.1:%d", start(&thread, drip, greeting));
	struct stream *s = stream_check(url, "sieve", &why) == -1
			       ? NULL
			       : stream_open(url, &options, &why);
	double started = http_now();
	char text[16];

	OK(s != NULL && stream_write(s, "a NOOP\r\n", 8, &why) == 0,
	    "a command to a server that says a byte now and then");
	while (s != NULL && http_now() - started < 5 &&
	       stream_read(s, text, sizeof text, &why) > 0)
		;
	SAME(why.text, "the server's answer has no end within 1 seconds",
	    "it is given up");
	OK(why.kind == FAIL_TEMP && http_now() - started < 5, "in time");
	stream_close(s);
	stop(thread);
	free(url);
}

int
main(void)
{
	test_closed(false);
	test_closed(true);
	test_drip_http();
	test_drip_stream();
	TAP_DONE();
}
