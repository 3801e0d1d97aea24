/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/* The server side of SMTP: one thread a connection. */
#include "standin/smtp.h"

#include <arpa/inet.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/alloc.h"
#include "core/buf.h"
#include "core/str.h"
#include "standin/http.h"
#include "standin/queue.h"
#include "standin/routes.h"

static struct smtp_options options;
static char url[64];

struct session {
	FILE *in, *out;
	char *from; /* NULL: no MAIL command yet */
	json_t *rcpts;
};

static void
say(struct session *s, const char *line)
{
	(void)fprintf(s->out, "%s\r\n", line);
	(void)fflush(s->out);
}

static void
forget(struct session *s)
{
	free(s->from);
	s->from = NULL;
	json_decref(s->rcpts);
	s->rcpts = json_array();
}

/* What stands between < and > after the colon; new. */
static char *
path_of(const char *line)
{
	const char *open = strchr(line, '<'),
		   *close = open == NULL ? NULL : strchr(open, '>');

	return close == NULL ? NULL
			     : xmemdup(open + 1, (size_t)(close - open - 1));
}

static void
mail(struct session *s, const char *line)
{
	const char *size = strstr(line, "SIZE=");

	forget(s);
	if (size != NULL && options.max_size != 0 &&
	    strtol(size + 5, NULL, 10) > options.max_size) {
		say(s, "552 5.3.4 Message too big for system.");
		return;
	}
	s->from = path_of(line);
	say(s, s->from == NULL ? "501 5.5.4 Syntax error in address."
			       : "250 2.1.0 OK");
}

static void
rcpt(struct session *s, const char *line)
{
	char *to = path_of(line);
	json_t *all = NULL, *one;
	size_t i;

	if (s->from == NULL) {
		say(s, "503 5.5.1 MAIL is required first.");
		free(to);
		return;
	}
	http_lock();
	if (to != NULL)
		all = routes_resolve(to);
	http_unlock();
	free(to);
	json_array_foreach (all, i, one)
		(void)json_array_append(s->rcpts, one);
	say(s,
	    all == NULL ? "550 5.1.2 Mailbox does not exist." : "250 2.1.5 OK");
	json_decref(all);
}

/* Reads to the lone dot. False when the connection ends before it. */
static bool
read_data(struct session *s, struct buf *data)
{
	char *line = NULL;
	size_t cap = 0;
	ssize_t n;

	while ((n = getline(&line, &cap, s->in)) > 0) {
		if (strcmp(line, ".\r\n") == 0)
			break;
		buf_add(
		    data, line + (*line == '.'), (size_t)n - (*line == '.'));
	}
	free(line);
	return n > 0;
}

static bool
data(struct session *s)
{
	struct buf message = { 0 };
	bool ok;

	if (json_array_size(s->rcpts) == 0) {
		say(s, "503 5.5.1 RCPT is required first.");
		return true;
	}
	say(s, "354 Start mail input; end with <CRLF>.<CRLF>");
	buf_adds(&message,
	    "Received: from client by standin with ESMTP; Thu, 1 Jan 2026 "
	    "00:00:00 +0000\r\n");
	ok = read_data(s, &message);
	if (ok && options.max_size != 0 &&
	    message.len > (size_t)options.max_size) {
		say(s, "552 5.3.4 Message too big for system.");
	} else if (ok) {
		queue_add(s->from, s->rcpts, &message);
		say(s, "250 2.0.0 Message queued.");
	}
	buf_free(&message);
	forget(s);
	return ok;
}

/* One command; false ends the session. */
static bool
obey(struct session *s, char *line)
{
	line[strcspn(line, "\r\n")] = '\0';
	if (strncasecmp(line, "EHLO", 4) == 0) {
		(void)fprintf(s->out, "250-standin says hello\r\n"
				      "250-PIPELINING\r\n250-8BITMIME\r\n");
		(void)fprintf(s->out, "250 SIZE %ld\r\n", options.max_size);
		(void)fflush(s->out);
	} else if (strncasecmp(line, "HELO", 4) == 0) {
		say(s, "250 standin");
	} else if (strncasecmp(line, "MAIL FROM:", 10) == 0) {
		mail(s, line);
	} else if (strncasecmp(line, "RCPT TO:", 8) == 0) {
		rcpt(s, line);
	} else if (strncasecmp(line, "DATA", 4) == 0) {
		return data(s);
	} else if (strncasecmp(line, "RSET", 4) == 0) {
		forget(s);
		say(s, "250 2.0.0 OK");
	} else if (strncasecmp(line, "NOOP", 4) == 0) {
		say(s, "250 2.0.0 OK");
	} else if (strncasecmp(line, "QUIT", 4) == 0) {
		say(s, "221 2.0.0 Bye.");
		return false;
	} else {
		say(s, "500 5.5.1 Invalid command.");
	}
	return true;
}

static void *
serve(void *arg)
{
	int fd = *(int *)arg;
	struct session s = { .in = fdopen(fd, "r"), .rcpts = json_array() };
	char *line = NULL;
	size_t cap = 0;

	free(arg);
	s.out = fdopen(dup(fd), "w");
	say(&s, "220 standin ESMTP");
	while (getline(&line, &cap, s.in) > 0)
		if (!obey(&s, line))
			break;
	free(line);
	free(s.from);
	json_decref(s.rcpts);
	(void)fclose(s.in);
	(void)fclose(s.out);
	return NULL;
}

static void *
accept_all(void *arg)
{
	int fd = *(int *)arg;

	for (;;) {
		int *one = xmalloc(sizeof *one);
		pthread_t t;

		*one = accept(fd, NULL, NULL);
		if (*one == -1 || pthread_create(&t, NULL, serve, one) != 0)
			free(one);
		else
			(void)pthread_detach(t);
	}
	return NULL;
}

const char *
smtp_start(const struct smtp_options *o)
{
	static int fd;
	struct sockaddr_in sa;
	socklen_t len = sizeof sa;
	pthread_t t;

	options = *o;
	if (!http_address(o->listen, &sa)) {
		(void)fprintf(stderr, "not ADDRESS:PORT: %s\n", o->listen);
		return NULL;
	}
	fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd == -1 ||
	    setsockopt(
		fd, SOL_SOCKET, SO_REUSEADDR, &(int){ 1 }, sizeof(int)) == -1 ||
	    bind(fd, (struct sockaddr *)&sa, sizeof sa) == -1 ||
	    listen(fd, 128) == -1 ||
	    getsockname(fd, (struct sockaddr *)&sa, &len) == -1) {
		perror("cannot listen for SMTP");
		return NULL;
	}
	(void)signal(SIGPIPE, SIG_IGN);
	http_block_signals();
	if (!queue_start(&options) ||
	    pthread_create(&t, NULL, accept_all, &fd) != 0)
		return NULL;
	(void)snprintf(url, sizeof url, "smtp://%s:%u\n",
	    inet_ntoa(sa.sin_addr), (unsigned int)ntohs(sa.sin_port));
	return url;
}
