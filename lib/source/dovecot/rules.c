/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

#include "source/dovecot/rules.h"

#include <string.h>
#include <strings.h>

#include "core/buf.h"
#include "core/str.h"

static const char *const rule_names[] = {
	[RULE_RETURN] = "return",
	[RULE_RETURN_OK] = "return-ok",
	[RULE_RETURN_FAIL] = "return-fail",
	[RULE_CONTINUE] = "continue",
	[RULE_CONTINUE_OK] = "continue-ok",
	[RULE_CONTINUE_FAIL] = "continue-fail",
};

static const char *const passdb_skips[] = {
	[SKIP_NEVER] = "never",
	[SKIP_DONE] = "authenticated",
	[SKIP_NOT_DONE] = "unauthenticated",
};

static const char *const userdb_skips[] = {
	[SKIP_NEVER] = "never",
	[SKIP_DONE] = "found",
	[SKIP_NOT_DONE] = "notfound",
};

/* A setting, which may be written with the kind of its block before it:
 * "passdb_skip" (2.4). */
static const char *
value_of(const struct setting *block, bool is_passdb, const char *key)
{
	const char *value = setting_value(block, key);
	struct buf full = { 0 };

	if (value != NULL)
		return value;
	buf_addf(&full, "%s_%s", is_passdb ? "passdb" : "userdb", key);
	value = setting_value(block, buf_str(&full));
	buf_free(&full);
	return value;
}

/* Reads one of n words; one that is not set stays as it is. */
static int
read_word(const char *key, const char *value, const char *const *words,
    size_t n, int *to, struct why *why)
{
	if (value == NULL)
		return 0;
	for (size_t i = 0; i < n; i++)
		if (strcmp(words[i], value) == 0) {
			*to = (int)i;
			return 0;
		}
	return why_set(
	    why, FAIL_FATAL, "%s = %.32s is not a value of it", key, value);
}

static int
read_rule(const struct setting *block, bool is_passdb, const char *key,
    enum rule *rule, struct why *why)
{
	int n = (int)*rule;

	if (read_word(key, value_of(block, is_passdb, key), rule_names,
		sizeof rule_names / sizeof *rule_names, &n, why) == -1)
		return -1;
	*rule = (enum rule)n;
	return 0;
}

static const char *
or_null(const char *value)
{
	return value == NULL || *value == '\0' ? NULL : value;
}

int
rules_read(struct rules *r, const struct setting *block, bool is_passdb,
    bool v24, struct why *why)
{
	int skip = SKIP_NEVER;

	*r = (struct rules){ .success = RULE_RETURN_OK,
		.failure = RULE_CONTINUE,
		.internalfail = RULE_CONTINUE };
	r->deny =
	    is_passdb && setting_is_yes(value_of(block, is_passdb, "deny"));
	r->master =
	    is_passdb && setting_is_yes(value_of(block, is_passdb, "master"));
	if (is_passdb) {
		r->names =
		    or_null(value_of(block, is_passdb, "username_filter"));
		r->mechanisms = or_null(value_of(block, is_passdb,
		    v24 ? "mechanisms_filter" : "mechanisms"));
	}
	if (read_word("skip", value_of(block, is_passdb, "skip"),
		is_passdb ? passdb_skips : userdb_skips, 3, &skip, why) == -1 ||
	    read_rule(block, is_passdb, "result_success", &r->success, why) ==
		-1 ||
	    read_rule(block, is_passdb, "result_failure", &r->failure, why) ==
		-1 ||
	    read_rule(block, is_passdb, "result_internalfail", &r->internalfail,
		why) == -1)
		return -1;
	r->skip = (enum skip_when)skip;
	/* What 2.1 had instead of result_success. */
	if (is_passdb && setting_is_yes(setting_value(block, "pass")))
		r->success = RULE_CONTINUE;
	return 0;
}

/* --- settings that are not known --- */

/* Those that are read somewhere, and those that change nothing in a record. */
static const char *const known[] = {
	"args",
	"auth_username_format",
	"auth_verbose",
	"bind",
	"bind_userdn",
	"default_fields",
	"default_password_scheme",
	"deny",
	"driver",
	"failure_show_msg",
	"fields",
	"fields_import_all",
	"filter",
	"iterate_fields",
	"iterate_filter",
	"iterate_query",
	"master",
	"max_requests",
	"mechanisms",
	"mechanisms_filter",
	"mysql",
	"name",
	"override_fields",
	"pass",
	"password",
	"pgsql",
	"query",
	"result_failure",
	"result_internalfail",
	"result_success",
	"service_name",
	"session",
	"skip",
	"static_password",
	"update_query",
	"use_cache",
	"use_worker",
	"username_filter",
};

/* Of a driver, read where the driver is known. */
static const char *const prefixes[] = {
	"ldap_",
	"mysql_",
	"passwd_file_",
	"pgsql_",
	"sql_",
	"sqlite_",
	"ssl_client_",
};

static bool
is_known(const char *key)
{
	if (str_starts(key, "passdb_") || str_starts(key, "userdb_"))
		key += strlen("passdb_");
	for (size_t i = 0; i < sizeof known / sizeof *known; i++)
		if (strcmp(known[i], key) == 0)
			return true;
	for (size_t i = 0; i < sizeof prefixes / sizeof *prefixes; i++)
		if (str_starts(key, prefixes[i]))
			return true;
	return false;
}

const struct setting *
rules_unknown(const struct setting *block, const struct setting *s)
{
	s = s == NULL ? block->child : s->next;
	while (s != NULL && is_known(s->key))
		s = s->next;
	return s;
}

/* --- filters --- */

bool
rules_name(const char *filter, const char *name)
{
	bool has_includes = false, included = false;
	const char *p = filter == NULL ? "" : filter;
	size_t len;

	for (; (len = str_word(&p, " ,")) != 0; p += len) {
		bool out = *p == '!';

		has_includes |= !out;
		if (str_matches(p + out, len - out, name)) {
			if (out)
				return false;
			included = true;
		}
	}
	return included || !has_includes;
}

bool
rules_mechanism(const char *list, const char *mechanism)
{
	size_t len;

	if (list == NULL)
		return true;
	for (; (len = str_word(&list, " ,")) != 0; list += len)
		if (len == strlen(mechanism) &&
		    strncasecmp(list, mechanism, len) == 0)
			return true;
	return false;
}

bool
rules_challenge(const char *mechanism)
{
	static const char *const names[] = { "apop", "cram-md5", "digest-md5",
		"ntlm", "otp", "scram-sha-1", "scram-sha-256", "skey" };

	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (strcasecmp(names[i], mechanism) == 0)
			return true;
	return false;
}

bool
rules_suits(const char *mechanism, const char *secret, const char *scheme)
{
	const char *const names[] = { "PLAIN", "CLEAR", "CLEARTEXT", mechanism,
		strcasecmp(mechanism, "cram-md5") == 0 ? "HMAC-MD5" : "" };
	size_t len;

	if (*secret == '{')
		scheme = secret + 1;
	len = scheme == NULL ? 0 : strcspn(scheme, ".}");
	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (len > 0 && strlen(names[i]) == len &&
		    strncasecmp(names[i], scheme, len) == 0)
			return true;
	return false;
}
