/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/* data: URIs (RFC 2397). */
#ifndef FERRY_CONVERT_DATAURI_H
#define FERRY_CONVERT_DATAURI_H

#include <stdbool.h>

#include "core/buf.h"

/*
 * Appends the bytes of a data: URI, and its media type (up to the first ";";
 * nothing where it says none) to type. "data:base64,AAAA", which calcard before
 * 0.3.8 wrote for all binary values, is read as what it means. False if it is
 * not one, or its base64 is broken; bytes may have grown then.
 */
bool js_data_uri(const char *uri, struct buf *bytes, struct buf *type);

#endif
