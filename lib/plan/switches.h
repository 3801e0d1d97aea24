/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/*
 * What an owner may and may not do, and the language: members of the account on
 * the server, and keys for sending as others. Each only where its option asks
 * for it; what is left is noted.
 */
#ifndef FERRY_PLAN_SWITCHES_H
#define FERRY_PLAN_SWITCHES_H

#include "plan/model.h"
#include "record/record.h"

/* The protocols of records, as bits of struct extras, by their permissions. */
enum protocol {
	PROTOCOL_IMAP,
	PROTOCOL_POP3,
	PROTOCOL_SMTP,
	PROTOCOL_SIEVE
};
extern const char *const protocol_permissions[PROTOCOL_SIEVE + 1];

/*
 * The lookup keys of the server that say who may send as whom: the account, a
 * blank, and the sender. Its expression asks for them.
 */
#define SEND_AS_NAMESPACE "send-as"

/* Takes the switches of an account's joined settings into the plan. */
void plan_take_switches(
    struct plan *p, struct model_account *a, const struct record *all);

#endif
