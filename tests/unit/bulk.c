/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/* The change of a mapping file, with a proxy that loads it, refuses it, or does
 * something else. */
#include "proxy/bulk.h"

#include <arpa/inet.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/alloc.h"
#include "core/buf.h"
#include "core/io.h"
#include "unit/tap.h"

#define OLD "# ours\nalice@o.test legacy\n"

static int listener;
/* What the proxy does: the status of a reload, and where it says that everybody
 * goes. */
static int reload_status;
static const char *route;
static int reloads;

/* Reads a request's head, without a body. */
static bool
take_head(int fd, char *text, size_t size)
{
	size_t len = 0;

	while (len + 1 < size) {
		ssize_t n = read(fd, text + len, size - len - 1);

		if (n <= 0)
			return false;
		len += (size_t)n;
		text[len] = '\0';
		if (strstr(text, "\r\n\r\n") != NULL)
			return true;
	}
	return false;
}

static void
answer(int fd, const char *head)
{
	char body[256], text[512];
	int status = 200, n;

	(void)snprintf(body, sizeof body, "ok");
	if (strstr(head, "/mappings/reload") != NULL) {
		status = ++reloads > 1 ? 200 : reload_status;
	} else if (strstr(head, "/mappings?") != NULL) {
		(void)snprintf(body, sizeof body,
		    "{\"destination\":\"%s\",\"normalized\":\"x\"}", route);
	}
	n = snprintf(text, sizeof text,
	    "HTTP/1.1 %d X\r\nContent-Length: %zu\r\nConnection: close\r\n\r\n"
	    "%s",
	    status, strlen(body), body);
	(void)write_all(fd, text, (size_t)n);
}

static void *
serve(void *arg)
{
	char head[4096];
	int fd;

	(void)arg;
	while ((fd = accept(listener, NULL, NULL)) != -1) {
		if (take_head(fd, head, sizeof head))
			answer(fd, head);
		(void)close(fd);
	}
	return NULL;
}

static void
write_file(const char *path, const char *text)
{
	FILE *f = fopen(path, "w");

	if (f == NULL || fputs(text, f) == EOF || fclose(f) != 0)
		exit(2);
}

static const char *
content(const char *path)
{
	static char text[4096];
	FILE *f = fopen(path, "r");
	size_t n = f == NULL ? 0 : fread(text, 1, sizeof text - 1, f);

	text[n] = '\0';
	if (f != NULL)
		(void)fclose(f);
	return text;
}

/* Sets alice and bob; the file as it is then. */
static const char *
set(const char *url, const char *path, const char *destination, bool dry_run,
    int *result, struct why *why)
{
	struct http_options o = { .token = "t" };
	struct subjects all = { .logins = true };
	struct proxy p = { .http = http_new(url, &o, why) };

	write_file(path, OLD);
	reloads = 0;
	subjects_add_name(&all, "alice@o.test", NULL, NULL);
	subjects_add_name(&all, "bob@o.test", NULL, NULL);
	*why = (struct why){ 0 };
	*result = bulk_set(&p, path, true, &all, destination, dry_run, why);
	proxy_close(&p);
	subjects_free(&all);
	return content(path);
}

static void
test(const char *url, const char *path)
{
	struct why why = { 0 };
	int r;

	reload_status = 200;
	route = "stalwart";
	SAME(set(url, path, "stalwart", false, &r, &why),
	    "# ours\nalice@o.test\tstalwart\nbob@o.test\tstalwart\n",
	    "one line for each, comments stay");
	OK(r == 0 && reloads == 1, "and the proxy loads it, once");
	SAME(set(url, path, NULL, false, &r, &why), "# ours\n", "taken away");
	SAME(set(url, path, "stalwart", true, &r, &why), OLD, "a dry run");
	OK(r == 0 && reloads == 0, "asks nothing");
	reload_status = 500;
	SAME(set(url, path, "stalwart", false, &r, &why), OLD,
	    "a file that the proxy refuses is undone");
	OK(r == -1 && why.kind == FAIL_TEMP && reloads == 2 &&
		strstr(why.text, "the old mapping file is in its place again"),
	    "and loaded, and it is said");
	reload_status = 200;
	route = "legacy";
	SAME(set(url, path, "stalwart", false, &r, &why), OLD,
	    "a proxy that does not do what the file says: undone");
	OK(r == -1 && why.kind == FAIL_FATAL && reloads == 2, "fatal");
}

int
main(void)
{
	struct sockaddr_in a = { .sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof a;
	char folder[] = "/tmp/unit-bulk.XXXXXX", *path, *url;
	pthread_t thread;

	listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (listener == -1 || mkdtemp(folder) == NULL ||
	    bind(listener, (struct sockaddr *)&a, len) == -1 ||
	    listen(listener, 8) == -1 ||
	    getsockname(listener, (struct sockaddr *)&a, &len) == -1 ||
	    pthread_create(&thread, NULL, serve, NULL) != 0)
		return 2;
	url = xasprintf("http://127.0.0.1:%d", ntohs(a.sin_port));
	path = xasprintf("%s/map", folder);
	test(url, path);
	(void)shutdown(listener, SHUT_RDWR);
	(void)pthread_join(thread, NULL);
	(void)close(listener);
	(void)unlink(path);
	(void)rmdir(folder);
	free(url);
	free(path);
	TAP_DONE();
}
