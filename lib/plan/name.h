/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/*
 * Names as the Stalwart server keeps them. It changes some on the way in, so
 * that two names of a directory may become one there; we do the same first, and
 * see it. (Stalwart, crates/utils/src/lib.rs, sanitize_email_local; and runs of
 * the server, t/fixtures/real/stalwart-exchanges.ndjson.)
 */
#ifndef FERRY_PLAN_NAME_H
#define FERRY_PLAN_NAME_H

#include <stdbool.h>
#include <stddef.h>

#include "core/buf.h"
#include "core/why.h"

/*
 * Appends a local part as the server stores it: in lower case (Unicode), ASCII
 * white space taken out. FAIL_DATA for one that it refuses: empty, a dot at an
 * end or two in a row, other characters than letters and digits of any script
 * and !#$%&'*+-/=?^_`{|}~. 0 or -1.
 */
int name_local(const char *local, size_t len, struct buf *out, struct why *why);

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

#endif
