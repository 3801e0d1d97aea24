/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

#include "acct/doveconf.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"
#include "core/buf.h"
#include "core/command.h"
#include "core/str.h"
#include "http/curl.h"

bool
doveconf_knows(const char *url)
{
	return str_starts_nocase(url, "imap") && curl_is_loopback(url);
}

/* What a script prints: 0, or -1 where it fails. Complaints about a configuration
 * that is not there are nobody's concern here. */
static int
ask(const char *script, struct buf *said)
{
	const char *argv[] = { "/bin/sh", "-c", script, NULL };
	struct why why;

	return command_read(argv, said, &why);
}

char
doveconf_separator(void)
{
	struct buf said = { 0 };
	char c = 0;

	if (ask("exec doveconf -h auth_master_user_separator 2>/dev/null",
		&said) == 0 &&
	    said.len == 2 && said.data[1] == '\n')
		c = said.data[0];
	buf_free(&said);
	return c;
}

/* The value of a setting that was printed, which the caller frees; "" where none
 * was. */
static char *
find_value(const struct buf *said, const char *key)
{
	char *text = xstrdup(buf_str(said)), *rest = text, *result = NULL;
	size_t len = strlen(key);

	while (result == NULL && rest != NULL) {
		char *line = str_cut(&rest, '\n');

		if (strncmp(line, key, len) == 0 &&
		    str_starts(line + len, " ="))
			result = xstrdup(str_trim(line + len + 2));
	}
	free(text);
	return result == NULL ? xstrdup("") : result;
}

static bool
is_empty(const struct buf *said, const char *key)
{
	char *value = find_value(said, key);
	bool empty = *value == '\0';

	free(value);
	return empty;
}

static bool
has_plugin(const struct buf *said, const char *name)
{
	char *value = find_value(said, "mail_plugins");
	bool found = str_has_word(value, " ", name);

	free(value);
	return found;
}

bool
doveconf_limits_masters(void)
{
	struct buf said = { 0 };
	/* Dovecot 2.4 always has an acl_user; its mail_plugins are a block. All are
	 * asked for at once: each time Dovecot reads its whole configuration. */
	bool limits =
	    ask("exec doveconf -f protocol=imap mail_plugins "
		"plugin/acl plugin/acl_user acl_user 2>/dev/null",
		&said) == 0 &&
	    has_plugin(&said, "acl") && !is_empty(&said, "plugin/acl") &&
	    is_empty(&said, "plugin/acl_user") && is_empty(&said, "acl_user");

	buf_free(&said);
	return limits;
}
