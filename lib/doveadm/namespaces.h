/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/* What "doveadm config namespace" says: the namespaces, their settings, and the
 * special uses of mailboxes in them; and what else the configuration has of them. */
#ifndef FERRY_DOVEADM_NAMESPACES_H
#define FERRY_DOVEADM_NAMESPACES_H

#include "doveadm/account.h"

/* Reads the text, which is changed. */
void namespaces_parse(struct doveadm_account *a, char *text);

void namespaces_free(struct doveadm_account *a);

/*
 * Heeds what the whole configuration ("doveadm config -n") has of those that are
 * known, in blocks of single protocols and networks, too: doveadm has settings of its
 * own, and it is the sessions of others that move and remove mail. Mail expires where
 * it does for any of them; a special use is that of IMAP.
 */
void namespaces_heed_sessions(struct doveadm_account *a, const char *settings);

/* The value that a namespace has for a setting, or NULL. */
const char *namespace_setting(
    const struct doveadm_namespace *ns, const char *key);

/* True for a setting that has Dovecot remove mail after some time, or beyond some
 * number; 2.4 knows it by a longer name, too. */
bool namespaces_expires(const char *key, const char *value);

/* Notes where expunged mail waits for its end: lazy_expunge. */
void namespaces_put_waiting(struct doveadm_account *a, const char *name);

/* Takes the quotes of doveconf's away, in place. */
char *doveconf_unquote(char *value);

#endif
