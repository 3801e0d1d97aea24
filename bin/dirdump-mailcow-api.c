/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/*
 * dirdump mailcow-api: the directory of a mailcow, through its HTTP API. See
 * dirdump-mailcow-api(1).
 */
#include <getopt.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"
#include "core/cred.h"
#include "source/mailcow-api.h"
#include "source/run.h"

static const char usage[] =
    "dirdump mailcow-api [-hkqVvx] [--token-file FILE] [option ...] URL";

static const char help[] =
    "Lists the domains, mailboxes and aliases of a mailcow through its HTTP\n"
    "API, which shows no password hashes: \"dirdump mailcow\" reads the\n"
    "database, and them.\n"
    "\n"
    "  --token-file FILE    the API key (or MAILCOW_API_KEY)\n"
    "  --token-command CMD  a command that prints it\n"
    "  --no-app-passwords   do not count app passwords: one request a "
    "mailbox\n"
    "  --cacert FILE        trust these certificates (PEM)\n"
    "  -k, --insecure       do not check the server's certificate\n"
    "  --insecure-http      send the key in clear\n"
    "  -q, --quiet          do not say what is left out or not carried\n"
    "  -v, --verbose        name each thing that is left out or not carried\n"
    "  -x, --stop           stop at the first entry that is refused\n"
    "  -h, --help           this text\n"
    "  -V, --version        the version\n"
    "\n"
    "Exit status: 0 everything is listed; 1 an entry could not be; 2 the run\n"
    "did not finish; 75 the server could not be reached: run it again.\n";

enum {
	TOKEN_FILE = 256,
	TOKEN_COMMAND,
	NO_APP_PASSWORDS,
	CACERT,
	INSECURE_HTTP
};

static const struct option options[] = { { "token-file", required_argument,
					     NULL, TOKEN_FILE },
	{ "token-command", required_argument, NULL, TOKEN_COMMAND },
	{ "no-app-passwords", no_argument, NULL, NO_APP_PASSWORDS },
	{ "cacert", required_argument, NULL, CACERT },
	{ "insecure", no_argument, NULL, 'k' },
	{ "insecure-http", no_argument, NULL, INSECURE_HTTP },
	{ "quiet", no_argument, NULL, 'q' },
	{ "verbose", no_argument, NULL, 'v' },
	{ "stop", no_argument, NULL, 'x' }, { "help", no_argument, NULL, 'h' },
	{ "version", no_argument, NULL, 'V' }, { 0 } };

struct call {
	struct http_options http;
	char *key;
	bool no_app_passwords;
};

static int
read_option(struct call *call, struct source_run *run, int c)
{
	switch (c) {
	case TOKEN_FILE:
		return source_secret(&call->key, cred_file, optarg);
	case TOKEN_COMMAND:
		return source_secret(&call->key, cred_command, optarg);
	case NO_APP_PASSWORDS:
		call->no_app_passwords = true;
		return SOURCE_GO_ON;
	case CACERT:
		call->http.cacert = optarg;
		return SOURCE_GO_ON;
	case 'k':
		call->http.insecure_tls = true;
		return SOURCE_GO_ON;
	case INSECURE_HTTP:
		call->http.insecure_http = true;
		return SOURCE_GO_ON;
	default:
		return source_option(run, c, optarg);
	}
}

/* The key is five groups of six characters of [A-Za-z0-9-]; what cannot stand
 * in a header is none. */
static int
check_key(struct call *call)
{
	const char *key = getenv("MAILCOW_API_KEY");

	if (call->key == NULL && key != NULL)
		call->key = xstrdup(key);
	if (call->key == NULL) {
		tool_say(NULL, "no API key: --token-file, or MAILCOW_API_KEY");
		return tool_usage(usage);
	}
	for (key = call->key; *key > ' ' && *key <= '~'; key++)
		;
	if (*key == '\0' && *call->key != '\0')
		return SOURCE_GO_ON;
	tool_say(NULL, "the API key holds characters that no key has");
	return EXIT_BROKEN;
}

static void
read_server(struct source_run *run, const struct call *call, const char *url)
{
	char *header = xasprintf("X-API-Key: %s", call->key);
	const char *const headers[] = { header, NULL };
	struct webapi api = { .headers = headers };
	struct why why = { 0 };

	api.http = http_new(url, &call->http, &why);
	if (api.http == NULL)
		tally_fail(&run->tally, NULL, NULL, NULL, &why);
	else
		mailcow_api_read(&run->emit, &api, !call->no_app_passwords);
	webapi_free(&api);
	free_secret(header);
}

int
main(int argc, char **argv)
{
	static struct source_run run;
	static struct call call;
	int c, status = SOURCE_GO_ON;

	source_run_init(&run, "dirdump-mailcow-api", usage, help);
	(void)signal(SIGPIPE, SIG_IGN);
	while (status == SOURCE_GO_ON &&
	       (c = getopt_long(argc, argv, "+hkqVvx", options, NULL)) != -1)
		status = read_option(&call, &run, c);
	if (status == SOURCE_GO_ON && optind != argc - 1)
		status = tool_usage(usage);
	if (status == SOURCE_GO_ON)
		status = check_key(&call);
	if (status == SOURCE_GO_ON) {
		read_server(&run, &call, argv[optind]);
		status = source_finish(&run);
	}
	free_secret(call.key);
	source_run_free(&run);
	return status;
}
