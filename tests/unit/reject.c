/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

#include "apply/apply.h"

#include "core/alloc.h"
#include "unit/tap.h"

static void
rejects(const char *name, struct apply_op *op, struct apply_result *r,
    const char *body, const char *want)
{
	char *text;

	r->op = op;
	r->body = body == NULL ? NULL : json_loads(body, 0, NULL);
	text = apply_reject(r);
	SAME(text, want, "%s", name);
	free_secret(text);
	json_decref(r->body);
	json_decref(op->match_on);
	json_decref(op->scope);
}

int
main(void)
{
	struct apply_op none = { .object = "Account" },
			create = { .type = OP_CREATE, .object = "Account" },
			upsert = { .type = OP_UPSERT,
				.object = "Domain",
				.match_on = json_pack("[s]", "name") },
			all = { .type = OP_UPSERT,
				.object = "Domain",
				.match_all = true },
			reconcile = { .type = OP_RECONCILE,
				.object = "Account",
				.match_on = json_pack("[s]", "name"),
				.scope = json_pack("{s:s}", "domainId", "#d") },
			update = { .type = OP_UPDATE, .object = "Domain" };
	struct apply_result r = { .ref = "a" },
			    u = { .update_id = "#d", .id = "x1" },
			    planned = { .update_id = "#d" };

	rejects("nothing to apply", &none, &r, NULL, NULL);
	rejects("create", &create, &r, "{\"name\":\"a\"}",
	    "{\"@type\":\"create\",\"object\":\"Account\",\"value\":{\"a\":"
	    "{\"name\":\"a\"}}}");
	rejects("upsert keeps what tells its objects apart", &upsert, &r, "{}",
	    "{\"@type\":\"upsert\",\"object\":\"Domain\",\"matchOn\":["
	    "\"name\"],\"value\":{\"a\":{}}}");
	rejects("upsert by all values", &all, &r, "{}",
	    "{\"@type\":\"upsert\",\"object\":\"Domain\",\"matchOn\":\"*\","
	    "\"value\":{\"a\":{}}}");
	rejects("a reconcile becomes an upsert in its scope", &reconcile, &r,
	    "{}",
	    "{\"@type\":\"upsert\",\"object\":\"Account\",\"matchOn\":["
	    "\"name\"],\"scope\":{\"domainId\":\"#d\"},\"value\":{\"a\":{}}}");
	rejects("an update goes to the object on the server", &update, &u,
	    "{\"x\":1}",
	    "{\"@type\":\"update\",\"object\":\"Domain\",\"id\":\"x1\","
	    "\"value\":{\"x\":1}}");
	rejects("or to where the plan says, where it is not known", &update,
	    &planned, "{\"x\":1}",
	    "{\"@type\":\"update\",\"object\":\"Domain\",\"id\":\"#d\","
	    "\"value\":{\"x\":1}}");
	TAP_DONE();
}
