/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

#include "acct/separator.h"

#include <stdbool.h>
#include <stddef.h>
#include <string.h>
#include <strings.h>

#include "core/buf.h"
#include "core/command.h"
#include "http/curl.h"

static void
add(char out[SEPARATORS_MAX], char c)
{
	size_t n = strlen(out);

	if (c > ' ' && c < 0x7f && strchr(out, c) == NULL &&
	    n + 1 < SEPARATORS_MAX)
		out[n] = c;
}

/* 0 where there is no Dovecot, or none that says. */
static char
of_doveconf(void)
{
	/* Its complaints about a configuration that is not there are nobody's
	 * concern here. */
	static const char *const argv[] = { "/bin/sh", "-c",
		"exec doveconf -h auth_master_user_separator 2>/dev/null",
		NULL };
	struct buf b = { 0 };
	struct why why;
	char c = 0;

	if (command_read(argv, &b, &why) == 0 && b.len == 2 &&
	    b.data[1] == '\n')
		c = b.data[0];
	buf_free(&b);
	return c;
}

void
separators_guess(const char *url, char usual, char out[SEPARATORS_MAX])
{
	memset(out, 0, SEPARATORS_MAX);
	if (strncasecmp(url, "imap", 4) == 0 && curl_is_loopback(url))
		add(out, of_doveconf());
	add(out, usual);
	add(out, '*');
	add(out, '%');
}
