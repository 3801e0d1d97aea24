/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

#include "core/digest.h"

#include <openssl/evp.h>
#include <openssl/provider.h>
#include <pthread.h>
#include <strings.h>

#include "core/alloc.h"

/* Looked up once: a lookup costs more than the digest of a short text. */
static EVP_MD *sha256;
static pthread_once_t fetch_once = PTHREAD_ONCE_INIT;

static void
fetch(void)
{
	sha256 = EVP_MD_fetch(NULL, "SHA256", NULL);
}

/* OpenSSL fails here only for want of memory: every libcrypto has SHA-256. */
static void
must(int ok)
{
	if (ok != 1)
		out_of_memory();
}

void
digest_start(struct digest *d)
{
	(void)pthread_once(&fetch_once, fetch);
	if (d->state == NULL)
		d->state = EVP_MD_CTX_new();
	must(d->state != NULL && sha256 != NULL);
	must(EVP_DigestInit_ex2(d->state, sha256, NULL));
}

void
digest_add(struct digest *d, const void *p, size_t len)
{
	must(EVP_DigestUpdate(d->state, p, len));
}

void
digest_end(struct digest *d, unsigned char out[SHA256_LEN])
{
	must(EVP_DigestFinal_ex(d->state, out, NULL));
}

void
digest_free(struct digest *d)
{
	EVP_MD_CTX_free(d->state);
	d->state = NULL;
}

void
digest_of(const void *p, size_t len, unsigned char out[SHA256_LEN])
{
	struct digest d = { 0 };

	digest_start(&d);
	digest_add(&d, p, len);
	digest_end(&d, out);
	digest_free(&d);
}

_Static_assert(DIGEST_MAX >= EVP_MAX_MD_SIZE, "room for any digest");

static pthread_once_t legacy_once = PTHREAD_ONCE_INIT;
static OSSL_PROVIDER *legacy, *normal; /* until the end of the program */

/* With any provider loaded by name, the default one is not loaded by itself. */
static void
load_legacy(void)
{
	legacy = OSSL_PROVIDER_load(NULL, "legacy");
	normal = OSSL_PROVIDER_load(NULL, "default");
}

size_t
digest_named(
    const char *name, const void *p, size_t len, unsigned char out[DIGEST_MAX])
{
	unsigned int size = 0;
	EVP_MD *md;

	if (strcasecmp(name, "MD4") == 0) {
		(void)pthread_once(&legacy_once, load_legacy);
		if (legacy == NULL || normal == NULL)
			return 0;
	}
	md = EVP_MD_fetch(NULL, name, NULL);
	if (md != NULL)
		must(EVP_Digest(p, len, out, &size, md, NULL));
	EVP_MD_free(md);
	return size;
}
