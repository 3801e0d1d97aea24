/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/* Systems that keep keys in folders of their own. */
#ifndef FERRY_SOURCE_DKIM_FOLDER_H
#define FERRY_SOURCE_DKIM_FOLDER_H

#include "source/dkim/dkim-internal.h"

void dms_dkim_read(struct dkim *d, const char *folder);
void miab_dkim_read(struct dkim *d, const char *folder);
void mailu_dkim_read(struct dkim *d, const char *folder);
void hestia_dkim_read(struct dkim *d, const char *folder);
void cpanel_dkim_read(struct dkim *d, const char *folder);

#endif
