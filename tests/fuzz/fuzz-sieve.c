/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/*
 * Any bytes as a Sieve script: judged, and twice alike. The same bytes as what
 * an owner wrote into a vacation message, a forward and a script's name: what is
 * made of them is a script that is good.
 */
#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"
#include "core/str.h"
#include "fuzz/fuzz.h"
#include "sieve/check.h"
#include "sieve/compose.h"

static void
count(void *arg, size_t line, enum sieve_finding what, const char *reason)
{
	if (line == 0 || what >= FOUND_KINDS || *reason == '\0')
		abort();
	++*(size_t *)arg;
}

static void
must_be_good(struct buf *script)
{
	size_t n = 0;

	if (sieve_check(buf_str(script), script->len, count, &n) ==
	    SIEVE_REFUSED)
		abort();
	buf_reset(script);
}

static void
compose(const char *text)
{
	const char *names[] = { text, "forward" }, *none[] = { text, NULL };
	struct sieve_vacation v = { text, text, NULL, 0, 1 << 30, none };
	struct buf script = { 0 };

	sieve_vacation(&script, &v);
	must_be_good(&script);
	v.html = text;
	v.until = -1;
	sieve_vacation(&script, &v);
	must_be_good(&script);
	sieve_wrapper(&script, names, 2);
	must_be_good(&script);
	if (strchr(text, '@') != NULL) {
		sieve_forward(&script, text, true);
		must_be_good(&script);
		sieve_forward(&script, text, false);
		must_be_good(&script);
	}
	buf_free(&script);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	char *text = xmemdup(data, len);
	size_t first = 0, second = 0;
	enum sieve_verdict v = sieve_check(text, len, count, &first);

	if (v != sieve_check(text, len, count, &second) || first != second ||
	    (v == SIEVE_GOOD) != (first == 0))
		abort();
	if (utf8_valid(text, strlen(text)))
		compose(text);
	free(text);
	return 0;
}
