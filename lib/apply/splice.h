/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/* Objects of the plan that go to the server as the text that they are. */
#ifndef FERRY_APPLY_SPLICE_H
#define FERRY_APPLY_SPLICE_H

#include "apply/apply.h"
#include "core/buf.h"

/* An object as text, and what its address is made of. */
struct raw {
	struct buf text, name, domain;
};

struct apply;

/* Copies the text of an object of the plan, its references replaced. False, and
 * nothing is said about raw, where it has to go as a tree. */
bool raw_copy(struct apply *a, struct apply_op *op, const char *text,
    size_t len, struct raw *raw);

#endif
