/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

#include "http/curl.h"

#include <stdint.h>
#include <string.h>

#include "core/str.h"

enum {
	CONNECT_SECONDS = 15
};

int
curl_start(struct why *why)
{
	static bool ready;

	if (!ready && curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
		return why_set(why, FAIL_FATAL, "libcurl cannot start");
	ready = true;
	return 0;
}

bool
curl_is_loopback(const char *url)
{
	CURLU *u = curl_url();
	char *host = NULL;
	bool ok = false;

	if (u != NULL &&
	    curl_url_set(u, CURLUPART_URL, url, CURLU_NON_SUPPORT_SCHEME) ==
		CURLUE_OK &&
	    curl_url_get(u, CURLUPART_HOST, &host, 0) == CURLUE_OK)
		ok = is_loopback(host);
	curl_free(host);
	curl_url_cleanup(u);
	return ok;
}

/* "HOST", "HOST:PORT", "[ADDRESS]:PORT". */
static bool
is_host(const char *host, size_t len)
{
	const char *close = *host == '[' ? memchr(host, ']', len) : NULL;
	size_t n = close == NULL ? 0 : (size_t)(close - host);

	while (n < len && host[n] != ':')
		n++;
	for (n++; n < len; n++)
		if (host[n] < '0' || host[n] > '9')
			return false;
	return true;
}

/*
 * Whether a password may be in it, typed in any way: "https:/me:secret@host",
 * "me:secret@host", one with a "/" in it. An "@" in the path of a whole URL is
 * none (an owner's collections).
 */
static bool
has_userinfo(const char *url)
{
	const char *host = strstr(url, "://"), *at = strchr(url, '@');
	size_t len;

	if (host == NULL || (at != NULL && at < host))
		return at != NULL;
	host += 3;
	len = strcspn(host, "/?#\\");
	return (at != NULL && at < host + len) || !is_host(host, len);
}

int
curl_check_userinfo(const char *url, struct why *why)
{
	if (!has_userinfo(url))
		return 0;
	return why_set(why, FAIL_FATAL,
	    "the URL holds a user name or password, for which there are "
	    "options, or its port is not a number");
}

void
curl_secure(CURL *c, const char *protocols, const char *cacert,
    bool insecure_tls, char *error)
{
	(void)curl_easy_setopt(c, CURLOPT_PROTOCOLS_STR, protocols);
	(void)curl_easy_setopt(c, CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
	/* Not https_proxy: passwords go to nobody in between. */
	(void)curl_easy_setopt(c, CURLOPT_PROXY, "");
	(void)curl_easy_setopt(c, CURLOPT_NOSIGNAL, 1L);
	(void)curl_easy_setopt(c, CURLOPT_ERRORBUFFER, error);
	(void)curl_easy_setopt(
	    c, CURLOPT_CONNECTTIMEOUT, (long)CONNECT_SECONDS);
	if (cacert != NULL)
		(void)curl_easy_setopt(c, CURLOPT_CAINFO, cacert);
	if (insecure_tls) {
		(void)curl_easy_setopt(c, CURLOPT_SSL_VERIFYPEER, 0L);
		(void)curl_easy_setopt(c, CURLOPT_SSL_VERIFYHOST, 0L);
	}
}

static int
on_progress(void *arg, curl_off_t a, curl_off_t b, curl_off_t c, curl_off_t d)
{
	bool (*const *stop)(void) = arg;

	(void)a;
	(void)b;
	(void)c;
	(void)d;
	return (*stop)() ? 1 : 0;
}

void
curl_stoppable(CURL *c, bool (*const *stop)(void))
{
	if (*stop == NULL)
		return;
	(void)curl_easy_setopt(c, CURLOPT_NOPROGRESS, 0L);
	(void)curl_easy_setopt(c, CURLOPT_XFERINFOFUNCTION, on_progress);
	(void)curl_easy_setopt(
	    c, CURLOPT_XFERINFODATA, (void *)(uintptr_t)stop);
}

int
curl_failure(CURLcode code, const char *error, bool *unsure, struct why *why)
{
	const char *text = *error != '\0' ? error : curl_easy_strerror(code);

	switch (code) {
	case CURLE_PEER_FAILED_VERIFICATION:
	case CURLE_SSL_CACERT_BADFILE:
	case CURLE_SSL_CERTPROBLEM:
	case CURLE_SSL_ISSUER_ERROR:
	case CURLE_SSL_PINNEDPUBKEYNOTMATCH:
		return why_set(why, FAIL_FATAL,
		    "the server's certificate cannot be trusted: %s", text);
	case CURLE_UNSUPPORTED_PROTOCOL:
	case CURLE_URL_MALFORMAT:
		return why_set(why, FAIL_FATAL, "%s", text);
	case CURLE_ABORTED_BY_CALLBACK:
		*unsure = true;
		return why_set(why, FAIL_TEMP, "stopped");
	case CURLE_USE_SSL_FAILED:
		return why_set(why, FAIL_FATAL,
		    "the server does not offer STARTTLS, and passwords would "
		    "go over the network in clear");
	case CURLE_COULDNT_RESOLVE_HOST:
	case CURLE_COULDNT_RESOLVE_PROXY:
	case CURLE_COULDNT_CONNECT:
	case CURLE_SSL_CONNECT_ERROR:
		return why_set(why, FAIL_TEMP, "%s", text);
	default:
		*unsure = true;
		return why_set(why, FAIL_TEMP, "%s", text);
	}
}
