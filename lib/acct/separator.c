/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

#include "acct/separator.h"

#include <stddef.h>
#include <string.h>

#include "acct/doveconf.h"

static void
add(char out[SEPARATORS_MAX], char c)
{
	size_t n = strlen(out);

	if (c > ' ' && c < 0x7f && strchr(out, c) == NULL &&
	    n + 1 < SEPARATORS_MAX)
		out[n] = c;
}

void
separators_guess(const char *url, char usual, char out[SEPARATORS_MAX])
{
	memset(out, 0, SEPARATORS_MAX);
	if (doveconf_knows(url))
		add(out, doveconf_separator());
	add(out, usual);
	add(out, '*');
	add(out, '%');
}
