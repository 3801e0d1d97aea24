/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

#include "extract/mail.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/alloc.h"
#include "core/str.h"
#include "extract/maildeliver.h"
#include "extract/mailplan.h"
#include "maildir/box.h"
#include "maildir/control.h"
#include "maildir/delivery.h"
#include "maildir/folderlist.h"
#include "maildir/subscriptions.h"
#include "maildir/tree.h"

static const char mail_root[] = "mail";

/* Leaves a control file alone that is right already. */
static int
put_control(int dir, const char *name, const struct buf *text, struct why *why)
{
	struct buf there = { 0 };
	int r = read_at(dir, name, &there, NULL);

	if (r == -1 || there.len != text->len ||
	    memcmp(buf_str(&there), buf_str(text), text->len) != 0)
		r = replace_at(dir, name, text, why);
	buf_free(&there);
	return r;
}

static int
put_keywords(struct mail *m, uint32_t folder, struct why *why)
{
	struct buf text = { 0 };
	int r = 0, fd;

	keywords_print(&m->keywords[folder], &text);
	if (text.len > 0) {
		fd = open_below(m->root, mail_dir(m, folder));
		r = fd == -1
			? why_errno(why, FAIL_FATAL, "%s", mail_dir(m, folder))
			: put_control(fd, "dovecot-keywords", &text, why);
		if (fd != -1)
			(void)close(fd);
	}
	buf_free(&text);
	return r;
}

static int
make_folders(struct mail *m, struct why *why)
{
	size_t n = m->boxes.n + (m->unfiled != NULL);
	struct drop inbox;
	int r = drop_open(&inbox, m->root, ".", why);
	bool made;

	if (r == 0)
		drop_close(&inbox);
	for (size_t i = 0; r == 0 && i < n; i++) {
		const char *dir = mail_dir(m, (uint32_t)i);

		if (strcmp(dir, ".") != 0)
			r = folder_make(m->root, dir, false, &made, why);
		if (r == 0)
			r = put_keywords(m, (uint32_t)i, why);
	}
	if (r == -1)
		why->kind = FAIL_FATAL;
	return r;
}

/* Writes subscriptions, and folders.ndjson next to the Maildir. */
static int
put_lists(struct mail *m, struct why *why)
{
	const struct folder_style style = { .utf8 = m->style.utf8 };
	char *path[] = { m->unfiled == NULL ? NULL : m->unfiled + 1, NULL };
	struct folder_note spare = { m->unfiled, path, NULL, true };
	struct buf text = { 0 };
	int r;

	for (size_t i = 0; i < m->boxes.n; i++)
		if (m->boxes.all[i].subscribed)
			subscriptions_put(&text, m->boxes.all[i].dir, &style);
	if (m->unfiled != NULL)
		subscriptions_put(&text, m->unfiled, &style);
	r = put_control(m->root, "subscriptions", &text, why);
	buf_reset(&text);
	boxes_print(&m->boxes, &text);
	if (m->unfiled != NULL)
		folder_note_print(&spare, &text);
	if (r == 0)
		r = put_control(
		    m->run->target.fd, "folders.ndjson", &text, why);
	buf_free(&text);
	return r;
}

static void
mail_free(struct mail *m)
{
	for (size_t i = 0; m->keywords != NULL && i <= m->boxes.n; i++)
		keywords_free(&m->keywords[i]);
	free(m->keywords);
	mail_free_lanes(m);
	boxes_free(&m->boxes);
	map_free(&m->lost);
	arena_free(&m->texts);
	free(m->unfiled);
	free(m->refs);
	if (m->root != -1)
		(void)close(m->root);
	(void)pthread_mutex_destroy(&m->lock);
}

int
extract_mail(struct extract_run *j, struct why *why)
{
	struct mail m = { .run = j, .root = -1 };
	int r = target_dir(&j->target, mail_root, why);

	(void)pthread_mutex_init(&m.lock, NULL);
	if (r == 0)
		m.root = target_open_dir(&j->target, mail_root, why);
	if (m.root == -1 || mail_plan(&m, why) == -1 ||
	    make_folders(&m, why) == -1 || put_lists(&m, why) == -1 ||
	    mail_deliver(&m, why) == -1)
		r = -1;
	mail_free(&m);
	return r;
}
