/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

#include "http/stream.h"

#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "core/alloc.h"
#include "core/str.h"
#include "http/curl.h"

enum {
	STEP_SECONDS = 60
};

struct stream {
	CURL *curl;
	curl_socket_t fd;
	int timeout_ms;
	char error[CURL_ERROR_SIZE];
};

int
stream_check(const char *url, struct why *why)
{
	const char *host = NULL;

	if (curl_check_userinfo(url, why) == -1)
		return -1;
	if (str_starts_nocase(url, "imaps://"))
		host = url + 8;
	else if (str_starts_nocase(url, "imap://"))
		host = url + 7;
	if (host == NULL || *host == '\0')
		return why_set(
		    why, FAIL_FATAL, "not an imaps:// or imap:// URL: %s", url);
	/* A path would be a folder's. */
	host += strcspn(host, "/");
	if (*host != '\0' && host[1] != '\0')
		return why_set(
		    why, FAIL_FATAL, "an IMAP URL with a path: %s", url);
	return curl_start(why);
}

/* Whether imap:// must become TLS, by STARTTLS. */
static bool
wants_starttls(const char *url, const struct stream_options *o)
{
	return o->starttls || (!o->insecure && !curl_is_loopback(url));
}

static void
set_options(struct stream *s, const char *url, const struct stream_options *o)
{
	long seconds = o->timeout != 0 ? o->timeout : STEP_SECONDS;

	s->timeout_ms = (int)(seconds * 1000);
	curl_secure(
	    s->curl, "imap,imaps", o->cacert, o->insecure_tls, s->error);
	(void)curl_easy_setopt(s->curl, CURLOPT_URL, url);
	/* No login: libcurl's copies of a password are not overwritten, and it
	 * does not tell a wrong one from a server that is ill. */
	(void)curl_easy_setopt(s->curl, CURLOPT_CONNECT_ONLY, 1L);
	(void)curl_easy_setopt(s->curl, CURLOPT_TIMEOUT, seconds);
	(void)curl_easy_setopt(
	    s->curl, CURLOPT_SERVER_RESPONSE_TIMEOUT, seconds);
	(void)curl_easy_setopt(s->curl, CURLOPT_USE_SSL,
	    (long)(wants_starttls(url, o) ? CURLUSESSL_ALL : CURLUSESSL_NONE));
}

struct stream *
stream_open(const char *url, const struct stream_options *o, struct why *why)
{
	struct stream *s = xcalloc(1, sizeof *s);
	bool unsure;
	CURLcode code;

	s->fd = CURL_SOCKET_BAD;
	s->curl = curl_easy_init();
	if (s->curl == NULL) {
		why_set(why, FAIL_FATAL, "libcurl cannot start");
		goto failed;
	}
	set_options(s, url, o);
	code = curl_easy_perform(s->curl);
	if (code == CURLE_OK)
		code =
		    curl_easy_getinfo(s->curl, CURLINFO_ACTIVESOCKET, &s->fd);
	if (code != CURLE_OK) {
		curl_failure(code, s->error, &unsure, why);
		goto failed;
	}
	return s;
failed:
	stream_close(s);
	return NULL;
}

/* Waits until the socket can be read, or written. */
static int
wait_for(struct stream *s, short events, struct why *why)
{
	struct pollfd p = { .fd = s->fd, .events = events };
	int n = poll(&p, 1, s->timeout_ms);

	if (n == 0)
		return why_set(why, FAIL_TEMP,
		    "the server does not answer within %d seconds",
		    s->timeout_ms / 1000);
	/* A signal: the next attempt says more. */
	return 0;
}

static int
lost(struct stream *s, CURLcode code, struct why *why)
{
	(void)s;
	return why_set(why, FAIL_TEMP, "the connection broke: %s",
	    curl_easy_strerror(code));
}

int
stream_write(struct stream *s, const void *data, size_t len, struct why *why)
{
	const char *at = data;

	while (len > 0) {
		size_t n = 0;
		CURLcode code = curl_easy_send(s->curl, at, len, &n);

		if (code == CURLE_AGAIN) {
			if (wait_for(s, POLLOUT, why) == -1)
				return -1;
		} else if (code != CURLE_OK) {
			return lost(s, code, why);
		}
		at += n;
		len -= n;
	}
	return 0;
}

ssize_t
stream_read(struct stream *s, void *data, size_t len, struct why *why)
{
	for (;;) {
		size_t n = 0;
		CURLcode code = curl_easy_recv(s->curl, data, len, &n);

		if (code == CURLE_OK)
			return (ssize_t)n;
		if (code != CURLE_AGAIN)
			return lost(s, code, why);
		if (wait_for(s, POLLIN, why) == -1)
			return -1;
	}
}

void
stream_close(struct stream *s)
{
	if (s == NULL)
		return;
	/* libcurl would say LOGOUT and wait for an answer. */
	if (s->fd != CURL_SOCKET_BAD)
		(void)shutdown(s->fd, SHUT_RDWR);
	curl_easy_cleanup(s->curl);
	free(s);
}
