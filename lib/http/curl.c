/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

#include "http/curl.h"

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

	if (u != NULL && curl_url_set(u, CURLUPART_URL, url, 0) == CURLUE_OK &&
	    curl_url_get(u, CURLUPART_HOST, &host, 0) == CURLUE_OK)
		ok = is_loopback(host);
	curl_free(host);
	curl_url_cleanup(u);
	return ok;
}

int
curl_check_userinfo(const char *url, struct why *why)
{
	const char *host = strstr(url, "://");
	const char *end = host == NULL ? NULL : strpbrk(host + 3, "/?#");
	const char *at = host == NULL ? NULL : strchr(host + 3, '@');

	if (at == NULL || (end != NULL && at >= end))
		return 0;
	return why_set(why, FAIL_FATAL,
	    "the URL holds a user name or password: they are options of their "
	    "own");
}

void
curl_secure(CURL *c, const char *protocols, const char *cacert,
    bool insecure_tls, char *error)
{
	(void)curl_easy_setopt(c, CURLOPT_PROTOCOLS_STR, protocols);
	(void)curl_easy_setopt(c, CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
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
