/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/* The password of an account, and what hangs on it. */
#ifndef FERRY_APPLY_CREDENTIALS_H
#define FERRY_APPLY_CREDENTIALS_H

#include "apply/apply-internal.h"

/* The key of the password among the credentials of an account; NULL if it has
 * none. */
const char *credentials_password(const json_t *credentials);
/* Puts the credentials of the plan into a patch, by pointers. */
void credentials_patch(
    json_t *patch, const json_t *credentials, const json_t *current);
/* Whether passwords are changed as the plan says. */
bool credentials_are_set(const struct apply *a);
/* Whether a password would be changed, and the plan has none for the owner. */
bool credentials_are_missing(const struct apply *a, const json_t *body);
/* Says of what exists what stays of its password. */
void credentials_note(
    struct apply *a, struct apply_entry *e, const json_t *current);
/* Says of how many accounts a second factor may stay that the plan does not have. */
void credentials_name_factors(const struct apply *a);
#endif
