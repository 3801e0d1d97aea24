/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/* Who may send as which address: smtpd_sender_login_maps. */
#ifndef FERRY_SOURCE_POSTFIX_SENDERS_H
#define FERRY_SOURCE_POSTFIX_SENDERS_H

#include "core/arena.h"
#include "core/map.h"
#include "source/emit.h"
#include "source/postfix/asks.h"
#include "source/postfix/config.h"

/* The zero value and domain are a start. */
struct postfix_senders {
	const char *domain;  /* of bare names; NULL: they are passed over */
	struct map by_login; /* -> struct login */
	struct login *first, **tail;
	struct postfix_asks asks;
	struct arena arena;
};

/* Reads the tables. What cannot be read makes a note record, no failure. */
void postfix_senders_read(
    struct postfix_senders *s, struct emit *e, struct postfix_config *config);

/* When all accounts and aliases are written: writes what each account may send
 * as. Tables that cannot be listed are asked for the addresses of the dump. */
void postfix_senders_emit(struct postfix_senders *s, struct emit *e);

void postfix_senders_free(struct postfix_senders *s);

#endif
