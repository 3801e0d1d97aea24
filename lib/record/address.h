/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/* Mail addresses as records hold them: lower case, the domain as A-labels. */
#ifndef FERRY_RECORD_ADDRESS_H
#define FERRY_RECORD_ADDRESS_H

#include <stdbool.h>

#include "core/buf.h"
#include "core/why.h"

/* The domain of an address: what follows its last "@"; NULL without one. The
 * result points into address. */
const char *address_domain(const char *address);

/*
 * Appends the domain in lower case, with U-labels turned into A-labels (IDNA
 * 2008, UTS 46 non-transitional). A text of ASCII is only lower-cased, so that
 * names that servers use against the rules ("under_score") pass. FAIL_DATA for
 * what cannot be a domain: empty, longer than 253 bytes, with blanks, control
 * characters, "@" or "/". 0 or -1.
 */
int domain_normalise(const char *domain, struct buf *out, struct why *why);

/*
 * Appends local part, "@" and domain, both in lower case (the local part by
 * address_lower), the domain by domain_normalise. The local part is
 * otherwise left as it is. "@domain" (a catch-all) is accepted where
 * catch_all is true. FAIL_DATA without "@", with an empty part or control
 * characters. 0 or -1.
 */
int address_normalise(
    const char *address, bool catch_all, struct buf *out, struct why *why);

/*
 * Appends a text in lower case, each character by itself as the server does it: a
 * sigma at the end of a word is one in its middle. -1 where it is not UTF-8.
 */
int address_lower(const char *s, size_t len, struct buf *out);

#endif
