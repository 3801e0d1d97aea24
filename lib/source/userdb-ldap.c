/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/*
 * Users in an LDAP directory: the filters and attributes of
 * dovecot-ldap.conf.ext (2.3) or of the configuration (2.4), asked for each
 * user as the server does.
 */
#include "source/userdb.h"

#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"
#include "core/str.h"
#include "source/conf-file.h"
#include "source/entry.h"
#include "source/expand.h"
#include "source/filter.h"
#include "source/ldap.h"
#include "source/templates.h"

enum {
	PAGE = 500
};

static const char password_attribute[] = "userPassword";

struct users_ldap {
	const char *where; /* the file, or the kind of block */
	const char *uri;
	struct ldapconn_options options;
	const char *base;
	enum ldap_scope scope;
	bool auth_bind;     /* the directory checks the password */
	const char *filter; /* of one user */
	const char *list;   /* of all; NULL: there is none */
	struct templates fields;
	struct templates list_fields;
	struct ldapconn *connection;
	struct place place;
};

static const char *
or_default(const char *value, const char *preset)
{
	return value == NULL || *value == '\0' ? preset : value;
}

static bool
find_scope(const char *name, enum ldap_scope *scope)
{
	static const char *const names[] = { [SCOPE_SUBTREE] = "subtree",
		[SCOPE_ONE] = "onelevel",
		[SCOPE_BASE] = "base" };

	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (strcmp(names[i], name) == 0) {
			*scope = (enum ldap_scope)i;
			return true;
		}
	return false;
}

static void
set_scope(struct userdbs *all, struct users_ldap *own, const char *name)
{
	if (!find_scope(or_default(name, "subtree"), &own->scope))
		userdb_fatal(all, own->where,
		    "the scope is none of subtree, onelevel and base");
}

/* --- the settings of 2.3 --- */

/* "hosts = a b:390" as "ldap://a ldap://b:390", or what "uris" says. */
static const char *
read_uris(struct arena *arena, const struct setting *top)
{
	const char *uris = or_default(setting_value(top, "uris"), NULL);
	char *rest, *host;
	struct buf out = { 0 };

	if (uris != NULL)
		return uris;
	rest = arena_adds(arena, or_default(setting_value(top, "hosts"), ""));
	while ((host = str_cut(&rest, ' ')) != NULL)
		if (*host != '\0')
			buf_addf(
			    &out, "%sldap://%s", out.len == 0 ? "" : " ", host);
	uris = out.len == 0 ? NULL : arena_adds(arena, out.data);
	buf_free(&out);
	return uris;
}

/* Whether a certificate need not be good. (ldap.conf(5), TLS_REQCERT.) */
static bool
is_lax(const char *value)
{
	return value != NULL &&
	       (strcmp(value, "never") == 0 || strcmp(value, "allow") == 0 ||
		   strcmp(value, "no") == 0);
}

static int
read_attributes(struct userdbs *all, struct userdb *db,
    const struct setting *top, struct why *why)
{
	struct users_ldap *own = db->own;
	const char *list = db->is_passdb
			       ? or_default(setting_value(top, "pass_attrs"),
				     "uid=user,userPassword=password")
			       : or_default(setting_value(top, "user_attrs"),
				     "homeDirectory=home,uidNumber=uid,"
				     "gidNumber=gid");

	if (templates_read(&own->fields, &all->arena, list, why) == -1)
		return -1;
	return templates_read(&own->list_fields, &all->arena,
	    or_default(setting_value(top, "iterate_attrs"), "uid=user"), why);
}

/* dovecot-ldap.conf.ext. The presets are Dovecot's. (src/auth/db-ldap.c.) */
static void
read_file_23(struct userdbs *all, struct userdb *db, struct users_ldap *own)
{
	static const char one[] = "(&(objectClass=posixAccount)(uid=%u))";
	struct setting top = { 0 };
	struct why why = { 0 };

	own->where = db->args;
	if (conf_read_ext(&top, &all->arena, db->args, &why) == -1 ||
	    read_attributes(all, db, &top, &why) == -1) {
		tally_fail(all->emit->tally, NULL, NULL, NULL, &why);
		return;
	}
	own->uri = read_uris(&all->arena, &top);
	own->options = (struct ldapconn_options){
		.bind_dn = setting_value(&top, "dn"),
		.password = setting_value(&top, "dnpass"),
		.starttls = setting_is_yes(setting_value(&top, "tls")),
		.cacert = setting_value(&top, "tls_ca_cert_file"),
		.insecure_ldap = true,
		.insecure_tls = is_lax(setting_value(&top, "tls_require_cert")),
		.external = setting_is_yes(setting_value(&top, "sasl_bind")),
	};
	own->auth_bind = setting_is_yes(setting_value(&top, "auth_bind"));
	own->base = setting_value(&top, "base");
	set_scope(all, own, setting_value(&top, "scope"));
	own->filter = or_default(
	    setting_value(&top, db->is_passdb ? "pass_filter" : "user_filter"),
	    one);
	own->list = or_default(setting_value(&top, "iterate_filter"),
	    "(objectClass=posixAccount)");
	db->scheme =
	    or_default(setting_value(&top, "default_pass_scheme"), "CRYPT");
}

/* --- the settings of 2.4 --- */

static void
read_settings_24(struct userdbs *all, struct userdb *db, struct users_ldap *own)
{
	own->where = userdb_kind(db);
	own->uri = userdb_setting(all, db, "ldap_uris", "ldap_uris");
	own->options = (struct ldapconn_options){
		.bind_dn =
		    userdb_setting(all, db, "ldap_auth_dn", "ldap_auth_dn"),
		.password = userdb_setting(
		    all, db, "ldap_auth_dn_password", "ldap_auth_dn_password"),
		.starttls = setting_is_yes(
		    userdb_setting(all, db, "ldap_starttls", "ldap_starttls")),
		.cacert = userdb_setting(
		    all, db, "ssl_client_ca_file", "ssl_client_ca_file"),
		.insecure_ldap = true,
		.insecure_tls = is_lax(
		    userdb_setting(all, db, "ssl_client_require_valid_cert",
			"ssl_client_require_valid_cert")),
	};
	own->auth_bind =
	    setting_is_yes(userdb_setting(all, db, "bind", "passdb_ldap_bind"));
	own->base = userdb_setting(all, db, "ldap_base", "ldap_base");
	set_scope(
	    all, own, userdb_setting(all, db, "ldap_scope", "ldap_scope"));
	own->filter =
	    db->is_passdb
		? userdb_setting(all, db, "filter", "passdb_ldap_filter")
		: userdb_setting(all, db, "filter", "userdb_ldap_filter");
	own->list = userdb_setting(
	    all, db, "iterate_filter", "userdb_ldap_iterate_filter");
	templates_block(&own->fields, &all->arena,
	    setting_block(db->block, "fields", NULL));
	templates_block(&own->list_fields, &all->arena,
	    setting_block(db->block, "iterate_fields", NULL));
	if (own->filter == NULL)
		userdb_fatal(all, own->where, "there is no filter");
}

/* --- connection --- */

static void
users_open(struct userdbs *all, struct userdb *db)
{
	struct users_ldap *own = arena_alloc(&all->arena, sizeof *own);
	struct place before = all->emit->at;
	struct why why = { 0 };

	db->own = own;
	if (all->v24)
		read_settings_24(all, db, own);
	else
		read_file_23(all, db, own);
	if (userdbs_stop(all))
		return;
	if (own->uri == NULL || own->base == NULL) {
		userdb_fatal(all, own->where, "no server or no base is named");
		return;
	}
	/* Of several servers the first. */
	own->uri = arena_add(&all->arena, own->uri, strcspn(own->uri, " ,"));
	own->connection = ldapconn_new(own->uri, &own->options, &why);
	if (own->connection == NULL)
		tally_fail(all->emit->tally, own->uri, NULL, NULL, &why);
	emit_file(all->emit, own->uri);
	own->place = all->emit->at;
	all->emit->at = before;
}

static void
users_close(struct userdb *db)
{
	struct users_ldap *own = db->own;

	ldapconn_free(own->connection);
	templates_free(&own->fields);
	templates_free(&own->list_fields);
}

/* --- one user --- */

struct asking {
	struct userdbs *all;
	struct userdb *db;
	struct lookup *l;
	struct entry entry;
};

static void
escape(void *ctx, const char *value, size_t len, struct buf *out)
{
	(void)ctx;
	filter_escape(out, value, len);
}

/* The first value of an attribute, as Dovecot takes it. */
static const char *
first_value(const struct entry *e, const char *name)
{
	struct value value;
	size_t at = 0;

	if (!entry_next(e, name, &at, &value) ||
	    strlen(value.data) != value.len ||
	    !utf8_valid(value.data, value.len))
		return NULL;
	return value.data;
}

static const char *
attribute_value(void *ctx, const char *name)
{
	struct asking *a = ctx;

	return first_value(&a->entry, name);
}

static void
set_field(void *ctx, const char *key, const char *value)
{
	struct asking *a = ctx;

	lookup_answer(a->l, a->db, a->all->v24, key, value);
}

/* Where the directory checks passwords itself, they may still be there to be
 * read. */
static void
look_at_password(struct asking *a)
{
	struct users_ldap *own = a->db->own;
	const char *secret = first_value(&a->entry, password_attribute);

	if (!a->db->is_passdb)
		return;
	if (entry_count(&a->entry, password_attribute) > 1)
		emit_note(a->all->emit, a->l->user,
		    "more than one password: Dovecot takes the first", NULL);
	if (!own->auth_bind || a->l->fields.secret != NULL)
		return;
	if (secret != NULL) {
		set_field(a, "password", secret);
		return;
	}
	emit_note(a->all->emit, a->l->user,
	    "the password is checked by the directory, which does not show it",
	    NULL);
	set_field(a, "nopassword", "");
}

static bool
take_entry(struct asking *a)
{
	struct users_ldap *own = a->db->own;
	struct why why = { 0 };

	if (templates_apply(&own->fields, a->l->user, attribute_value,
		set_field, a, &why) == 0) {
		look_at_password(a);
		return true;
	}
	tally_fail(a->all->emit->tally, own->where, NULL, NULL, &why);
	return false;
}

/* The attributes to ask for, ended by NULL; to be given to free(3). */
static const char **
names_of(const struct templates *t)
{
	const char **names = xcalloc(t->attributes.n + 2, sizeof *names);

	for (size_t i = 0; i < t->attributes.n; i++)
		names[i] = t->attributes.v[i];
	names[t->attributes.n] = password_attribute;
	return names;
}

static struct ldapsearch *
search(struct users_ldap *own, const char *base, const char *filter,
    const struct templates *fields, int page, struct why *why)
{
	const char **names = names_of(fields);
	struct ldapquery query = { .base = base,
		.scope = own->scope,
		.filter = filter,
		.attributes = names,
		.page = page };
	struct ldapsearch *s = ldapsearch_new(own->connection, &query, why);

	free(names);
	return s;
}

/* Searches: true where there is one entry, which is taken. */
static bool
ask(struct asking *a, const char *base, const char *filter)
{
	struct users_ldap *own = a->db->own;
	struct emit *e = a->all->emit;
	struct why why = { 0 };
	struct ldapsearch *s = search(own, base, filter, &own->fields, 0, &why);
	bool found = false;
	int r = s == NULL ? -1 : ldapsearch_next(s, &a->entry, &why);

	e->at = own->place;
	if (r == 1) {
		found = take_entry(a);
		r = ldapsearch_next(s, &a->entry, &why);
	}
	if (r == 1) {
		emit_bad(e, a->l->user,
		    "the filter finds several entries, which Dovecot refuses");
		found = false;
	} else if (r == -1) {
		tally_fail(e->tally, own->where, a->l->user, NULL, &why);
	}
	ldapsearch_free(s);
	return found && r == 0;
}

static bool
users_lookup(struct userdbs *all, struct userdb *db, struct lookup *l)
{
	struct users_ldap *own = db->own;
	struct asking a = { .all = all, .db = db, .l = l };
	struct expansion x = { .user = l->user, .escape = escape };
	struct buf filter = { 0 }, base = { 0 };
	bool found = false;

	entry_init(&a.entry);
	if (!expand(&x, own->filter, &filter) || !expand(&x, own->base, &base))
		userdb_fatal(all, own->where,
		    "the filter or the base has a variable that the user's "
		    "name does not decide: its users cannot be looked up");
	else
		found = ask(&a, buf_str(&base), buf_str(&filter));
	entry_free(&a.entry);
	buf_free(&filter);
	buf_free(&base);
	return found;
}

/* --- all users --- */

/* The attribute that names the user. */
static const char *
name_attribute(const struct templates *t)
{
	for (const struct template *one = t->first; one != NULL;
	     one = one->next)
		if (strcmp(one->field, "user") == 0)
			return t->attributes.n == 1 ? t->attributes.v[0]
						    : one->needs;
	return NULL;
}

/* Each value of the attribute is a user. (src/auth/userdb-ldap.c.) */
static void
list_entry(struct userdbs *all, const struct entry *e, const char *attribute,
    userdb_listed *user, void *ctx)
{
	struct value value;
	size_t at = 0;

	while (entry_next(e, attribute, &at, &value) && !userdbs_stop(all))
		if (strlen(value.data) != value.len ||
		    !utf8_valid(value.data, value.len))
			emit_bad(all->emit, NULL, "a listed name is not UTF-8");
		else
			user(ctx, value.data, NULL);
}

static void
users_list(
    struct userdbs *all, struct userdb *db, userdb_listed *user, void *ctx)
{
	struct users_ldap *own = db->own;
	const char *attribute = name_attribute(&own->list_fields);
	struct ldapsearch *s = NULL;
	struct buf filter = { 0 };
	struct entry entry;
	struct why why = { 0 };
	int r = 0;

	entry_init(&entry);
	if (own->list == NULL || attribute == NULL ||
	    !expand_user(own->list, "", &filter))
		r = why_set(&why, FAIL_DATA,
		    "there is no filter that lists the users "
		    "(iterate_filter)");
	else
		s = search(own, own->base, buf_str(&filter), &own->list_fields,
		    PAGE, &why);
	if (s == NULL)
		r = -1;
	while (r == 0 && !userdbs_stop(all) &&
	       (r = ldapsearch_next(s, &entry, &why)) != 0) {
		all->emit->at = own->place;
		if (r == 1)
			list_entry(all, &entry, attribute, user, ctx);
		else if (why.kind == FAIL_DATA)
			emit_fail(all->emit, NULL, &why);
		else
			break;
		r = 0;
	}
	if (r == -1)
		tally_fail(all->emit->tally, own->where, NULL, NULL, &why);
	ldapsearch_free(s);
	entry_free(&entry);
	buf_free(&filter);
}

const struct userdb_driver userdb_ldap = { .name = "ldap",
	.open = users_open,
	.lookup = users_lookup,
	.list = users_list,
	.close = users_close,
	.own_fields = true };
