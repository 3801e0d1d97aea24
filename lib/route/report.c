/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

#include "route/report.h"

#include <stdlib.h>

#include "cli/outcome.h"
#include "core/json.h"

void
route_report_change(struct buf *out, const struct owner *asked,
    const struct owner *w, const char *status, const struct why *why)
{
	outcome_begin(out, "result");
	jw_kstr(out, "object", "MailRoute");
	jw_kstr(out, "address", asked->address);
	jw_key(out, "addresses");
	jw_strs(out, w->addresses.v, w->addresses.n);
	if (w->keys.n != 0) {
		jw_key(out, "keys");
		jw_strs(out, w->keys.v, w->keys.n);
	}
	jw_kstr(out, "status", status);
	if (why != NULL)
		outcome_error(out, why);
}

/* The addresses that have no key. */
static void
put_without(struct buf *out, const struct owner *w, const struct keyring *keys)
{
	jw_key(out, "without");
	jw_open(out, '[');
	for (size_t i = 0; i < w->addresses.n; i++)
		if (keyring_get(keys, w->addresses.v[i]) == NULL)
			jw_str(out, w->addresses.v[i]);
	jw_close(out, ']');
}

void
route_report_owner(struct buf *out, const struct owner *asked,
    const struct owner *w, const struct keyring *keys, enum route_side mail,
    enum route_side login, const char *status)
{
	outcome_begin(out, "delivery");
	jw_kstr(out, "address", asked->address);
	jw_kstr(out, "mail", route_side_name(mail));
	jw_kstr(out, "login", route_side_name(login));
	if (mail == SIDE_PARTLY)
		put_without(out, w, keys);
	jw_kstr(out, "status", status);
}

void
route_report_hold(
    struct buf *out, const struct owner *w, const char *status, const char *by)
{
	outcome_begin(out, "result");
	jw_kstr(out, "object", "Hold");
	jw_kstr(out, "address", w->address);
	jw_kstr(out, "by", by);
	jw_kstr(out, "status", status);
	if (w->why.kind != FAIL_NONE)
		outcome_error(out, &w->why);
}

void
route_report_moved(struct buf *out, const char *address)
{
	outcome_begin(out, "moved");
	jw_kstr(out, "address", address);
}

void
route_report_finding(
    struct buf *out, enum route_finding f, const char *what, const char *text)
{
	static const char *const names[] = {
		[ROUTE_FINE] = "ok",
		[ROUTE_DOUBTFUL] = "warning",
		[ROUTE_WRONG] = "failed",
	};

	outcome_begin(out, "check");
	jw_kstr(out, "what", what);
	jw_kstr(out, "status", names[f]);
	jw_kstr(out, "text", text);
}

void
route_report_step(struct buf *out, const struct route_step *s)
{
	outcome_begin(out, "result");
	jw_kstr(out, "object", s->object);
	jw_kstr(out, "name", s->name);
	jw_kstr(out, "status", route_status_name(s->status));
	if (s->status == ROUTE_FAILED)
		outcome_error(out, s->why);
}
