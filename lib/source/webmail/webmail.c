/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

#include "source/webmail/webmail.h"

#include "core/alloc.h"

int
webmail_run(struct webmail *w, const struct opt_tool *tool, const char *url,
    void (*dump)(struct emit *e, const struct webmail_options *o))
{
	struct webmail_options *o = &w->options;
	struct why why = { 0 };

	if (sql_options_url(&o->sql, url, &why) == -1)
		return source_refuse(&why);
	source_begin(&w->run, tool);
	o->sql.standard = true;
	o->sql.password = w->password;
	o->domain = w->run.domain.data;
	dump(&w->run.emit, o);
	return source_finish(&w->run);
}

void
webmail_free(struct webmail *w)
{
	sql_options_free(&w->options.sql);
	free_secret(w->password);
}
