/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

#include "core/strtab.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"

/* A number is the place of the first byte: block * TEXT_MAX + offset. */
enum {
	BLOCKS_MAX = 2048
};

static void
add_block(struct texts *t)
{
	assert(t->n < BLOCKS_MAX);
	t->blocks = xgrow(t->blocks, t->n, &t->cap, sizeof *t->blocks);
	t->blocks[t->n++] = xmalloc(TEXT_MAX);
	t->used = t->n == 1 ? 1 : 0; /* 0 is not a number of a string */
}

uint32_t
texts_add(struct texts *t, const char *s, size_t len)
{
	size_t at;

	assert(len < TEXT_MAX - 1);
	if (t->n == 0 || TEXT_MAX - t->used <= len)
		add_block(t);
	at = t->used;
	memcpy(t->blocks[t->n - 1] + at, s, len);
	t->blocks[t->n - 1][at + len] = '\0';
	t->used += len + 1;
	return (uint32_t)((t->n - 1) * TEXT_MAX + at);
}

const char *
texts_get(const struct texts *t, uint32_t number)
{
	return number == 0 ? NULL
			   : t->blocks[number / TEXT_MAX] + number % TEXT_MAX;
}

size_t
texts_size(const struct texts *t)
{
	return t->n * TEXT_MAX;
}

void
texts_free(struct texts *t)
{
	for (size_t i = 0; i < t->n; i++) {
		explicit_bzero(
		    t->blocks[i], i + 1 == t->n ? t->used : (size_t)TEXT_MAX);
		free(t->blocks[i]);
	}
	free(t->blocks);
	*t = (struct texts){ 0 };
}

/* --- each once --- */

/* The slot that holds the string, or the free one where it belongs. */
static struct map_slot *
find(const struct intern *in, const char *s, size_t len, uint32_t hash)
{
	size_t i = hash & (in->index.size - 1);

	for (; in->index.slots[i].number != 0;
	     i = (i + 1) & (in->index.size - 1)) {
		const char *text;

		if (in->index.slots[i].hash != hash)
			continue;
		text = intern_text(in, in->index.slots[i].number);
		if (strncmp(text, s, len) == 0 && text[len] == '\0')
			break;
	}
	return &in->index.slots[i];
}

uint32_t
intern_put(struct intern *in, const char *s, size_t len)
{
	uint32_t hash = (uint32_t)map_hash(s, len);
	struct map_slot *slot;

	map_index_room(&in->index, in->n + 1);
	slot = find(in, s, len, hash);
	if (slot->number == 0) {
		in->text = xgrow(in->text, in->n, &in->cap, sizeof *in->text);
		in->text[in->n++] = texts_add(&in->texts, s, len);
		slot->number = (uint32_t)in->n;
		slot->hash = hash;
	}
	return slot->number;
}

uint32_t
intern_get(const struct intern *in, const char *s, size_t len)
{
	if (in->n == 0)
		return 0;
	return find(in, s, len, (uint32_t)map_hash(s, len))->number;
}

const char *
intern_text(const struct intern *in, uint32_t number)
{
	return texts_get(&in->texts, in->text[number - 1]);
}

void
intern_free(struct intern *in)
{
	texts_free(&in->texts);
	free(in->text);
	free(in->index.slots);
	*in = (struct intern){ 0 };
}
