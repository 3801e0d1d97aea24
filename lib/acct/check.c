/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

#include "acct/check.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"
#include "core/json.h"
#include "core/num.h"
#include "core/str.h"
#include "mailbox/name.h"

enum {
	NAME_SHOWN = 120 /* bytes of a folder's name in a text */
};

const char *
check_name(enum acct_check c)
{
	static const char *const names[] = { [CHECK_OK] = "ok",
		[CHECK_SHORT] = "short",
		[CHECK_FAILED] = "failed",
		[CHECK_UNREACHABLE] = "unreachable",
		[CHECK_SKIPPED] = "skipped" };

	return names[c];
}

void
verification_free(struct verification *v)
{
	free(v->v);
	comparison_free(&v->folders);
	*v = (struct verification){ 0 };
}

__attribute__((format(printf, 4, 5))) static struct acct_finding *
find(struct verification *v, const char *what, bool is_short, const char *fmt,
    ...)
{
	struct buf vis = { 0 };
	struct acct_finding *f;
	char text[512];
	va_list ap;

	v->v = xgrow(v->v, v->n, &v->cap, sizeof *v->v);
	f = &v->v[v->n++];
	*f = (struct acct_finding){ .what = what, .is_short = is_short };
	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	/* A server's words and the names of folders are in it. */
	str_vis(&vis, text, 0);
	(void)snprintf(f->text, sizeof f->text, "%s", buf_str(&vis));
	f->text[utf8_prefix(f->text, strlen(f->text))] = '\0';
	buf_free(&vis);
	if (is_short && v->status != CHECK_FAILED)
		v->status = CHECK_SHORT;
	return f;
}

const struct acct_finding *
verification_worst(const struct verification *v)
{
	const struct acct_finding *worst = NULL;

	for (size_t i = 0; i < v->n && worst == NULL; i++)
		if (v->v[i].is_short)
			worst = &v->v[i];
	return worst == NULL && v->status != CHECK_OK && v->n != 0 ? &v->v[0]
								   : worst;
}

const char *
check_source_name(const struct check_options *o)
{
	return o->back ? "new" : "old";
}

const char *
check_target_name(const struct check_options *o)
{
	return o->back ? "old" : "new";
}

/* --- logins --- */

/* The login on the target is what the owner will see. */
static void
judge_target_login(struct verification *v, const struct acct_subject *s,
    const struct check_options *o)
{
	const struct side_account *t = &s->target;

	switch (t->login) {
	case LOGIN_OK:
	case LOGIN_SECOND_FACTOR:
		if (!s->active)
			(void)find(v, "login-allowed", true,
			    "the account is disabled by its record, and can "
			    "log in on the %s server",
			    check_target_name(o));
		else if (t->login == LOGIN_SECOND_FACTOR)
			(void)find(v, "second-factor", false,
			    "the %s server wants a second factor",
			    check_target_name(o));
		break;
	case LOGIN_REFUSED:
	case LOGIN_FORBIDDEN:
		if (s->active)
			(void)find(v,
			    t->login == LOGIN_REFUSED ? "login-refused"
						      : "login-forbidden",
			    true, "login on the %s server: %s",
			    check_target_name(o), t->login_why.text);
		break;
	case LOGIN_SKIPPED:
		(void)find(v, "login-skipped", true,
		    "login not tried: too many were refused before");
		break;
	case LOGIN_FAILED:
	case LOGIN_UNKNOWN:
		break;
	}
}

static void
judge_source_login(struct verification *v, const struct acct_subject *s,
    const struct check_options *o)
{
	if (s->source.login == LOGIN_REFUSED && s->active &&
	    s->source.data.why.kind == FAIL_NONE)
		(void)find(v, "source-login-refused", false,
		    "the password is not that of the %s server: %s",
		    check_source_name(o), s->source.login_why.text);
}

/* --- what a side says --- */

/* True if the side told what the account holds. */
static bool
judge_side(struct verification *v, const struct side_account *a,
    const char *failed, const char *name)
{
	const struct why *why = &a->data.why;

	if (a->login == LOGIN_FAILED && why->kind == FAIL_NONE)
		why = &a->login_why;
	if (why->kind == FAIL_NONE && a->done)
		return true;
	if (why->kind == FAIL_DATA) {
		(void)find(v, failed, true, "%s server: %s", name, why->text);
		v->status = CHECK_FAILED;
	} else {
		(void)find(v, "unreachable", false, "%s server: %s", name,
		    a->done ? why->text : "not asked any more");
		if (v->status == CHECK_OK)
			v->status = CHECK_UNREACHABLE;
	}
	return false;
}

/* The refused password was the only way to see what the account holds. */
static bool
is_shut(const struct side_account *a)
{
	return (a->login == LOGIN_REFUSED || a->login == LOGIN_FORBIDDEN) &&
	       !a->absent && a->data.why.kind == FAIL_DATA &&
	       a->login_why.kind == FAIL_DATA &&
	       strcmp(a->data.why.text, a->login_why.text) == 0;
}

/* True if both sides have the account and tell what it holds. */
static bool
judge_sides(struct verification *v, const struct acct_subject *s,
    const struct check_options *o)
{
	const char *source = check_source_name(o),
		   *target = check_target_name(o);
	bool both;

	if (s->source.absent && !s->active) {
		(void)find(v, "source-disabled", false,
		    "disabled: the %s server lets nobody in", source);
		if (v->status == CHECK_OK)
			v->status = CHECK_SKIPPED;
		return false;
	}
	if (s->source.absent) {
		(void)find(v, "source-missing", true,
		    "the %s server has no such account, or does not let the "
		    "master user in",
		    source);
		v->status = CHECK_FAILED;
	}
	if (s->target.absent)
		(void)find(v, "account-missing", true,
		    "the %s server has no such account%s", target,
		    s->target.login == LOGIN_UNKNOWN &&
			    s->target.data.why.kind != FAIL_NONE
			? ", or does not let the master user in"
			: "");
	both = !s->source.absent && !s->target.absent;
	if (!s->source.absent &&
	    !judge_side(v, &s->source, "source-failed", source))
		both = false;
	if (is_shut(&s->target)) {
		/* A wrong password of an active one is reported already. */
		if (!s->active && v->status == CHECK_OK)
			v->status = CHECK_SKIPPED;
		both = false;
	} else if (!s->target.absent &&
		   !judge_side(v, &s->target, "target-failed", target)) {
		both = false;
	}
	return both;
}

/* --- folders and counts --- */

/* Who copies by the same login misses the same folders. */
static void
judge_rights(
    struct verification *v, const struct side_account *a, const char *side)
{
	if (a->fewer)
		(void)find(v, "folders-hidden", true,
		    "the %s server has access lists (ACL), by which the master "
		    "user may not see all folders: give it the rights of the "
		    "owner (Dovecot: acl_user, mailferry-migrate(7))",
		    side);
}

/* "1 message", "2 messages" */
static void
put_messages(struct buf *out, int64_t n)
{
	buf_addf(out, "%" PRId64 " message%s", n, plural((size_t)n));
}

/* What is said of a pair that both servers tell about. */
static void
put_known(struct buf *out, const struct check_options *o,
    enum folder_verdict verdict, int64_t had, int64_t has)
{
	switch (verdict) {
	case FOLDER_SHORT:
	case FOLDER_TOLERATED:
		buf_addf(out, "%" PRId64 " of ", has);
		put_messages(out, had);
		break;
	case FOLDER_MORE:
		put_messages(out, has - had);
		buf_addf(
		    out, " more than on the %s server", check_source_name(o));
		break;
	case FOLDER_MISSING:
		buf_adds(out, "the folder is missing, with ");
		put_messages(out, had);
		break;
	case FOLDER_EXTRA:
		buf_addf(
		    out, "only on the %s server, with ", check_target_name(o));
		put_messages(out, has);
		break;
	case FOLDER_SAME:
	case FOLDER_UNKNOWN:
		break;
	}
}

/* What is said of a pair, after its name. */
static void
put_verdict(
    struct buf *out, const struct check_options *o, const struct folder_pair *p)
{
	int64_t had = p->source == NULL ? 0 : p->source->messages,
		has = p->target == NULL ? 0 : p->target->messages;

	if (had >= 0 && has >= 0) {
		put_known(out, o, p->verdict, had, has);
		return;
	}
	if (p->target == NULL)
		buf_adds(out, "the folder is missing, and ");
	else if (p->source == NULL)
		buf_addf(
		    out, "only on the %s server, and ", check_target_name(o));
	buf_addf(out, "the %s server does not tell how many messages",
	    had < 0 ? check_source_name(o) : check_target_name(o));
}

static void
find_folder(struct verification *v, const struct check_options *o,
    const struct folder_pair *p)
{
	static const char *const whats[] = { [FOLDER_SHORT] = "folder-short",
		[FOLDER_TOLERATED] = "folder-tolerated",
		[FOLDER_MISSING] = "folder-missing",
		[FOLDER_MORE] = "folder-more",
		[FOLDER_EXTRA] = "folder-extra",
		[FOLDER_UNKNOWN] = "folder-unknown" };
	const struct mailbox *s = p->source, *t = p->target;
	struct buf text = { 0 };

	mailbox_put_name(&text, s != NULL ? s : t);
	if (text.len > NAME_SHOWN)
		text.len = utf8_prefix(text.data, NAME_SHOWN);
	buf_adds(&text, ": ");
	put_verdict(&text, o, p);
	find(v, whats[p->verdict], folder_is_short(p->verdict), "%s",
	    buf_str(&text))
	    ->folder = p;
	buf_free(&text);
}

static void
judge_folders(struct verification *v, const struct acct_subject *s,
    const struct check_options *o)
{
	folders_compare(&s->source.data.mailboxes, &s->target.data.mailboxes,
	    &o->compare, &v->folders);
	for (size_t i = 0; i < v->folders.n; i++)
		if (v->folders.v[i].verdict != FOLDER_SAME)
			find_folder(v, o, &v->folders.v[i]);
}

/* What a side does not count is no loss; what it refuses to count may be one. */
static void
find_uncounted(struct verification *v, const struct side_account *a,
    const char *side, enum data_kind k)
{
	const struct why *none = k == DATA_SCRIPTS ? &a->no_scripts : NULL;

	if (k == DATA_SCRIPTS && a->scripts_refused.kind != FAIL_NONE)
		(void)find(v, "scripts-unknown", true,
		    "%s: the %s server does not tell how many: %s",
		    data_name(k), side, a->scripts_refused.text);
	else
		(void)find(v, "not-comparable", false,
		    "%s: the %s server cannot tell how many%s%s", data_name(k),
		    side, none == NULL || *none->text == '\0' ? "" : ": ",
		    none == NULL ? "" : none->text);
}

static void
judge_count(struct verification *v, const struct acct_subject *s,
    const struct check_options *o, enum data_kind k)
{
	static const char *const whats[DATA_KINDS][2] = {
		[DATA_CONTACTS] = { "contacts-short", "contacts-more" },
		[DATA_EVENTS] = { "events-short", "events-more" },
		[DATA_FILES] = { "files-short", "files-more" },
		[DATA_SCRIPTS] = { "scripts-short", "scripts-more" }
	};
	int64_t had = s->source.data.counts[k], has = s->target.data.counts[k];

	if (!s->source.known[k])
		find_uncounted(v, &s->source, check_source_name(o), k);
	else if (!s->target.known[k])
		find_uncounted(v, &s->target, check_target_name(o), k);
	else if (has < had)
		(void)find(v, whats[k][0], true, "%s: %" PRId64 " of %" PRId64,
		    data_name(k), has, had);
	else if (has > had)
		(void)find(v, whats[k][1], false,
		    "%s: %" PRId64 " more than on the %s server", data_name(k),
		    has - had, check_source_name(o));
}

/* Which script runs. The procedure's own may run the owner's from within. */
static void
judge_active(struct verification *v, const struct acct_subject *s,
    const struct check_options *o)
{
	const char *had = s->source.data.active_script,
		   *has = s->target.data.active_script;

	if (!s->source.known[DATA_SCRIPTS] || !s->target.known[DATA_SCRIPTS] ||
	    (had == NULL && has == NULL))
		return;
	if (had != NULL && has == NULL)
		(void)find(v, "scripts-inactive", true,
		    "scripts: %s is active on the %s server, none on the %s "
		    "one",
		    had, check_source_name(o), check_target_name(o));
	else if (had == NULL || strcmp(had, has) != 0)
		(void)find(v, "scripts-active", false,
		    "scripts: %s is active on the %s server, %s on the %s one",
		    had == NULL ? "none" : had, check_source_name(o), has,
		    check_target_name(o));
}

void
check_account(const struct acct_subject *s, const struct check_options *o,
    struct verification *v)
{
	*v = (struct verification){ .status = CHECK_OK };
	judge_target_login(v, s, o);
	judge_source_login(v, s, o);
	if (!judge_sides(v, s, o))
		return;
	judge_rights(v, &s->source, check_source_name(o));
	judge_rights(v, &s->target, check_target_name(o));
	judge_folders(v, s, o);
	for (int k = 0; k < DATA_KINDS; k++)
		if (o->counted[k])
			judge_count(v, s, o, (enum data_kind)k);
	judge_active(v, s, o);
}

/* --- the record --- */

static void
put_login(struct buf *out, const char *side, const struct side_account *a)
{
	const char *name = login_name(a->login);

	if (a->login == LOGIN_UNKNOWN && a->master)
		name = "master";
	else if (a->login == LOGIN_UNKNOWN && *a->data.id != '\0')
		name = "administrator";
	jw_kstr(out, side, name);
}

/* The prefixes of namespaces that are not the owner's, as the server has them and,
 * where that is another text, decoded. */
static void
put_foreign(struct buf *out, const struct imap_foreign *f)
{
	const char *prefix = buf_str(&f->prefixes),
		   *end = prefix + f->prefixes.len;
	struct buf decoded = { 0 };

	if (f->prefixes.len == 0)
		return;
	jw_kint(out, "foreign_folders", (int64_t)f->folders);
	jw_key(out, "foreign");
	jw_open(out, '[');
	for (size_t len; prefix < end; prefix += len + 1) {
		len = strlen(prefix);
		jw_strn(out, prefix, len);
		buf_reset(&decoded);
		if (mutf7_decode(&decoded, prefix, len) == 0 &&
		    strcmp(buf_str(&decoded), prefix) != 0)
			jw_strn(out, buf_str(&decoded), decoded.len);
	}
	jw_close(out, ']');
	buf_free(&decoded);
}

static void
put_side(struct buf *out, const char *name, const struct side_account *a,
    const struct check_options *o)
{
	if (!a->done || a->absent || a->data.why.kind != FAIL_NONE)
		return;
	jw_key(out, name);
	jw_open(out, '{');
	jw_kint(out, "folders", (int64_t)a->data.mailboxes.n);
	jw_kint(out, "messages", mailboxes_total(&a->data.mailboxes));
	for (int k = 0; k < DATA_KINDS; k++)
		if (o->counted[k] && a->known[k])
			jw_kint(out, data_name((enum data_kind)k),
			    a->data.counts[k]);
	if (a->data.active_script != NULL)
		jw_kstr(out, "active_script", a->data.active_script);
	put_foreign(out, &a->foreign);
	jw_close(out, '}');
}

/* One end of a pair: the name, and the messages where they are known. */
static void
put_folder(struct buf *out, const struct mailbox *m, const char *name,
    const char *messages)
{
	struct buf text = { 0 };

	if (m == NULL)
		return;
	mailbox_put_name(&text, m);
	jw_key(out, name);
	jw_strn(out, buf_str(&text), text.len);
	if (m->messages >= 0)
		jw_kint(out, messages, m->messages);
	buf_free(&text);
}

static void
put_finding(struct buf *out, const struct acct_finding *f)
{
	jw_open(out, '{');
	jw_kstr(out, "what", f->what);
	jw_kbool(out, "short", f->is_short);
	if (f->folder != NULL) {
		put_folder(
		    out, f->folder->source, "source_folder", "source_messages");
		put_folder(
		    out, f->folder->target, "target_folder", "target_messages");
	}
	jw_kstr(out, "text", f->text);
	jw_close(out, '}');
}

void
verification_put(const struct verification *v, const struct acct_subject *s,
    const struct check_options *o, struct buf *out)
{
	jw_open(out, '{');
	jw_kint(out, "v", 1);
	jw_kstr(out, "type", "verification");
	jw_kstr(out, "address", s->address);
	jw_kstr(out, "status", check_name(v->status));
	jw_key(out, "login");
	jw_open(out, '{');
	put_login(out, "source", &s->source);
	put_login(out, "target", &s->target);
	jw_close(out, '}');
	put_side(out, "source", &s->source, o);
	put_side(out, "target", &s->target, o);
	jw_key(out, "findings");
	jw_open(out, '[');
	for (size_t i = 0; i < v->n; i++)
		put_finding(out, &v->v[i]);
	jw_close(out, ']');
	jw_close(out, '}');
}
