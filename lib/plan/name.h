/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/*
 * Names as the Stalwart server keeps them. It changes some of them, so that two
 * names of a directory may become one; the same is done here first, so that
 * such a pair is seen. (Stalwart, crates/utils/src/lib.rs,
 * sanitize_email_local; and runs of the server,
 * t/fixtures/real/stalwart-exchanges.ndjson.)
 */
#ifndef FERRY_PLAN_NAME_H
#define FERRY_PLAN_NAME_H

#include <stdbool.h>
#include <stddef.h>

#include "core/buf.h"
#include "core/why.h"

/* Appends a domain name in lower case, as A-labels. FAIL_DATA for one that the
 * server refuses whatever list of top-level domains it has: without a dot, with
 * an empty label, an IPv4 address. 0 or -1. */
int name_domain(const char *domain, struct buf *out, struct why *why);

/* Appends a whole address, both parts as above. */
int name_address(const char *address, struct buf *out, struct why *why);

/*
 * Appends a client id for an object (RFC 8620, 1.2: A-Z a-z 0-9 - _, at most
 * 255 bytes): kind, "-", and the address with every other byte as "_" and two
 * hex digits. Different addresses give different ids; a long one ends in a
 * hash.
 */
void name_client_id(const char *kind, const char *address, struct buf *out);

/*
 * Appends the file name of an address's Sieve script in a folder of scripts:
 * the address, what could lead out of the folder or hide the file written as
 * "%" and two hex digits, and ".sieve". A long one is cut and ends in a hash.
 */
void name_script(const char *address, struct buf *out);

/*
 * Appends an address of another server as a recipient: the local part byte for
 * byte, the domain in lower case and as A-labels, or an address literal (RFC
 * 5321, 4.1.2 and 4.1.3). FAIL_DATA for white space or control characters
 * outside of quotes, and for what is not a mail address. 0 or -1.
 */
int name_outside(const char *address, struct buf *out, struct why *why);

#endif
