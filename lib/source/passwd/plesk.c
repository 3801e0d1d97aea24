/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

#include "source/passwd/plesk.h"

#include <string.h>

#include "core/str.h"
#include "source/lines.h"

/* Cuts the blanks that fill a cell up. */
static char *
cell(char *text)
{
	size_t len = strlen(text);

	while (len > 0 && text[len - 1] == ' ')
		text[--len] = '\0';
	return text + strspn(text, " ");
}

/* The password of a cell: what the administrator has set, or a hash where it
 * was set as one. A clear one gets a scheme, so that it is never taken for
 * anything else. */
static char *
password(struct passwd_file *p, char *text)
{
	struct account *a = &p->account;
	struct buf out = { 0 };
	char *secret;

	if (*text == '\0')
		return NULL;
	if (str_starts(text, "$AES-")) {
		emit_note(a->emit, NULL,
		    "an encrypted password: run mail_auth_view as root", NULL);
		return NULL;
	}
	if (str_starts(text, "$1$") || str_starts(text, "$5$") ||
	    str_starts(text, "$6$"))
		buf_addf(&out, "{CRYPT}%s", text);
	else
		buf_addf(&out, "{PLAIN}%s", text);
	secret = arena_adds(&a->arena, out.data);
	buf_wipe(&out);
	return secret;
}

/* "| address | flags | password |". A password may hold "|". */
static void
row(struct passwd_file *p, char *line)
{
	struct fields f = { .quota = -1 };
	char *rest = line + 1, *address = str_cut(&rest, '|'),
	     *flags = str_cut(&rest, '|'), *end;

	end = rest == NULL ? NULL : strrchr(rest, '|');
	if (end == NULL || end[1 + strspn(end + 1, " ")] != '\0') {
		emit_bad(p->account.emit, NULL,
		    "not a row of three columns, as mail_auth_view prints it");
		return;
	}
	*end = '\0';
	f.name = cell(address);
	if (strcmp(f.name, "address") == 0)
		return; /* the title */
	flags = cell(flags);
	if (flags[strspn(flags, "- ")] != '\0')
		emit_note_behind(p->account.emit, f.name,
		    "what the flags of Plesk say is not carried", flags);
	f.secret = password(p, cell(rest));
	account_emit(&p->account, &f);
}

void
plesk_read(struct passwd_file *p, const char *path)
{
	struct source_lines in;
	char *line;

	if (!source_lines_open(&in, p->account.emit, path, true))
		return;
	in.exported = true;
	while (source_lines_content(&in, &line)) {
		line = str_trim(line);
		if (*line == '|')
			row(p, line);
		else if (*line != '+')
			emit_bad(p->account.emit, NULL,
			    "not a line that mail_auth_view prints");
	}
	source_lines_close(&in);
}
