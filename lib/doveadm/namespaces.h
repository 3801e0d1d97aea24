/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/* What "doveadm config namespace" says: the namespaces, their settings, and the
 * special uses of mailboxes in them. */
#ifndef FERRY_DOVEADM_NAMESPACES_H
#define FERRY_DOVEADM_NAMESPACES_H

#include "doveadm/account.h"

/* Reads the text, which is changed. */
void namespaces_parse(struct doveadm_account *a, char *text);

void namespaces_free(struct doveadm_account *a);

/* The value that a namespace has for a setting, or NULL. */
const char *namespace_setting(
    const struct doveadm_namespace *ns, const char *key);

/* Takes the quotes of doveconf's away, in place. */
char *doveconf_unquote(char *value);

#endif
