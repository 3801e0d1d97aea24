/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

#include "http/stream.h"

#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/alloc.h"
#include "core/str.h"
#include "http/curl.h"
#include "http/retry.h"

enum {
	STEP_SECONDS = 60,
	/* The folders of an owner may take the server long to count; one that
	 * says a byte at a time would take years. */
	TOTAL_SECONDS = 1800,
	POLL_MS = 200 /* how late a signal is seen */
};

struct stream {
	CURL *curl;
	curl_socket_t fd;
	int timeout_ms;
	long total;
	double end; /* of the answer that is waited for */
	bool (*stop)(void);
	char error[CURL_ERROR_SIZE];
};

/* Behind "SCHEME://" or "SCHEMEs://"; NULL for another URL. */
static const char *
host_of(const char *url, const char *scheme)
{
	size_t len = strlen(scheme);

	if (!str_starts_nocase(url, scheme))
		return NULL;
	len += url[len] == 's' || url[len] == 'S' ? 1 : 0;
	return strncmp(url + len, "://", 3) == 0 ? url + len + 3 : NULL;
}

int
stream_check(const char *url, const char *scheme, struct why *why)
{
	const char *host = host_of(url, scheme);

	if (curl_check_userinfo(url, why) == -1)
		return -1;
	if (host == NULL || *host == '\0')
		return why_set(why, FAIL_FATAL,
		    "not %s %ss:// or %s:// URL: %s",
		    *scheme == 'i' ? "an" : "a", scheme, scheme, url);
	/* A path would be a folder's, or a script's. */
	host += strcspn(host, "/");
	if (*host != '\0' && host[1] != '\0')
		return why_set(why, FAIL_FATAL, "a URL with a path: %s", url);
	return curl_start(why);
}

bool
stream_wants_starttls(const char *url, const struct stream_options *o)
{
	return o->starttls || (!o->insecure && !curl_is_loopback(url));
}

/*
 * A URL by which libcurl opens the connection: IMAP's own; of ManageSieve one
 * of HTTP, of which nothing is said.
 */
static char *
transport_url(const char *url, bool tls)
{
	const char *host = host_of(url, "sieve");
	const char *port = host == NULL ? NULL : strrchr(host, ':');
	size_t len;

	if (host == NULL)
		return xstrdup(url);
	len = strcspn(host, "/");
	/* Colons within brackets are an address's. */
	if (port != NULL && (port > host + len || strchr(port, ']') != NULL))
		port = NULL;
	return xasprintf("%s://%.*s%s", tls ? "https" : "http", (int)len, host,
	    port == NULL ? ":4190" : "");
}

static void
set_options(struct stream *s, const char *url, const struct stream_options *o)
{
	long seconds = o->timeout != 0 ? o->timeout : STEP_SECONDS;

	s->timeout_ms = (int)(seconds * 1000);
	s->total = o->total != 0 ? o->total : TOTAL_SECONDS;
	s->end = http_now() + (double)s->total;
	s->stop = o->stop;
	curl_stoppable(s->curl, &s->stop);
	curl_secure(s->curl, "imap,imaps,http,https", o->cacert,
	    o->insecure_tls, s->error);
	(void)curl_easy_setopt(s->curl, CURLOPT_URL, url);
	/* No login: libcurl's copies of a password are not overwritten, and it
	 * does not tell a wrong one from a server that is ill. */
	(void)curl_easy_setopt(s->curl, CURLOPT_CONNECT_ONLY, 1L);
	/* No offer of HTTP to a server of mail. */
	(void)curl_easy_setopt(s->curl, CURLOPT_SSL_ENABLE_ALPN, 0L);
	(void)curl_easy_setopt(s->curl, CURLOPT_TIMEOUT, seconds);
	(void)curl_easy_setopt(
	    s->curl, CURLOPT_SERVER_RESPONSE_TIMEOUT, seconds);
	(void)curl_easy_setopt(s->curl, CURLOPT_USE_SSL,
	    (long)(stream_wants_starttls(url, o) ? CURLUSESSL_ALL
						 : CURLUSESSL_NONE));
}

/* The first socket that libcurl asks for is the one that is there. */
static curl_socket_t
give_socket(void *arg, curlsocktype purpose, struct curl_sockaddr *address)
{
	curl_socket_t *there = arg, fd = *there;

	(void)purpose;
	(void)address;
	*there = CURL_SOCKET_BAD;
	return fd;
}

static int
is_connected(void *arg, curl_socket_t fd, curlsocktype purpose)
{
	(void)arg;
	(void)fd;
	(void)purpose;
	return CURL_SOCKOPT_ALREADY_CONNECTED;
}

/* Connects, or goes on with the connection *there. */
static int
start(struct stream *s, const char *url, bool tls, curl_socket_t *there,
    const struct stream_options *o, struct why *why)
{
	char *transport = transport_url(url, tls);
	bool unsure;
	CURLcode code = CURLE_FAILED_INIT;

	s->fd = CURL_SOCKET_BAD;
	s->curl = curl_easy_init();
	if (s->curl != NULL) {
		set_options(s, transport, o);
		if (*there != CURL_SOCKET_BAD) {
			(void)curl_easy_setopt(
			    s->curl, CURLOPT_OPENSOCKETFUNCTION, give_socket);
			(void)curl_easy_setopt(
			    s->curl, CURLOPT_OPENSOCKETDATA, there);
			(void)curl_easy_setopt(
			    s->curl, CURLOPT_SOCKOPTFUNCTION, is_connected);
		}
		code = curl_easy_perform(s->curl);
	}
	free(transport);
	if (code == CURLE_OK)
		code =
		    curl_easy_getinfo(s->curl, CURLINFO_ACTIVESOCKET, &s->fd);
	return code == CURLE_OK ? 0
				: curl_failure(code, s->error, &unsure, why);
}

struct stream *
stream_open(const char *url, const struct stream_options *o, struct why *why)
{
	struct stream *s = xcalloc(1, sizeof *s);
	curl_socket_t none = CURL_SOCKET_BAD;

	if (start(s, url, str_starts_nocase(url, "sieves"), &none, o, why) == 0)
		return s;
	stream_close(s);
	return NULL;
}

int
stream_start_tls(struct stream *s, const char *url,
    const struct stream_options *o, struct why *why)
{
	/* libcurl ends its own descriptor of it with its handle. */
	curl_socket_t there = fcntl(s->fd, F_DUPFD_CLOEXEC, 0);
	int r;

	if (there == -1)
		return why_errno(why, FAIL_TEMP, "a connection");
	curl_easy_cleanup(s->curl);
	r = start(s, url, true, &there, o, why);
	if (there != CURL_SOCKET_BAD)
		(void)close(there);
	return r;
}

/* Waits until the socket can be read, or written. */
static int
wait_for(struct stream *s, short events, struct why *why)
{
	struct pollfd p = { .fd = s->fd, .events = events };
	int n = 0;

	if (http_now() > s->end)
		return why_set(why, FAIL_TEMP,
		    "the server's answer has no end within %ld seconds",
		    s->total);
	for (int ms = 0; n == 0 && ms < s->timeout_ms; ms += POLL_MS) {
		n = poll(&p, 1, POLL_MS);
		if (s->stop != NULL && s->stop())
			return why_set(why, FAIL_TEMP, "stopped");
	}
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

	s->end = http_now() + (double)s->total;
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
