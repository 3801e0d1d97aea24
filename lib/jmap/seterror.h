/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/* What the server says of an object that it did not take. */
#ifndef FERRY_JMAP_SETERROR_H
#define FERRY_JMAP_SETERROR_H

#include <jansson.h>

#include "core/why.h"

/*
 * An error of one object (RFC 8620, 5.3; Stalwart) in words of ours: the kind,
 * and a text that repeats nothing of the request. The server's own description
 * is added only for types whose descriptions say why, and only if it holds none
 * of the secrets in body. body may be NULL.
 */
void jmap_set_error(const json_t *error, const json_t *body, struct why *why);

#endif
