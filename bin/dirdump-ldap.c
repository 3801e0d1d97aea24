/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/*
 * dirdump ldap: a user directory on an LDAP server. See dirdump-ldap(1).
 */
#include <string.h>

#include "cli/main.h"
#include "core/alloc.h"
#include "core/str.h"
#include "source/fieldmap/file.h"
#include "source/fieldmap/ldapdump.h"
#include "source/run.h"

static struct source_run run;
static struct ldapconn_options ldap;
static struct fieldmap map;
static char *password;
static const char *map_name, *base, *scheme;
static int64_t timeout = 60;

static void
release(void)
{
	free_secret(password);
	fieldmap_free(&map);
}

static const struct opt options[] = {
	OPT_STRING('m', "map", "NAME", "the field map: what the entries hold",
	    &map_name),
	OPT_STRING('b', "base", "DN",
	    "where to search (or URI/DN); by default the tree that the server "
	    "has",
	    &base),
	OPT_STRING('D', "bind-dn", "DN",
	    "who asks; without it nobody, or on a socket the user that runs "
	    "this "
	    "(SASL EXTERNAL)",
	    &ldap.bind_dn),
	OPT_PASSWORD("the password of the DN", &password),
	OPT_TLS("the server", &ldap.cacert, &ldap.insecure_tls),
	OPT_SET(0, "starttls", "TLS over ldap:// on this machine too",
	    &ldap.starttls),
	OPT_SET(0, "insecure-ldap", "no TLS over ldap:// to another machine",
	    &ldap.insecure_ldap),
	OPT_NUMBER(0, "timeout", "SECONDS", "how long to wait for an answer",
	    &timeout, 1, 86400),
	SOURCE_DOMAIN(&run),
	SOURCE_SCHEME(&scheme),
	SOURCE_COMMON(&run, "entry"),
};

static void
list_server(const char *uri)
{
	struct why why = { 0 };
	struct ldapconn *conn;
	struct rows m;

	/* A user part would be a password's, and is no part of such a URI. */
	if (strchr(uri, '@') != NULL) {
		why_set(&why, FAIL_FATAL,
		    "the URI holds an @: a user or password is an option of "
		    "its "
		    "own");
		tally_fail(&run.tally, NULL, NULL, NULL, &why);
		return;
	}
	ldap.password = password;
	ldap.timeout = (int)timeout;
	ldap.external =
	    ldap.bind_dn == NULL && str_starts_nocase(uri, "ldapi:");
	conn = ldapconn_new(uri, &ldap, &why);
	if (conn == NULL) {
		tally_fail(&run.tally, uri, NULL, NULL, &why);
		return;
	}
	rows_init(&m, &run.emit, run.domain.data, scheme);
	ldapdump_read(conn, uri, base, &map, &m);
	rows_free(&m);
	ldapconn_free(conn);
}

static int
dump(char **operands)
{
	struct why why = { 0 };

	if (map_name == NULL)
		return opt_wrong(&tool, "no field map given: --map");
	if (fieldmap_read(&map, map_name, &why) == -1)
		return source_refuse(&why);
	source_begin(&run, &tool);
	list_server(operands[0]);
	return source_finish(&run);
}

const struct opt_tool tool = {
	SOURCE_SERVER_TOOL("ldap", "URI", 1, 1, "an entry", "server"),
	.about =
	    "Lists the accounts and aliases on an LDAP server: ldap://HOST,\n"
	    "ldaps://HOST, or ldapi:/// for the socket on this machine.\n",
	.options = options,
	.run = dump,
	.release = release,
};
