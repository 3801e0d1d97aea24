/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/* The address books of Roundcube as files. */
#include "source/webmail/roundcube-cards.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/alloc.h"
#include "core/digest.h"
#include "core/io.h"
#include "core/map.h"
#include "core/output.h"
#include "source/webmail/card.h"
#include "source/webmail/roundcube.h"

/* One contact over its rows, one for each of its groups. */
struct cards {
	struct emit *emit;
	const struct webmail_options *options;
	struct sql *db;
	int root;
	struct arena arena; /* of the contact */
	struct webmail_card card;
	const char *contact; /* its id; NULL: none yet */
	const char *user, *login;
	struct roundcube_owners owners;
	struct buf text, owner;
	struct map uids; /* of this owner's cards so far */
	struct arena keys;
	char *of; /* whose they are; NULL: nobody's */
	size_t n;
};

/* Groups came with 0.5: without their table there are none. 0, or -1 and why. */
static int
cards_query(struct sql *db, const struct webmail_options *o, struct buf *out,
    struct why *why)
{
	int groups = roundcube_has_table(db, o, "contactgroups", why);

	if (groups == -1)
		return -1;
	buf_addf(out,
	    "SELECT u.user_id AS rc_user, u.username AS rc_login, "
	    "%s AS rc_group, c.* FROM ",
	    groups == 1 ? "g.name" : "NULL");
	roundcube_table(db, o, "contacts", out);
	buf_adds(out, " c JOIN ");
	roundcube_table(db, o, "users", out);
	buf_adds(out, " u ON u.user_id = c.user_id ");
	if (groups == 1) {
		buf_adds(out, "LEFT JOIN ");
		roundcube_table(db, o, "contactgroupmembers", out);
		buf_adds(out, " m ON m.contact_id = c.contact_id LEFT JOIN ");
		roundcube_table(db, o, "contactgroups", out);
		buf_adds(out, " g ON g.contactgroup_id = m.contactgroup_id AND "
			      "g.del = 0 ");
	}
	buf_adds(out, "WHERE c.del = 0 ORDER BY u.user_id, c.contact_id");
	if (groups == 1)
		buf_adds(out, ", g.name");
	return 0;
}

/* --- files --- */

/* The address as the name of a folder: nothing in it leads elsewhere. */
static void
folder_name(const char *address, struct buf *out)
{
	for (const char *p = address; *p != '\0'; p++)
		if (*p == '/' || *p == '%' || (unsigned char)*p < ' ' ||
		    (*p == '.' && p == address))
			buf_addf(out, "%%%02x", (unsigned char)*p);
		else
			buf_addc(out, *p);
}

/* A folder below another, made where it is not there. Closes from. */
static int
enter(int from, const char *name)
{
	int fd, error;

	if (from == -1)
		return -1;
	fd = mkdirat(from, name, 0700) == -1 && errno != EEXIST
		 ? -1
		 : openat(from, name,
		       O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	error = errno;
	(void)close(from);
	errno = error;
	return fd;
}

/* Written under another name first: a run that is cut off leaves no half card. */
static int
write_file(int folder, const char *name, const struct buf *text)
{
	static const char tmp[] = ".card.tmp";
	int fd = output_at(folder, tmp);
	int r;

	if (fd == -1)
		return -1;
	r = write_all(fd, text->data, text->len);
	if (close(fd) == -1 || r == -1)
		return -1;
	return renameat(folder, tmp, folder, name);
}

static void
put_file(struct cards *c, const char *address)
{
	struct buf name = { 0 };
	struct why why = { 0 };
	int fd;

	folder_name(address, &name);
	fd = enter(dup(c->root), buf_str(&name));
	fd = enter(enter(fd, "contacts"), "Contacts");
	buf_reset(&name);
	buf_addf(&name, "%s.vcf", c->contact);
	if (fd == -1 || write_file(fd, name.data, &c->text) == -1) {
		why_errno(&why, FAIL_FATAL, "the card cannot be written");
		emit_fail(c->emit, address, &why);
	} else {
		c->n++;
	}
	if (fd != -1)
		(void)close(fd);
	buf_free(&name);
}

/* --- cards --- */

/* The same contact has the same UID in each run. */
static void
make_uid(struct cards *c, const char *address)
{
	unsigned char raw[SHA256_LEN];
	struct buf b = { 0 };
	char uid[40];

	buf_addf(&b, "roundcube contact %s of %s", c->contact, address);
	digest_of(b.data, b.len, raw);
	buf_free(&b);
	/* RFC 9562, 5.8. */
	raw[6] = (unsigned char)((raw[6] & 0x0f) | 0x80);
	raw[8] = (unsigned char)((raw[8] & 0x3f) | 0x80);
	(void)snprintf(uid, sizeof uid,
	    "%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-"
	    "%02x%02x%02x%02x%02x%02x",
	    raw[0], raw[1], raw[2], raw[3], raw[4], raw[5], raw[6], raw[7],
	    raw[8], raw[9], raw[10], raw[11], raw[12], raw[13], raw[14],
	    raw[15]);
	c->card.uid = arena_adds(&c->arena, uid);
}

static void
forget_uids(struct cards *c)
{
	map_free(&c->uids);
	arena_reset(&c->keys);
	free(c->of);
	c->of = NULL;
}

/* Whether another card of this owner has the UID of the one that was written. */
static bool
is_taken(struct cards *c)
{
	struct buf uid = { 0 };
	bool added;

	if (c->of == NULL || strcmp(c->of, c->owner.data) != 0) {
		forget_uids(c);
		c->of = xstrdup(c->owner.data);
	}
	card_uid(c->text.data, &uid);
	(void)map_put_copy(&c->uids, &c->keys, buf_str(&uid), &added);
	buf_free(&uid);
	return !added;
}

/* A contact that was copied in Roundcube has the UID of the other one; in a
 * collection of CardDAV it would take its place (RFC 6352, 5.1). */
static void
put_card(struct cards *c)
{
	struct why why = { 0 };
	int r;

	make_uid(c, c->owner.data);
	c->card.own_uid = false;
	r = card_write(&c->card, &c->text, &why);
	if (r == 0 && is_taken(c)) {
		c->card.own_uid = true;
		buf_reset(&c->text);
		r = card_write(&c->card, &c->text, &why);
	}
	if (r == -1)
		emit_fail(c->emit, c->owner.data, &why);
	else
		put_file(c, c->owner.data);
}

static void
end_card(struct cards *c)
{
	if (c->contact != NULL) {
		buf_reset(&c->owner);
		buf_reset(&c->text);
		if (roundcube_address(c->emit, c->options, &c->owners, c->user,
			c->login, &c->owner) == 0)
			put_card(c);
	}
	c->contact = NULL;
	c->card.groups.n = 0;
	arena_reset(&c->arena);
}

static const char *
column(struct cards *c, const char *name)
{
	return webmail_text(c->emit, c->db, name, &c->arena);
}

static void
begin_card(struct cards *c)
{
	c->contact = column(c, "contact_id");
	c->login = column(c, "rc_login");
	c->user = column(c, "rc_user");
	if (c->login == NULL)
		c->login = "";
	c->card.vcard = column(c, "vcard");
	c->card.name = column(c, "name");
	c->card.first = column(c, "firstname");
	c->card.last = column(c, "surname");
	c->card.email = column(c, "email");
}

static bool
same_card(struct cards *c)
{
	const char *id = column(c, "contact_id");

	return c->contact != NULL && id != NULL && strcmp(c->contact, id) == 0;
}

static void
take_row(struct cards *c)
{
	const char *group;

	if (!same_card(c)) {
		end_card(c);
		begin_card(c);
	}
	group = column(c, "rc_group");
	if (group != NULL && c->contact != NULL)
		strs_add(&c->card.groups, group);
}

static int
read_cards(struct cards *c, struct why *why)
{
	struct buf query = { 0 };
	int n = -1;

	emit_file(c->emit, sql_name(c->db));
	if (roundcube_owners_read(c->db, c->options, &c->owners, why) == 0 &&
	    cards_query(c->db, c->options, &query, why) == 0 &&
	    sql_query(c->db, query.data, why) == 0)
		while ((n = sql_next(c->db, why)) == 1 && !emit_stop(c->emit) &&
		       !c->emit->tally->fatal) {
			c->emit->at.line++;
			take_row(c);
		}
	if (n == 0)
		end_card(c);
	buf_free(&query);
	return n == -1 ? -1 : 0;
}

void
roundcube_vcards(struct emit *e, const struct webmail_options *o,
    const char *folder, size_t *n)
{
	struct cards c = { .emit = e, .options = o, .root = -1 };
	struct why why = { 0 };
	int r = -1;

	c.root = output_folder(folder, &why);
	if (c.root != -1)
		c.db = sql_open(&o->sql, &why);
	if (c.db != NULL)
		r = read_cards(&c, &why);
	if (r == -1)
		emit_fail_at(e, NULL, NULL, &why);
	if (c.root != -1) {
		(void)syncfs(c.root);
		(void)close(c.root);
	}
	*n = c.n;
	sql_close(c.db);
	forget_uids(&c);
	roundcube_owners_free(&c.owners);
	arena_free(&c.keys);
	arena_free(&c.arena);
	buf_free(&c.text);
	buf_free(&c.owner);
	free(c.card.groups.v);
}
