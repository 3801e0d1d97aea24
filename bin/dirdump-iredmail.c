/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/*
 * dirdump iredmail: the database of the iRedMail on this machine. See
 * dirdump-iredmail(1).
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/main.h"
#include "core/alloc.h"
#include "core/io.h"
#include "core/place.h"
#include "source/suite/suite.h"

/* A descriptor from which the password can be read: it is on no command
 * line. -1 and why. */
static int
password_pipe(const char *password, struct why *why)
{
	int fd[2];

	if (pipe(fd) == -1 ||
	    write_all(fd[1], password, strlen(password)) == -1 ||
	    close(fd[1]) == -1)
		return why_errno(why, FAIL_FATAL, "pipe");
	return fd[0];
}

/* The program dirdump-ldap, to be freed. */
static char *
ldap_program(void)
{
	char **where = place_programs();
	char *path = place_find(where, "dirdump-ldap");

	place_free(where);
	return path == NULL ? xstrdup("dirdump-ldap") : path;
}

static const char *map;
static struct suite suite;

/* Becomes dirdump-ldap; returns only where that cannot be: -1 and why. */
static int
run_ldap(const struct install_ldap *ldap, struct why *why)
{
	enum {
		ARGUMENTS = 16
	};
	int fd = password_pipe(ldap->password, why);
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
	if (suite.run.emit.quiet)
		argv[n++] = "-q";
	if (suite.run.tally.verbose > 0)
		argv[n++] = "-v";
	if (suite.run.tally.strict)
		argv[n++] = "-x";
	argv[n++] = ldap->uri;
	if (fd != -1) {
		(void)execv(program, (char *const *)(uintptr_t)argv);
		why_errno(why, FAIL_FATAL, "%s", program);
	}
	free(program);
	free(password);
	return -1;
}

/* SQL comes first; without its tables, LDAP. */
static int
find(struct install *found, const char *place, struct why *why)
{
	struct install_ldap ldap = { 0 };
	struct why why_ldap = { 0 };

	if (install_iredmail(found, place, why) == 0)
		return 0;
	switch (install_iredmail_ldap(found, place, &ldap, &why_ldap)) {
	case 1:
		return run_ldap(&ldap, why);
	case -1:
		*why = why_ldap;
		break;
	default:
		break;
	}
	return -1;
}

static struct suite suite = {
	.map_name = "iredmail",
	.place = "/etc/postfix",
	.find = find,
};

static const struct opt options[] = {
	SUITE_MAP("iRedMail", &map),
	SOURCE_COMMON(&suite.run, "row"),
};

static int
dump(char **operands)
{
	if (map != NULL)
		suite.map_name = map;
	return suite_run(&suite, &tool, operands);
}

const struct opt_tool tool = {
	SOURCE_SERVER_TOOL(
	    "iredmail", "[directory]", 0, 1, "a row", "database"),
	.about =
	    "Lists the domains, mailboxes and aliases of the iRedMail on this "
	    "machine.\n"
	    "The tables of its Postfix lead to the database, or to the LDAP "
	    "server;\n"
	    "their folder is /etc/postfix by default.\n",
	.options = options,
	.run = dump,
};
