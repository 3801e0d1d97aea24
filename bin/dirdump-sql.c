/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/*
 * dirdump sql: a user directory in PostgreSQL, MariaDB or SQLite. See
 * dirdump-sql(1).
 */
#include <getopt.h>
#include <signal.h>

#include "core/alloc.h"
#include "core/cred.h"
#include "source/run.h"
#include "source/sqldump.h"

static const char usage[] =
    "dirdump sql [-hqVvx] [-d domain] [-s scheme] [option ...] "
    "--map name | --query sql URL";

static const char help[] =
    "Lists the accounts and aliases in a database: postgresql://...,\n"
    "mysql://... or sqlite:FILE. The URL holds no password.\n"
    "\n"
    "  -m, --map NAME           the field map: what the tables hold\n"
    "  --query SQL              a query for accounts, its columns named like\n"
    "                           the members of account records\n"
    "  --alias-query SQL        the same for aliases\n"
    "  --password-file FILE     the password\n"
    "  --password-command CMD   a command that prints it\n"
    "  --defaults-file FILE     the option file of MySQL to read\n"
    "  -d, --domain DOMAIN      the domain of names without one\n"
    "  -s, --default-scheme SCHEME  of passwords without a {SCHEME}\n"
    "  -q, --quiet              do not say what is left out or not carried\n"
    "  -v, --verbose            name each thing that is left out or not "
    "carried\n"
    "  -x, --stop               stop at the first row that is refused\n"
    "  -h, --help               this text\n"
    "  -V, --version            the version\n"
    "\n"
    "Exit status: 0 everything is listed; 1 a row could not be; 2 the run did\n"
    "not finish; 75 the server could not be reached: run it again.\n";

enum {
	QUERY = 256,
	ALIAS_QUERY,
	PASSWORD_FILE,
	PASSWORD_COMMAND,
	DEFAULTS_FILE
};

static const struct option options[] = { { "map", required_argument, NULL,
					     'm' },
	{ "query", required_argument, NULL, QUERY },
	{ "alias-query", required_argument, NULL, ALIAS_QUERY },
	{ "password-file", required_argument, NULL, PASSWORD_FILE },
	{ "password-command", required_argument, NULL, PASSWORD_COMMAND },
	{ "defaults-file", required_argument, NULL, DEFAULTS_FILE },
	{ "domain", required_argument, NULL, 'd' },
	{ "default-scheme", required_argument, NULL, 's' },
	{ "quiet", no_argument, NULL, 'q' },
	{ "verbose", no_argument, NULL, 'v' },
	{ "stop", no_argument, NULL, 'x' }, { "help", no_argument, NULL, 'h' },
	{ "version", no_argument, NULL, 'V' }, { 0 } };

struct call {
	struct source_run run;
	struct sql_options sql;
	struct fieldmap map;
	char *password;
	const char *map_name, *query, *alias_query, *scheme;
};

static int
read_option(struct call *c, int option)
{
	switch (option) {
	case 'm':
		c->map_name = optarg;
		return SOURCE_GO_ON;
	case 's':
		c->scheme = optarg;
		return SOURCE_GO_ON;
	case QUERY:
		c->query = optarg;
		return SOURCE_GO_ON;
	case ALIAS_QUERY:
		c->alias_query = optarg;
		return SOURCE_GO_ON;
	case PASSWORD_FILE:
		return source_secret(&c->password, cred_file, optarg);
	case PASSWORD_COMMAND:
		return source_secret(&c->password, cred_command, optarg);
	case DEFAULTS_FILE:
		c->sql.option_file = optarg;
		return SOURCE_GO_ON;
	default:
		return source_option(&c->run, option, optarg);
	}
}

/* The map of --map or of the queries, and the URL. */
static int
read_call(struct call *c, const char *url)
{
	bool queries = c->query != NULL || c->alias_query != NULL;
	struct why why = { 0 };
	int r;

	if (queries == (c->map_name != NULL)) {
		tool_say(NULL, "either --map, or --query and --alias-query");
		return tool_usage(usage);
	}
	c->sql.standard = !queries;
	r = sql_options_url(&c->sql, url, &why);
	if (r == 0 && queries)
		r = sqldump_query_map(&c->map, c->query, c->alias_query, &why);
	else if (r == 0)
		r = fieldmap_read(&c->map, c->map_name, &why);
	if (r == 0)
		return SOURCE_GO_ON;
	tool_say(NULL, "%s", why.text);
	return EXIT_BROKEN;
}

int
main(int argc, char **argv)
{
	static struct call c;
	int option, status = SOURCE_GO_ON;

	source_run_init(&c.run, "dirdump-sql", usage, help);
	(void)signal(SIGPIPE, SIG_IGN);
	while (status == SOURCE_GO_ON &&
	       (option = getopt_long(
		    argc, argv, "+d:hm:qs:Vvx", options, NULL)) != -1)
		status = read_option(&c, option);
	if (status == SOURCE_GO_ON && optind != argc - 1)
		status = tool_usage(usage);
	if (status == SOURCE_GO_ON)
		status = read_call(&c, argv[optind]);
	if (status == SOURCE_GO_ON) {
		c.sql.password = c.password;
		sqldump_database(&c.sql, &c.map, &c.run.emit, c.run.domain.data,
		    c.scheme, c.map_name == NULL);
		status = source_finish(&c.run);
	}
	sql_options_free(&c.sql);
	free_secret(c.password);
	source_run_free(&c.run);
	fieldmap_free(&c.map);
	return status;
}
