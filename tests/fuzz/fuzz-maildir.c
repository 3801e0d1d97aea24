/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/*
 * What maildir-merge reads that others wrote: file names, folder names, keyword
 * lists, headers, messages, journals, indexes. The first byte chooses the
 * reader.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "core/alloc.h"
#include "fuzz/fuzz.h"
#include "mailbox/name.h"
#include "maildir/catalogue.h"
#include "maildir/content.h"
#include "maildir/folder.h"
#include "maildir/header.h"
#include "maildir/index.h"
#include "maildir/keywords.h"
#include "maildir/name.h"
#include "merge/journal.h"
#include "merge/variant.h"

static void
fuzz_name(const char *text)
{
	struct mdname n;

	mdname_parse(&n, text);
	must(n.base_len <= strlen(text) && n.extra != NULL);
	must((n.flags & ~(unsigned int)MD_FLAGS) == 0);
	(void)mdname_ignored(text);
}

/* What is decoded encodes to the same again. */
static void
fuzz_folder(const char *text, size_t len)
{
	struct buf path = { 0 }, again = { 0 };
	struct folder_style style = { .fs = false };

	if (mutf7_decode(&path, text, len) == 0) {
		must(mutf7_encode(&again, buf_str(&path), path.len) == 0);
		must(again.len == len &&
		     (len == 0 || memcmp(again.data, text, len) == 0));
	}
	for (int i = 0; i < 4; i++) {
		style.fs = (i & 1) != 0;
		style.utf8 = (i & 2) != 0;
		buf_reset(&path);
		buf_reset(&again);
		if (folder_put_path(&path, text, &style) == 0 &&
		    folder_put_dir(&again, buf_str(&path), &style, NULL) == 0)
			must(strcmp(buf_str(&again), text) == 0);
	}
	buf_reset(&path);
	(void)folder_put_level(&path, text, (len & 1) != 0);
	must(path.len > 0 && strchr(buf_str(&path), '/') == NULL);
	mailbox_put_nfc(&path, text);
	buf_free(&path);
	buf_free(&again);
}

static void
fuzz_keywords(char *text)
{
	struct keywords k = { 0 }, again = { 0 };
	struct buf b = { 0 };

	keywords_parse(&k, text);
	keywords_print(&k, &b);
	if (b.len > 0)
		keywords_parse(&again, b.data);
	for (int i = 0; i < KEYWORDS_MAX; i++)
		must((k.name[i] == NULL) == (again.name[i] == NULL) &&
		     (k.name[i] == NULL ||
			 strcmp(k.name[i], again.name[i]) == 0));
	keywords_free(&k);
	keywords_free(&again);
	buf_free(&b);
}

static void
fuzz_header(const char *text, size_t len)
{
	struct header h;
	struct header_field f;
	struct buf id = { 0 };

	for (int whole = 0; whole < 2; whole++) {
		header_init(&h, text, len, whole == 1);
		while (header_next(&h, &f) == HEADER_FIELD) {
			buf_reset(&id);
			header_put_unfolded(&id, &f);
			buf_reset(&id);
			msgid_put(&id, f.value, f.value_len);
		}
		must(h.at >= text && h.at <= text + len);
	}
	buf_free(&id);
}

static int
file_of(const void *p, size_t len)
{
	int fd = memfd_create("fuzz", MFD_CLOEXEC);

	must(fd != -1 && (len == 0 || write(fd, p, len) == (ssize_t)len));
	must(lseek(fd, 0, SEEK_SET) == 0);
	return fd;
}

/* A message read from a file, compared with a half of it. */
static void
fuzz_message(const char *text, size_t len)
{
	unsigned char id[DIGEST_LEN], digest[DIGEST_LEN];
	struct reader r = { 0 };
	struct variant_facts a, b;
	int fd = file_of(text, len), half = file_of(text, len / 2);

	(void)read_msgid(&r, fd, id, NULL);
	must(lseek(fd, 0, SEEK_SET) == 0);
	(void)read_content(&r, fd, digest, NULL);
	must(lseek(fd, 0, SEEK_SET) == 0);
	if (variant_read(&a, fd, NULL) == 0 &&
	    variant_read(&b, half, NULL) == 0)
		(void)variant_relate(&a, &b);
	reader_free(&r);
	(void)close(fd);
	(void)close(half);
}

/* CRC-32 of IEEE 802.3, bit by bit: a second implementation. */
static unsigned int
crc32(const char *p, size_t len)
{
	unsigned int crc = 0xffffffff;

	for (size_t i = 0; i < len; i++) {
		crc ^= (unsigned char)p[i];
		for (int bit = 0; bit < 8; bit++)
			crc = crc >> 1 ^ ((crc & 1) != 0 ? 0xedb88320 : 0);
	}
	return ~crc;
}

/* The lines as they are; and each behind its right checksum, without which
 * nothing of it is read. */
static void
fuzz_journal(char *text)
{
	struct journal_text j = { 0 };
	struct buf summed = { 0 };

	for (const char *at = text; *at != '\0';) {
		size_t len = strcspn(at, "\n");

		buf_addf(&summed, "%08x ", crc32(at, len));
		buf_add(&summed, at, len);
		buf_addc(&summed, '\n');
		at += len + (at[len] == '\n');
	}
	journal_parse(&j, text);
	journal_free(&j);
	if (summed.len > 0)
		journal_parse(&j, summed.data);
	journal_free(&j);
	buf_free(&summed);
}

static void
read_index(const void *p, size_t len)
{
	struct mdfolder folder = { .dir = (char[]){ "." } };
	struct mdtree tree = { .folders = &folder, .n = 1 };
	struct catalogue_entry e = { .ino = 1 };
	struct catalogue c = { .tree = &tree };
	int fd = file_of(p, len);
	struct index *x = index_read(fd);

	buf_add(&c.names, "1.a:2,S", sizeof "1.a:2,S");
	if (x != NULL)
		index_recall(x, &c, &e);
	buf_free(&c.names);
	index_free(x);
	(void)close(fd);
}

/* The bytes as they are; and as records behind a head that is right. */
static void
fuzz_index(const char *text, size_t len)
{
	enum {
		RECORD = 56
	};
	struct {
		char magic[8];
		uint64_t n, sum, record_size;
	} head = { "mfindx3", len / RECORD, 0, RECORD };
	struct buf whole = { 0 };

	read_index(text, len);
	for (size_t i = 0; i < head.n; i++)
		head.sum = index_sum(head.sum, text + i * RECORD);
	buf_add(&whole, (const char *)&head, sizeof head);
	buf_add(&whole, text, head.n * RECORD);
	read_index(whole.data, whole.len);
	buf_free(&whole);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	char *text;

	if (len == 0)
		return 0;
	text = xmemdup(data + 1, len - 1);
	switch (data[0] % 8) {
	case 0:
		fuzz_name(text);
		break;
	case 1:
		fuzz_folder(text, strlen(text));
		break;
	case 2:
		fuzz_keywords(text);
		break;
	case 3:
		fuzz_header(text, len - 1);
		break;
	case 4:
		fuzz_message(text, len - 1);
		break;
	case 5:
		fuzz_journal(text);
		break;
	default:
		fuzz_index(text, len - 1);
		break;
	}
	free(text);
	return 0;
}
