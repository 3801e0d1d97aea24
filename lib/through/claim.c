/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

#include "through/claim.h"

#include <ctype.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/alloc.h"
#include "core/io.h"
#include "core/str.h"
#include "doveadm/naming.h"
#include "maildir/lock.h"
#include "merge/mark.h"
#include "merge/state.h"

static const char stem[] = "mailferry-at-work-";

enum {
	HOST_MAX = 64,
	NOTE_MAX = 256 /* the longest note that can be ours */
};

/* Letters and digits can be in the name of a mailbox, whatever divides its levels. */
static bool
is_note(const struct buf *text)
{
	const char *end = buf_str(text);

	while (isalnum((unsigned char)*end) || *end == '-')
		end++;
	return str_starts(buf_str(text), stem) && strcmp(end, "\n") == 0;
}

/* A name that no other run has, and which says where this one is. */
static void
make_note(struct buf *text)
{
	char host[HOST_MAX + 1] = "";

	buf_reset(text);
	buf_adds(text, stem);
	if (gethostname(host, HOST_MAX) == -1)
		host[0] = '\0';
	for (const char *p = host; *p != '\0'; p++)
		buf_addc(text, isalnum((unsigned char)*p) ? *p : '-');
	buf_addf(text, "-%016" PRIx64 "\n", mark_random());
}

/* Locks the file in which a claim of the user is noted, and reads or writes the name
 * in it, which the caller frees. NULL and why if it cannot. */
static char *
note_name(struct claim *c, const char *state, struct why *why)
{
	char *leaf = NULL;
	struct buf text = { .max = NOTE_MAX };
	char *dir = state_dir(state);
	char *path =
	    xasprintf("%s/claim-%016" PRIx64, dir, str_fnv(c->doveadm.user));
	int r = state_make(dir, why);

	if (r == 0) {
		c->fd =
		    open(path, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
		r = c->fd == -1 ? why_errno(why, FAIL_FATAL, "%s", path)
				: lock_fd(c->fd, c->doveadm.user, why);
	}
	if (r == 0 && read_fd(c->fd, path, &text, why) == -1)
		r = -1;
	if (r == 0 && !is_note(&text)) {
		make_note(&text);
		if (ftruncate(c->fd, 0) == -1 ||
		    lseek(c->fd, 0, SEEK_SET) == -1 ||
		    write_all(c->fd, buf_str(&text), text.len) == -1 ||
		    fsync(c->fd) == -1)
			r = why_errno(why, FAIL_FATAL, "%s", path);
	}
	if (r == 0)
		leaf = xmemdup(text.data, text.len - 1);
	buf_free(&text);
	free(dir);
	free(path);
	return leaf;
}

static int
subscribe(const struct claim *c, const char *how, struct why *why)
{
	return doveadm_run(&c->doveadm,
	    DOVEADM_WORDS("mailbox", how, "-u", c->doveadm.user, "--", c->name),
	    NULL, why);
}

/* 0, or -1 and why: TEMP if there is another claim than ours. */
static int
look_for_others(const struct claim *c, const char *leaf, struct why *why)
{
	struct buf out = { 0 };
	size_t len = strlen(c->name) - strlen(leaf) + strlen(stem);
	char *mask = xasprintf("%.*s*", (int)len, c->name);
	int r = doveadm_run(&c->doveadm,
	    DOVEADM_WORDS(
		"mailbox", "list", "-u", c->doveadm.user, "-s", "--", mask),
	    &out, why);

	for (char *rest = out.data; r == 0 && rest != NULL;) {
		const char *line = str_cut(&rest, '\n');

		if (strncmp(line, mask, len) == 0 && strcmp(line, c->name) != 0)
			r = why_set(why, FAIL_TEMP,
			    "%s: another merge or check is at work in it, "
			    "here or on another machine; if none is, "
			    "\"doveadm mailbox unsubscribe -u %s %s\"",
			    c->doveadm.user, c->doveadm.user, line);
	}
	free(mask);
	buf_free(&out);
	return r;
}

static void
let_go(struct claim *c)
{
	free(c->name);
	if (c->fd != -1)
		(void)close(c->fd);
	*c = (struct claim){ 0 };
}

/* 0, or -1 and why. */
static int
subscribe_first(struct claim *c, const struct doveadm_account *account,
    const char *leaf, struct why *why)
{
	c->name = doveadm_mailbox_name(account, leaf);
	if (c->name == NULL)
		return why_set(
		    why, FAIL_DATA, "%s: no name for a mailbox", leaf);
	return subscribe(c, "subscribe", why);
}

int
claim_make(struct claim *c, const struct merge_run *run,
    const struct doveadm_account *account, const struct doveadm *d,
    struct why *why)
{
	char *leaf;
	int r = 0;

	*c = (struct claim){ .doveadm = *d, .fd = -1 };
	if (run->set.dry_run)
		return 0;
	leaf = note_name(c, run->set.scan.state, why);
	if (leaf == NULL) {
		let_go(c);
		r = -1;
	} else if (subscribe_first(c, account, leaf, why) == -1) {
		merge_run_remark(run, REMARK_WARNING, d->user,
		    "a merge on another machine would not be kept out: %s",
		    why->text);
		let_go(c);
	} else if (look_for_others(c, leaf, why) == -1) {
		claim_end(c);
		r = -1;
	}
	free(leaf);
	return r;
}

void
claim_end(struct claim *c)
{
	struct why why; /* it stays noted, for the next run to take over */

	if (c->name == NULL)
		return;
	if (subscribe(c, "unsubscribe", &why) == 0)
		(void)!ftruncate(c->fd, 0);
	let_go(c);
}
