/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/*
 * What every use of libcurl has in common, whatever it speaks: TLS is verified,
 * only named protocols, no .netrc, no proxy, no signals, and what a failure
 * means. For the files of this folder.
 */
#ifndef FERRY_HTTP_CURL_H
#define FERRY_HTTP_CURL_H

#include <curl/curl.h>
#include <stdbool.h>

#include "core/why.h"

/* Readies libcurl, once; the first call must be made before there are threads.
 * 0, or -1 and why (FATAL). */
int curl_start(struct why *why);

/* The host in a URL is this machine. */
bool curl_is_loopback(const char *url);

/* A user or password in a URL, also in one that is mistyped, would be shown
 * wherever the URL is: -1 and why (FATAL), which does not show it. */
int curl_check_userinfo(const char *url, struct why *why);

/* Sets what is the same for all transfers. error is the handle's, with room for
 * CURL_ERROR_SIZE bytes. cacert may be NULL: the system's. */
void curl_secure(CURL *c, const char *protocols, const char *cacert,
    bool insecure_tls, char *error);

/* Ends a transfer, within a second, when *stop, which may be NULL and must stay
 * where it is, says so. It fails with CURLE_ABORTED_BY_CALLBACK. */
void curl_stoppable(CURL *c, bool (*const *stop)(void));

/*
 * What a failure means; error is the text that libcurl left, or empty. FATAL
 * for TLS that cannot be trusted and for what is wrong with the URL, otherwise
 * TEMP. *unsure is set when the other side may have got what was sent.
 */
int curl_failure(
    CURLcode code, const char *error, bool *unsure, struct why *why);

#endif
