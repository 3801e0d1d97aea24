/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

#include "source/vmailbox.h"

#include <string.h>

#include "core/str.h"
#include "record/address.h"

static const char text_table[] = "texthash:";

void
vmailbox_free(struct vmailbox *v)
{
	postfix_free(&v->postfix);
	record_free(&v->r);
	buf_free(&v->address);
	buf_free(&v->mail);
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

static void
add_mailbox(struct postfix *p, struct emit *e, const char *key, char *value)
{
	struct vmailbox *v = (struct vmailbox *)p;
	struct record *r = &v->r;
	struct why why = { 0 };

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
	record_reset(r, REC_ACCOUNT);
	r->address = v->address.data;
	r->mail = mail_place(v, value);
	aliases_forward(&p->aliases, e, r);
	(void)emit_record(e, r);
}

void
vmailbox_read(struct vmailbox *v, struct emit *e)
{
	struct postfix *p = &v->postfix;
	struct why why = { 0 };
	char *maps;

	postfix_read(p, e);
	if (v->base == NULL)
		v->base = postfix_parameter(p, "virtual_mailbox_base", &why);
	maps = postfix_parameter(p, "virtual_mailbox_maps", &why);
	if (maps == NULL) {
		tally_fail(e->tally, "postconf", NULL, NULL, &why);
		return;
	}
	postfix_tables(p, e, "virtual_mailbox_maps", maps, add_mailbox);
	aliases_emit(&p->aliases, e);
}

static bool
has_type(const char *name)
{
	size_t len = strcspn(name, ":/");

	return len != 0 && name[len] == ':';
}

/* A table by its name on the command line: a path is a text. */
static void
read_named(
    struct vmailbox *v, struct emit *e, const char *name, postfix_entry *entry)
{
	struct buf table = { 0 };

	if (!has_type(name))
		buf_adds(&table, text_table);
	buf_adds(&table, name);
	postfix_table(&v->postfix, e, table.data, name, entry);
	buf_free(&table);
}

void
vmailbox_files(struct vmailbox *v, struct emit *e, const char *const *aliases,
    const char *const *mailboxes, const char *const *locals)
{
	struct postfix *p = &v->postfix;

	for (; *aliases != NULL && !emit_stop(e); aliases++)
		read_named(v, e, *aliases, postfix_add_alias);
	for (; *locals != NULL && !emit_stop(e); locals++) {
		if (has_type(*locals))
			read_named(v, e, *locals, postfix_add_alias);
		else
			(void)aliases_read(
			    &p->aliases, e, *locals, MAP_ALIASES, true);
	}
	aliases_domains(&p->aliases, e);
	for (; *mailboxes != NULL && !emit_stop(e); mailboxes++)
		read_named(v, e, *mailboxes, add_mailbox);
	aliases_emit(&p->aliases, e);
}
