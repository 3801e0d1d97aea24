/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/* The functions of an expression of Dovecot 2.4. */
#ifndef FERRY_SOURCE_PASSWD_FILTERS_H
#define FERRY_SOURCE_PASSWD_FILTERS_H

#include <stdbool.h>
#include <stddef.h>

#include "core/buf.h"
#include "source/passwd/variables.h"

/* What stands in the parentheses of a call: a number, a text in quotes, or a
 * variable, which is a text or the number that it says. */
struct argument {
	char key[16]; /* "rounds=1"; empty where it goes by its place */
	enum {
		ARGUMENT_NUMBER,
		ARGUMENT_TEXT,
		ARGUMENT_VARIABLE
	} is;
	bool missing, unknown; /* of a variable */
	struct buf text;       /* of a number too */
};

enum {
	ARGUMENTS_MAX = 8
};

struct call {
	char name[24];
	struct argument arguments[ARGUMENTS_MAX];
	size_t n;
	bool unknown; /* set where it is not said what the server does */
};

/*
 * Applies a function to the value. False if it is not known (c->unknown), or if it
 * fails on the server, which then goes by a default of its own or finds nobody.
 * Known are if, literal, default, concat, lower, upper, reverse, username, domain,
 * index, substr, truncate, lfill, rfill, ldap_dn, hash and the digests, base64,
 * unbase64, hex, unhex, hexlify, unhexlify, benumber, lenumber, list, text, and
 * regexp where the releases agree. There is no "switch".
 * (src/lib-var-expand/expansion-filter.c.)
 */
bool filter_apply(struct var_value *v, struct call *c);

/* "+ 1", "% user": what comes of the value and an operator. */
bool filter_calculate(struct var_value *v, char operator, struct call * c);

void call_reset(struct call *c);

#endif
