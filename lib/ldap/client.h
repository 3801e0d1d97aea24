/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/*
 * A connection to an LDAP server, by OpenLDAP's libldap. Passwords go over TLS
 * or stay on this machine, certificates are verified, referrals are not
 * followed, every wait has an end, and entries come one by one however many
 * there are. libldap reads ldap.conf(5); what is said here goes before it.
 */
#ifndef FERRY_LDAP_CLIENT_H
#define FERRY_LDAP_CLIENT_H

#include <stdbool.h>
#include <stddef.h>

#include "core/why.h"
#include "ldap/entry.h"

enum ldap_scope {
	SCOPE_SUBTREE, /* the base and all below it */
	SCOPE_ONE,     /* directly below the base */
	SCOPE_BASE     /* the base alone */
};

struct ldapconn_options {
	const char *bind_dn; /* NULL: anonymous */
	const char *password;
	bool external;      /* SASL EXTERNAL: who we are on the socket */
	bool starttls;      /* over ldap:// to this machine too */
	bool insecure_ldap; /* no TLS over ldap:// to another machine */
	bool insecure_tls;  /* certificates are not checked */
	const char *cacert; /* PEM file; NULL: as ldap.conf(5) says */
	bool deref;         /* aliases are followed */
	int timeout;        /* seconds for each answer; 0: 60 */
};

struct ldapconn;

/*
 * Connects and binds. uri: ldap://, ldaps:// or ldapi:// with a host or socket,
 * and the DN of a base after "/" if wanted. NULL and why: TEMP where the
 * server does not answer, otherwise FATAL. Nothing is borrowed.
 */
struct ldapconn *ldapconn_new(
    const char *uri, const struct ldapconn_options *options, struct why *why);
/* NULL is fine. */
void ldapconn_free(struct ldapconn *c);

/*
 * The DN to search from: that of the URI, or the one tree that the server has
 * (RFC 4512, 5.1). Owned by c. NULL and why.
 */
const char *ldapconn_base(struct ldapconn *c, struct why *why);

struct ldapquery {
	const char *base;
	enum ldap_scope scope;
	const char *filter;            /* values in it by filter_escape */
	const char *const *attributes; /* NULL at the end; or NULL: all */
	bool may_lack_base; /* a base that is not there has no entries */
	int page;           /* entries of one page (RFC 2696); 0: no pages */
};

struct ldapsearch;

/* Starts a search; several may run on one connection, but only one with
 * pages. c must outlive it. The query is copied. NULL and why, DATA if the
 * filter is not one. */
struct ldapsearch *ldapsearch_new(
    struct ldapconn *c, const struct ldapquery *query, struct why *why);

/*
 * The next entry: 1; 0: all were there; -1 and why. DATA is about one entry,
 * whose DN is in e: the next call goes on. TEMP: the server went away, or asks
 * to come again, before the connection gave any entry; afterwards that is
 * FATAL, as are limits of the server that cut the answer off.
 */
int ldapsearch_next(
    struct ldapsearch *s, struct ldap_entry *e, struct why *why);

/* How many references to other servers came, which are not followed. */
size_t ldapsearch_references(const struct ldapsearch *s);

/* Ends a search, wherever it is. NULL is fine. */
void ldapsearch_free(struct ldapsearch *s);

#endif
