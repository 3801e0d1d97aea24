/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/* Rows that say more about an account. */
#ifndef FERRY_SOURCE_FIELDMAP_ROW_SETTINGS_H
#define FERRY_SOURCE_FIELDMAP_ROW_SETTINGS_H

#include "source/fieldmap/row.h"

/* Emits a settings record; none for a row without any. Times without a zone are
 * in that of this machine (TZ). */
void row_read_settings(struct rows *m);

#endif
