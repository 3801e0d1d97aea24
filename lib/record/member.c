/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

#include "record/member.h"

#include <string.h>

enum {
	DOMAIN_ = MEMBER_OF(REC_DOMAIN),
	ACCOUNT = MEMBER_OF(REC_ACCOUNT),
	ALIAS = MEMBER_OF(REC_ALIAS),
	GROUP = MEMBER_OF(REC_GROUP),
	SETTINGS = MEMBER_OF(REC_SETTINGS),
	OWNER = ACCOUNT | SETTINGS,
	DKIM = MEMBER_OF(REC_DKIM),
	NOTE = MEMBER_OF(REC_NOTE),
	END = MEMBER_OF(REC_END)
};

/* clang-format off */
#define ROW(type, field, name, kind, types, need, part) \
	{ name, ",\"" name "\":", sizeof(name) + 3, MEMBER_##kind, \
	    offsetof(struct type, field), types, need, part }
#define AS(field, name, kind, types, need) \
	ROW(record, field, name, kind, types, need, NULL)
#define M(name, kind, types, need) AS(name, #name, kind, types, need)

/* The members of a part: optional, and required. */
#define AN(type, field, name, kind) \
	ROW(record_##type, field, name, kind, MEMBER_OF_PART, 0, NULL)
#define MAY(type, name, kind) AN(type, name, #name, kind)
#define MUST(type, name, kind) \
	ROW(record_##type, name, #name, kind, MEMBER_OF_PART, MEMBER_OF_PART, NULL)
/* A member that is made of parts. */
#define P(name, kind, types, part) ROW(record, name, #name, kind, types, 0, part)
#define PART(name) \
	{ name##_members, sizeof name##_members / sizeof *name##_members, \
	    sizeof(struct record_##name) }
/* clang-format on */

static const struct record_member vacation_members[] = {
	MAY(vacation, active, FLAG),
	MAY(vacation, subject, TEXT),
	MAY(vacation, text, TEXT),
	MAY(vacation, html, TEXT),
	MAY(vacation, from, TEXT),
	MAY(vacation, until, TEXT),
};
static const struct record_part vacation = PART(vacation);

static const struct record_member identity_members[] = {
	MAY(identity, name, TEXT),
	MUST(identity, address, TEXT),
	MAY(identity, reply_to, TEXT),
	MAY(identity, bcc, TEXT),
	MAY(identity, text, TEXT),
	MAY(identity, html, TEXT),
	AN(identity, is_default, "default", MARK),
};
static const struct record_part identity = PART(identity);

static const struct record_member script_members[] = {
	MUST(script, name, TEXT),
	MAY(script, active, MARK),
	MUST(script, text, TEXT),
};
static const struct record_part script = PART(script);

static const struct record_member app_password_members[] = {
	MUST(app_password, name, TEXT),
};
static const struct record_part app_password = PART(app_password);

static const struct record_member share_members[] = {
	MUST(share, folder, TEXT),
	MUST(share, with, TEXT),
	MUST(share, rights, TEXT),
};
static const struct record_part share = PART(share);

const struct record_member record_members[] = {
	M(domain, TEXT, DOMAIN_ | DKIM, DOMAIN_ | DKIM),
	M(address, TEXT, OWNER | ALIAS | GROUP, OWNER | ALIAS | GROUP),
	M(logins, LIST, ACCOUNT, 0),
	M(name, TEXT, ACCOUNT | GROUP, 0),
	M(secret, TEXT, ACCOUNT, 0),
	M(default_scheme, TEXT, ACCOUNT, 0),
	M(otp, TEXT, ACCOUNT, 0),
	M(targets, LIST, ALIAS, ALIAS),
	M(active, FLAG, DOMAIN_ | ACCOUNT | ALIAS, 0),
	M(receive, FLAG, ACCOUNT, 0),
	M(elsewhere, MARK, DOMAIN_, 0),
	M(quota, NUMBER, ACCOUNT | GROUP, 0),
	M(aliases, LIST, DOMAIN_ | ACCOUNT | GROUP, 0),
	M(groups, LIST, ACCOUNT, 0),
	M(acl_groups, LIST, ACCOUNT, 0),
	M(acl_settings, LIST, ACCOUNT, 0),
	M(forward, LIST, OWNER, 0),
	M(keep, FLAG, OWNER, 0),
	M(home, TEXT, ACCOUNT, 0),
	M(mail, TEXT, ACCOUNT, 0),
	M(uid, NUMBER, ACCOUNT, 0),
	M(gid, NUMBER, ACCOUNT, 0),
	P(vacation, OBJECT, OWNER, &vacation),
	P(identities, OBJECTS, OWNER, &identity),
	P(scripts, OBJECTS, OWNER, &script),
	P(app_passwords, OBJECTS, OWNER, &app_password),
	M(disabled, LIST, OWNER, 0),
	M(allow_nets, LIST, OWNER, 0),
	M(send_as, LIST, OWNER, 0),
	P(shares, OBJECTS, OWNER, &share),
	M(locale, TEXT, OWNER, 0),
	M(time_zone, TEXT, OWNER, 0),
	M(admin, TEXT, OWNER, 0),
	M(selector, TEXT, DKIM, DKIM),
	M(algorithm, TEXT, DKIM, 0),
	M(key, TEXT, DKIM, DKIM),
	M(what, TEXT, NOTE, NOTE),
	AS(note, "text", TEXT, NOTE, NOTE),
	M(count, NUMBER, NOTE | END, END),
	M(failed, NUMBER, END, 0),
	M(source, TEXT, END, 0),
	M(part, TEXT, SETTINGS | END, 0),
	M(origin, TEXT, DOMAIN_ | OWNER | ALIAS | GROUP | DKIM | NOTE, 0),
};

_Static_assert(sizeof record_members / sizeof *record_members == RECORD_MEMBERS,
    "RECORD_MEMBERS is the number of rows");
/* record_parse keeps a bit for each, as member_set does. */
_Static_assert(RECORD_MEMBERS <= 64, "more members than bits");

const struct record_member *
record_member(const char *name)
{
	for (size_t i = 0; i < RECORD_MEMBERS; i++)
		if (strcmp(record_members[i].name, name) == 0)
			return &record_members[i];
	return NULL;
}

uint64_t
member_set(enum record_type type, bool needed)
{
	/* By earlier calls. */
	static _Atomic uint64_t found[2][REC_END + 1];
	uint64_t set = found[needed][type];

	if (set != 0)
		return set;
	for (size_t i = 0; i < RECORD_MEMBERS; i++) {
		const struct record_member *m = &record_members[i];

		if (((needed ? m->need : m->types) & MEMBER_OF(type)) != 0)
			set |= UINT64_C(1) << i;
	}
	found[needed][type] = set;
	return set;
}
