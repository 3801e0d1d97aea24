/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/* What a Postfix does with mail that no record can say. */
#ifndef FERRY_SOURCE_POSTFIX_NOTES_H
#define FERRY_SOURCE_POSTFIX_NOTES_H

#include "source/emit.h"
#include "source/postfix/config.h"

/* Writes a note record for each parameter in main.cf that changes who gets
 * which mail and that is not carried, and for each that a service in master.cf
 * has another value of. */
void postfix_notes(struct postfix_config *c, struct emit *e);

#endif
