/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/*
 * Users in an LDAP directory: the filters and attributes of
 * dovecot-ldap.conf.ext (2.3) or of the configuration (2.4), asked for each
 * user as the server does.
 */
#include "source/dovecot/userdb-ldap.h"

#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"
#include "core/str.h"
#include "ldap/client.h"
#include "ldap/entry.h"
#include "ldap/filter.h"
#include "source/conf-file.h"
#include "source/dovecot/templates.h"
#include "source/host-map.h"
#include "source/host.h"
#include "source/passwd/expand.h"

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
	bool auth_bind;      /* the directory checks the password */
	const char *bind_dn; /* whose entry it is then; NULL: it is searched */
	const char *filter;  /* of one user */
	const char *list;    /* of all; NULL: there is none */
	struct templates fields;
	struct templates list_fields;
	const struct name_forms *forms; /* of the names in an entry */
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
		    "the scope is not subtree, onelevel or base");
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
		emit_fail_at(all->emit, NULL, NULL, &why);
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
	if (own->auth_bind && db->is_passdb)
		own->bind_dn =
		    or_default(setting_value(&top, "auth_bind_userdn"), NULL);
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
	if (own->auth_bind && db->is_passdb)
		own->bind_dn = or_default(userdb_setting(all, db, "bind_userdn",
					      "passdb_ldap_bind_userdn"),
		    NULL);
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
	if (own->filter == NULL && own->bind_dn == NULL)
		userdb_fatal(all, own->where, "there is no filter");
}

/* --- connection --- */

/* Whether the fields have a name of the user. */
static bool
names_users(const struct templates *t)
{
	for (const struct template *one = t->first; one != NULL;
	     one = one->next)
		if (strcmp(one->field, "user") == 0)
			return true;
	return false;
}

/* Where the entries have names that people may log in with, or get mail by. */
static void
find_forms(struct userdbs *all, struct userdb *db)
{
	struct users_ldap *own = db->own;
	struct name_forms *forms = &all->forms;
	size_t ways = 0;

	own->forms = forms;
	if (db->rules.deny || db->rules.master)
		return;
	forms->unsure = false;
	if (own->bind_dn != NULL)
		name_forms_dn(forms, &all->arena, own->bind_dn);
	else if (own->filter != NULL)
		ways = name_forms_filter(forms, &all->arena, own->filter);
	db->told = !forms->unsure;
	if (db->is_passdb && ways > 1 && !db->told)
		userdb_note(all, db,
		    "the filter finds users by other names, too: logins with "
		    "those that nothing lists are not carried");
}

static void
users_open(struct userdbs *all, struct userdb *db)
{
	struct users_ldap *own = arena_alloc(&all->arena, sizeof *own);
	struct place before = all->emit->at;
	struct why why = { 0 };
	const char *uri;

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
	db->renames = db->is_passdb && names_users(&own->fields);
	find_forms(all, db);
	/* Of several servers the first. */
	own->uri = arena_add(&all->arena, own->uri, strcspn(own->uri, " ,"));
	own->options.cacert = host_local(own->options.cacert, &all->arena);
	uri = host_map_uri(own->uri, &all->arena, &why);
	if (uri != NULL)
		own->connection = ldapconn_new(uri, &own->options, &why);
	if (own->connection == NULL)
		emit_fail_at(all->emit, own->uri, NULL, &why);
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
	const struct asked *who;
	struct arena *arena;
	struct answer *a;
	struct ldap_entry entry;
};

static void
escape(void *ctx, const char *value, size_t len, struct buf *out)
{
	(void)ctx;
	filter_escape(out, value, len);
}

/* The first value of an attribute, as Dovecot takes it. */
static const char *
first_value(const struct ldap_entry *e, const char *name)
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
	struct asking *ask = ctx;

	return first_value(&ask->entry, name);
}

static void
set_field(void *ctx, const char *key, const char *value)
{
	struct asking *ask = ctx;

	answer_add(ask->a, ask->db, ask->arena, key, value);
}

/* A password that the directory checks, whatever the fields make of it: without a
 * scheme it is the clear text. (RFC 4519, 2.41.) */
static void
set_bound(struct asking *ask, const char *secret)
{
	ask->a->secret = NULL;
	set_field(ask, "password", secret);
	ask->a->scheme = "PLAIN";
}

/* Where the directory checks passwords itself, they may still be there to be
 * read. */
static void
look_at_password(struct asking *ask)
{
	struct users_ldap *own = ask->db->own;
	const char *secret = first_value(&ask->entry, password_attribute);

	if (!ask->db->is_passdb)
		return;
	if (entry_count(&ask->entry, password_attribute) > 1)
		emit_note(ask->all->emit, ask->who->user,
		    "more than one password: Dovecot takes the first", NULL);
	if (!own->auth_bind)
		return;
	if (secret != NULL)
		set_bound(ask, secret);
	if (ask->a->secret != NULL)
		return;
	emit_note(ask->all->emit, ask->who->user,
	    "the password is checked by the directory, which does not show it",
	    NULL);
	ask->a->hidden = true;
}

/* The names by which an entry may be found, ended by NULL; NULL: there are none. */
static const char *const *
names_in(const struct name_forms *forms, const struct ldap_entry *e,
    struct arena *arena)
{
	size_t max = 1, n = 0, at;
	const char **names;
	struct value value;

	for (const struct name_form *f = forms->first; f != NULL; f = f->next)
		max += entry_count(e, f->attribute);
	if (max == 1)
		return NULL;
	names = arena_alloc(arena, max * sizeof *names);
	for (const struct name_form *f = forms->first; f != NULL; f = f->next)
		for (at = 0;
		     n + 1 < max && entry_next(e, f->attribute, &at, &value);) {
			if (strlen(value.data) != value.len ||
			    !utf8_valid(value.data, value.len))
				continue;
			names[n] = name_form_name(f, arena, value.data);
			n += names[n] != NULL;
		}
	names[n] = NULL;
	return names;
}

static bool
take_entry(struct asking *ask)
{
	struct users_ldap *own = ask->db->own;
	struct why why = { 0 };

	int r = templates_apply(&own->fields, ask->who->user, ask->who->login,
	    attribute_value, set_field, ask, &why);

	if (r != 0 && !userdb_lacks_field(ask->all, ask->db, r == -1, &why))
		return false;
	look_at_password(ask);
	ask->a->names = names_in(own->forms, &ask->entry, ask->arena);
	return true;
}

/* The attributes to ask for, ended by NULL; to be given to free(3). */
static const char **
names_of(const struct templates *t, const struct name_forms *forms)
{
	size_t n = t->attributes.n;
	const char **names;

	for (const struct name_form *f = forms->first; f != NULL; f = f->next)
		n++;
	names = xcalloc(n + 2, sizeof *names);
	for (n = 0; n < t->attributes.n; n++)
		names[n] = t->attributes.v[n];
	for (const struct name_form *f = forms->first; f != NULL; f = f->next)
		names[n++] = f->attribute;
	names[n] = password_attribute;
	return names;
}

static struct ldapsearch *
search(struct users_ldap *own, const char *base, const char *filter,
    const struct templates *fields, int page, struct why *why)
{
	const char **names = names_of(fields, own->forms);
	struct ldapquery query = { .base = base,
		.scope = own->scope,
		.filter = filter,
		.attributes = names,
		.page = page };
	struct ldapsearch *s = ldapsearch_new(own->connection, &query, why);

	free(names);
	return s;
}

/* Searches, and takes the one entry. */
static void
run_search(struct asking *ask, const char *base, const char *filter)
{
	struct users_ldap *own = ask->db->own;
	struct emit *e = ask->all->emit;
	struct why why = { 0 };
	struct ldapsearch *s = search(own, base, filter, &own->fields, 0, &why);
	bool taken = false;
	int r = s == NULL ? -1 : ldapsearch_next(s, &ask->entry, &why);

	e->at = own->place;
	ask->a->at = own->place;
	if (r != 0)
		ask->a->found = FOUND_BROKEN;
	if (r == 1) {
		taken = take_entry(ask);
		r = ldapsearch_next(s, &ask->entry, &why);
	}
	if (r == 1 && ask->all->trying)
		emit_note(e, ask->who->user,
		    "a second name of several users, which nobody can log in "
		    "with",
		    NULL);
	else if (r == 1 && !ask->all->several)
		emit_bad(e, ask->who->user,
		    "the filter finds several entries, which Dovecot refuses");
	else if (r == -1)
		emit_fail_at(e, own->where, ask->who->user, &why);
	else if (r == 0 && taken)
		ask->a->found = FOUND_YES;
	ask->all->several |= r == 1 && !ask->all->trying;
	ldapsearch_free(s);
}

/*
 * The directory is asked to take the password of an entry that a template
 * names, and is never searched; an account that may read entries may still see
 * it. Where it does not, nobody knows.
 */
static void
read_bind_dn(struct asking *ask, const char *dn)
{
	struct users_ldap *own = ask->db->own;
	enum ldap_scope scope = own->scope;
	struct why why = { 0 };
	struct ldapsearch *s;

	own->scope = SCOPE_BASE;
	s = search(own, dn, "(objectClass=*)", &own->fields, 0, &why);
	own->scope = scope;
	ask->a->found = FOUND_UNSURE;
	if (s != NULL && ldapsearch_next(s, &ask->entry, &why) == 1) {
		const char *secret =
		    first_value(&ask->entry, password_attribute);

		ask->a->found = FOUND_YES;
		ask->a->names = names_in(own->forms, &ask->entry, ask->arena);
		ask->a->hidden = secret == NULL;
		if (secret != NULL)
			set_bound(ask, secret);
	}
	if (ask->a->found == FOUND_UNSURE || ask->a->hidden)
		emit_note(ask->all->emit, ask->who->user,
		    "the password is checked by the directory, which does not "
		    "show it",
		    NULL);
	ldapsearch_free(s);
}

static void
users_lookup(struct userdbs *all, struct userdb *db, const struct asked *who,
    struct arena *arena, struct answer *a)
{
	struct users_ldap *own = db->own;
	struct asking ask = {
		.all = all, .db = db, .who = who, .arena = arena, .a = a
	};
	struct expansion x = { .user = who->user,
		.login = who->login,
		.service = who->service,
		.escape = escape };
	struct buf filter = { 0 }, base = { 0 };

	entry_init(&ask.entry);
	if (own->bind_dn != NULL) {
		x.escape = NULL;
		if (expansion_put(&x, own->bind_dn, &base)) {
			read_bind_dn(&ask, buf_str(&base));
		} else {
			userdb_out(all, db, "auth_bind_userdn", x.unknown);
			a->found = FOUND_UNSURE;
		}
	} else if (!expansion_put(&x, own->filter, &filter)) {
		userdb_out(all, db, "the filter", x.unknown);
		a->found = FOUND_UNSURE;
	} else if (!expansion_put(&x, own->base, &base)) {
		userdb_out(all, db, "the base", x.unknown);
		a->found = FOUND_UNSURE;
	} else {
		run_search(&ask, buf_str(&base), buf_str(&filter));
	}
	all->by_service |= x.by_service;
	entry_free(&ask.entry);
	buf_free(&filter);
	buf_free(&base);
}

/* --- all users --- */

/* One entry of a list, of which each value of an attribute is a user.
 * (src/auth/userdb-ldap.c.) */
struct listing {
	const struct ldap_entry *entry;
	size_t which; /* value */
	bool more;    /* an attribute has that value */
	struct buf name;
};

static const char *
listed_value(void *ctx, const char *name)
{
	struct listing *l = ctx;
	struct value value;
	size_t at = 0, n = entry_count(l->entry, name);

	for (size_t i = 0; i <= (n == 1 ? 0 : l->which); i++)
		if (!entry_next(l->entry, name, &at, &value))
			return NULL;
	if (strlen(value.data) != value.len ||
	    !utf8_valid(value.data, value.len))
		return NULL;
	l->more |= l->which < n;
	return value.data;
}

static void
set_listed(void *ctx, const char *field, const char *value)
{
	struct listing *l = ctx;

	if (strcmp(field, "user") != 0)
		return;
	buf_reset(&l->name);
	buf_adds(&l->name, value);
}

static void
list_entry(struct userdbs *all, const struct users_ldap *own,
    const struct ldap_entry *e, userdb_listed *user, void *ctx)
{
	struct listing l = { .entry = e, .more = true };
	struct why why = { 0 };

	for (; l.more && !userdbs_stop(all); l.which++) {
		l.more = false;
		buf_reset(&l.name);
		if (templates_apply(&own->list_fields, "", NULL, listed_value,
			set_listed, &l, &why) == -1)
			emit_fail_at(all->emit, own->where, NULL, &why);
		else if (l.more && l.name.len > 0)
			user(ctx, l.name.data, NULL);
		else if (l.which == 0)
			emit_bad(all->emit, NULL,
			    "a listed entry has no name, or one that is not "
			    "UTF-8");
	}
	buf_free(&l.name);
}

/* Reads the entries of a search that lists. -1 and why where it breaks off. */
static int
list_entries(struct userdbs *all, const struct users_ldap *own,
    struct ldapsearch *s, userdb_listed *user, void *ctx, struct why *why)
{
	struct ldap_entry entry;
	struct arena arena = { 0 };
	int r = 0;

	entry_init(&entry);
	while (
	    !userdbs_stop(all) && (r = ldapsearch_next(s, &entry, why)) != 0) {
		all->emit->at = own->place;
		if (r == 1) {
			arena_reset(&arena);
			all->others = names_in(own->forms, &entry, &arena);
			list_entry(all, own, &entry, user, ctx);
			all->others = NULL;
		} else if (why->kind == FAIL_DATA)
			emit_fail(all->emit, NULL, why);
		else
			break;
		r = 0;
	}
	entry_free(&entry);
	arena_free(&arena);
	return r;
}

static bool
users_list(struct userdbs *all, struct userdb *db, bool needed,
    userdb_listed *user, void *ctx)
{
	struct users_ldap *own = db->own;
	struct ldapsearch *s = NULL;
	struct buf filter = { 0 };
	struct why why = { 0 };
	int r = -1;

	if (!needed && (own->list == NULL || strchr(own->base, '%') != NULL))
		return false;
	if (own->list == NULL || !names_users(&own->list_fields) ||
	    !expand_user(own->list, "", &filter))
		why_set(&why, FAIL_DATA,
		    "there is no filter that lists the users "
		    "(iterate_filter)");
	else if (strchr(own->base, '%') != NULL)
		why_set(&why, FAIL_DATA,
		    "the base has a variable, so that it cannot be searched "
		    "for all users: use dirdump ldap");
	else
		s = search(own, own->base, buf_str(&filter), &own->list_fields,
		    PAGE, &why);
	if (s != NULL)
		r = list_entries(all, own, s, user, ctx, &why);
	if (r == -1)
		emit_fail_at(all->emit, own->where, NULL, &why);
	ldapsearch_free(s);
	buf_free(&filter);
	return r != -1;
}

const struct userdb_driver userdb_ldap = { .name = "ldap",
	.open = users_open,
	.lookup = users_lookup,
	.list = users_list,
	.close = users_close,
	.own_fields = true };
