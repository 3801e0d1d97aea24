/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/* The functions are those of the plugin, which ldapconn_new loads: without a
 * connection there is nothing to call the others with. */
#include "ldap/client.h"

#include <pthread.h>

#include "core/plugin.h"
#include "ldap/client-internal.h"

static const struct ldap_library *library;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static bool
load(struct why *why)
{
	(void)pthread_mutex_lock(&lock);
	if (library == NULL)
		library = plugin_load("ldap", "LDAP", sizeof *library, why);
	(void)pthread_mutex_unlock(&lock);
	return library != NULL;
}

struct ldapconn *
ldapconn_new(
    const char *uri, const struct ldapconn_options *options, struct why *why)
{
	return load(why) ? library->connect(uri, options, why) : NULL;
}

void
ldapconn_free(struct ldapconn *c)
{
	if (c != NULL)
		library->disconnect(c);
}

const char *
ldapconn_base(struct ldapconn *c, struct why *why)
{
	return library->base(c, why);
}

struct ldapsearch *
ldapsearch_new(
    struct ldapconn *c, const struct ldapquery *query, struct why *why)
{
	return library->search(c, query, why);
}

int
ldapsearch_next(struct ldapsearch *s, struct ldap_entry *e, struct why *why)
{
	return library->next(s, e, why);
}

size_t
ldapsearch_references(const struct ldapsearch *s)
{
	return library->references(s);
}

void
ldapsearch_free(struct ldapsearch *s)
{
	if (s != NULL)
		library->end(s);
}
