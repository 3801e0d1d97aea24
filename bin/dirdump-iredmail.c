/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/*
 * dirdump iredmail: the database of the iRedMail on this machine. See
 * dirdump-iredmail(1).
 */
#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/alloc.h"
#include "core/io.h"
#include "source/shortform.h"

static const char usage[] = "dirdump iredmail [-hqVvx] [-m map] [directory]";

static const char help[] =
    "Lists the domains, mailboxes and aliases of the iRedMail on this "
    "machine.\n"
    "The tables of its Postfix lead to the database, or to the LDAP server;\n"
    "their folder is /etc/postfix where none is given.\n"
    "\n"
    "  -m, --map FILE     a field map instead of the one for iRedMail\n"
    "  -q, --quiet        do not say what is left out or not carried\n"
    "  -v, --verbose      name each thing that is left out or not carried\n"
    "  -x, --stop         stop at the first row that is refused\n"
    "  -h, --help         this text\n"
    "  -V, --version      the version\n"
    "\n"
    "Exit status: 0 everything is listed; 1 a row could not be; 2 the run did\n"
    "not finish; 75 the database could not be reached: run it again.\n";

static const struct option options[] = { { "map", required_argument, NULL,
					     'm' },
	{ "quiet", no_argument, NULL, 'q' },
	{ "verbose", no_argument, NULL, 'v' },
	{ "stop", no_argument, NULL, 'x' }, { "help", no_argument, NULL, 'h' },
	{ "version", no_argument, NULL, 'V' }, { 0 } };

/* A descriptor from which the password can be read: it stands on no command
 * line. -1: reported. */
static int
password_pipe(const char *password)
{
	int fd[2];

	if (pipe(fd) == -1 ||
	    write_all(fd[1], password, strlen(password)) == -1 ||
	    close(fd[1]) == -1) {
		tool_say(NULL, "pipe: %s", strerror(errno));
		return -1;
	}
	return fd[0];
}

/* The program dirdump-ldap, which is where this one is. */
static char *
ldap_program(void)
{
	const char *folder = getenv("MAILFERRY_LIBEXEC");
	char own[PATH_MAX], *slash;
	ssize_t n;

	if (folder != NULL && *folder != '\0')
		return xasprintf("%s/dirdump-ldap", folder);
	n = readlink("/proc/self/exe", own, sizeof own - 1);
	own[n > 0 ? n : 0] = '\0';
	slash = strrchr(own, '/');
	if (slash == NULL)
		return xstrdup("dirdump-ldap");
	*slash = '\0';
	return xasprintf("%s/dirdump-ldap", own);
}

/* Becomes dirdump-ldap; returns only where that cannot be. */
static int
run_ldap(
    const struct shortform *f, const struct install_ldap *ldap, const char *map)
{
	enum {
		ARGUMENTS = 16
	};
	int fd = password_pipe(ldap->password);
	char *program = ldap_program();
	char *password = xasprintf("--password-file=/dev/fd/%d", fd);
	const char *argv[ARGUMENTS] = { "dirdump-ldap", password };
	size_t n = 2;

	argv[n++] = "--map";
	argv[n++] = map == NULL ? "iredmail-ldap" : map;
	argv[n++] = "--bind-dn";
	argv[n++] = ldap->bind_dn;
	argv[n++] = "--base";
	argv[n++] = ldap->base;
	if (f->run.emit.quiet)
		argv[n++] = "-q";
	if (f->run.tally.verbose > 0)
		argv[n++] = "-v";
	if (f->run.tally.strict)
		argv[n++] = "-x";
	argv[n++] = ldap->uri;
	if (fd != -1) {
		(void)execv(program, (char *const *)(uintptr_t)argv);
		tool_say(program, "%s", strerror(errno));
	}
	free(program);
	free(password);
	return EXIT_BROKEN;
}

/* SQL comes first; without its tables, LDAP. The exit status. */
static int
dump(struct shortform *f, const char *path, const char *map)
{
	struct install_ldap ldap = { 0 };
	struct why why = { 0 }, why_ldap = { 0 };
	int r;

	if (map != NULL)
		f->map_name = map;
	if (install_iredmail(&f->install, path, &why) == 0)
		return shortform_dump(f);
	r = install_iredmail_ldap(&f->install, path, &ldap, &why_ldap);
	if (r == 1)
		return run_ldap(f, &ldap, map);
	tool_say(NULL, "%s", r == 0 ? why.text : why_ldap.text);
	return EXIT_BROKEN;
}

int
main(int argc, char **argv)
{
	static struct shortform f;
	const char *path = "/etc/postfix", *map = NULL;
	int option, status = SOURCE_GO_ON;

	shortform_init(&f, "dirdump-iredmail", usage, help, "iredmail");
	(void)signal(SIGPIPE, SIG_IGN);
	while (status == SOURCE_GO_ON && (option = getopt_long(argc, argv,
					      "+hm:qVvx", options, NULL)) != -1)
		if (option == 'm')
			map = optarg;
		else
			status = shortform_option(&f, option, optarg);
	if (optind < argc)
		path = argv[optind];
	if (status == SOURCE_GO_ON && argc - optind > 1)
		status = tool_usage(usage);
	if (status == SOURCE_GO_ON)
		status = dump(&f, path, map);
	shortform_free(&f);
	return status;
}
