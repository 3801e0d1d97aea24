/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/*
 * The plan in memory: what the files of this folder share, and nobody else. A
 * million accounts have to fit, so that strings and addresses are numbers, and
 * lists are runs of numbers in one array.
 */
#ifndef FERRY_PLAN_MODEL_H
#define FERRY_PLAN_MODEL_H

#include <stdint.h>

#include "core/buf.h"
#include "core/strtab.h"
#include "plan/plan.h"
#include "record/record.h"

/* A run of p->numbers: addresses, or what the run's owner says. */
struct run {
	uint32_t at;
	uint32_t n;
};

/* 0 and 1 + index: an index that may be none. */
#define AT(one) ((one)-1)

struct domain {
	const char *name;
	const char *id;  /* on the server, where it is said to exist */
	const char *ref; /* what "domainId" says */
	uint32_t alias_of;
	uint32_t first_alias; /* 1 + index, as alias_of; chained by next */
	uint32_t last_alias;
	uint32_t next;
	uint32_t catch_all; /* an address */
	uint32_t catch_row; /* the alias record of its catch-all, 1 + index */
	uint32_t accounts;  /* and groups that are in it */
	bool local;         /* the new server's, not somebody's outside */
	bool elsewhere;     /* the old server takes no mail for it */
	bool keys;          /* comes with signing keys */
	/* Not all of it is in the plan: --reconcile takes nothing away. */
	bool spare_accounts;
	bool spare_lists;
	uint32_t spare_for; /* strings: the first address that is not */
	/* The directory has one, or some, that could not be carried. */
	bool left_catch_all;
	bool left_aliases;
	bool unread_said; /* that the input has no account of it */
};

/* What an address of the new server is. */
enum owner {
	OWNER_NONE,
	OWNER_ACCOUNT,   /* its name */
	OWNER_ALIAS,     /* its alias */
	OWNER_ALIAS_OFF, /* its alias that is switched off */
	OWNER_LIST,
	OWNER_NOBODY /* as somebody wrote it; next: as the server has it */
};

/* By number in p->names. */
struct address {
	uint32_t domain;
	uint32_t row;        /* the alias record of this address, 1 + index */
	uint32_t owner : 28; /* index of the account or list */
	uint32_t kind : 3;
	uint32_t absent : 1; /* an account that is not in the plan has it */
	uint32_t next;       /* the next alias of the account */
	uint32_t stamp;      /* seen while a list is built; p->stamp */
};

enum account_flags {
	ACC_GROUP = 1,
	ACC_LOCKED = 2,     /* no login */
	ACC_NO_RECEIVE = 4, /* no mail either */
	ACC_KEEP = 8,       /* a forward keeps a copy */
	ACC_REFUSED = 16,   /* not written */
	/* where the secret comes from; neither: the account has none */
	ACC_VERBATIM = 32,
	ACC_TRANSCODED = 64,
	ACC_TEMPORARY = 128,
	ACC_UNSURE = 256, /* the directory has more of its forward */
	ACC_LACKS = 512   /* of it a target whose account the input lacks */
};

/* Strings are numbers in p->texts, 0 for none. */
struct model_account {
	uint32_t address;
	uint32_t given; /* the address as the record had it, if it differs */
	uint32_t name;
	uint32_t secret; /* as it is sent */
	uint32_t origin;
	uint32_t flags;
	uint32_t redirect;    /* where the script sends to, an address */
	uint32_t first_alias; /* addresses, chained by next */
	uint32_t last_alias;
	struct run aliases; /* those that the record names */
	struct run groups;  /* addresses; once resolved, accounts */
	struct run forward;
	uint32_t extras; /* 1 + index; 0: none */
	int64_t quota;   /* 0: none */
};

/* What few accounts have. */
struct extras {
	uint32_t otp;
	uint32_t settings; /* a record of that type, once they are joined */
	/* What an owner may do, and the language; see switches.h. */
	uint32_t disabled;   /* bits, by enum protocol */
	struct run networks; /* strings */
	bool shut_out;       /* it has networks, none of which can be carried */
	struct run send_as;  /* keys, strings */
	uint32_t locale;     /* strings */
	uint32_t time_zone;
};

/* What a record says of an account beyond its mailbox. */
struct settings {
	uint32_t address;
	uint32_t origin;
	uint32_t line; /* a settings record */
};

/* An alias record; leaves are of its resolution. */
struct row {
	uint32_t address; /* 0: there is nothing left of it to place */
	uint32_t origin;
	struct run targets;
	uint32_t room;     /* for targets; 0: others follow at once */
	struct run leaves; /* accounts and outside addresses it ends in */
	bool active;
	bool moved; /* into the domain that its domain is an alias of */
	bool cut;   /* not all that it leads to is in the leaves */
	bool lacks; /* so an account that the input does not have */
};

struct list {
	uint32_t address;
	uint32_t origin;
	struct run recipients;
	bool lacks; /* the directory has more, without their accounts */
};

/* A signing key of a domain. */
struct signing {
	uint32_t domain;
	uint32_t selector; /* strings */
	uint32_t key;
	uint32_t origin;
	bool ed25519; /* RSA otherwise */
	bool refused; /* not written */
};

/* A login name with "@" that is not the account's address. */
struct model_login {
	uint32_t account;
	uint32_t address;
};

/* A domain that a record names as an alias of another. */
struct alias_domain {
	uint32_t domain;
	uint32_t of;
	uint32_t origin;
};

struct plan {
	const struct plan_options *options;
	const struct plan_calls *calls;
	struct plan_counts counts;
	struct texts texts;
	struct intern names;   /* addresses */
	struct map domain_map; /* name -> index in domains */
	struct address *addresses;
	size_t n_addresses, cap_addresses;
	struct domain *domains;
	size_t n_domains, cap_domains;
	struct model_account *accounts;
	size_t n_accounts, cap_accounts;
	struct extras *extras;
	size_t n_extras, cap_extras;
	struct settings *settings;
	size_t n_settings, cap_settings;
	struct row *rows;
	size_t n_rows, cap_rows;
	struct list *lists;
	size_t n_lists, cap_lists;
	struct model_login *logins;
	size_t n_logins, cap_logins;
	struct alias_domain *alias_domains;
	size_t n_alias_domains, cap_alias_domains;
	struct signing *signings;
	size_t n_signings, cap_signings;
	struct map selectors; /* their names in DNS -> 1 + index */
	uint32_t *numbers;
	size_t n_numbers, cap_numbers;
	uint32_t stamp;
	/* Addresses of which nobody knows what they should be: a list that the
	 * server may have there stays. */
	uint32_t *kept;
	size_t n_kept, cap_kept;
	/* Addresses of refused records, which may hold a forward. */
	uint32_t *unsure;
	size_t n_unsure, cap_unsure;
	bool spare_all; /* nobody knows which domains are not complete */
	bool named;     /* an account has a name */
	bool refused;   /* a record, so that not all is in the plan */
	struct buf scratch;
	struct secret *judged;
};

/* --- strings, runs --- */

uint32_t plan_text(struct plan *p, const char *s); /* 0 for NULL */
const char *plan_string(const struct plan *p, uint32_t number);
/* Appends a number to the run that is being built at the end of p->numbers. */
void plan_append(struct plan *p, struct run *run, uint32_t number);
/* An empty run there. */
struct run plan_run(const struct plan *p);
/* Begins a set of addresses, empty; plan_once puts one in, and is false if it
 * was there. There is one set at a time. */
void plan_set(struct plan *p);
bool plan_once(struct plan *p, uint32_t address);

/* --- domains and addresses --- */

/* The index of a domain, which is put in where it is not there. */
uint32_t plan_domain(struct plan *p, const char *name);
/*
 * The number of an address as the server has it; "@domain" is one too. 0 and
 * why (DATA) if the server refuses it.
 */
uint32_t plan_address(struct plan *p, const char *text, struct why *why);
/*
 * The number of a target. Outside, only its own server knows what a local part
 * means (RFC 5321, 2.4): it is kept byte for byte until plan_target knows which
 * domains are the new server's. 0 and why (DATA) for what is not an address.
 */
uint32_t plan_outside(struct plan *p, const char *text, struct why *why);
/* The address of a target now that all domains are known; 0 if it is the new
 * server's and that refuses it. */
uint32_t plan_target(struct plan *p, uint32_t address);
const char *plan_name(const struct plan *p, uint32_t address);
/* Whether it is that of a whole domain, "@domain". */
bool plan_is_catch_all(const struct plan *p, uint32_t address);
/* The address that one in an alias domain is an alias of; otherwise itself. */
uint32_t plan_canonical(struct plan *p, uint32_t address);
/* Whether the part before the "@" holds a "+". */
bool plan_has_tail(const struct plan *p, uint32_t address);
/*
 * The account that mail for an address reaches, as its name, its alias, or with
 * a tail after "+"; NULL if none, or if it is not written.
 */
struct model_account *plan_account_of(const struct plan *p, uint32_t address);
bool plan_is_local(const struct plan *p, uint32_t address);
/* The catch-all that takes the mail of an address, which nothing else has; NULL:
 * none does, or who has the address may be elsewhere. */
struct row *plan_catch_all_of(struct plan *p, uint32_t address);
/* The address that the catch-all of a row, which has one leaf, gets: as the server
 * writes it, with a note where that is not how the row has it. */
uint32_t plan_catch_all_target(struct plan *p, const struct row *row);
/* The domain will not be created, and its id is not known. */
bool plan_is_missing(const struct plan *p, uint32_t domain);
/* Gives an address to an account or list. */
void plan_own(struct plan *p, uint32_t address, enum owner kind, size_t index);
/* Who has an address, for messages. */
const char *plan_holder(const struct plan *p, uint32_t address);
/* An account, or an alias, of that domain, the address, is not in the plan, but in
 * the directory: what the server has of it must stay. */
void plan_spare_accounts(struct plan *p, uint32_t domain, const char *address);
void plan_spare_lists(struct plan *p, uint32_t domain, const char *address);
/* The same of the one list that may have this address. */
void plan_keep_list(struct plan *p, uint32_t address);
/* The extras of an account: all zero where it has none; and to be changed, made
 * where it has none, good until the next ones are. */
struct extras plan_extras(const struct plan *p, const struct model_account *a);
struct extras *plan_extras_put(struct plan *p, struct model_account *a);
/* A new list with that address, which nobody has; lacks: its alias names others, too,
 * whose accounts the input does not have. */
void plan_list(struct plan *p, uint32_t address, uint32_t origin,
    struct run recipients, bool lacks);

void plan_note(struct plan *p, enum note_kind kind, const char *address,
    uint32_t origin, const char *fmt, ...)
    __attribute__((format(printf, 5, 6)));

/* settings.c: keeps what a record says beyond the mailbox; and joins all of it to
 * the accounts. */
void plan_keep_settings(
    struct plan *p, uint32_t address, const struct record *r);
void plan_resolve_settings(struct plan *p);

/* forward.c: the part of plan_resolve that is about forwards. */
void plan_resolve_forwards(struct plan *p);

#endif
