/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/*
 * dirdump passwd-file: the accounts of Dovecot's passwd-files, and of the files
 * of panels that are like them. See dirdump-passwd-file(1).
 */
#include <getopt.h>
#include <string.h>

#include "source/passwd-file.h"
#include "source/run.h"

static const char usage[] =
    "dirdump passwd-file [-hqVvx] [-d domain] [-s scheme] [--format=FORMAT] "
    "file ...";

static const char help[] =
    "Lists the accounts of Dovecot's passwd-files.\n"
    "\n"
    "  -d, --domain DOMAIN    the domain of names without one\n"
    "  -s, --default-scheme SCHEME  of passwords without a {SCHEME}\n"
    "      --deny FILE        accounts with these names may not log in\n"
    "      --master FILE      accounts with these names are no mailboxes\n"
    "      --format FORMAT    dovecot (default), hestia, cpanel\n"
    "      --valiases DIR     cPanel's aliases, a file for each domain\n"
    "  -q, --quiet            do not say what is left out or not carried\n"
    "  -v, --verbose          name each thing that is left out or not "
    "carried\n"
    "  -x, --stop             stop at the first line that cannot be read\n"
    "  -h, --help             this text\n"
    "  -V, --version          the version\n"
    "\n"
    "In a path, %d stands for the domain: /etc/auth/%d/passwd. The file - is\n"
    "standard input.\n"
    "\n"
    "Exit status: 0 every line is listed; 1 a line could not be read, or\n"
    "something could not be carried; 2 the run did not finish.\n";

enum format {
	DOVECOT,
	HESTIA,
	CPANEL
};
static const char *const formats[] = { "dovecot", "hestia", "cpanel", NULL };

enum {
	FORMAT = 256,
	DENY,
	MASTER,
	VALIASES
};

struct run {
	struct source_run source;
	struct passwd_file reader;
	enum format format;
	const char *valiases;
};

static int
set_format(struct run *run, const char *name)
{
	for (size_t i = 0; formats[i] != NULL; i++)
		if (strcmp(formats[i], name) == 0) {
			run->format = (enum format)i;
			return SOURCE_GO_ON;
		}
	tool_say("--format", "there are: dovecot, hestia, cpanel");
	return EXIT_BROKEN;
}

static int
read_names(struct run *run, const char *path, struct map *names)
{
	struct why why = { 0 };

	if (passwd_file_names(&run->reader.account, path, names, &why) == 0)
		return SOURCE_GO_ON;
	tool_say(NULL, "%s", why.text);
	return EXIT_BROKEN;
}

/* SOURCE_GO_ON, or the exit status. */
static int
option(struct run *run, int c, const char *value)
{
	struct account *a = &run->reader.account;

	switch (c) {
	case 's':
		a->default_scheme = value;
		return SOURCE_GO_ON;
	case FORMAT:
		return set_format(run, value);
	case DENY:
		return read_names(run, value, &a->deny);
	case MASTER:
		return read_names(run, value, &a->master);
	case VALIASES:
		run->valiases = value;
		return SOURCE_GO_ON;
	default:
		return source_option(&run->source, c, value);
	}
}

static void
read_one(struct run *run, const char *path)
{
	if (run->format == HESTIA)
		hestia_read(&run->reader, path);
	else if (run->format == CPANEL)
		cpanel_read(&run->reader, path, run->valiases);
	else if (passwd_file_is_pattern(path))
		passwd_file_pattern(&run->reader, path);
	else
		passwd_file_read(&run->reader, path);
}

static int
dump(struct run *run, char **files)
{
	struct account *a = &run->reader.account;

	a->naming.domain = run->source.domain.data;
	a->naming.bare_login = a->naming.domain != NULL;
	a->naming.one_domain = run->format != DOVECOT;
	a->shell_quota = run->format == HESTIA;
	/* install/common/dovecot/2.3/conf.d/auth-passwdfile.conf.ext */
	if (a->default_scheme == NULL)
		a->default_scheme =
		    run->format == HESTIA ? "MD5-CRYPT" : "CRYPT";
	for (; *files != NULL && !emit_stop(a->emit); files++)
		read_one(run, *files);
	passwd_file_end(&run->reader);
	return source_finish(&run->source);
}

static const struct option options[] = { { "domain", required_argument, NULL,
					     'd' },
	{ "default-scheme", required_argument, NULL, 's' },
	{ "deny", required_argument, NULL, DENY },
	{ "master", required_argument, NULL, MASTER },
	{ "format", required_argument, NULL, FORMAT },
	{ "valiases", required_argument, NULL, VALIASES },
	{ "quiet", no_argument, NULL, 'q' },
	{ "verbose", no_argument, NULL, 'v' },
	{ "stop", no_argument, NULL, 'x' }, { "help", no_argument, NULL, 'h' },
	{ "version", no_argument, NULL, 'V' }, { 0 } };

int
main(int argc, char **argv)
{
	struct run run = { 0 };
	int c, status = SOURCE_GO_ON;

	source_run_init(&run.source, "dirdump-passwd-file", usage, help);
	run.reader.account.emit = &run.source.emit;
	while (status == SOURCE_GO_ON &&
	       (c = getopt_long(argc, argv, "+d:hqs:Vvx", options, NULL)) != -1)
		status = option(&run, c, optarg);
	if (status == SOURCE_GO_ON && optind == argc)
		status = tool_usage(usage);
	if (status == SOURCE_GO_ON)
		status = dump(&run, argv + optind);
	passwd_file_free(&run.reader);
	source_run_free(&run.source);
	return status;
}
