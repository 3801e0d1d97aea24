/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

#include "acct/doveconf.h"

#include <stddef.h>

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

bool
doveconf_limits_masters(void)
{
	struct buf said = { 0 };
	/* Dovecot 2.4 always has an acl_user. */
	bool limits =
	    ask("exec 2>/dev/null\n"
		"case \" $(doveconf -f protocol=imap -h mail_plugins) \" in\n"
		"*' acl '*) [ -n \"$(doveconf -h plugin/acl)\" ] &&\n"
		"  [ -z \"$(doveconf -h plugin/acl_user)\" ] &&\n"
		"  [ -z \"$(doveconf -h acl_user)\" ] ;;\n"
		"*) exit 1 ;;\n"
		"esac",
		&said) == 0;

	buf_free(&said);
	return limits;
}
