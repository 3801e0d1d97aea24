/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/*
 * A stand-in for the Stalwart server, 0.16: the registry objects Domain,
 * Account, MailingList and Action over JMAP, logins, and an account's Sieve
 * scripts. It does what recordings of the real server show, and nothing else;
 * t/40 and t/41 hold it to them.
 */
#ifndef STANDIN_STALWART_H
#define STANDIN_STALWART_H

#include <jansson.h>
#include <openssl/types.h>
#include <stdbool.h>
#include <stddef.h>

#include "standin/http.h"

enum type {
	TYPE_DOMAIN,
	TYPE_ACCOUNT,
	TYPE_LIST,
	TYPES /* from here on: what generic.c knows by the schema */
};
enum {
	GENERIC_MAX = 200
};

/* A registry object. Its members are complete: defaults are filled in. Lists
 * are objects with keys "0", "1"...; a clear password is the member "clear" of
 * its credential. */
struct object {
	enum type type;
	unsigned long number;
	char id[16];
	json_t *value;
	unsigned long next_credential;
	json_t *scripts; /* name -> {"id","isActive"} */
	unsigned long last_script;
	json_t *shares;     /* mailbox id -> account id -> rights */
	json_t *vacation;   /* owner.c; NULL: none yet */
	json_t *identities; /* id -> identity; NULL: not asked for yet */
	unsigned long last_identity;
	bool has_keys; /* of a domain: dkim.c has made its keys */
	json_t *post;  /* post.c: its mail; NULL: none yet */
};

struct settings {
	const char *admin; /* USER:SECRET of the recovery administrator */
	bool rehash;       /* hashes every secret again (before 0.16.6) */
	bool quote;        /* error texts quote the request */
	bool resolves;     /* it has DNS: its settings can be reloaded */
	size_t max_set;
	size_t max_get;
	size_t max_calls;
	size_t max_size;
	size_t max_concurrent;
	json_t *lacks; /* permissions that the administrator has not */
	json_t *hides; /* that it has, and /api/account does not list */
};
extern struct settings settings;

/* Who calls: the recovery administrator, or an account. */
struct caller {
	bool admin; /* may everything */
	struct object *account;
	char name[320];
	char id[16];
};

/* names.c: what the server does to names. The result is the caller's to free;
 * NULL if it refuses the name. */
char *clean_local(const char *s, size_t len);
char *clean_domain(const char *s);
char *clean_address(const char *s);

/* registry.c */
const char *type_name(enum type t); /* "Account" */
struct object *object_find(enum type t, const char *id);
/* Steps through the objects of a type in the order of ids; NULL at the end. */
struct object *object_next(enum type t, size_t *at);
struct object *domain_by_name(const char *name); /* or by alias */
/* The account that an address belongs to, by name or enabled alias. */
struct object *account_by_address(const char *address);
/* "local@domain" of an account, group or list; the caller's to free. */
char *object_address(const struct object *o);
/* The id of a number, in the server's alphabet. */
void id_encode(unsigned long n, char out[16]);
/*
 * Puts an object whose value is complete into the registry, or changes the
 * value of one that is there. NULL and *error (new) where a key is taken.
 */
struct object *object_store(
    struct object *o, enum type t, json_t *value, json_t **error);
void object_destroy(struct object *o);
/* The objects that refer to this one; a new array, or NULL if there are none.
 */
json_t *object_links(const struct object *o);
/* The object as a get shows it; new. */
json_t *object_show(const struct object *o);

/* members.c: checking and setting members by the tables of the types. */
json_t *set_error(
    const char *type, const char *description, const char *property); /* new */
/* A complete value for a create; NULL and *error (new). ids: client id -> id.
 */
json_t *members_create(
    enum type t, const json_t *body, const json_t *ids, json_t **error);
/* A changed copy of the object's value; NULL and *error (new). */
json_t *members_update(
    struct object *o, const json_t *patch, const json_t *ids, json_t **error);
/* Whether foreign keys exist; NULL, or an error (new). */
json_t *members_foreign(enum type t, const json_t *value, bool *unavailable);

/* methods.c: answers one method call. ids: request-level createdIds, changed.
 * Returns the arguments of the answer, or NULL and *error, a method error. Both
 * new. */
json_t *method_call(const struct caller *who, const char *name,
    const json_t *args, json_t *ids, json_t **error);
/* Adds to a member of an answer, which is only there when it is not empty; takes
 * the value. */
void answer_add(
    json_t *answer, const char *member, const char *key, json_t *value);

/* schema.c: the schema, by a file that may be compressed. */
bool schema_read(const char *file);
/* From here on locales are as in 0.16.20: "de-DE". After schema_read. */
void schema_bcp47(void);
/* Whether an enum of the schema has a value; true if there is no schema. */
bool schema_has(const char *enumeration, const char *value);
const char *schema_locale(void); /* the default of accounts */
const char *schema_path(void);
const struct buf *schema_packed(void); /* gzip */
json_t *schema_permissions(void);      /* all there are; new */
json_t *schema_part(const char *name); /* "fields"; NULL: no schema */

/* generic.c: the types that only the schema knows. */
int generic_type(const char *name); /* an enum type, or -1 */
const char *generic_name(enum type t);
bool generic_singleton(enum type t);
json_t *generic_create(
    enum type t, const json_t *body, const json_t *ids, json_t **error);
json_t *generic_update(const struct object *o, const json_t *patch,
    const json_t *ids, json_t **error);
/* Completes a copy of the object's value as a get shows it. */
void generic_show(const struct object *o, json_t *value);
void generic_links(const struct object *to, json_t *links);
void generic_roles(bool defaults);

/* query.c */
json_t *method_get(
    enum type t, const json_t *args, const char *account, json_t **error);
json_t *method_query(
    enum type t, const json_t *args, const char *account, json_t **error);

/* scripts.c */
json_t *method_blob_upload(
    struct object *o, const json_t *args, json_t *ids, json_t **error);
json_t *method_script(struct object *o, const char *verb, const json_t *args,
    const json_t *ids, json_t **error);
/* Puts the script of a vacation in, the active one or not. */
void script_vacation(struct object *o, bool active);
bool script_is_active(const struct object *o, const char *name);
const char *blob_store(const char *text, size_t len); /* an id */
/* The bytes of a blob; NULL: there is none. */
const char *blob_data(const char *id, size_t *len);

/* sieve.c: NULL, or what the server says of a script that it cannot compile;
 * the caller's to free. */
char *sieve_error(const char *script);

/* dkim.c: NULL, or an error where a DkimSignature is refused (new). */
json_t *dkim_check(const json_t *signature);
void dkim_show(json_t *signature); /* adds what the server sets */
/* Makes the keys of domains that make them by themselves; t: the type of
 * DkimSignature. */
void dkim_make_keys(enum type t);
char *dkim_zone(const struct object *domain); /* the caller's to free */

/* rsa.c: a key of 2048 bits, another for each number (the caller's to free). */
EVP_PKEY *rsa_key(size_t nth);

/* owner.c: what an account has besides mail, whose methods these are. */
bool owner_knows(const char *method);
json_t *owner_method(
    struct object *o, const char *method, const json_t *args, json_t **error);

/* login.c: HTTP status of a login, 200 and *who filled in, or 401, 402, 403. */
int login(const char *user, const char *password, const char *remote,
    struct caller *who);
json_t *session_object(const struct caller *who); /* new; NULL: anonymous */

#endif
