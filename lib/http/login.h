/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/* How the operator logs in to a server: a name with a password, or a token, from
 * options or from the environment. */
#ifndef FERRY_HTTP_LOGIN_H
#define FERRY_HTTP_LOGIN_H

#include <stdbool.h>

#include "cli/opt.h"

struct http_options;

struct login {
	const char *user; /* borrowed */
	char *password;
	char *token; /* instead of the two */
};

/* The rows of a login: who logs in ("the owner"), what the token is ("a bearer
 * token") and how the environment's variables begin ("DAV"). */
/* clang-format off */
#define OPT_LOGIN(who, tok, env, l) \
	OPT_STRING(0, "user", "USER", who " (or " env "_USER)", &(l)->user), \
	OPT_PASSWORD("the password (or " env "_PASSWORD)", &(l)->password), \
	OPT_TOKEN(tok " instead (or " env "_TOKEN)", &(l)->token)
/* What is said where login_environment finds none. */
#define LOGIN_MISSING(env) \
	"no credentials: --user and --password-file, --token-file, or the " \
	env "_ variables"
/* clang-format on */

/*
 * Takes from ENV_USER, ENV_PASSWORD and ENV_TOKEN what no option said, and
 * takes both secrets out of the environment, because a child would inherit
 * them. True if the login is complete.
 */
bool login_environment(struct login *l, const char *env);

/* Lends the login to a client's options. */
void login_lend(const struct login *l, struct http_options *http);

/* Overwrites the secrets. */
void login_free(struct login *l);

#endif
