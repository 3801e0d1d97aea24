/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/* The mail that the stand-in has accepted, on its way. */
#ifndef STANDIN_QUEUE_H
#define STANDIN_QUEUE_H

#include <jansson.h>
#include <stdbool.h>

#include "core/buf.h"
#include "standin/smtp.h"

/* Starts the thread that delivers; o must stay. */
bool queue_start(const struct smtp_options *o);

/* Adds a message for all recipients, an array; everything is copied. */
void queue_add(
    const char *from, const json_t *rcpts, const struct buf *message);

#endif
