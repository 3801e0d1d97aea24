/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/*
 * dirdump stalwart: the directory of a Stalwart 0.13 to 0.15, through its
 * management API. See dirdump-stalwart(1).
 */
#include <getopt.h>
#include <signal.h>
#include <stdlib.h>

#include "core/alloc.h"
#include "core/cred.h"
#include "source/run.h"
#include "source/stalwart015.h"

static const char usage[] =
    "dirdump stalwart [-hkqVvx] [--user USER] [option ...] URL";

static const char help[] =
    "Lists the accounts, groups, lists and domains of a Stalwart 0.13 to 0.15\n"
    "through its management API.\n"
    "\n"
    "  --user USER             the administrator (or STALWART_USER)\n"
    "  --password-file FILE    the password (or STALWART_PASSWORD)\n"
    "  --password-command CMD  a command that prints it\n"
    "  --token-file FILE       an API key instead (or STALWART_TOKEN)\n"
    "  --token-command CMD     a command that prints it\n"
    "  --cacert FILE           trust these certificates (PEM)\n"
    "  -k, --insecure          do not check the server's certificate\n"
    "  --insecure-http         send the password in clear\n"
    "  -q, --quiet             do not say what is left out or not carried\n"
    "  -v, --verbose           name each thing that is left out or not "
    "carried\n"
    "  -x, --stop              stop at the first entry that is refused\n"
    "  -h, --help              this text\n"
    "  -V, --version           the version\n"
    "\n"
    "Exit status: 0 everything is listed; 1 an entry could not be; 2 the run\n"
    "did not finish; 75 the server could not be reached: run it again.\n";

enum {
	USER = 256,
	PASSWORD_FILE,
	PASSWORD_COMMAND,
	TOKEN_FILE,
	TOKEN_COMMAND,
	CACERT,
	INSECURE_HTTP
};

static const struct option options[] = { { "user", required_argument, NULL,
					     USER },
	{ "password-file", required_argument, NULL, PASSWORD_FILE },
	{ "password-command", required_argument, NULL, PASSWORD_COMMAND },
	{ "token-file", required_argument, NULL, TOKEN_FILE },
	{ "token-command", required_argument, NULL, TOKEN_COMMAND },
	{ "cacert", required_argument, NULL, CACERT },
	{ "insecure", no_argument, NULL, 'k' },
	{ "insecure-http", no_argument, NULL, INSECURE_HTTP },
	{ "quiet", no_argument, NULL, 'q' },
	{ "verbose", no_argument, NULL, 'v' },
	{ "stop", no_argument, NULL, 'x' }, { "help", no_argument, NULL, 'h' },
	{ "version", no_argument, NULL, 'V' }, { 0 } };

struct login {
	struct http_options http;
	char *password, *token;
};

static int
read_option(struct login *l, struct source_run *run, int c)
{
	switch (c) {
	case USER:
		l->http.user = optarg;
		return SOURCE_GO_ON;
	case PASSWORD_FILE:
		return source_secret(&l->password, cred_file, optarg);
	case PASSWORD_COMMAND:
		return source_secret(&l->password, cred_command, optarg);
	case TOKEN_FILE:
		return source_secret(&l->token, cred_file, optarg);
	case TOKEN_COMMAND:
		return source_secret(&l->token, cred_command, optarg);
	case CACERT:
		l->http.cacert = optarg;
		return SOURCE_GO_ON;
	case 'k':
		l->http.insecure_tls = true;
		return SOURCE_GO_ON;
	case INSECURE_HTTP:
		l->http.insecure_http = true;
		return SOURCE_GO_ON;
	default:
		return source_option(run, c, optarg);
	}
}

/* What no option said is taken from the environment. */
static int
from_environment(struct login *l)
{
	const char *password = getenv("STALWART_PASSWORD"),
		   *token = getenv("STALWART_TOKEN");

	if (l->http.user == NULL && l->token == NULL)
		l->http.user = getenv("STALWART_USER");
	if (l->password == NULL && l->token == NULL && password != NULL)
		l->password = xstrdup(password);
	if (l->token == NULL && l->password == NULL && token != NULL)
		l->token = xstrdup(token);
	l->http.password = l->password;
	l->http.token = l->token;
	if (l->token != NULL || (l->http.user != NULL && l->password != NULL))
		return SOURCE_GO_ON;
	tool_say(NULL, "no credentials: --user and --password-file, "
		       "--token-file, or the STALWART_ variables");
	return tool_usage(usage);
}

static void
read_server(struct source_run *run, const struct login *l, const char *url)
{
	struct webapi api = { 0 };
	struct why why = { 0 };

	api.http = http_new(url, &l->http, &why);
	if (api.http == NULL)
		tally_fail(&run->tally, NULL, NULL, NULL, &why);
	else
		stalwart015_read(&run->emit, &api);
	webapi_free(&api);
}

int
main(int argc, char **argv)
{
	static struct source_run run;
	static struct login login;
	int c, status = SOURCE_GO_ON;

	source_run_init(&run, "dirdump-stalwart", usage, help);
	(void)signal(SIGPIPE, SIG_IGN);
	while (status == SOURCE_GO_ON &&
	       (c = getopt_long(argc, argv, "+hkqVvx", options, NULL)) != -1)
		status = read_option(&login, &run, c);
	if (status == SOURCE_GO_ON && optind != argc - 1)
		status = tool_usage(usage);
	if (status == SOURCE_GO_ON)
		status = from_environment(&login);
	if (status == SOURCE_GO_ON) {
		read_server(&run, &login, argv[optind]);
		status = source_finish(&run);
	}
	free_secret(login.password);
	free_secret(login.token);
	source_run_free(&run);
	return status;
}
