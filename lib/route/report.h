/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/* The result lines of mailroute; each is begun in out, and not ended. */
#ifndef FERRY_ROUTE_REPORT_H
#define FERRY_ROUTE_REPORT_H

#include "core/buf.h"
#include "route/check.h"
#include "route/owners.h"
#include "route/setup.h"

/* What became of the addresses of w, for whom the line "asked" stands; why NULL:
 * no failure. */
void route_report_change(struct buf *out, const struct owner *asked,
    const struct owner *w, const char *status, const struct why *why);

/* Where mail and logins of w are; status NULL: nobody judges it. */
void route_report_owner(struct buf *out, const struct owner *asked,
    const struct owner *w, const struct keyring *keys, enum route_side mail,
    enum route_side login, const char *status);

/* Who is at work on w; by NULL: nobody else. */
void route_report_hold(
    struct buf *out, const struct owner *w, const char *status, const char *by);

/* An address that has moved. */
void route_report_moved(struct buf *out, const char *address);

void route_report_finding(
    struct buf *out, enum route_finding f, const char *what, const char *text);

/* What became of an object of the server. */
void route_report_step(struct buf *out, const struct route_step *s);

#endif
