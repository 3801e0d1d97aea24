/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/*
 * dirdump passwd-file: the accounts of Dovecot's passwd-files, and of the files
 * of panels that are like them. See dirdump-passwd-file(1).
 */
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "core/tool.h"
#include "record/address.h"
#include "source/passwd-file.h"

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
	struct tally tally;
	struct emit emit;
	struct passwd_file reader;
	struct buf domain;
	enum format format;
	const char *valiases;
};

static bool
set_format(struct run *run, const char *name)
{
	for (size_t i = 0; formats[i] != NULL; i++)
		if (strcmp(formats[i], name) == 0) {
			run->format = (enum format)i;
			return true;
		}
	tool_say("--format", "there are: dovecot, hestia, cpanel");
	return false;
}

static bool
set_domain(struct run *run, const char *name)
{
	struct why why = { 0 };

	buf_reset(&run->domain);
	if (domain_normalise(name, &run->domain, &why) == -1) {
		tool_say("--domain", "%s", why.text);
		return false;
	}
	run->reader.account.domain = run->domain.data;
	run->reader.account.bare_login = true;
	return true;
}

static bool
read_names(struct run *run, const char *path, struct map *names)
{
	struct why why = { 0 };

	if (passwd_file_names(&run->reader.account, path, names, &why) == 0)
		return true;
	tool_say(NULL, "%s", why.text);
	return false;
}

/* EXIT_DONE to go on, -1 for a wrong call. */
static int
option(struct run *run, int c, const char *value)
{
	struct account *a = &run->reader.account;

	switch (c) {
	case 'd':
		return set_domain(run, value) ? EXIT_DONE : EXIT_BROKEN;
	case 's':
		a->default_scheme = value;
		return EXIT_DONE;
	case 'q':
		run->emit.quiet = true;
		return EXIT_DONE;
	case 'v':
		run->tally.verbose++;
		return EXIT_DONE;
	case 'x':
		run->tally.strict = true;
		return EXIT_DONE;
	case FORMAT:
		return set_format(run, value) ? EXIT_DONE : EXIT_BROKEN;
	case DENY:
		return read_names(run, value, &a->deny) ? EXIT_DONE
							: EXIT_BROKEN;
	case MASTER:
		return read_names(run, value, &a->master) ? EXIT_DONE
							  : EXIT_BROKEN;
	case VALIASES:
		run->valiases = value;
		return EXIT_DONE;
	default:
		return tool_usage(usage);
	}
}

static void
read_file_of(struct run *run, const char *path)
{
	struct account *a = &run->reader.account;

	if (run->format == HESTIA)
		hestia_read(&run->reader, path);
	else if (run->format == CPANEL)
		cpanel_read(&run->reader, path, run->valiases);
	else if (passwd_file_is_pattern(path)) {
		struct account saved = *a;

		passwd_file_pattern(&run->reader, path);
		a->domain = saved.domain;
		a->bare_login = saved.bare_login;
		a->one_domain = false;
	} else {
		passwd_file_read(&run->reader, path);
	}
}

static int
dump(struct run *run, char **files)
{
	struct account *a = &run->reader.account;
	int status;

	if (run->format != DOVECOT)
		a->one_domain = true;
	a->shell_quota = run->format == HESTIA;
	/* install/common/dovecot/2.3/conf.d/auth-passwdfile.conf.ext */
	if (a->default_scheme == NULL)
		a->default_scheme =
		    run->format == HESTIA ? "MD5-CRYPT" : "CRYPT";
	for (; *files != NULL && !emit_stop(&run->emit); files++)
		read_file_of(run, *files);
	passwd_file_end(&run->reader);
	emit_end(&run->emit);
	status = tally_finish(&run->tally);
	passwd_file_free(&run->reader);
	emit_free(&run->emit);
	buf_free(&run->domain);
	return status;
}

int
main(int argc, char **argv)
{
	static const struct option options[] = { { "domain", required_argument,
						     NULL, 'd' },
		{ "default-scheme", required_argument, NULL, 's' },
		{ "deny", required_argument, NULL, DENY },
		{ "master", required_argument, NULL, MASTER },
		{ "format", required_argument, NULL, FORMAT },
		{ "valiases", required_argument, NULL, VALIASES },
		{ "quiet", no_argument, NULL, 'q' },
		{ "verbose", no_argument, NULL, 'v' },
		{ "stop", no_argument, NULL, 'x' },
		{ "help", no_argument, NULL, 'h' },
		{ "version", no_argument, NULL, 'V' }, { 0 } };
	struct run run = { 0 };
	int c, status;

	tool_init("dirdump-passwd-file");
	emit_init(&run.emit, "passwd-file", &run.tally);
	run.reader.account.emit = &run.emit;
	while (
	    (c = getopt_long(argc, argv, "+d:hqs:Vvx", options, NULL)) != -1) {
		if (c == 'h')
			return tool_help(usage, help);
		if (c == 'V')
			return tool_version();
		status = option(&run, c, optarg);
		if (status != EXIT_DONE)
			return status;
	}
	if (optind == argc)
		return tool_usage(usage);
	return dump(&run, argv + optind);
}
