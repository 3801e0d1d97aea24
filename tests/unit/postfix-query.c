/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/* Queries of Postfix tables that look one key up, as queries that list. */
#include "source/postfix-query.h"

#include "unit/tap.h"

static const struct {
	const char *query, *want; /* NULL: it cannot be turned */
	bool parts;
} queries[] = {
	{ "SELECT goto FROM alias WHERE address='%s' AND active = '1'",
	    "SELECT address, goto FROM alias WHERE (active = '1')", false },
	{ "select a, b from t where '%S' = lower(t.key)",
	    "SELECT lower(t.key), a, b from t", false },
	{ "SELECT maildir FROM mailbox WHERE (local_part='%u' AND "
	  "domain=\"%d\") AND (active=1 OR x LIKE 'y%%')",
	    "SELECT local_part, domain, maildir FROM mailbox WHERE ((active=1 "
	    "OR x LIKE 'y%'))",
	    true },
	{ "SELECT 1 FROM d JOIN e ON d.id = e.id WHERE (d.name = '%s')",
	    "SELECT d.name, 1 FROM d JOIN e ON d.id = e.id", false },
	{ "SELECT g FROM t WHERE CONCAT(u, '@', d) = '%s'",
	    "SELECT CONCAT(u, '@', d), g FROM t", false },
	{ "SELECT g FROM t WHERE a = '%s' AND ((b = 1) AND (c = 2))",
	    "SELECT a, g FROM t WHERE (((b = 1) AND (c = 2)))", false },
	{ "SELECT g FROM t WHERE a = '%s' OR b = '%s'", NULL, false },
	{ "SELECT g FROM t WHERE a = '%s' OR b = 1", NULL, false },
	{ "SELECT g FROM t WHERE NOT a = '%s'", NULL, false },
	{ "SELECT g FROM t WHERE a = '%s' AND b = '%s'", NULL, false },
	{ "SELECT g FROM t WHERE a = '@%d'", NULL, false },
	{ "SELECT g FROM t WHERE a = '%d'", NULL, false },
	{ "SELECT g FROM t WHERE a LIKE '%s'", NULL, false },
	{ "SELECT g FROM t WHERE a <= '%s'", NULL, false },
	{ "SELECT g FROM t WHERE a = b = '%s'", NULL, false },
	{ "SELECT g FROM t WHERE a BETWEEN '%s' AND b", NULL, false },
	{ "SELECT '%s' FROM t WHERE a = '%s'", NULL, false },
	{ "SELECT g FROM t WHERE a = CONCAT('%u', '@', b)", NULL, false },
	{ "SELECT g FROM t WHERE a = '%s' UNION SELECT h FROM u", NULL, false },
	{ "SELECT g FROM t WHERE a = (SELECT b FROM c WHERE d = '%s')", NULL,
	    false },
	{ "SELECT g FROM t WHERE a = '%s' LIMIT 1", NULL, false },
	{ "SELECT g FROM t", NULL, false },
	{ "SELECT g FROM t WHERE", NULL, false },
	{ "SELECT g FROM t WHERE a = '%s' AND", NULL, false },
	{ "SELECT g FROM t WHERE (a = '%s'", NULL, false },
	{ "DELETE FROM t WHERE a = '%s'", NULL, false },
	{ "", NULL, false },
};

static const struct {
	const char *filter, *want, *keys;
} filters[] = {
	{ "(mailAlias=%s)", "(mailAlias=*)", "mailAlias\n" },
	{ "(&(objectClass=x)(mail=%s)(on=TRUE))",
	    "(&(objectClass=x)(mail=*)(on=TRUE))", "mail\n" },
	{ "(&(objectClass=x)(|(mail=%s)(alias=%s)))",
	    "(&(objectClass=x)(|(mail=*)(alias=*)))", "mail\nalias\n" },
	{ "(&(mail=%s)(alias=%s))", NULL, NULL },
	{ "(&(a=x)(!(mail=%s)))", NULL, NULL },
	{ "(mail=%u@x)", NULL, NULL },
	{ "(mail=*%s)", NULL, NULL },
	{ "(objectClass=x)", NULL, NULL },
	{ "", NULL, NULL },
};

static const struct {
	const char *format, *result, *want;
} results[] = {
	{ "%s", "a@b", "a@b" },
	{ "%u at %d, 5%%", "a@b", "a at b, 5%" },
	{ "%u", "a", "a" },
	{ "%d", "a", NULL },
	{ "%1", "a", NULL },
	{ "%", "a", NULL },
};

int
main(void)
{
	for (size_t i = 0; i < sizeof queries / sizeof *queries; i++) {
		struct buf out = { 0 };
		struct why why = { 0 };
		bool parts = false;
		int r =
		    postfix_query_list(queries[i].query, &out, &parts, &why);

		SAME(r == 0 ? buf_str(&out) : NULL, queries[i].want, "%s",
		    queries[i].query);
		OK(r == 0 ? parts == queries[i].parts : *why.text != '\0',
		    "parts of the key, or a reason");
		buf_free(&out);
	}
	for (size_t i = 0; i < sizeof filters / sizeof *filters; i++) {
		struct buf out = { 0 }, keys = { 0 };
		int r =
		    postfix_filter_list(filters[i].filter, &out, &keys, NULL);

		SAME(r == 0 ? buf_str(&out) : NULL, filters[i].want, "%s",
		    filters[i].filter);
		SAME(r == 0 ? buf_str(&keys) : NULL, filters[i].keys, "keys");
		buf_free(&out);
		buf_free(&keys);
	}
	for (size_t i = 0; i < sizeof results / sizeof *results; i++) {
		struct buf out = { 0 };
		bool ok =
		    postfix_result(results[i].format, results[i].result, &out);

		SAME(ok ? buf_str(&out) : NULL, results[i].want, "%s",
		    results[i].format);
		buf_free(&out);
	}
	TAP_DONE();
}
