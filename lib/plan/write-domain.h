/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/* The lines of a plan that are about domains. */
#ifndef FERRY_PLAN_WRITE_DOMAIN_H
#define FERRY_PLAN_WRITE_DOMAIN_H

struct writer;

void writer_domains(struct writer *w);
void writer_manual_updates(struct writer *w);
void writer_signings(struct writer *w);
void writer_domain_updates(struct writer *w);

#endif
