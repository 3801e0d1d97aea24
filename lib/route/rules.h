/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/*
 * The rules of split delivery in the route expression of a Stalwart server: mail
 * for somebody who has moved stays, other mail for the domains of the server
 * goes on to the old one. An expression is {"match":{"0":{"if","then"},"1":...},
 * "else":...}; the first condition that holds decides.
 */
#ifndef FERRY_ROUTE_RULES_H
#define FERRY_ROUTE_RULES_H

#include <jansson.h>
#include <stdbool.h>

/* The lookup keys of those who have moved, and the route to the old server. */
#define ROUTE_NAMESPACE "moved"
#define ROUTE_RELAY "mailferry-old"

enum rules {
	RULES_NONE,   /* no rule of ours */
	RULES_PARTLY, /* one of the two, or not in their order */
	RULES_LATE,   /* both, after rules of others */
	RULES_FIRST   /* both, before all others */
};
enum rules rules_judge(const json_t *expression);

/* What a message for an account goes by. */
enum rules_sense {
	RULES_KEYS,   /* who has a key has moved */
	RULES_STAY,   /* it stays on this server, whoever it is for */
	RULES_UNSURE, /* rules of others decide, or others may be in force */
};
/* loaded: what is stored is in force. */
enum rules_sense rules_sense(const json_t *expression, bool loaded);

/* The expression with our rules before all others, and the one without ours; new.
 * The rules of others keep their order. */
json_t *rules_add(const json_t *expression);
json_t *rules_remove(const json_t *expression);

#endif
