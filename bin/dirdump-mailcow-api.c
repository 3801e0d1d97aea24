/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/*
 * dirdump mailcow-api: the directory of a mailcow, through its HTTP API. See
 * dirdump-mailcow-api(1).
 */
#include <stdlib.h>

#include "cli/main.h"
#include "core/alloc.h"
#include "core/cred.h"
#include "source/run.h"
#include "source/suite/mailcow-api.h"

static struct source_run run;
static struct http_options http;
static char *key;
static bool app_passwords = true;

static void
release(void)
{
	free_secret(key);
}

static const struct opt options[] = {
	OPT_TOKEN("the API key (or MAILCOW_API_KEY)", &key),
	OPT_CLEAR(0, "no-app-passwords",
	    "do not ask for app passwords: one request a mailbox",
	    &app_passwords),
	OPT_TLS("the server", &http.cacert, &http.insecure_tls),
	OPT_INSECURE_HTTP("the key", &http.insecure_http),
	SOURCE_COMMON(&run, "entry"),
};

/* A key is five groups of six characters of [A-Za-z0-9-]; one with anything
 * that cannot be in a header is not one. */
static bool
is_key(const char *text)
{
	const char *at = text;

	while (*at > ' ' && *at <= '~')
		at++;
	return *at == '\0' && *text != '\0';
}

static void
read_server(const char *url)
{
	char *header = xasprintf("X-API-Key: %s", key);
	const char *const headers[] = { header, NULL };
	struct webapi api = { .headers = headers };
	struct why why = { 0 };

	api.http = http_new(url, &http, &why);
	if (api.http == NULL)
		tally_fail(&run.tally, NULL, NULL, NULL, &why);
	else
		mailcow_api_read(&run.emit, &api, app_passwords);
	webapi_free(&api);
	free_secret(header);
}

static int
dump(char **operands)
{
	if (key == NULL)
		key = cred_variable("MAILCOW_API_KEY");
	if (key == NULL)
		return opt_lacks(
		    "no API key: --token-file, or MAILCOW_API_KEY");
	if (!is_key(key)) {
		tool_say(NULL, "the API key holds characters that no key has");
		return EXIT_BROKEN;
	}
	source_begin(&run, &tool);
	read_server(operands[0]);
	return source_finish(&run);
}

const struct opt_tool tool = {
	SOURCE_SERVER_TOOL("mailcow-api", "URL", 1, 1, "an entry", "server"),
	.about =
	    "Lists the domains, mailboxes and aliases of a mailcow through its "
	    "HTTP\n"
	    "API, which shows no password hashes: \"dirdump mailcow\" reads "
	    "the\n"
	    "database, and them.\n",
	.options = options,
	.run = dump,
	.release = release,
};
