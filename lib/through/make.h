/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/* Makes the folders that a store lacks. */
#ifndef FERRY_THROUGH_MAKE_H
#define FERRY_THROUGH_MAKE_H

#include <stdbool.h>

#include "core/why.h"
#include "through/through-internal.h"

/* Has Dovecot make the mailboxes that are missing, those without messages too; then
 * asks for all of them again. refused is set for the folder of one that cannot be made.
 * 0, or -1 and why. */
int through_make_folders(struct through *t, bool *refused, struct why *why);

#endif
