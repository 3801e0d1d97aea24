/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

#include "source/doveconf-ask.h"

#include <string.h>

#include "source/host-command.h"
#include "source/host.h"

int
doveconf_run(const char *config, const char *const *arguments, struct buf *text,
    struct why *why)
{
	const char *argv[8] = { "doveconf" };
	size_t n = 1;

	if (config != NULL) {
		argv[n++] = "-c";
		argv[n++] = config;
	}
	while (*arguments != NULL && n + 1 < sizeof argv / sizeof *argv)
		argv[n++] = *arguments++;
	return host_command_read(argv, text, why);
}

/* Whether a text is what doveconf prints: its first line names the release. A
 * dovecot.conf begins with settings, or with other comments. */
static bool
is_saved(const char *text)
{
	return text[0] == '#' && text[1] == ' ' && text[2] >= '1' &&
	       text[2] <= '9' && text[3] == '.' &&
	       (strstr(text, "dovecot_config_version") != NULL ||
		   memchr(text, '(', strcspn(text, "\n")) != NULL);
}

int
doveconf_ask(const char *config, const char *const *arguments, struct buf *text,
    bool *saved, struct why *why)
{
	*saved = false;
	if (config != NULL) {
		if (host_read_file(config, text, why) == -1)
			return -1;
		*saved = is_saved(buf_str(text));
		if (*saved)
			return 0;
		buf_reset(text);
	}
	return doveconf_run(config, arguments, text, why);
}
