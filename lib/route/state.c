/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

#include "route/state.h"
#include "jmap/member.h"

#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"
#include "jmap/fetch.h"

static const char *
text(const json_t *v, const char *member)
{
	const char *s = jmap_text(v, member);

	return s == NULL ? "" : s;
}

/* The expression of the routes; new, or NULL and why. */
static json_t *
read_expression(struct jmap *j, struct why *why)
{
	json_t *answer = NULL, *expression = NULL;

	if (jmap_call(j, "x:MtaOutboundStrategy/get",
		"{\"ids\":[\"singleton\"],\"properties\":[\"route\"]}", true,
		&answer, why) == JMAP_OK) {
		expression = json_incref(json_object_get(
		    json_array_get(json_object_get(answer, "list"), 0),
		    "route"));
		if (expression == NULL)
			(void)why_set(why, FAIL_FATAL,
			    "the server has no route expression");
	}
	json_decref(answer);
	return expression;
}

static void
take_route(void *arg, const json_t *object)
{
	struct route_state *s = arg;

	if (strcmp(text(object, "name"), ROUTE_RELAY) != 0)
		return;
	free(s->relay_id);
	free(s->relay_host);
	s->relay_id = xstrdup(text(object, "id"));
	s->relay_host = xstrdup(text(object, "address"));
	s->relay_port = json_integer_value(json_object_get(object, "port"));
}

int
route_state_read(struct jmap *j, struct route_state *s, struct why *why)
{
	static const char *const members[] = { "name", "address", "port",
		NULL };

	s->expression = read_expression(j, why);
	if (s->expression == NULL ||
	    fetch_each(j, "MtaRoute", NULL, members, take_route, s, why) ==
		-1 ||
	    route_domains_read(j, &s->domains, why) == -1 ||
	    keyring_read(j, ROUTE_NAMESPACE, &s->keys, why) == -1)
		return -1;
	return keyring_read(j, ROUTE_MARKS, &s->marks, why);
}

void
route_state_free(struct route_state *s)
{
	route_domains_free(&s->domains);
	keyring_free(&s->keys);
	keyring_free(&s->marks);
	json_decref(s->expression);
	free(s->relay_id);
	free(s->relay_host);
	*s = (struct route_state){ 0 };
}

enum rules_sense
route_sense(const struct route_state *s)
{
	return rules_sense(
	    s->expression, keyring_get(&s->marks, ROUTE_MARK_RELOAD) == NULL);
}

/* Only what route_sense looks at. */
static int
read_rules(struct jmap *j, struct route_state *s, struct why *why)
{
	s->expression = read_expression(j, why);
	return s->expression == NULL
		   ? -1
		   : keyring_read(j, ROUTE_MARKS, &s->marks, why);
}

int
route_sense_read(struct jmap *j, enum rules_sense *sense, struct why *why)
{
	struct route_state s = { 0 };
	int r = read_rules(j, &s, why);

	if (r == 0)
		*sense = route_sense(&s);
	route_state_free(&s);
	return r;
}

int
route_in_force(struct jmap *j, struct why *why)
{
	struct route_state s = { 0 };
	int r = read_rules(j, &s, why);

	if (r == 0 && rules_judge(s.expression) != RULES_FIRST)
		r = why_set(why, FAIL_FATAL,
		    "the server has no rules for split delivery, or others "
		    "before them: run \"mailroute setup\" first");
	else if (r == 0 && route_sense(&s) != RULES_KEYS)
		r = why_set(why, FAIL_FATAL,
		    "the server has not loaded the rules for split delivery: "
		    "run \"mailroute setup\" again, or restart the server and "
		    "run \"mailroute setup --restarted\"");
	route_state_free(&s);
	return r;
}
