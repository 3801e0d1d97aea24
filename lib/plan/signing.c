/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

#include "plan/signing.h"

#include <string.h>

#include "core/alloc.h"
#include "core/str.h"
#include "plan/model.h"
#include "plan/name.h"
#include "secret/signkey.h"

static int
judge(struct signkey *key, const struct record *r, struct why *why)
{
	if (!signkey_selector(r->selector))
		return why_set(why, FAIL_DATA,
		    "the selector %s cannot be part of a domain name",
		    r->selector);
	if (signkey_read(key, r->key, strlen(r->key), why) == -1)
		return -1;
	if (r->algorithm != NULL &&
	    strcmp(r->algorithm, sign_algorithm_words[key->algorithm]) != 0)
		return why_set(why, FAIL_DATA,
		    "the key of the selector %s is for %s, not for %s",
		    r->selector, sign_algorithm_words[key->algorithm],
		    r->algorithm);
	return 0;
}

/* "selector._domainkey.domain" in lower case: a name in DNS. */
static const char *
dns_name(struct plan *p, uint32_t domain, const char *selector)
{
	buf_reset(&p->scratch);
	buf_addf(
	    &p->scratch, "%s._domainkey.%s", selector, p->domains[domain].name);
	return str_lower(p->scratch.data);
}

/* A second key of a name. The same text is the same key: signkey_read writes
 * all keys alike. */
static int
meet(struct plan *p, struct signing *first, const struct record *r,
    const struct signkey *key, struct why *why)
{
	const char *origin = plan_string(p, first->origin);

	if (strcmp(plan_string(p, first->key), buf_str(&key->pem)) == 0)
		return 0;
	if (origin == NULL)
		origin = "an unknown place";
	if (!first->refused)
		plan_note(p, NOTE_REFUSED, p->domains[first->domain].name,
		    first->origin,
		    "the selector %s has another key at %s: carry the one that "
		    "is published",
		    plan_string(p, first->selector),
		    r->origin == NULL ? "an unknown place" : r->origin);
	first->refused = true;
	return why_set(why, FAIL_DATA,
	    "the selector %s has another key at %s: carry the one that is "
	    "published",
	    r->selector, origin);
}

static void
keep(struct plan *p, uint32_t domain, const struct record *r,
    const struct signkey *key, const char *name)
{
	struct signing *s;

	p->signings = xgrow(
	    p->signings, p->n_signings, &p->cap_signings, sizeof *p->signings);
	s = &p->signings[p->n_signings++];
	*s = (struct signing){ .domain = domain,
		.selector = plan_text(p, r->selector),
		.key = plan_text(p, buf_str(&key->pem)),
		.origin = plan_text(p, r->origin),
		.ed25519 = key->algorithm == SIGN_ED25519_SHA256 };
	*map_put(&p->selectors, plan_string(p, plan_text(p, name)), NULL) =
	    (void *)(uintptr_t)p->n_signings;
}

int
plan_add_signing(struct plan *p, const struct record *r, struct why *why)
{
	struct signkey key = { 0 };
	const char *name;
	uint32_t domain;
	void **first;
	int result;

	buf_reset(&p->scratch);
	if (name_domain(r->domain, &p->scratch, why) == -1)
		return -1;
	domain = plan_domain(p, p->scratch.data);
	result = judge(&key, r, why);
	if (result == 0) {
		name = dns_name(p, domain, r->selector);
		first = map_get(&p->selectors, name);
		if (first != NULL)
			result = meet(p, &p->signings[AT((uintptr_t)*first)], r,
			    &key, why);
		else
			keep(p, domain, r, &key, name);
	}
	signkey_free(&key);
	return result;
}

void
plan_resolve_signings(struct plan *p)
{
	for (size_t i = 0; i < p->n_signings; i++) {
		struct signing *s = &p->signings[i];
		struct domain *d = &p->domains[s->domain];
		const char *selector = plan_string(p, s->selector);

		if (s->refused)
			continue;
		s->refused = true;
		if (d->alias_of != 0)
			plan_note(p, NOTE_LEFT, d->name, s->origin,
			    "the key of the selector %s: the domain is an "
			    "alias of %s, whose keys the server signs with",
			    selector, p->domains[AT(d->alias_of)].name);
		else if (!d->local && d->id == NULL)
			plan_note(p, NOTE_LEFT, d->name, s->origin,
			    "the key of the selector %s: no other record names "
			    "the domain (--existing-domain %s=ID)",
			    selector, d->name);
		else if (plan_is_missing(p, s->domain))
			plan_note(p, NOTE_LEFT, d->name, s->origin,
			    "the key of the selector %s: the domain has no id "
			    "(--existing-domain %s=ID)",
			    selector, d->name);
		else {
			s->refused = false;
			d->keys = true;
		}
	}
}
