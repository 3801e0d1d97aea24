/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/* Second factors as the new server reads them. */
#ifndef FERRY_SECRET_OTP_H
#define FERRY_SECRET_OTP_H

#include <stdbool.h>

#include "core/buf.h"

/*
 * Whether the server can use an otpauth:// URI (Key Uri Format). It takes any
 * text when an account is made, and reads it at each login: one that it cannot
 * read locks the owner out (crates/directory/src/core/secret.rs; totp-rs 5.7,
 * TOTP::from_url). Appends the URI as it is to be sent to out: the secret in
 * upper case, without padding. NULL, or why it cannot be carried.
 */
const char *otp_canon(const char *uri, struct buf *out);

#endif
