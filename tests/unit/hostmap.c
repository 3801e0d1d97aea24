/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/* Servers of another machine, as they are reached from here. */
#include "source/host-map.h"

#include <stdio.h>
#include <string.h>

#include "unit/tap.h"

static struct arena arena;

/* Whether a URI becomes another. */
static bool
uri_is(const char *from, const char *to)
{
	struct why why = { 0 };
	const char *got = host_map_uri(from, &arena, &why);

	if (got != NULL && strcmp(got, to) == 0)
		return true;
	printf("# %s: %s\n", from, got == NULL ? why.text : got);
	return false;
}

static bool
adds(const char *text)
{
	struct why why = { 0 };

	return host_map_add(arena_adds(&arena, text), &why) == 0;
}

static bool
maps(struct host_server from, const char *host, const char *socket,
    unsigned int port)
{
	struct why why = { 0 };
	bool mapped;

	return host_map(&from, &mapped, &why) == 0 && mapped &&
	       from.port == port &&
	       (host == NULL
		       ? from.host == NULL
		       : from.host != NULL && strcmp(from.host, host) == 0) &&
	       (socket == NULL ? from.socket == NULL
			       : from.socket != NULL &&
				     strcmp(from.socket, socket) == 0);
}

int
main(void)
{
	OK(adds("localhost=127.0.0.1:13306"), "a host with a port");
	OK(adds("db.test:5433=[::1]:15433"), "an address of IPv6");
	OK(adds("/run/mysqld/mysqld.sock=db.here"), "a socket");
	OK(adds("ldap.test=ldap.here"), "a host alone");
	OK(adds("here.test=/run/slapd/ldapi"), "to a socket");
	OK(!adds("localhost"), "no equals sign");
	OK(!adds("=x"), "no old name");
	OK(!adds("x="), "no new name");
	OK(!adds("x=y:0"), "not a port");
	OK(!adds("x=[::1"), "no end of the brackets");

	OK(maps((struct host_server){ 0 }, "127.0.0.1", NULL, 13306),
	    "no server named is localhost");
	OK(maps((struct host_server){ .host = "LOCALHOST" }, "127.0.0.1", NULL,
	       13306),
	    "case does not matter");
	OK(maps((struct host_server){ .host = "db.test", .port = 5433 }, "::1",
	       NULL, 15433),
	    "a port of it alone");
	OK(!maps((struct host_server){ .host = "db.test", .port = 5432 }, "::1",
	       NULL, 15433),
	    "and not another");
	OK(maps((struct host_server){ .socket = "/run/mysqld/mysqld.sock" },
	       "db.here", NULL, 0),
	    "a socket becomes a host");
	OK(maps((struct host_server){ .host = "ldap.test", .port = 390 },
	       "ldap.here", NULL, 390),
	    "the old port stays");

	OK(uri_is("ldap://ldap.test/dc=x", "ldap://ldap.here/dc=x"), "a URI");
	OK(uri_is("ldaps://ldap.test:1636", "ldaps://ldap.here:1636/"),
	    "a URI with a port");
	OK(uri_is("ldap://other.test", "ldap://other.test"),
	    "a URI that is not mapped");
	OK(uri_is("ldapi:///", "ldap://127.0.0.1:13306/"),
	    "the socket of this machine");
	OK(uri_is("ldap://here.test", "ldapi://%2Frun%2Fslapd%2Fldapi/"),
	    "a URI that becomes a socket");
	host_map_free();
	arena_free(&arena);
	TAP_DONE();
}
