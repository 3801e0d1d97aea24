/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

#include "standin/routes.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"
#include "core/str.h"
#include "standin/stalwart.h"

static json_t *expression; /* the one in force; NULL: there is no schema */
static json_t *relays;     /* name -> object */
static json_t *keys;       /* "NAMESPACE KEY" -> true */

static const char *
text(const json_t *v, const char *member)
{
	return json_string_value(json_object_get(v, member));
}

void
routes_load_settings(void)
{
	int strategy = generic_type("MtaOutboundStrategy"),
	    route = generic_type("MtaRoute");
	struct object *o;
	size_t at = 0;

	json_decref(expression);
	json_decref(relays);
	expression = NULL;
	relays = json_object();
	if (strategy == -1 || route == -1)
		return;
	o = object_next((enum type)strategy, &at);
	expression = json_deep_copy(json_object_get(o->value, "route"));
	at = 0;
	while ((o = object_next((enum type)route, &at)) != NULL)
		(void)json_object_set_new(
		    relays, text(o->value, "name"), json_deep_copy(o->value));
}

void
routes_load_keys(void)
{
	int type = generic_type("MemoryLookupKey");
	struct object *o;
	size_t at = 0;

	json_decref(keys);
	keys = json_object();
	while (type != -1 && (o = object_next((enum type)type, &at)) != NULL) {
		char *key = xasprintf("%s %s", text(o->value, "namespace"),
		    text(o->value, "key"));

		(void)json_object_set_new(keys, key, json_true());
		free(key);
	}
}

/* --- who it is --- */

/* The list of an address in lower case; NULL. */
static struct object *
list_by_address(const char *address)
{
	const char *at = strrchr(address, '@');
	const struct object *d = domain_by_name(at + 1);
	struct object *o;
	size_t i = 0;

	while (d != NULL && (o = object_next(TYPE_LIST, &i)) != NULL) {
		const char *key;
		json_t *alias;

		if (strcmp(text(o->value, "domainId"), d->id) == 0 &&
		    strncmp(text(o->value, "name"), address,
			(size_t)(at - address)) == 0 &&
		    text(o->value, "name")[at - address] == '\0')
			return o;
		json_object_foreach (
		    json_object_get(o->value, "aliases"), key, alias)
			if (strcmp(text(alias, "domainId"), d->id) == 0 &&
			    strncmp(text(alias, "name"), address,
				(size_t)(at - address)) == 0 &&
			    text(alias, "name")[at - address] == '\0')
				return o;
	}
	return NULL;
}

static char *
lowered(const char *address)
{
	return str_lower(xstrdup(address));
}

/* Without "+tag", unless the domain keeps it; the domain in lower case. */
static char *
without_tag(const char *rcpt)
{
	const char *at = strrchr(rcpt, '@'), *plus = strchr(rcpt, '+');
	char *domain = lowered(at + 1), *address;
	const struct object *d = domain_by_name(domain);
	const char *sub =
	    d == NULL
		? NULL
		: text(json_object_get(d->value, "subAddressing"), "@type");

	if (plus == NULL || plus == rcpt || plus > at ||
	    (sub != NULL && strcmp(sub, "Disabled") == 0))
		plus = at;
	address = xasprintf("%.*s@%s", (int)(plus - rcpt), rcpt, domain);
	free(domain);
	return address;
}

/* The members of a list, but not itself. */
static json_t *
members_of(const struct object *list)
{
	char *own = object_address(list);
	json_t *all = json_array(), *v;
	const char *member;

	json_object_foreach (
	    json_object_get(list->value, "recipients"), member, v) {
		char *address = strchr(member, '@') == NULL
				    ? xstrdup(member)
				    : without_tag(member);

		if (strcmp(address, own) != 0)
			(void)json_array_append_new(all, json_string(address));
		free(address);
	}
	free(own);
	return all;
}

json_t *
routes_resolve(const char *rcpt)
{
	char *address, *lower;
	const struct object *d, *list;
	const char *catch_all;
	json_t *all = NULL;
	bool exists, passes_on;

	if (strchr(rcpt, '@') == NULL)
		return NULL;
	address = without_tag(rcpt);
	lower = lowered(address);
	d = domain_by_name(strrchr(lower, '@') + 1);
	list = d == NULL ? NULL : list_by_address(lower);
	catch_all = d == NULL ? NULL : text(d->value, "catchAllAddress");
	/* The catch-all comes before relaying is looked at. */
	exists = d != NULL && account_by_address(lower) != NULL;
	passes_on = d != NULL && catch_all == NULL &&
		    json_is_true(json_object_get(d->value, "allowRelaying"));
	if (list != NULL)
		all = members_of(list);
	else if (exists || passes_on)
		all = json_pack("[s]", address);
	else if (catch_all != NULL)
		all = json_pack("[s]", catch_all);
	free(lower);
	free(address);
	return all;
}

/* --- which way --- */

static bool
has_key(const char *name, const char *key)
{
	char *both = xasprintf("%s %s", name, key);
	bool found = json_object_get(keys, both) != NULL;

	free(both);
	return found;
}

/* One condition without "&&". */
static bool
simple_holds(const char *condition, const char *rcpt)
{
	const char *domain = strrchr(rcpt, '@') + 1;
	char name[64], lower[16] = "";
	char *low = lowered(rcpt);
	bool holds = false;

	if (strcmp(condition, "is_local_domain(rcpt_domain)") == 0) {
		holds = domain_by_name(domain) != NULL;
	} else if (strcmp(condition, "is_local_address(rcpt)") == 0) {
		/* As strict with capitals as rcpt is. */
		holds =
		    strcmp(low, rcpt) == 0 && account_by_address(rcpt) != NULL;
	} else if (sscanf(condition, "key_exists('%63[^']', %15[a-z_](rcpt",
		       name, lower) == 2 &&
		   strcmp(lower, "to_lowercase") == 0) {
		holds = has_key(name, low);
	} else if (sscanf(condition, "key_exists('%63[^']', %15[a-z])", name,
		       lower) == 2 &&
		   strcmp(lower, "rcpt") == 0) {
		holds = has_key(name, rcpt);
	}
	free(low);
	return holds;
}

static bool
condition_holds(const char *condition, const char *rcpt)
{
	char *copy = xstrdup(condition), *rest = copy, *and;
	bool holds = true;

	while (holds && rest != NULL) {
		and = strstr(rest, " && ");
		if (and != NULL)
			*and = '\0';
		holds = simple_holds(rest, rcpt);
		rest = and == NULL ? NULL : and+4;
	}
	free(copy);
	return holds;
}

/* "'local'" -> "local" */
static const char *
unquoted(const char *then)
{
	static _Thread_local char name[80];

	(void)snprintf(name, sizeof name, "%s", then == NULL ? "" : then + 1);
	name[strcspn(name, "'")] = '\0';
	return name;
}

const char *
routes_decide(const char *rcpt)
{
	const json_t *match = json_object_get(expression, "match"), *rule;
	char number[24];

	for (size_t i = 0;; i++) {
		const char *condition;

		(void)snprintf(number, sizeof number, "%zu", i);
		rule = json_object_get(match, number);
		if (rule == NULL)
			return unquoted(text(expression, "else"));
		condition = text(rule, "if");
		if (condition != NULL && condition_holds(condition, rcpt))
			return unquoted(text(rule, "then"));
	}
}

bool
routes_relay(const char *name, const char **host, int *port)
{
	const json_t *relay = json_object_get(relays, name);

	*host = text(relay, "address");
	*port = (int)json_integer_value(json_object_get(relay, "port"));
	return *host != NULL;
}
