/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/*
 * ldap-find URI BASE ATTRIBUTE VALUE...: the DNs of the entries that have each
 * value, "-" where there is none. All of one connection, while a search for
 * everything is under way on it: what a reader does that looks single users up.
 */
#include <stdio.h>
#include <string.h>

#include "ldap/client.h"
#include "ldap/filter.h"

static const char *const none[] = { "1.1", NULL };

static struct ldapsearch *
start(struct ldapconn *c, const char *base, const char *filter, int page)
{
	struct ldapquery q = {
		.base = base, .filter = filter, .attributes = none, .page = page
	};
	struct why why;
	struct ldapsearch *s = ldapsearch_new(c, &q, &why);

	if (s == NULL)
		(void)fprintf(stderr, "%s: %s\n", filter, why.text);
	return s;
}

/* Prints what one value finds; the exit status. */
static int
find(struct ldapconn *c, const char *base, const char *name, const char *value)
{
	struct buf filter = { 0 };
	struct ldapsearch *s;
	struct ldap_entry e;
	struct why why = { 0 };
	int n = 0, r = -1;

	entry_init(&e);
	buf_addf(&filter, "(%s=", name);
	filter_escape(&filter, value, strlen(value));
	buf_addc(&filter, ')');
	s = start(c, base, filter.data, 0);
	while (s != NULL && (r = ldapsearch_next(s, &e, &why)) == 1) {
		(void)puts(entry_dn(&e));
		n++;
	}
	if (r == -1)
		(void)fprintf(stderr, "%s: %s\n", filter.data, why.text);
	else if (n == 0)
		(void)puts("-");
	ldapsearch_free(s);
	entry_free(&e);
	buf_free(&filter);
	return r == -1;
}

int
main(int argc, char **argv)
{
	struct ldapconn_options options = { 0 };
	struct why why = { 0 };
	struct ldapconn *c;
	struct ldapsearch *all;
	struct ldap_entry e;
	int bad = 0, n = 0, r = -1;

	if (argc < 4)
		return 2;
	c = ldapconn_new(argv[1], &options, &why);
	if (c == NULL) {
		(void)fprintf(stderr, "%s\n", why.text);
		return 2;
	}
	entry_init(&e);
	all = start(c, argv[2], "(objectClass=*)", 2);
	for (int i = 4; i < argc; i++) {
		bad |= find(c, argv[2], argv[3], argv[i]);
		if (all != NULL && ldapsearch_next(all, &e, &why) == 1)
			n++;
	}
	while (all != NULL && (r = ldapsearch_next(all, &e, &why)) == 1)
		n++;
	(void)printf("%d entries\n", n);
	ldapsearch_free(all);
	entry_free(&e);
	ldapconn_free(c);
	return bad != 0 || r == -1;
}
