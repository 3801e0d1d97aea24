/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/*
 * Delivery, in the order in which the mail came. What cannot be handed on is
 * tried again a moment later; what cannot be delivered is only logged, as
 * "bounced", and no notice of it is sent.
 */
#include "standin/queue.h"

#include <arpa/inet.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "core/alloc.h"
#include "core/json.h"
#include "core/str.h"
#include "standin/http.h"
#include "standin/post.h"
#include "standin/routes.h"
#include "standin/stalwart.h"

enum {
	WORKERS = 4,
	RETRY_MS = 200,
	ANSWER_SECONDS = 20
};

/* A message for one recipient. */
struct item {
	char *from, *rcpt;
	struct buf message;
	struct item *next;
};

static const struct smtp_options *options;
static struct item *first, **last = &first;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t more = PTHREAD_COND_INITIALIZER;
static FILE *log_file;

static void
put(struct item *item)
{
	item->next = NULL;
	(void)pthread_mutex_lock(&lock);
	*last = item;
	last = &item->next;
	(void)pthread_cond_signal(&more);
	(void)pthread_mutex_unlock(&lock);
}

static struct item *
take(void)
{
	struct item *item;

	(void)pthread_mutex_lock(&lock);
	while (first == NULL)
		(void)pthread_cond_wait(&more, &lock);
	item = first;
	first = item->next;
	if (first == NULL)
		last = &first;
	(void)pthread_mutex_unlock(&lock);
	return item;
}

/* The text of the header field Message-ID, new. */
static char *
message_id(const struct item *item)
{
	const char *at = strcasestr(buf_str(&item->message), "\nMessage-ID:");

	at = at == NULL ? "" : at + strlen("\nMessage-ID:");
	at += strspn(at, " \t");
	return xmemdup(at, strcspn(at, " \t\r\n"));
}

static void
tell(const struct item *item, const char *status, const char *route)
{
	char *id = message_id(item);
	struct buf line = { 0 };

	jw_open(&line, '{');
	jw_kstr(&line, "id", id);
	jw_kstr(&line, "rcpt", item->rcpt);
	jw_kstr(&line, "route", route);
	jw_kstr(&line, "status", status);
	jw_close(&line, '}');
	buf_addc(&line, '\n');
	(void)pthread_mutex_lock(&lock);
	if (log_file != NULL) {
		(void)fwrite(line.data, 1, line.len, log_file);
		(void)fflush(log_file);
	}
	(void)pthread_mutex_unlock(&lock);
	buf_free(&line);
	free(id);
}

void
queue_add(const char *from, const json_t *rcpts, const struct buf *message)
{
	json_t *rcpt;
	size_t i;

	json_array_foreach (rcpts, i, rcpt) {
		struct item *item = xcalloc(1, sizeof *item);

		item->from = xstrdup(from);
		item->rcpt = xstrdup(json_string_value(rcpt));
		buf_add(&item->message, message->data, message->len);
		tell(item, "queued", NULL);
		put(item);
	}
}

/* --- handing on --- */

/* The first digit of an answer, all of its lines read; 0 at the end. */
static int
answer(FILE *in)
{
	char line[1024];

	while (fgets(line, sizeof line, in) != NULL)
		if (strlen(line) < 4 || line[3] != '-')
			return *line - '0';
	return 0;
}

/* A command, and the first digit of its answer. */
static int
command(FILE *in, FILE *out, const char *verb, const char *path)
{
	(void)fprintf(out, path == NULL ? "%s\r\n" : "%s<%s>\r\n", verb, path);
	(void)fflush(out);
	return answer(in);
}

static void
send_text(FILE *out, const struct buf *message)
{
	const char *at = buf_str(&*message), *end = at + message->len;

	while (at < end) {
		const char *newline = memchr(at, '\n', (size_t)(end - at));
		size_t n = newline == NULL ? (size_t)(end - at)
					   : (size_t)(newline - at) + 1;

		if (*at == '.')
			(void)fputc('.', out);
		(void)fwrite(at, 1, n, out);
		at += n;
	}
	(void)fputs(".\r\n", out);
	(void)fflush(out);
}

/* 2: handed on; 5: refused for good; anything else: not now. */
static int
talk(const struct item *item, FILE *in, FILE *out)
{
	int r = answer(in);

	if (r == 2)
		r = command(in, out, "EHLO standin.test", NULL);
	if (r == 2)
		r = command(in, out, "MAIL FROM:", item->from);
	if (r == 2)
		r = command(in, out, "RCPT TO:", item->rcpt);
	if (r == 2 && command(in, out, "DATA", NULL) != 3)
		r = 4;
	if (r == 2) {
		send_text(out, &item->message);
		r = answer(in);
	}
	(void)fputs("QUIT\r\n", out);
	(void)fflush(out);
	return r;
}

static int
hand_on(const struct item *item, const char *address)
{
	struct timeval limit = { .tv_sec = ANSWER_SECONDS };
	struct sockaddr_in sa;
	FILE *in, *out;
	int fd, r = 4;

	if (!http_address(address, &sa))
		return 4;
	fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd == -1 ||
	    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit) ==
		-1 ||
	    connect(fd, (struct sockaddr *)&sa, sizeof sa) == -1) {
		if (fd != -1)
			(void)close(fd);
		return 4;
	}
	in = fdopen(fd, "r");
	out = fdopen(dup(fd), "w");
	if (in != NULL && out != NULL)
		r = talk(item, in, out);
	if (out != NULL)
		(void)fclose(out);
	if (in != NULL)
		(void)fclose(in);
	return r;
}

/* Where a relay is reached, new; NULL where it is never used: the server drops
 * loopback from the addresses of a relay. */
static char *
place_of(const char *host, int port)
{
	char *name = xasprintf("%s:%d", host, port);
	const char *equals =
	    options->reach == NULL ? NULL : strchr(options->reach, '=');

	if (equals != NULL &&
	    strncmp(options->reach, name, strlen(name)) == 0 &&
	    options->reach + strlen(name) == equals) {
		free(name);
		return xstrdup(equals + 1);
	}
	if (is_loopback(host)) {
		free(name);
		return NULL;
	}
	return name;
}

/* --- one recipient --- */

static int
deliver_local(const struct item *item)
{
	char *lower = str_lower(xstrdup(item->rcpt));
	struct object *o;
	bool done;

	http_lock();
	o = account_by_address(lower);
	done = o != NULL && post_deliver(o, NULL, item->message.data,
				item->message.len) != NULL;
	http_unlock();
	free(lower);
	return done ? 2 : 5;
}

static int
deliver(const struct item *item, char route[80])
{
	const char *host;
	char *place = NULL;
	int port, r = 4;
	bool relay;

	http_lock();
	(void)snprintf(route, 80, "%s",
	    strchr(item->rcpt, '@') == NULL ? "" : routes_decide(item->rcpt));
	relay = routes_relay(route, &host, &port);
	if (relay)
		place = place_of(host, port);
	http_unlock();
	if (strcmp(route, "local") == 0)
		return deliver_local(item);
	if (strcmp(route, "mx") == 0)
		return options->world == NULL ? 5
					      : hand_on(item, options->world);
	if (place != NULL)
		r = hand_on(item, place);
	free(place);
	/* The name of a route that is not there fails at delivery. */
	return relay ? r : 5;
}

static void *
work(void *arg)
{
	(void)arg;
	for (;;) {
		struct item *item = take();
		char route[80];
		int r = deliver(item, route);

		if (r != 2 && r != 5) {
			tell(item, "deferred", route);
			(void)usleep(RETRY_MS * 1000);
			put(item);
			continue;
		}
		tell(item,
		    r == 5                        ? "bounced"
		    : strcmp(route, "local") == 0 ? "delivered"
						  : "relayed",
		    route);
		free(item->from);
		free(item->rcpt);
		buf_free(&item->message);
		free(item);
	}
	return NULL;
}

bool
queue_start(const struct smtp_options *o)
{
	pthread_t t;

	options = o;
	if (o->log != NULL && (log_file = fopen(o->log, "ae")) == NULL) {
		perror(o->log);
		return false;
	}
	for (int i = 0; i < WORKERS; i++)
		if (pthread_create(&t, NULL, work, NULL) != 0)
			return false;
	return true;
}
