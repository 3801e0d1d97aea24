/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

#include "secret/lock.h"

#include <stddef.h>

#include "unit/tap.h"

#define MD5_HEX "5f4dcc3b5aa765d61d8327deb882cf99"

static const struct {
	enum secret_lock lock;
	const char *text, *scheme;
} rows[] = {
	/* Marked. */
	{ SECRET_LOCKED, "!", NULL },
	{ SECRET_LOCKED, "*", NULL },
	{ SECRET_LOCKED, "!!", NULL },
	{ SECRET_LOCKED, "!locked", "CRYPT" },
	{ SECRET_LOCKED, "!$6$abcdefgh$x", NULL },
	{ SECRET_LOCKED, "*LK*", NULL },
	{ SECRET_LOCKED, "{CRYPT}!$1$abcdefgh$x", NULL },
	{ SECRET_LOCKED, "{SHA512-CRYPT}*", NULL },
	{ SECRET_LOCKED, "{SSHA}!", NULL },
	{ SECRET_LOCKED, "{NEW-SCHEME}*abc", NULL },
	/* No hash of its scheme. */
	{ SECRET_NO_HASH, "SUSPENDED", NULL },
	{ SECRET_NO_HASH, "SUSPENDED", "SHA512-CRYPT" },
	{ SECRET_NO_HASH, "x", NULL },
	{ SECRET_NO_HASH, "$", NULL },
	{ SECRET_NO_HASH, "", NULL },
	{ SECRET_NO_HASH, "{CRYPT}", NULL },
	{ SECRET_NO_HASH, "{CRYPT}nothash", NULL },
	{ SECRET_NO_HASH, "{SHA512-CRYPT}NP", NULL },
	{ SECRET_NO_HASH, "{crypt}NOLOGIN", NULL },
	{ SECRET_NO_HASH, "SUSPENDED", "SSHA" },
	{ SECRET_NO_HASH, "{SHA256}SUSPENDED", NULL },
	{ SECRET_NO_HASH, "nothing", "MD5" },
	{ SECRET_NO_HASH, "{CRYPT.HEX}6e6f", "CRYPT" },
	/* A password may fit. */
	{ SECRET_OPEN, "rEK1ecacw.7.c", NULL },
	{ SECRET_OPEN, "_J9..rasmBYk8r9AiWNc", NULL },
	{ SECRET_OPEN, "$6$abcdefgh$x", NULL },
	{ SECRET_OPEN, "$y$j9T$abc$def", "CRYPT" },
	{ SECRET_OPEN, "pbkdf2_sha256$1000$salt$abcd", NULL },
	{ SECRET_OPEN, "$1$abcdefgh$NC.GqQ3qJX7mJtnYjZ4rH1", "PLAIN-MD5" },
	{ SECRET_OPEN, MD5_HEX, "PLAIN-MD5" },
	{ SECRET_OPEN, MD5_HEX, "MD5" },
	{ SECRET_OPEN, "{PLAIN-MD5}" MD5_HEX, NULL },
	{ SECRET_OPEN, "{PLAIN-MD5.HEX}" MD5_HEX, NULL },
	{ SECRET_OPEN, "{SHA}W6ph5Mm5Pz8GgiULbPgzG37mj9g=", NULL },
	{ SECRET_OPEN, "!any", "PLAIN" },
	{ SECRET_OPEN, "SUSPENDED", "PLAIN" },
	{ SECRET_OPEN, "{CLEARTEXT}*", NULL },
	{ SECRET_OPEN, "{PLAIN-TRUNC}8-!", NULL },
	{ SECRET_OPEN, "{NEW-SCHEME}abc", NULL },
	{ SECRET_OPEN, "{SCRAM-SHA-256}4096,a,b,c", NULL },
};

int
main(void)
{
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		OK(secret_locked(rows[i].text, rows[i].scheme) == rows[i].lock,
		    "\"%s\" with %s", rows[i].text,
		    rows[i].scheme == NULL ? "no default" : rows[i].scheme);
	return tap_done();
}
