/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/* Systems whose database names the keys: Modoboa has their files, ISPConfig the
 * keys themselves. */
#include "source/dkim/database.h"

#include <string.h>

#include "source/dkim/keys.h"
#include "sql/sql.h"

/* Three columns: domain, selector, and the key or its file. */
static const struct {
	enum dkim_system system;
	const char *query;
	bool file;
} queries[] = {
	/* modoboa/admin/models/domain.py */
	{ DKIM_MODOBOA,
	    "SELECT name, dkim_key_selector, dkim_private_key_path FROM "
	    "admin_domain WHERE enable_dkim ORDER BY name",
	    true },
	/* install/sql/ispconfig3.sql */
	{ DKIM_ISPCONFIG,
	    "SELECT domain, dkim_selector, dkim_private FROM mail_domain WHERE "
	    "dkim = 'y' ORDER BY domain",
	    false },
};

static void
put_row(struct dkim *d, struct sql *db, bool file)
{
	size_t len;
	const char *domain = sql_value(db, 0, &len);
	const char *selector = sql_value(db, 1, &len);
	const char *key = sql_value(db, 2, &len);

	if (domain == NULL || selector == NULL || key == NULL || *key == '\0')
		emit_bad(d->emit, NULL,
		    "a domain that is to be signed, and has no key");
	else if (file)
		dkim_file(d, domain, selector, key);
	else
		dkim_key(d, domain, selector, key, len);
}

void
database_read(struct dkim *d, const char *url)
{
	struct sql_options o = { .standard = true,
		.password = d->options->password };
	struct why why = { 0 };
	struct sql *db = NULL;
	size_t i = 0;
	int n = -1;

	while (queries[i].system != d->options->system)
		i++;
	if (sql_options_url(&o, url, &why) == 0)
		db = sql_open(&o, &why);
	if (db != NULL) {
		emit_file(d->emit, sql_name(db));
		if (sql_query(db, queries[i].query, &why) == 0)
			while ((n = sql_next(db, &why)) == 1 &&
			       !emit_stop(d->emit))
				put_row(d, db, queries[i].file);
	}
	if (n == -1)
		emit_fail_at(d->emit, NULL, NULL, &why);
	sql_close(db);
	sql_options_free(&o);
}
