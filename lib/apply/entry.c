/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

#include "apply/entry.h"

#include <stdlib.h>

#include "core/alloc.h"

void
entry_settle(struct apply_entry *e, enum apply_status status, const char *id)
{
	e->status = status;
	e->done = true;
	if (id != NULL && e->id == NULL)
		e->id = xstrdup(id);
}

void
entry_fail(struct apply_entry *e, const struct why *why)
{
	e->why = *why;
	entry_settle(e, APPLY_FAILED, NULL);
}

void
entry_add_differing(struct apply_entry *e, const char *member)
{
	if (e->differs == NULL)
		e->differs = json_array();
	(void)json_array_append_new(e->differs, json_string(member));
}

void
entry_add_note(struct apply_entry *e, const char *text)
{
	char *both = e->note == NULL ? xstrdup(text)
				     : xasprintf("%s; %s", e->note, text);

	free(e->note);
	e->note = both;
}

void
entry_clear(struct apply_entry *e)
{
	free(e->ref);
	free_secret(e->raw);
	json_decref(e->body);
	free(e->address);
	free(e->id);
	free(e->op_id);
	json_decref(e->holder);
	json_decref(e->patch);
	json_decref(e->later);
	json_decref(e->drops);
	free(e->note);
	json_decref(e->differs);
}

json_t *
entry_body(struct apply_entry *e)
{
	if (e->body == NULL && e->raw != NULL)
		e->body = json_loads(e->raw, 0, NULL);
	return e->body;
}
