/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/*
 * dirdump ldap: a user directory on an LDAP server. See dirdump-ldap(1).
 */
#include <getopt.h>
#include <signal.h>

#include "core/alloc.h"
#include "core/cred.h"
#include "core/num.h"
#include "core/str.h"
#include "source/ldapdump.h"
#include "source/run.h"

static const char usage[] =
    "dirdump ldap [-hkqVvx] [-D dn] [-b base] [-d domain] [-s scheme] "
    "[option ...] --map name URI";

static const char help[] =
    "Lists the accounts and aliases on an LDAP server: ldap://HOST,\n"
    "ldaps://HOST, or ldapi:/// for the socket on this machine.\n"
    "\n"
    "  -m, --map NAME           the field map: what the entries hold\n"
    "  -b, --base DN            where to search (or URI/DN); otherwise the\n"
    "                           tree that the server has\n"
    "  -D, --bind-dn DN         who asks; without it nobody, or on a socket "
    "the\n"
    "                           user that runs this (SASL EXTERNAL)\n"
    "  --password-file FILE     the password of the DN\n"
    "  --password-command CMD   a command that prints it\n"
    "  --cacert FILE            trust these certificates (PEM)\n"
    "  -k, --insecure           do not check the server's certificate\n"
    "  --starttls               TLS over ldap:// on this machine too\n"
    "  --insecure-ldap          no TLS over ldap:// to another machine\n"
    "  --timeout SECONDS        how long to wait for an answer (60)\n"
    "  -d, --domain DOMAIN      the domain of names without one\n"
    "  -s, --default-scheme SCHEME  of passwords without a {SCHEME}\n"
    "  -q, --quiet              do not say what is left out or not carried\n"
    "  -v, --verbose            name each thing that is left out or not "
    "carried\n"
    "  -x, --stop               stop at the first entry that is refused\n"
    "  -h, --help               this text\n"
    "  -V, --version            the version\n"
    "\n"
    "Exit status: 0 everything is listed; 1 an entry could not be; 2 the run\n"
    "did not finish; 75 the server could not be reached: run it again.\n";

enum {
	PASSWORD_FILE = 256,
	PASSWORD_COMMAND,
	CACERT,
	STARTTLS,
	INSECURE_LDAP,
	TIMEOUT
};

static const struct option options[] = { { "map", required_argument, NULL,
					     'm' },
	{ "base", required_argument, NULL, 'b' },
	{ "bind-dn", required_argument, NULL, 'D' },
	{ "password-file", required_argument, NULL, PASSWORD_FILE },
	{ "password-command", required_argument, NULL, PASSWORD_COMMAND },
	{ "cacert", required_argument, NULL, CACERT },
	{ "insecure", no_argument, NULL, 'k' },
	{ "starttls", no_argument, NULL, STARTTLS },
	{ "insecure-ldap", no_argument, NULL, INSECURE_LDAP },
	{ "timeout", required_argument, NULL, TIMEOUT },
	{ "domain", required_argument, NULL, 'd' },
	{ "default-scheme", required_argument, NULL, 's' },
	{ "quiet", no_argument, NULL, 'q' },
	{ "verbose", no_argument, NULL, 'v' },
	{ "stop", no_argument, NULL, 'x' }, { "help", no_argument, NULL, 'h' },
	{ "version", no_argument, NULL, 'V' }, { 0 } };

struct call {
	struct source_run run;
	struct ldapconn_options ldap;
	struct fieldmap map;
	char *password;
	const char *map_name, *base, *scheme;
};

static int
set_timeout(struct call *c)
{
	const char *wrong;
	int64_t n;

	if (!parse_num(optarg, 1, 86400, &n, &wrong)) {
		tool_say("--timeout", "%s: %s", optarg, wrong);
		return EXIT_BROKEN;
	}
	c->ldap.timeout = (int)n;
	return SOURCE_GO_ON;
}

static int
read_option(struct call *c, int option)
{
	switch (option) {
	case 'm':
		c->map_name = optarg;
		return SOURCE_GO_ON;
	case 'b':
		c->base = optarg;
		return SOURCE_GO_ON;
	case 's':
		c->scheme = optarg;
		return SOURCE_GO_ON;
	case 'D':
		c->ldap.bind_dn = optarg;
		return SOURCE_GO_ON;
	case 'k':
		c->ldap.insecure_tls = true;
		return SOURCE_GO_ON;
	case PASSWORD_FILE:
		return source_secret(&c->password, cred_file, optarg);
	case PASSWORD_COMMAND:
		return source_secret(&c->password, cred_command, optarg);
	case CACERT:
		c->ldap.cacert = optarg;
		return SOURCE_GO_ON;
	case STARTTLS:
		c->ldap.starttls = true;
		return SOURCE_GO_ON;
	case INSECURE_LDAP:
		c->ldap.insecure_ldap = true;
		return SOURCE_GO_ON;
	case TIMEOUT:
		return set_timeout(c);
	default:
		return source_option(&c->run, option, optarg);
	}
}

static void
list_server(struct call *c, const char *uri)
{
	struct why why = { 0 };
	struct ldapconn *conn;
	struct rows m;

	c->ldap.password = c->password;
	c->ldap.external =
	    c->ldap.bind_dn == NULL && str_starts_nocase(uri, "ldapi:");
	conn = ldapconn_new(uri, &c->ldap, &why);
	if (conn == NULL) {
		tally_fail(&c->run.tally, uri, NULL, NULL, &why);
		return;
	}
	rows_init(&m, &c->run.emit, c->run.domain.data, c->scheme);
	ldapdump_read(conn, uri, c->base, &c->map, &m);
	rows_free(&m);
	ldapconn_free(conn);
}

int
main(int argc, char **argv)
{
	static struct call c;
	int option, status = SOURCE_GO_ON;

	source_run_init(&c.run, "dirdump-ldap", usage, help);
	(void)signal(SIGPIPE, SIG_IGN);
	while (status == SOURCE_GO_ON &&
	       (option = getopt_long(
		    argc, argv, "+b:D:d:hkm:qs:Vvx", options, NULL)) != -1)
		status = read_option(&c, option);
	if (status == SOURCE_GO_ON &&
	    (optind != argc - 1 || c.map_name == NULL))
		status = tool_usage(usage);
	if (status == SOURCE_GO_ON)
		status = source_map(&c.map, c.map_name);
	if (status == SOURCE_GO_ON) {
		list_server(&c, argv[optind]);
		status = source_finish(&c.run);
	}
	free_secret(c.password);
	source_run_free(&c.run);
	fieldmap_free(&c.map);
	return status;
}
