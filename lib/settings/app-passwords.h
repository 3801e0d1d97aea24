/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/* The app passwords of an owner. */
#ifndef FERRY_SETTINGS_APP_PASSWORDS_H
#define FERRY_SETTINGS_APP_PASSWORDS_H

#include "settings/owner.h"

/* Those that the record names and the server has not are made; those that the
 * record does not name any more are named. */
void app_passwords_decide(const struct owner_run *run, struct holder *o);

#endif
