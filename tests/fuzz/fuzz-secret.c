/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/*
 * The judge of secrets: whatever it is given, what it calls verbatim is the
 * text itself, and what it rewrites is verbatim when it is judged again.
 */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "core/alloc.h"
#include "fuzz/fuzz.h"
#include "secret/classify.h"

static const char *const defaults[] = { NULL, "PLAIN-MD5", "SHA256.HEX", "MD5",
	"SSHA512", "ARGON2ID", "PBKDF2", "NONESUCH" };

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct secret s = { 0 }, again = { 0 };
	const char *scheme;
	char *text;

	/* The first byte chooses the default scheme. Clear passwords are left
	 * out: each costs a slow hash. */
	if (len == 0)
		return 0;
	scheme = defaults[data[0] % (sizeof defaults / sizeof *defaults)];
	text = xmemdup(data + 1, len - 1);
	if (strncasecmp(text, "{PLAIN", 6) == 0 ||
	    strncasecmp(text, "{CLEAR", 6) == 0)
		goto out;
	secret_judge(&s, text, scheme, "a@b");
	if (s.verdict == SECRET_VERBATIM && strcmp(buf_str(&s.text), text) != 0)
		abort();
	if (s.verdict == SECRET_UNUSABLE &&
	    (s.reason == NULL || s.text.len != 0))
		abort();
	if (s.verdict == SECRET_TRANSCODED) {
		secret_judge(&again, buf_str(&s.text), NULL, NULL);
		if (again.verdict != SECRET_VERBATIM)
			abort();
	}
out:
	secret_free(&s);
	secret_free(&again);
	free(text);
	return 0;
}
