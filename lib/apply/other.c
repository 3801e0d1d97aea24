/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

#include "apply/other.h"

#include <string.h>

#include "apply/apply-internal.h"
#include "core/buf.h"
#include "jmap/member.h"
#include "secret/signkey.h"

const char *
other_member(const char *object)
{
	return strcmp(object, "DkimSignature") == 0 ? "publicKey" : NULL;
}

static bool
is_other_kind(const json_t *body, const json_t *current)
{
	const json_t *want = json_object_get(body, "@type");

	return want != NULL &&
	       !json_equal(json_object_get(current, "@type"), want);
}

/* Whether a private key has another public part than this, which is as it stands
 * in DNS. Of a key that cannot be read nobody can tell. */
static bool
is_other_part(const char *key, const char *part)
{
	struct signkey k = { 0 };
	struct why why = { 0 };
	const char *own = NULL;
	bool other;

	if (signkey_read(&k, key, strlen(key), &why) == 0)
		own = strstr(buf_str(&k.dns), "p=");
	other = own != NULL && strcmp(own + strlen("p="), part) != 0;
	signkey_free(&k);
	return other;
}

static bool
is_other_key(const json_t *body, const json_t *current)
{
	const char *part = jmap_text(current, "publicKey"),
		   *key =
		       jmap_text(json_object_get(body, "privateKey"), "secret");

	return part != NULL && *part != '\0' && key != NULL &&
	       is_other_part(key, part);
}

bool
other_is(const char *object, struct apply_entry *e, const json_t *current)
{
	const json_t *body = entry_body(e);

	if (!apply_unique(object) && is_other_kind(body, current)) {
		entry_add_differing(e, "@type");
		entry_add_note(e,
		    "the server has another kind under this name, and it is "
		    "left alone: remove that one, or take another name");
		return true;
	}
	if (other_member(object) != NULL && is_other_key(body, current)) {
		entry_add_differing(e, "privateKey");
		entry_add_note(e,
		    "the server has another key under this selector, and it "
		    "is left alone: see which of both DNS has; if it is the "
		    "plan's, remove the server's and run again");
		return true;
	}
	return false;
}
