/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/*
 * dirdump postfix: the aliases, domains and mailboxes in the tables of a
 * Postfix. See dirdump-postfix(1).
 */
#include <getopt.h>

#include "source/run.h"
#include "source/vmailbox.h"

static const char usage[] =
    "dirdump postfix [-hqVvx] [-a aliases] [-b dir] [-c dir] [-d domain] "
    "[-m table] [table ...]";

static const char help[] =
    "Lists the aliases, domains and mailboxes in the tables of a Postfix.\n"
    "Without a table, postconf(1) is asked for those that are in use. A table\n"
    "is TYPE:NAME, which postmap(1) lists, or the path of a text.\n"
    "\n"
    "  -a, --aliases TABLE    also an aliases(5) file, or hash:FILE of one\n"
    "  -b, --base DIR         the folder above the mailboxes\n"
    "  -c, --config DIR       the configuration folder of Postfix\n"
    "  -d, --domain DOMAIN    the domain of names without one\n"
    "  -m, --mailboxes TABLE  also a table of mailboxes\n"
    "  -q, --quiet            do not say what is left out or not carried\n"
    "  -v, --verbose          name each thing that is left out or not carried\n"
    "  -x, --stop             stop at the first line that cannot be read\n"
    "  -h, --help             this text\n"
    "  -V, --version          the version\n"
    "\n"
    "Exit status: 0 everything is listed; 1 an entry or a table could not be\n"
    "listed; 2 the run did not finish.\n";

static const struct option options[] = { { "aliases", required_argument, NULL,
					     'a' },
	{ "base", required_argument, NULL, 'b' },
	{ "config", required_argument, NULL, 'c' },
	{ "domain", required_argument, NULL, 'd' },
	{ "mailboxes", required_argument, NULL, 'm' },
	{ "quiet", no_argument, NULL, 'q' },
	{ "verbose", no_argument, NULL, 'v' },
	{ "stop", no_argument, NULL, 'x' }, { "help", no_argument, NULL, 'h' },
	{ "version", no_argument, NULL, 'V' }, { 0 } };

struct tables {
	struct strs aliases, mailboxes, locals;
};

static void
read_tables(struct vmailbox *v, struct emit *e, struct tables *t)
{
	if (t->aliases.n + t->mailboxes.n + t->locals.n == 0) {
		vmailbox_read(v, e);
		return;
	}
	strs_add(&t->aliases, NULL);
	strs_add(&t->mailboxes, NULL);
	strs_add(&t->locals, NULL);
	vmailbox_files(v, e, t->aliases.v, t->mailboxes.v, t->locals.v);
}

int
main(int argc, char **argv)
{
	static struct source_run run;
	static struct vmailbox v;
	static struct tables tables;
	int c, status = SOURCE_GO_ON;

	source_run_init(&run, "dirdump-postfix", usage, help);
	while (status == SOURCE_GO_ON &&
	       (c = getopt_long(
		    argc, argv, "+a:b:c:d:hm:qVvx", options, NULL)) != -1) {
		switch (c) {
		case 'a':
			strs_add(&tables.locals, optarg);
			break;
		case 'b':
			v.base = optarg;
			break;
		case 'c':
			v.postfix.dir = optarg;
			break;
		case 'm':
			strs_add(&tables.mailboxes, optarg);
			break;
		default:
			status = source_option(&run, c, optarg);
		}
	}
	if (status == SOURCE_GO_ON) {
		for (; argv[optind] != NULL; optind++)
			strs_add(&tables.aliases, argv[optind]);
		v.postfix.aliases.domain = run.domain.data;
		read_tables(&v, &run.emit, &tables);
		status = source_finish(&run);
	}
	vmailbox_free(&v);
	source_run_free(&run);
	return status;
}
