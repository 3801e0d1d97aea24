/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

#include "acct/report.h"

#include <inttypes.h>

#include "core/num.h"
#include "core/str.h"

void
acct_totals_add(struct acct_totals *t, const struct acct_subject *s,
    const struct verification *v)
{
	t->counts[v->status]++;
	t->source_messages += mailboxes_total(&s->source.data.mailboxes);
	t->target_messages += mailboxes_total(&s->target.data.mailboxes);
}

void
acct_totals_put(
    const struct acct_totals *t, const struct check_options *o, struct buf *out)
{
	size_t all = 0;

	for (int c = 0; c < CHECK_STATES; c++)
		all += t->counts[c];
	buf_addf(out, "%zu account%s:", all, plural(all));
	for (int c = 0; c < CHECK_STATES; c++)
		buf_addf(out, "%s %zu %s", c == 0 ? "" : ",", t->counts[c],
		    check_name((enum acct_check)c));
	buf_addf(out,
	    "\n%" PRId64 " messages on the %s server, %" PRId64
	    " on the %s one\n",
	    t->source_messages, check_source_name(o), t->target_messages,
	    check_target_name(o));
}

void
acct_report_put(const struct acct_subject *s, const struct verification *v,
    bool notes, struct buf *out)
{
	for (size_t i = 0; i < v->n; i++) {
		bool note = !v->v[i].is_short &&
			    (v->status == CHECK_OK || v->status == CHECK_SHORT);

		if (note && !notes)
			continue;
		str_vis(out, s->address, 0);
		buf_addf(out, "  %s  %s\n",
		    note ? "note" : check_name(v->status), v->v[i].text);
	}
}

int
acct_report_why(const struct verification *v, struct why *why)
{
	const struct acct_finding *worst = verification_worst(v);
	size_t more = 0;

	if (v->status == CHECK_OK || v->status == CHECK_SKIPPED)
		return 0;
	for (size_t i = 0; i < v->n; i++)
		if (&v->v[i] != worst && v->v[i].is_short)
			more++;
	return why_set(why,
	    v->status == CHECK_UNREACHABLE ? FAIL_TEMP : FAIL_DATA,
	    more == 0 ? "%s" : "%s; and %zu more", worst->text, more);
}
