/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

#include "http/login.h"

#include <stdio.h>
#include <stdlib.h>

#include "core/alloc.h"
#include "core/cred.h"
#include "http/http.h"

enum {
	NAME_MAX_BYTES = 64
};

/* "ENV_WHAT" */
static const char *
variable(char name[NAME_MAX_BYTES], const char *env, const char *what)
{
	(void)snprintf(name, NAME_MAX_BYTES, "%s_%s", env, what);
	return name;
}

bool
login_environment(struct login *l, const char *env)
{
	char name[NAME_MAX_BYTES];

	if (l->user == NULL && l->token == NULL) {
		l->user = getenv(variable(name, env, "USER"));
		if (l->user != NULL && *l->user == '\0')
			l->user = NULL;
	}
	if (l->password == NULL && l->token == NULL)
		l->password = cred_variable(variable(name, env, "PASSWORD"));
	if (l->password == NULL && l->token == NULL)
		l->token = cred_variable(variable(name, env, "TOKEN"));
	return l->token != NULL || (l->user != NULL && l->password != NULL);
}

void
login_lend(const struct login *l, struct http_options *http)
{
	http->user = l->user;
	http->password = l->password;
	http->token = l->token;
}

void
login_free(struct login *l)
{
	free_secret(l->password);
	free_secret(l->token);
	*l = (struct login){ 0 };
}
