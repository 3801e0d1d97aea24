/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/*
 * dirdump stalwart: the directory of a Stalwart 0.13 to 0.15, through its
 * management API. See dirdump-stalwart(1).
 */
#include "cli/main.h"
#include "http/login.h"
#include "source/run.h"
#include "source/suite/stalwart015.h"

static struct source_run run;
static struct http_options http;
static struct login login;

static void
release(void)
{
	login_free(&login);
}

static const struct opt options[] = {
	OPT_LOGIN("the administrator", "an API key", "STALWART", &login),
	OPT_TLS("the server", &http.cacert, &http.insecure_tls),
	OPT_INSECURE_HTTP("the password", &http.insecure_http),
	SOURCE_COMMON(&run, "entry"),
};

static int
dump(char **operands)
{
	struct webapi api = { 0 };
	struct why why = { 0 };

	if (!login_environment(&login, "STALWART"))
		return opt_lacks(LOGIN_MISSING("STALWART"));
	source_begin(&run, &tool);
	login_lend(&login, &http);
	api.http = http_new(operands[0], &http, &why);
	if (api.http == NULL)
		tally_fail(&run.tally, NULL, NULL, NULL, &why);
	else
		stalwart015_read(&run.emit, &api);
	webapi_free(&api);
	return source_finish(&run);
}

const struct opt_tool tool = {
	SOURCE_SERVER_TOOL("stalwart", "URL", 1, 1, "an entry", "server"),
	.about =
	    "Lists the accounts, groups, lists and domains of a Stalwart 0.13 "
	    "to 0.15\n"
	    "through its management API.\n",
	.options = options,
	.run = dump,
	.release = release,
};
