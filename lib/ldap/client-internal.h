/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/* What the plugin with libldap offers to client.c: the functions of client.h. */
#ifndef FERRY_LDAP_CLIENT_INTERNAL_H
#define FERRY_LDAP_CLIENT_INTERNAL_H

#include "ldap/client.h"

struct ldap_library {
	struct ldapconn *(*connect)(const char *uri,
	    const struct ldapconn_options *options, struct why *why);
	void (*disconnect)(struct ldapconn *c);
	const char *(*base)(struct ldapconn *c, struct why *why);
	struct ldapsearch *(*search)(
	    struct ldapconn *c, const struct ldapquery *query, struct why *why);
	int (*next)(
	    struct ldapsearch *s, struct ldap_entry *e, struct why *why);
	size_t (*references)(const struct ldapsearch *s);
	void (*end)(struct ldapsearch *s);
};

#endif
