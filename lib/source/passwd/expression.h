/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/* The grammar of an expression of Dovecot 2.4: "%{user | domain | upper}". */
#ifndef FERRY_SOURCE_PASSWD_EXPRESSION_H
#define FERRY_SOURCE_PASSWD_EXPRESSION_H

#include "source/passwd/expand.h"
#include "source/passwd/variables.h"

/*
 * Reads an expression, whose text begins after its brace, and sets the value that
 * it has. Returns the position after the closing brace; NULL where it does not end,
 * or uses what is not known, or fails on the server.
 * (src/lib-var-expand/var-expand-lexer.l, var-expand-parser.y and
 * expansion-statement.c.)
 */
const char *expression_read(
    struct expansion *x, const char *text, struct var_value *v);

#endif
