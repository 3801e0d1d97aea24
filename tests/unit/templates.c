/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/* Fields that Dovecot makes of the values of an entry. */
#include "source/dovecot/templates.h"

#include <string.h>

#include "core/buf.h"
#include "unit/tap.h"

static const char *
value(void *ctx, const char *name)
{
	(void)ctx;
	if (strcmp(name, "uid") == 0)
		return "ann";
	return strcmp(name, "mailQuota") == 0 ? "5" : NULL;
}

static void
set(void *ctx, const char *field, const char *text)
{
	buf_addf(ctx, "%s=%s;", field, text);
}

static const struct {
	const char *list;  /* of 2.3; NULL: the block */
	const char *field; /* of the block, with its text */
	const char *text;
	const char *want; /* NULL: refused */
	const char *attributes;
} rows[] = {
	{ "uid=user, userPassword=password", NULL, NULL, "user=ann;",
	    "uid userPassword " },
	{ "mailQuota=quota_rule=*:bytes=%$,uid", NULL, NULL,
	    "quota_rule=*:bytes=5;", "mailQuota uid " },
	{ "=home=/v/%d/%{ldap:uid}", NULL, NULL, "home=/v/one.test/ann;",
	    "uid " },
	{ "=mail=x:%{ldap:box:~/m}:y,,", NULL, NULL, "mail=x:~/m:y;", "box " },
	{ "=mail=x:%{ldap:box}", NULL, NULL, "mail=x:;", "box " },
	{ "=mail=%{home}", NULL, NULL, NULL, "" },
	{ "@sub=x", NULL, NULL, NULL, "" },
	{ "!uid", NULL, NULL, NULL, "" },
	{ "uid=", NULL, NULL, NULL, "" },
	{ "=field", NULL, NULL, NULL, "" },
	{ NULL, "user", "%{ldap:uid | upper}", "user=ANN;", "uid " },
	{ NULL, "q", "%{sql:none}", "", "none " },
	{ NULL, "q", "%{ldap:none | default('1')}B", "q=1B;", "none " },
	{ NULL, "q", "5", "q=5;", "" },
	{ NULL, "home", "/h/%{original_user | username}", "home=/h/login;",
	    "" },
	{ "=home=/h/%{orig_user}/%n", NULL, NULL, "home=/h/login@two.test/ann;",
	    "" },
};

static int
read_row(struct templates *t, struct arena *arena, size_t i)
{
	struct setting field = { .key = rows[i].field, .value = rows[i].text },
		       block = { .child = &field };

	if (rows[i].list != NULL)
		return templates_read(t, arena, rows[i].list, NULL);
	templates_block(t, arena, &block);
	return 0;
}

int
main(void)
{
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct templates t = { 0 };
		struct arena arena = { 0 };
		struct buf out = { 0 }, names = { 0 };
		struct why why = { 0 };
		int r = read_row(&t, &arena, i);

		if (r == 0)
			r = templates_apply(&t, "ann@one.test",
			    "login@two.test", value, set, &out, &why);
		SAME(r == 0 ? buf_str(&out) : NULL, rows[i].want, "row %zu", i);
		for (size_t n = 0; r == 0 && n < t.attributes.n; n++)
			buf_addf(&names, "%s ", t.attributes.v[n]);
		SAME(buf_str(&names), rows[i].attributes, "its attributes");
		buf_free(&out);
		buf_free(&names);
		templates_free(&t);
		arena_free(&arena);
	}
	TAP_DONE();
}
