/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

#include "apply/reject.h"

static void
add_match(json_t *line, const struct apply_op *op)
{
	if (op->match_all)
		(void)json_object_set_new(line, "matchOn", json_string("*"));
	else if (op->match_on != NULL && op->type != OP_CREATE)
		(void)json_object_set(line, "matchOn", op->match_on);
	if (op->scope != NULL)
		(void)json_object_set(line, "scope", op->scope);
}

char *
apply_reject(const struct apply_result *r)
{
	const struct apply_op *op = r->op;
	enum op_type type;
	json_t *line;
	char *text;

	if (r->body == NULL)
		return NULL;
	type = op->type == OP_RECONCILE ? OP_UPSERT : op->type;
	line = json_pack(
	    "{s:s, s:s}", "@type", op_name(type), "object", op->object);
	if (r->update_id != NULL)
		(void)json_object_set_new(line, "id",
		    json_string(r->id != NULL ? r->id : r->update_id));
	add_match(line, op);
	if (type == OP_UPDATE)
		(void)json_object_set(line, "value", r->body);
	else
		(void)json_object_set_new(
		    line, "value", json_pack("{s:O}", r->ref, r->body));
	text = json_dumps(line, JSON_COMPACT);
	json_decref(line);
	return text;
}
