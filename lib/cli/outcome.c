/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

#include "cli/outcome.h"

#include "cli/tool.h"
#include "core/json.h"

void
outcome_begin(struct buf *out, const char *type)
{
	buf_reset(out);
	jw_open(out, '{');
	jw_kint(out, "v", 1);
	jw_kstr(out, "type", type);
}

void
outcome_error(struct buf *out, const struct why *why)
{
	jw_key(out, "error");
	jw_open(out, '{');
	jw_kstr(out, "kind", fail_name(why->kind));
	jw_kstr(out, "text", why->text);
	jw_close(out, '}');
}

void
outcome_end(struct buf *out)
{
	jw_close(out, '}');
	buf_addc(out, '\n');
}

bool
outcome_write(struct buf *out)
{
	outcome_end(out);
	return tool_write(out->data, out->len) && tool_flush();
}
