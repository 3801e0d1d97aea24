/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

#include "source/postfix/boxes.h"

#include <string.h>

#include "record/address.h"

void
postfix_boxes_free(struct postfix_boxes *b)
{
	map_free(&b->names);
	postfix_asks_free(&b->asks);
	arena_free(&b->arena);
}

static void
add_box(void *ctx, struct emit *e, const char *key, char *value)
{
	struct postfix_boxes *b = ctx;
	struct buf name = { 0 };

	(void)e;
	(void)value;
	if (address_normalise(key, true, &name, NULL) == 0)
		(void)map_put_copy(&b->names, &b->arena, name.data, NULL);
	buf_free(&name);
}

static void
read_boxes(struct postfix_boxes *b, struct postfix *p, struct emit *e)
{
	static const char maps[] = "virtual_mailbox_maps";
	const struct postfix_reader reader = { .dir = p->config.dir,
		.emit = e,
		.entry = add_box,
		.ctx = b,
		.asks = &b->asks };
	char *list = postfix_parameter(&p->config, maps, NULL);
	size_t failed = e->tally->failed;

	b->read = true;
	if (list != NULL && *list != '\0')
		postfix_tables(&reader, list, maps);
	b->all = list == NULL || *list == '\0' || e->tally->failed != failed;
}

static bool
has_box(struct postfix_boxes *b, struct emit *e, const char *key)
{
	struct buf value = { 0 };
	bool has = map_get(&b->names, key) != NULL ||
		   postfix_ask(&b->asks, e, key, &value);

	buf_free(&value);
	return has;
}

bool
postfix_boxes_takes(struct postfix_boxes *b, struct postfix *p, struct emit *e,
    const char *address)
{
	const char *domain = address_domain(address);
	int lists = postfix_domains_lists(&p->domains, domain);
	struct place before = e->at;
	bool takes;

	if (!postfix_serves(p, domain) ||
	    postfix_hidden_by(p, domain) != NULL || lists == IN_ALIAS_DOMAINS)
		return false;
	if (!(lists & IN_MAILBOX_DOMAINS))
		return true;
	if (!b->read)
		read_boxes(b, p, e);
	takes = b->all || has_box(b, e, address) ||
		has_box(b, e, strchr(address, '@'));
	e->at = before;
	return takes;
}
