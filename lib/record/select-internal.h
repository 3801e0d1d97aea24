/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/* What a selection of records holds. */
#ifndef FERRY_RECORD_SELECT_INTERNAL_H
#define FERRY_RECORD_SELECT_INTERNAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/arena.h"
#include "core/buf.h"
#include "core/strtab.h"
#include "record/record.h"
#include "record/select.h"

/* What is known of an address or a domain. */
enum {
	WANTED = 1,  /* was chosen by its name */
	FOUND = 2,   /* and is there */
	DONE = 4,    /* is the account of an earlier part */
	ACCOUNT = 8, /* is the address of an account */
	FULL = 16,   /* of a domain: it has accounts */
	HELD = 32 /* is the address of a record that is no settings or note */
};

/* A run of s->numbers. */
struct select_run {
	size_t at, n;
};

/* A record that may go on. */
struct select_item {
	const char *line;
	enum record_type type;
	bool chosen;
	uint32_t name;             /* address or domain; 0: none */
	uint32_t part;             /* the last that it was taken into */
	struct select_run names;   /* its aliases; of an alias its targets */
	struct select_run forward; /* of an account */
	struct select_run groups;  /* of an account */
	size_t next_own;           /* of the same name, + 1 */
	size_t next; /* of its kind that leads to the same name, + 1 */
};

/* One alias that leads to an address. */
struct edge {
	size_t item;
	size_t next; /* + 1 */
};

/* What belongs to a number of names; grows with it. The parts are the last ones
 * in which it was so. */
struct name {
	unsigned int flags;
	uint32_t main;      /* of an alias domain; 0: it is none */
	uint32_t chosen;    /* part: its account is chosen */
	uint32_t mine;      /* part: leads to something that is chosen */
	uint32_t taken;     /* part: of a domain: a record in it goes on */
	size_t first_own;   /* + 1: the records of this name */
	size_t first_alias; /* + 1: the aliases whose address this is */
	size_t first_other; /* + 1: settings and their like of this address */
	size_t first_edge;  /* + 1: the aliases that lead here */
	size_t first_row;   /* + 1: of a domain: the rows of whole domains */
};

struct selection {
	struct intern names; /* addresses and domains, lower case */
	struct name *name;   /* by number */
	size_t cap_name;
	struct arena lines;
	struct select_item *items;
	size_t n_items, cap_items;
	uint32_t *numbers;
	size_t n_numbers, cap_numbers;
	struct edge *edges;
	size_t n_edges, cap_edges;
	uint32_t part; /* that is made, from 1 */
	size_t *taken; /* the items of this part */
	size_t n_taken, cap_taken;
	uint32_t *mine; /* the names that lead to it */
	size_t n_mine, cap_mine;
	struct buf text;
	size_t accounts, covered; /* all; those that are chosen or done */
	bool keep_rest, all;
};

#endif
