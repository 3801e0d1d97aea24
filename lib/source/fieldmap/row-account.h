/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/* Rows that become account and group records. */
#ifndef FERRY_SOURCE_FIELDMAP_ROW_ACCOUNT_H
#define FERRY_SOURCE_FIELDMAP_ROW_ACCOUNT_H

#include "source/fieldmap/row.h"

/* Write the record of the row that m->eval has begun; what is wrong is
 * reported. */
void row_read_account(struct rows *m);
void row_read_group(struct rows *m);

#endif
