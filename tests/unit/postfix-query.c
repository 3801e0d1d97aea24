/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/* Queries of Postfix tables that look one key up, as queries that list. */
#include "source/postfix/query.h"

#include "source/postfix/db-table.h"
#include "source/postfix/filter.h"
#include "unit/tap.h"

#define NO NULL

/* want: the queries, divided by " | "; NULL: it cannot be turned. */
static const struct {
	const char *query, *want;
} queries[] = {
	{ "SELECT goto FROM alias WHERE address='%s' AND active = '1'",
	    "SELECT address, goto FROM alias WHERE (active = '1')" },
	{ "select a, b from t where '%S' = lower(t.key)",
	    "SELECT lower(t.key), a, b from t" },
	{ "SELECT maildir FROM mailbox WHERE (local_part='%u' AND "
	  "domain=\"%d\") AND (active=1 OR x LIKE 'y%%')",
	    "SELECT local_part, domain, maildir FROM mailbox WHERE ((active=1 "
	    "OR x LIKE 'y%'))" },
	{ "SELECT 1 FROM d JOIN e ON d.id = e.id WHERE (d.name = '%s')",
	    "SELECT d.name, 1 FROM d JOIN e ON d.id = e.id" },
	{ "SELECT g FROM t WHERE CONCAT(u, '@', d) = '%s'",
	    "SELECT CONCAT(u, '@', d), g FROM t" },
	{ "SELECT g FROM t WHERE a = '%s' AND ((b = 1) AND (c = 2))",
	    "SELECT a, g FROM t WHERE (((b = 1) AND (c = 2)))" },
	/* The order does not matter, nor does a last ";". */
	{ "SELECT DISTINCT g FROM t WHERE a = '%s' ORDER BY g DESC;",
	    "SELECT DISTINCT a, g FROM t" },
	{ "SELECT g FROM t WHERE a = lower('%s')", "SELECT a, g FROM t" },
	{ "SELECT g FROM t WHERE a = '%u@%d'", "SELECT a, g FROM t" },
	{ "SELECT g FROM t WHERE a = '%u' || '@' || '%d'",
	    "SELECT a, g FROM t" },
	{ "SELECT g FROM t WHERE a = '@%d'", "SELECT a, g FROM t" },
	{ "SELECT g FROM t WHERE a = concat('@', '%d')", "SELECT a, g FROM t" },
	{ "SELECT g FROM t WHERE a = '%d'", "SELECT a, g FROM t" },
	{ "SELECT g FROM alias, ad WHERE ad.alias='%d' AND address = "
	  "CONCAT('%u', '@', ad.target) AND active",
	    "SELECT ad.alias, address, CONCAT('', '@', ad.target), g FROM "
	    "alias, ad WHERE (address LIKE CONCAT('%', '@', ad.target)) AND "
	    "(active)" },
	{ "SELECT g FROM alias, ad WHERE ad.alias='%d' AND address = "
	  "'%u' || '@' || ad.target",
	    "SELECT ad.alias, address, '' || '@' || ad.target, g FROM alias, "
	    "ad WHERE (address LIKE '%' || '@' || ad.target)" },
	{ "SELECT g FROM t WHERE a = '%s' UNION ALL SELECT h FROM u WHERE "
	  "b = '%s'",
	    "SELECT a, g FROM t | SELECT b, h FROM u" },
	{ "SELECT group_concat(g) FROM t WHERE a = '%s' AND b",
	    "SELECT a, group_concat(g) FROM t WHERE (b) GROUP BY a" },
	{ "SELECT MAX(g) FROM t WHERE a = '%u' AND b = '%d'",
	    "SELECT a, b, MAX(g) FROM t GROUP BY a, b" },
	{ "SELECT g FROM t WHERE a = '%s' AND d = '%d'",
	    "SELECT a, d, g FROM t" },
	{ "SELECT g FROM t WHERE a = '%s' OR b = '%s'", NO },
	{ "SELECT g FROM t WHERE a = '%s' OR b = 1", NO },
	{ "SELECT g FROM t WHERE NOT a = '%s'", NO },
	{ "SELECT g FROM t WHERE a = '%s' AND b = '%s'", NO },
	{ "SELECT g FROM t WHERE a = '%u'", NO },
	{ "SELECT g FROM t WHERE a = '%1'", NO },
	{ "SELECT g FROM t WHERE a LIKE '%s'", NO },
	{ "SELECT g FROM t WHERE a <= '%s'", NO },
	{ "SELECT g FROM t WHERE a = b = '%s'", NO },
	{ "SELECT g FROM t WHERE a BETWEEN '%s' AND b", NO },
	{ "SELECT '%s' FROM t WHERE a = '%s'", NO },
	{ "SELECT g FROM t WHERE a = CONCAT('%u', '@', b)", NO },
	{ "SELECT g FROM t WHERE a = md5('%s')", NO },
	{ "SELECT g FROM t WHERE a = '%s' UNION SELECT h FROM u", NO },
	{ "SELECT g FROM t WHERE a = (SELECT b FROM c WHERE d = '%s')", NO },
	{ "SELECT g FROM t WHERE a = '%s' LIMIT 1", NO },
	{ "SELECT g FROM t WHERE a = '%s' GROUP BY g", NO },
	{ "SELECT g FROM t", NO },
	{ "SELECT g FROM t WHERE", NO },
	{ "SELECT g FROM t WHERE a = '%s' AND", NO },
	{ "SELECT g FROM t WHERE (a = '%s'", NO },
	{ "DELETE FROM t WHERE a = '%s'", NO },
	{ "", NO },
};

/* Which key the columns of a row are about; NULL: none. */
static const struct {
	const char *query, *values[4], *key;
} keys[] = {
	{ "select x from t where a = '%s'", { "a@b" }, "a@b" },
	{ "select x from t where a = '%s'", { "b" }, "b" },
	{ "select x from t where a = '%u@%d'", { "b" }, NO },
	{ "select x from t where a = '%u@%d'", { "@b" }, NO },
	{ "select x from t where a = '%u' and b = '%d'", { "a", "b" }, "a@b" },
	{ "select x from t where a = '%u' and b = '%d'", { "", "b" }, NO },
	{ "select x from t where a = '%d'", { "b" }, "@b" },
	{ "select x from t where a = '@%d'", { "@b" }, "@b" },
	{ "select x from t where a = '@%d'", { "a@b" }, NO },
	{ "select x from t where a = '%s' and b = '%d'", { "a@b", "B" },
	    "a@b" },
	{ "select x from t where a = '%s' and b = '%d'", { "a@b", "c" }, NO },
	{ "select x from t where a = '%s' and b = '%u'", { "a@b", "a" },
	    "a@b" },
	{ "select x from t where a = '%s' and b = '%u'", { "a@b", "b" }, NO },
	{ "select x from t where a = '%s' and b = '%u'", { "a", "a" }, "a" },
	{ "select x from t where d = '%d' and a = concat('%u', '@', c)",
	    { "other", "ann@main", "@main" }, "ann@other" },
	{ "select x from t where d = '%d' and a = concat('%u', '@', c)",
	    { "other", "ann@not.main", "@main" }, NO },
	{ "select x from t where d = '%d' and a = concat('%u', '@', c)",
	    { "other", "@main", "@main" }, NO },
};

/* exact: keys as they are; otherwise each is asked for. */
static const struct {
	const char *filter, *want;
	bool exact;
} filters[] = {
	{ "(mailAlias=%s)", "(mailAlias=*)", true },
	{ "(&(objectClass=x)(mail=%s)(on=TRUE))",
	    "(&(objectClass=x)(mail=*)(on=TRUE))", true },
	{ "(&(objectClass=x)(|(mail=%s)(alias=%s)))",
	    "(&(objectClass=x)(|(mail=*)(alias=*)))", true },
	{ "(&(mail=%s)(alias=%s))", "(&(mail=*)(alias=*))", false },
	{ "(&(mail=%s)(!(off=%s)))", "(&(mail=*)(objectClass=*))", false },
	{ "(|(&(a=%s)(b=off))(&(mail=%s)(uid=ann)))",
	    "(|(&(a=*)(b=off))(&(mail=*)(uid=ann)))", false },
	{ "(proxyAddresses=smtp:%s)", "(proxyAddresses=*)", false },
	{ "(|(mail=%s)(uid=ann))", "(|(mail=*)(uid=ann))", false },
	{ "(&(mail=%s)(uid=%u))", "(&(mail=*)(objectClass=*))", false },
	{ "(&(a=x)(!(mail=%s)))", NO, false },
	{ "(uid=%u)", NO, false },
	{ "(mail=*%s)", NO, false },
	{ "(objectClass=x)", NO, false },
	{ "(mail=%s", NO, false },
	{ "", NO, false },
};

static const struct {
	const char *format, *value, *key, *want;
} results[] = {
	{ "%s", "a@b", "k@d", "a@b" },
	{ "%u at %d, 5%%", "a@b", "k@d", "a at b, 5%" },
	{ "%s, %S", "a@b", "k@d", "a@b, k@d" },
	{ "%U.%D", "a@b", "k@d", "k.d" },
	{ "%1/%2/%3", "a@b", "k@x.d.e", "e/d/x" },
	{ "%4", "a@b", "k@x.d.e", NO },
	{ "%u", "a", "k", "a" },
	{ "%u", "@b", "k", NO },
	{ "%d", "a", "k@d", NO },
	{ "%D", "a@b", "k", NO },
	{ "%1", "a@b", "k", NO },
	{ "%x", "a", "k", NO },
	{ "%", "a", "k", NO },
};

static void
test_queries(void)
{
	for (size_t i = 0; i < sizeof queries / sizeof *queries; i++) {
		struct postfix_listing list;
		struct buf out = { 0 };
		struct why why = { 0 };
		int r = postfix_query_list(queries[i].query, &list, &why);

		for (size_t j = 0; j < list.n; j++)
			buf_addf(&out, "%s%s", j == 0 ? "" : " | ",
			    buf_str(&list.selects[j].text));
		SAME(r == 0 ? buf_str(&out) : NULL, queries[i].want, "%s",
		    queries[i].query);
		OK(r == 0 || *why.text != '\0', "a reason");
		postfix_listing_free(&list);
		buf_free(&out);
	}
}

static void
test_keys(void)
{
	for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
		struct postfix_listing list;
		struct buf out = { 0 };

		OK(postfix_query_list(keys[i].query, &list, NULL) == 0, "%s",
		    keys[i].query);
		/* The domain comes before a long local part. */
		SAME(postfix_select_key(&list.selects[0], keys[i].values, &out)
			 ? buf_str(&out)
			 : NULL,
		    keys[i].key, "the key of %s", keys[i].values[0]);
		postfix_listing_free(&list);
		buf_free(&out);
	}
}

static void
test_filters(void)
{
	struct postfix_filter f;
	struct buf out = { 0 };

	for (size_t i = 0; i < sizeof filters / sizeof *filters; i++) {
		int r = postfix_filter_list(filters[i].filter, &f, NULL);

		SAME(r == 0 ? buf_str(&f.text) : NULL, filters[i].want, "%s",
		    filters[i].filter);
		OK(r == -1 || f.exact == filters[i].exact, "exact");
		postfix_filter_free(&f);
	}
	OK(postfix_filter_list("(p=smtp:%s)", &f, NULL) == 0, "a prefix");
	OK(postfix_filter_key(&f.keys[0], "SMTP:a@b", &out), "is cut off");
	SAME(buf_str(&out), "a@b", "the key");
	OK(!postfix_filter_key(&f.keys[0], "x400:a", &out), "another one");
	OK(!postfix_filter_key(&f.keys[0], "smtp:", &out), "nothing after it");
	postfix_filter_free(&f);
	buf_free(&out);
}

int
main(void)
{
	test_queries();
	test_keys();
	test_filters();
	for (size_t i = 0; i < sizeof results / sizeof *results; i++) {
		struct buf out = { 0 };
		bool ok = db_table_expand(results[i].format, results[i].value,
		    results[i].key, NULL, NULL, &out);

		SAME(ok ? buf_str(&out) : NULL, results[i].want, "%s",
		    results[i].format);
		buf_free(&out);
	}
	TAP_DONE();
}
