/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

#include "source/passwd/variables.h"

#include <string.h>

#include "record/address.h"

/* Whose name a variable is a part of. */
enum whose {
	WHOSE_USER,  /* as the user is called by now */
	WHOSE_LOGIN, /* as it was typed */
	WHOSE_SERVICE,
	WHOSE_TLS,   /* of a service that has it: a delivery has not */
	WHOSE_NOBODY /* of a login over IMAP with TLS from this host, which is
		      * what counts for a mailbox */
};

/* Which part of a user's name. */
enum name_part {
	PART_USER,
	PART_USERNAME,
	PART_DOMAIN,
	PART_DOMAIN_LAST
};

/* (Dovecot 2.3, src/auth/auth-request-var-expand.c; 2.4 has other names for
 * some.) */
static const struct variable {
	char letter; /* 0: it has none */
	const char *name;
	enum whose whose;
	enum name_part part;
	const char *value; /* of nobody's; of the service, if none is given */
} variables[] = {
	{ 'u', "user", WHOSE_USER, PART_USER, NULL },
	{ 'n', "username", WHOSE_USER, PART_USERNAME, NULL },
	{ 'd', "domain", WHOSE_USER, PART_DOMAIN, NULL },
	{ 0, "domain_first", WHOSE_USER, PART_DOMAIN, NULL },
	{ 0, "domain_last", WHOSE_USER, PART_DOMAIN_LAST, NULL },
	{ 0, "orig_user", WHOSE_LOGIN, PART_USER, NULL },
	{ 0, "orig_username", WHOSE_LOGIN, PART_USERNAME, NULL },
	{ 0, "orig_domain", WHOSE_LOGIN, PART_DOMAIN, NULL },
	{ 0, "original_user", WHOSE_LOGIN, PART_USER, NULL },
	{ 0, "auth_user", WHOSE_LOGIN, PART_USER, NULL },
	{ 0, "auth_username", WHOSE_LOGIN, PART_USERNAME, NULL },
	{ 0, "auth_domain", WHOSE_LOGIN, PART_DOMAIN, NULL },
	{ 's', "service", WHOSE_SERVICE, PART_USER, "imap" },
	{ 0, "protocol", WHOSE_SERVICE, PART_USER, "imap" },
	{ 'l', "lip", WHOSE_NOBODY, PART_USER, "127.0.0.1" },
	{ 0, "local_ip", WHOSE_NOBODY, PART_USER, "127.0.0.1" },
	{ 0, "real_lip", WHOSE_NOBODY, PART_USER, "127.0.0.1" },
	{ 0, "real_local_ip", WHOSE_NOBODY, PART_USER, "127.0.0.1" },
	{ 'r', "rip", WHOSE_NOBODY, PART_USER, "127.0.0.1" },
	{ 0, "remote_ip", WHOSE_NOBODY, PART_USER, "127.0.0.1" },
	{ 0, "real_rip", WHOSE_NOBODY, PART_USER, "127.0.0.1" },
	{ 0, "real_remote_ip", WHOSE_NOBODY, PART_USER, "127.0.0.1" },
	{ 'a', "lport", WHOSE_NOBODY, PART_USER, "993" },
	{ 0, "local_port", WHOSE_NOBODY, PART_USER, "993" },
	{ 0, "real_lport", WHOSE_NOBODY, PART_USER, "993" },
	{ 0, "real_local_port", WHOSE_NOBODY, PART_USER, "993" },
	{ 'b', "rport", WHOSE_NOBODY, PART_USER, "0" },
	{ 0, "remote_port", WHOSE_NOBODY, PART_USER, "0" },
	{ 0, "real_rport", WHOSE_NOBODY, PART_USER, "0" },
	{ 0, "real_remote_port", WHOSE_NOBODY, PART_USER, "0" },
	{ 'p', "pid", WHOSE_NOBODY, PART_USER, "1" },
	{ 0, "session_pid", WHOSE_NOBODY, PART_USER, "1" },
	{ 'c', "secured", WHOSE_TLS, PART_USER, "secured" },
	{ 'm', "mech", WHOSE_NOBODY, PART_USER, "PLAIN" },
	{ 0, "mechanism", WHOSE_NOBODY, PART_USER, "PLAIN" },
	{ 'k', "cert", WHOSE_NOBODY, PART_USER, "" },
	{ 0, "local_name", WHOSE_NOBODY, PART_USER, "" },
	{ 0, "session", WHOSE_NOBODY, PART_USER, "" },
	{ 0, "client_id", WHOSE_NOBODY, PART_USER, "" },
	/* Those of a master user's login. */
	{ 0, "login_user", WHOSE_NOBODY, PART_USER, "" },
	{ 0, "login_username", WHOSE_NOBODY, PART_USER, "" },
	{ 0, "login_domain", WHOSE_NOBODY, PART_USER, "" },
	{ 0, "master_user", WHOSE_NOBODY, PART_USER, "" },
};

void
value_reset(struct var_value *v)
{
	buf_wipe(&v->text);
	*v = (struct var_value){ 0 };
}

/* Appends a part of a name. */
static void
set_part(struct var_value *v, const char *user, enum name_part part)
{
	const char *domain = address_domain(user);
	const char *last = strrchr(user, '@');

	if (part == PART_USER || (part == PART_USERNAME && domain == NULL))
		buf_adds(&v->text, user);
	else if (part == PART_USERNAME)
		buf_add(&v->text, user, strcspn(user, "@"));
	else if (part == PART_DOMAIN_LAST)
		buf_adds(&v->text, last == NULL ? "" : last + 1);
	else if (domain != NULL)
		buf_adds(&v->text, strchr(user, '@') + 1);
}

/* A variable that the caller knows. */
static bool
look_up(struct expansion *x, const char *name, size_t len, struct var_value *v)
{
	struct buf full = { 0 };
	const char *value = NULL;
	bool known;

	if (x->lookup == NULL)
		return false;
	buf_add(&full, name, len);
	known = x->lookup(x->ctx, buf_str(&full), &value);
	v->missing = known && value == NULL;
	if (value != NULL)
		buf_adds(&v->text, value);
	buf_free(&full);
	return known;
}

bool
value_set(
    struct var_value *v, struct expansion *x, const char *name, size_t len)
{
	const char *login = x->login == NULL ? x->user : x->login;

	for (size_t i = 0; i < sizeof variables / sizeof *variables; i++) {
		const struct variable *one = &variables[i];

		if (!(len == 1 && *name == one->letter) &&
		    !(strlen(one->name) == len &&
			memcmp(name, one->name, len) == 0))
			continue;
		if (one->whose == WHOSE_SERVICE)
			x->by_service = true;
		if (one->whose == WHOSE_SERVICE && x->service != NULL)
			buf_adds(&v->text, x->service);
		else if (one->whose == WHOSE_TLS && x->service != NULL &&
			 strcmp(x->service, "lmtp") == 0)
			return true;
		else if (one->value != NULL)
			buf_adds(&v->text, one->value);
		else
			set_part(v, one->whose == WHOSE_USER ? x->user : login,
			    one->part);
		return true;
	}
	return look_up(x, name, len, v);
}
