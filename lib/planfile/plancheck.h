/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/* Reading a whole plan once, before anything of it is carried out. */
#ifndef FERRY_PLANFILE_PLANCHECK_H
#define FERRY_PLANFILE_PLANCHECK_H

#include "planfile/planfile.h"

/* Checks every line and what the references lead to, and collects what
 * plan_reader says of the plan as a whole. The reader is at its start again. 0,
 * or -1 and why. */
int plan_check(struct plan_reader *r, struct why *why);

#endif
