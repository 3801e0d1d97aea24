/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/*
 * Objects travel in jobs: some of the objects of one operation, and the request
 * that they wait for. Several jobs are under way at a time, each a small machine
 * with states (enum stage); operation.c fills them, job.c moves them.
 */
#ifndef FERRY_APPLY_JOB_H
#define FERRY_APPLY_JOB_H

#include "apply/entry.h"
#include "jmap/fetch.h"

enum stage {
	STAGE_CREATE,
	STAGE_FIND,  /* asks by name what exists (dry run) */
	STAGE_FETCH, /* reads what exists */
	STAGE_UPDATE
};

struct apply_job {
	struct apply_op *op;
	struct apply_entry *entries;
	size_t n, cap;
	size_t bytes; /* of the bodies */
	size_t max;   /* objects in a request */
	size_t sent;  /* objects in the last one */
	enum stage stage;
	int tries;
	struct jmap_request request;
	struct fetch fetch;
	struct apply_job *next;
};

struct apply;

struct apply_job *job_new(struct apply_op *op); /* takes a reference */
/* Room for one object more; zeroed, owned by the job. */
struct apply_entry *job_entry(struct apply_job *job);
/* Gives a job up that was not put into the queue; nothing of it is reported. */
void job_abandon(struct apply_job *job);
/* Puts a job into the queue, and waits until there is room for the next. */
void job_submit(struct apply *a, struct apply_job *job);
/* Waits until all jobs are done. */
void job_drain(struct apply *a);

/* What is to be done about a request that failed. */
enum remedy {
	REMEDY_WAIT,  /* it is sent again by itself */
	REMEDY_HALVE, /* send less at a time */
	REMEDY_FAIL,  /* the one object that was in it has failed */
	REMEDY_STOP   /* the run ends */
};

#endif
