/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

#include "source/passwd/account.h"

#include <string.h>

#include "core/num.h"
#include "core/str.h"
#include "record/address.h"
#include "secret/lock.h"
#include "source/host.h"
#include "source/passwd/expand.h"
#include "source/passwd/extra-fields.h"

void
account_free(struct account *a)
{
	map_free(&a->deny);
	map_free(&a->master);
	map_free(&a->uids);
	map_free(&a->gids);
	record_free(&a->r);
	buf_free(&a->address);
	buf_free(&a->home);
	buf_free(&a->mail);
	arena_free(&a->arena);
}

void
fields_split(struct fields *f, char *line)
{
	char **const at[] = { &f->name, &f->secret, &f->uid, &f->gid, &f->gecos,
		&f->home, &f->shell };
	char *rest = line;

	*f = (struct fields){ .quota = -1, .pwdfile = true };
	for (size_t i = 0; i < sizeof at / sizeof *at; i++)
		*at[i] = str_cut(&rest, ':');
	f->extra = rest;
	/* Before 2.4 an empty eighth field made the next one the place of the
	 * mail. (Dovecot 2.3, src/auth/db-passwd-file.c.) */
	if (rest != NULL && *rest == ':') {
		f->extra = NULL;
		f->mail = rest[1] == '\0' ? NULL : rest + 1;
	}
}

/* --- the password --- */

static bool
has_brace(const char *secret)
{
	return *secret == '{' && strchr(secret, '}') != NULL;
}

static const char *
after_brace(const char *secret)
{
	return has_brace(secret) ? strchr(secret, '}') + 1 : secret;
}

/*
 * Cuts the suffix of libpam-pwdfile off, "[34]" and the like, and returns the
 * scheme that it means; NULL where there is none. (Dovecot,
 * src/auth/db-passwd-file.c, passwd_file_add.)
 */
const char *
secret_cut_suffix(char *secret)
{
	size_t len = strlen(secret);
	char *at = secret + len - 4;

	if (len <= 4 || *secret == '{' || *secret == '$' || *at != '[' ||
	    at[3] != ']')
		return NULL;
	*at = '\0';
	if (at[1] == '3' && at[2] == '4')
		return "PLAIN-MD5";
	if (at[1] == '5' && at[2] == '6')
		return "DIGEST-MD5";
	return "CRYPT";
}

/* Whatever the default scheme, Dovecot takes "$1$salt$hash" for MD5-CRYPT.
 * (src/lib-auth/password-scheme.c, password_get_scheme.) */
static const char *
scheme_of(const char *secret, const char *default_scheme)
{
	if (strncmp(secret, "$1$", 3) == 0 && strchr(secret + 3, '$') != NULL &&
	    strcmp(default_scheme, "CRYPT") != 0)
		return "MD5-CRYPT";
	return default_scheme;
}

bool
secret_has_password(const char *secret, const char *scheme)
{
	if (scheme == NULL)
		scheme = "CRYPT";
	if (strcmp(scheme, "DIGEST-MD5") == 0 &&
	    strlen(after_brace(secret)) != 32)
		return false;
	return *after_brace(secret) != '\0' &&
	       secret_locked(secret, scheme_of(secret, scheme)) == SECRET_OPEN;
}

static void
set_secret(struct account *a, struct fields *f, bool nopassword)
{
	const char *scheme = NULL;
	struct record *r = &a->r;
	size_t len;

	if (f->secret != NULL && f->pwdfile)
		scheme = secret_cut_suffix(f->secret);
	len = f->secret == NULL ? 0 : strlen(after_brace(f->secret));
	if (len == 0) {
		/* Any password fits, or none does. */
		if (!nopassword)
			r->active = false;
		return;
	}
	r->secret = f->secret;
	if (scheme == NULL)
		scheme = scheme_of(f->secret, a->default_scheme);
	if (!has_brace(f->secret))
		r->default_scheme = scheme;
	if (strcmp(scheme, "DIGEST-MD5") == 0 && len != 32)
		r->active = false;
}

/* --- the other fields --- */

static int64_t
system_id(const char *name, bool group)
{
	struct host_user user;

	if (group)
		return host_group(name);
	return host_user(name, &user) ? user.uid : -1;
}

/* Whether a text could be the name of a user or group of a system. A piece of
 * a hash that holds a colon is not one, most of the time. */
static bool
is_system_name(const char *text)
{
	size_t len = strlen(text);

	return len <= 32 && *text != '-' &&
	       text[strspn(text, "abcdefghijklmnopqrstuvwxyz"
				 "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				 "0123456789_-.")] == '\0';
}

/* Reads a uid or gid, a number or a name. -1 where there is none. False if the
 * text cannot be one. */
static bool
read_id(struct account *a, const char *text, bool group, int64_t *id)
{
	struct map *cache = group ? &a->gids : &a->uids;
	void **value;

	*id = -1;
	if (text == NULL || *text == '\0' ||
	    parse_num(text, 0, UINT32_MAX - 1, id, NULL))
		return true;
	if (!is_system_name(text))
		return false;
	value = map_get(cache, text);
	if (value == NULL) {
		value = map_put(cache, arena_adds(&a->arena, text), NULL);
		*value = (void *)(intptr_t)(system_id(text, group) + 1);
	}
	*id = (intptr_t)*value - 1;
	/* The name is not said: it may be a piece of a password. */
	if (*id == -1)
		emit_note(a->emit, a->address.data,
		    group ? "the name of a group that this system does not know"
			  : "the name of a user that this system does not know",
		    NULL);
	return true;
}

static const char *
first(const char *a, const char *b)
{
	if (a != NULL && *a != '\0')
		return a;
	return b != NULL && *b != '\0' ? b : NULL;
}

bool
fields_are_moved(const char *uid, const char *gid)
{
	return uid != NULL && *uid != '\0' &&
	       (gid == NULL || *gid == '\0' || is_digits(gid));
}

/* 0 and -1, and why. */
static int
set_ids(struct account *a, const struct fields *f, const struct extra *x,
    struct why *why)
{
	if (!read_id(a, first(x->uid, f->uid), false, &a->r.uid))
		return why_set(why, FAIL_DATA,
		    "the third field is not a user id: a colon in the password "
		    "would move the fields");
	if (!read_id(a, first(x->gid, f->gid), true, &a->r.gid))
		return why_set(
		    why, FAIL_DATA, "the fourth field is not a group id");
	if (f->pwdfile && a->r.uid == -1 && fields_are_moved(f->uid, f->gid))
		return why_set(why, FAIL_DATA,
		    "the third field is not a user id, nor the name of a user "
		    "of this system: a colon in the password would move the "
		    "fields");
	if (a->r.uid == 0 || a->r.gid == 0) {
		a->r.active = false;
		emit_note(a->emit, a->r.address,
		    "user or group 0, which Dovecot refuses: the account is "
		    "not active",
		    NULL);
	}
	return 0;
}

/* The full name is the text before the first comma, as in passwd(5). */
static void
set_name(struct record *r, char *gecos)
{
	if (gecos == NULL)
		return;
	gecos[strcspn(gecos, ",")] = '\0';
	gecos = str_trim(gecos);
	r->name = *gecos == '\0' ? NULL : gecos;
}

/* The value of an extra field, in which Dovecot replaces variables: of the
 * address, here; one with another variable stays as it is. */
static const char *
expanded(struct account *a, const char *text, struct buf *out)
{
	buf_reset(out);
	if (!expand_user(text, a->address.data, out)) {
		buf_reset(out);
		buf_adds(out, text);
		emit_note(a->emit, a->address.data,
		    "a variable in home or mail is left as it is", text);
	}
	return first(out->data, NULL);
}

/* The home of the line stays as it is, the others may have variables. */
static void
set_places(struct account *a, const struct fields *f, const struct extra *x)
{
	struct buf path = { 0 };
	const char *mail = first(x->mail, f->mail);

	a->r.home = x->home != NULL ? expanded(a, x->home, &a->home)
				    : first(f->home, NULL);
	if (x->mail_path != NULL) {
		if (x->mail_driver != NULL)
			buf_addf(&path, "%s:", x->mail_driver);
		buf_adds(&path, x->mail_path);
		mail = path.data;
	}
	if (mail != NULL)
		a->r.mail = expanded(a, mail, &a->mail);
	buf_free(&path);
}

static void
set_quota(struct account *a, const struct fields *f, const struct extra *x)
{
	int64_t quota = f->quota != -1 ? f->quota : x->quota, mib;

	if (quota == -1 && a->shell_quota && f->shell != NULL &&
	    parse_num(f->shell, 0, INT64_MAX, &mib, NULL))
		quota = size_units(mib, 'M');
	if (quota > 0)
		a->r.quota = quota;
	if (x->quota_bad)
		emit_bad(a->emit, a->r.address,
		    "a quota that is not a number of bytes is not carried");
	if (x->quota_partial)
		emit_note_behind(a->emit, a->r.address,
		    "a quota of one mailbox or of the number of messages is "
		    "not carried",
		    NULL);
}

/* The words of a list that commas divide. */
static void
add_words(struct account *a, struct strs *to, const char *text)
{
	char *rest, *word;

	if (text == NULL)
		return;
	rest = arena_adds(&a->arena, text);
	while ((word = str_cut(&rest, ',')) != NULL) {
		word = str_trim(word);
		if (*word != '\0' && !strs_has(to, word))
			strs_add(to, word);
	}
}

static void
add_acl(struct account *a, const struct extra *x)
{
	struct buf value = { 0 }, field = { 0 };

	for (size_t i = 0; i < x->n_acl; i++) {
		const char *text = expanded(a, x->acl[i].value, &value);

		buf_reset(&field);
		buf_addf(
		    &field, "%s=%s", x->acl[i].key, text == NULL ? "" : text);
		strs_add(&a->r.acl_settings, arena_adds(&a->arena, field.data));
	}
	buf_free(&value);
	buf_free(&field);
}

static void
set_active(struct account *a, const char *name, const struct extra *x)
{
	struct record *r = &a->r;

	/* An empty list of networks allows nobody. */
	if (x->nologin || x->noauthenticate || x->fail ||
	    (x->allow_nets != NULL &&
		x->allow_nets[strspn(x->allow_nets, ", ")] == '\0'))
		r->active = false;
	if (map_get(&a->deny, r->address) != NULL ||
	    map_get(&a->deny, name) != NULL)
		r->active = false;
	if (x->other != NULL)
		emit_note_behind(a->emit, r->address,
		    "other extra fields are not carried", x->other);
}

/* --- the whole --- */

/* Fills in a->address. False if that is reported, or no mailbox. */
static bool
read_address(struct account *a, const char *name)
{
	struct emit *e = a->emit;
	const char *domain = address_domain(name);
	struct why why = { 0 };
	struct buf full = { 0 };
	int r;

	buf_reset(&a->address);
	/* Dovecot knows no indented comments. */
	if (name[strcspn(name, " \t")] != '\0') {
		emit_bad(e, NULL, "a user name with a blank in it");
		return false;
	}
	if (domain == NULL && a->naming.domain == NULL) {
		emit_bad(e, NULL, "a user name without a domain: see --domain");
		return false;
	}
	if (domain == NULL) {
		buf_addf(&full, "%s@%s", name, a->naming.domain);
		name = full.data;
	}
	r = emit_address(name, false, &a->address, &why);
	buf_free(&full);
	if (r == -1) {
		emit_fail(e, NULL, &why);
		return false;
	}
	if (a->naming.one_domain && domain != NULL &&
	    strcmp(address_domain(a->address.data), a->naming.domain) != 0) {
		emit_bad(e, a->address.data,
		    "the domain is not the one that the file is for");
		return false;
	}
	return true;
}

/* Reports names that are not mailboxes of their own. */
static bool
is_mailbox(struct account *a, const char *name, const struct extra *x)
{
	const char *address = a->address.data;

	if (map_get(&a->master, name) != NULL ||
	    map_get(&a->master, address) != NULL) {
		emit_drop(a->emit, address, "a master user");
	} else if (strcmp(address_domain(address), "mailcow.local") == 0) {
		/* data/Dockerfiles/dovecot/docker-entrypoint.sh of mailcow
		 * makes a master user of a random name in that domain. */
		emit_drop(a->emit, address, "a master user of mailcow");
	} else if (x->user != NULL && strcmp(x->user, name) != 0 &&
		   !str_eq_nocase(x->user, address)) {
		emit_drop(a->emit, address,
		    "another login of an account (user=), which is not "
		    "carried");
	} else {
		return true;
	}
	return false;
}

bool
account_emit_extra(struct account *a, struct fields *f, const struct extra *x)
{
	struct record *r = &a->r;
	struct why why = { 0 };

	if (!read_address(a, f->name) || !is_mailbox(a, f->name, x))
		return false;
	map_prefetch(&a->emit->seen, a->address.data);
	record_reset(r, REC_ACCOUNT);
	r->address = a->address.data;
	if (strcmp(f->name, r->address) != 0 &&
	    (a->naming.bare_login || strchr(f->name, '@') != NULL))
		strs_add(&r->logins, f->name);
	if (f->login != NULL)
		strs_add(&r->logins, f->login);
	for (const char *const *p = f->logins; p != NULL && *p != NULL; p++)
		if (!strs_has(&r->logins, *p))
			strs_add(&r->logins, *p);
	if (set_ids(a, f, x, &why) == -1) {
		emit_fail(a->emit, r->address, &why);
		return false;
	}
	set_name(r, f->gecos);
	set_secret(a, f, x->nopassword);
	set_places(a, f, x);
	set_quota(a, f, x);
	set_active(a, f->name, x);
	add_words(a, &r->allow_nets, x->allow_nets);
	add_words(a, &r->acl_groups, x->acl_groups);
	add_acl(a, x);
	if (f->locked)
		r->active = false;
	if (f->refuses)
		r->receive = false;
	add_words(a, &r->disabled, f->disabled);
	if (a->aliases != NULL)
		aliases_forward(a->aliases, a->emit, r);
	if (a->judge != NULL)
		a->judge(a->judge_ctx, a->emit, r);
	if (emit_record(a->emit, r) == -1)
		return false;
	if (a->more != NULL)
		a->more(a->more_ctx, a->emit, r->address);
	return true;
}

void
account_emit(struct account *a, struct fields *f)
{
	struct extra x;

	extra_init(&x);
	if (f->extra != NULL)
		extra_read(&x, f->extra);
	(void)account_emit_extra(a, f, &x);
}
