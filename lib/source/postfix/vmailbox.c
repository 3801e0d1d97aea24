/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

#include "source/postfix/vmailbox.h"

#include <string.h>

#include "core/str.h"
#include "record/address.h"
#include "source/alias-ask.h"
#include "source/postfix/rewrite.h"

static const char text_table[] = "texthash:";

void
vmailbox_free(struct vmailbox *v)
{
	postfix_free(&v->postfix);
	record_free(&v->r);
	buf_free(&v->address);
	buf_free(&v->mail);
	map_free(&v->places);
	arena_free(&v->arena);
}

/* The place of the mail: a path below the base, a Maildir where it ends with a
 * slash. (virtual(8).) */
static const char *
mail_place(struct vmailbox *v, const char *path)
{
	buf_reset(&v->mail);
	buf_adds(
	    &v->mail, path[strlen(path) - 1] == '/' ? "maildir:" : "mbox:");
	if (v->base != NULL && *v->base != '\0')
		buf_addf(&v->mail, "%s/", v->base);
	else if (*path != '/')
		return NULL; /* nobody knows below what */
	buf_adds(&v->mail, path + strspn(path, "/"));
	return v->mail.data;
}

static bool
is_same_name(const char *a, const char *b)
{
	size_t len = strcspn(a, "@");

	return strncmp(a, b, len) == 0 && b[len] == '@';
}

/*
 * Two addresses with one place of mail are one mailbox: of a domain with another
 * name, as the second table of PostfixAdmin has them. Where not virtual(8)
 * delivers, the place may be any text, and the names have to be the same. NULL: the
 * first, or none.
 */
static const char *
first_of_place(struct vmailbox *v, const char *address, const char *place)
{
	bool added;
	void **first;

	if (strchr(place, '/') == NULL)
		return NULL;
	first = map_put_copy(&v->places, &v->arena, place, &added);
	if (added)
		*first = arena_adds(&v->arena, address);
	return !added && strcmp(*first, address) != 0 &&
		       (v->delivers || is_same_name(*first, address))
		   ? *first
		   : NULL;
}

/* Aliases come first: one that takes all mail of the address is its record. */
static void
add_other_name(struct vmailbox *v, struct emit *e, const char *first)
{
	struct record *r = &v->r;

	if (alias_lead_on(&v->postfix.aliases, e, v->address.data, first))
		return;
	record_reset(r, REC_ALIAS);
	r->address = v->address.data;
	strs_add(&r->targets, first);
	if (emit_record(e, r) == 0)
		emit_note(e, r->address,
		    "another address of a mailbox becomes an alias of it",
		    first);
}

/* Whether mail comes for the mailboxes of a domain. */
static void
judge_domain(struct vmailbox *v, struct emit *e, const char *domain)
{
	const char *hidden = postfix_hidden_by(&v->postfix, domain);

	if (hidden != NULL) {
		v->r.receive = false;
		emit_note(e, v->r.address,
		    "a mailbox that gets no mail, because its domain is also "
		    "in a list that Postfix looks at first",
		    hidden);
	}
	postfix_judge(&v->postfix, e, &v->r);
}

static void
add_mailbox(void *ctx, struct emit *e, const char *key, char *value)
{
	struct vmailbox *v = ctx;
	struct record *r = &v->r;
	struct why why = { 0 };
	const char *first;

	buf_reset(&v->address);
	if (*key == '@') {
		emit_bad(e, NULL,
		    "a mailbox for every address of a domain cannot be listed");
		return;
	}
	if (emit_address(key, false, &v->address, &why) == -1) {
		emit_fail(e, NULL, &why);
		return;
	}
	first = first_of_place(v, v->address.data, value);
	if (first != NULL) {
		add_other_name(v, e, first);
		return;
	}
	record_reset(r, REC_ACCOUNT);
	r->address = v->address.data;
	r->mail = mail_place(v, value);
	judge_domain(v, e, address_domain(r->address));
	aliases_forward(&v->postfix.aliases, e, r);
	(void)emit_record(e, r);
}

void
vmailbox_read(struct vmailbox *v, struct emit *e)
{
	struct postfix *p = &v->postfix;
	const struct postfix_reader reader = {
		.dir = p->config.dir, .emit = e, .entry = add_mailbox, .ctx = v
	};
	struct why why = { 0 };
	char *maps;

	postfix_read(p, e);
	if (v->base == NULL)
		v->base =
		    postfix_parameter(&p->config, "virtual_mailbox_base", &why);
	v->delivers = postfix_delivers(p);
	maps = postfix_parameter(&p->config, "virtual_mailbox_maps", &why);
	if (maps == NULL) {
		emit_fail_at(e, "postconf", NULL, &why);
		return;
	}
	postfix_tables(&reader, maps, "virtual_mailbox_maps");
	postfix_end(p, e);
}

static bool
has_type(const char *name)
{
	size_t len = strcspn(name, ":/");

	return len != 0 && name[len] == ':';
}

/* A table by its name on the command line: a path is a text. */
static void
read_named(const struct postfix_reader *reader, const char *name)
{
	struct buf table = { 0 };

	if (!has_type(name))
		buf_adds(&table, text_table);
	buf_adds(&table, name);
	postfix_table(reader, table.data, name);
	buf_free(&table);
}

/* An aliases(5) file: its keys are names, never domains. */
static void
read_local(
    const struct postfix_reader *reader, struct aliases *a, const char *name)
{
	a->includes = true;
	if (has_type(name)) {
		a->no_markers = true;
		read_named(reader, name);
		a->no_markers = false;
	} else {
		(void)aliases_read(a, reader->emit, name, MAP_ALIASES, true);
	}
	a->includes = false;
}

void
vmailbox_files(struct vmailbox *v, struct emit *e, const char *const *aliases,
    const char *const *mailboxes, const char *const *locals)
{
	struct postfix *p = &v->postfix;
	struct postfix_reader reader = { .dir = p->config.dir,
		.emit = e,
		.entry = postfix_add_alias,
		.ctx = &p->aliases,
		.asks = &p->asks };

	p->aliases.ask = postfix_ask;
	p->aliases.ask_ctx = &p->asks;
	p->aliases.rewrite = postfix_rewrite;
	p->aliases.rewrite_ctx = p;
	for (; *aliases != NULL && !emit_stop(e); aliases++)
		read_named(&reader, *aliases);
	reader.of_names = true;
	for (; *locals != NULL && !emit_stop(e); locals++)
		read_local(&reader, &p->aliases, *locals);
	reader.of_names = false;
	aliases_domains(&p->aliases, e);
	reader.entry = add_mailbox;
	reader.ctx = v;
	for (; *mailboxes != NULL && !emit_stop(e); mailboxes++)
		read_named(&reader, *mailboxes);
	aliases_emit(&p->aliases, e);
}
