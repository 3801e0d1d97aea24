/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/* Answers of a server: sessions, method answers, and the errors in them. No
 * text that is made of an error holds the secret that was sent. */
#include <stdlib.h>
#include <string.h>

#include "core/buf.h"
#include "fuzz/fuzz.h"
#include "jmap/client.h"
#include "jmap/mailboxes.h"
#include "jmap/session.h"
#include "jmap/seterror.h"

static void
try_errors(const json_t *answer, const json_t *body)
{
	struct why why = { 0 };
	const char *key;
	json_t *error;

	json_object_foreach (
	    json_object_get(answer, "notCreated"), key, error) {
		jmap_set_error(error, body, &why);
		if (strstr(why.text, "Sesame-1234") != NULL)
			abort();
	}
}

/* Each folder has a way to the top, or there is an error. */
static void
try_mailboxes(const struct jmap_request *r, const struct buf *b)
{
	struct mailboxes list = { 0 };
	struct why why = { 0 };
	json_t *answer = NULL;

	if (jmap_answer(r, 0, "Mailbox/get", &answer, &why) == JMAP_OK &&
	    jmap_read_mailboxes(json_object_get(answer, "list"), &list, &why) ==
		0)
		for (size_t i = 0; i < list.n; i++)
			if (list.v[i].messages < -1)
				abort();
	(void)jmap_read_owner(b, "a@one.test", &why);
	mailboxes_free(&list);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static json_t *sent;
	struct jmap j = { 0 };
	struct buf b = { 0 };
	struct why why = { 0 };
	struct jmap_request r = { .calls = 1 };
	json_t *answer = NULL;

	if (sent == NULL)
		sent = json_pack("{s:{s:{s:s}}}", "credentials", "0", "secret",
		    "Sesame-1234");
	buf_add(&b, data, len);
	(void)jmap_read_session(&j, &b, &why);
	jmap_close(&j);
	r.answers = jmap_read_answers(&b, &why);
	(void)jmap_answer(&r, 0, "x:Account/set", &answer, &why);
	try_errors(answer, sent);
	try_mailboxes(&r, &b);
	jmap_clear(&r);
	buf_free(&b);
	return 0;
}
