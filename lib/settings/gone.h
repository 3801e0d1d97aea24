/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/* What was put in, and the directory does not have any more: it ends only where
 * the record shows that. */
#ifndef FERRY_SETTINGS_GONE_H
#define FERRY_SETTINGS_GONE_H

#include "settings/owner-internal.h"

/* Whether the directory may have more than the record says of the account (its
 * part): nothing ends then, which is reported. */
bool owner_unproven(const struct owner_run *run, const struct holder *o,
    enum item_kind kind, const char *name);
/* What the directory does not have any more, but was put in. Reports that it
 * stays, untouched or not; true if the caller has to take it back. undo: what -u
 * would do. */
bool owner_goes(const struct owner_run *run, const struct holder *o,
    enum item_kind kind, const char *name, bool untouched, const char *undo);

#endif
