/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

#include "proxy/host.h"

#include <stdlib.h>
#include <unistd.h>

#include "core/cred.h"

/* Where the proxy's installer puts the token, and what its configuration says. */
#define HOST_TOKEN "/etc/proxy/admin.token"
#define HOST_URL "https://127.0.0.1:9443"

int
proxy_default(const char **url, char **token, struct why *why)
{
	if (*url == NULL)
		*url = getenv("PROXY_ADMIN_URL");
	if (*token == NULL)
		*token = cred_variable("PROXY_ADMIN_TOKEN");
	if (*url != NULL || access(HOST_TOKEN, F_OK) == -1)
		return 0;
	*url = HOST_URL;
	if (*token == NULL)
		*token = cred_file(HOST_TOKEN, why);
	return *token == NULL ? -1 : 0;
}
