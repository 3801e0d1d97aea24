/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

#include "proxy/report.h"

#include "cli/outcome.h"
#include "core/json.h"

void
report_change(struct buf *out, const struct subject *s, const struct change *c,
    const char *status, const struct change_result *r)
{
	outcome_begin(out, "result");
	jw_kstr(out, "object", "Route");
	jw_kstr(out, "address", s->ids[0]);
	if (s->n > 1) {
		jw_key(out, "logins");
		jw_strs(out, s->ids + 1, s->n - 1);
	}
	jw_kstr(out, "status", status);
	jw_kstr(out, "destination", c->destination);
	if (r->was.len != 0)
		jw_kstr(out, "was", r->was.data);
	if (r->kicked >= 0)
		jw_kint(out, "kicked", r->kicked);
	if (r->why.kind != FAIL_NONE)
		outcome_error(out, &r->why);
}

void
report_route(
    struct buf *out, const struct subject *s, size_t i, const struct route *r)
{
	outcome_begin(out, "route");
	jw_kstr(out, "identifier", s->ids[i]);
	if (i > 0)
		jw_kstr(out, "address", s->ids[0]);
	jw_kstr(out, "destination", r->destination.data);
	jw_kbool(out, "default", r->is_default);
}

void
report_transport(struct buf *out, const char *address, const char *destination,
    const char *status, const struct why *why)
{
	outcome_begin(out, "result");
	jw_kstr(out, "object", "Transport");
	jw_kstr(out, "address", address);
	jw_kstr(out, "destination", destination);
	jw_kstr(out, "status", status);
	if (why != NULL)
		outcome_error(out, why);
}
