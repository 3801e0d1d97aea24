/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/*
 * dirdump sql: a user directory in PostgreSQL, MariaDB or SQLite. See
 * dirdump-sql(1).
 */
#include "cli/main.h"
#include "core/alloc.h"
#include "source/fieldmap/file.h"
#include "source/fieldmap/sqldump.h"
#include "source/run.h"

static struct source_run run;
static struct sql_options sql;
static struct fieldmap map;
static char *password;
static const char *map_name, *query, *alias_query, *scheme;

static void
release(void)
{
	sql_options_free(&sql);
	free_secret(password);
	fieldmap_free(&map);
}

static const struct opt options[] = {
	OPT_STRING('m', "map", "NAME", "the field map: what the tables hold",
	    &map_name),
	OPT_STRING(0, "query", "SQL",
	    "a query for accounts, its columns named like the members of "
	    "account "
	    "records",
	    &query),
	OPT_STRING(
	    0, "alias-query", "SQL", "the same for aliases", &alias_query),
	OPT_PASSWORD("the password", &password),
	OPT_STRING(0, "defaults-file", "FILE",
	    "the option file of MySQL to read", &sql.option_file),
	SOURCE_DOMAIN(&run),
	SOURCE_SCHEME(&scheme),
	SOURCE_COMMON(&run, "row"),
};

/* The map of --map or of the queries, and the URL. OPT_GO_ON, or the status. */
static int
read_call(const char *url)
{
	bool queries = query != NULL || alias_query != NULL;
	struct why why = { 0 };
	int r;

	if (queries == (map_name != NULL))
		return opt_wrong(
		    &tool, "either --map, or --query and --alias-query");
	sql.standard = !queries;
	sql.password = password;
	r = sql_options_url(&sql, url, &why);
	if (r == 0 && queries)
		r = sqldump_query_map(&map, query, alias_query, &why);
	else if (r == 0)
		r = fieldmap_read(&map, map_name, &why);
	return r == 0 ? OPT_GO_ON : source_refuse(&why);
}

static int
dump(char **operands)
{
	int status = read_call(operands[0]);

	if (status != OPT_GO_ON)
		return status;
	source_begin(&run, &tool);
	sqldump_database(
	    &sql, &map, &run.emit, run.domain.data, scheme, map_name == NULL);
	return source_finish(&run);
}

const struct opt_tool tool = {
	SOURCE_SERVER_TOOL("sql", "URL", 1, 1, "a row", "server"),
	.about =
	    "Lists the accounts and aliases in a database: postgresql://...,\n"
	    "mysql://... or sqlite:FILE. The URL holds no password.\n",
	.options = options,
	.run = dump,
	.release = release,
};
