/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

#include "secret/signkey.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <string.h>

#include "core/base64.h"

const char *const sign_algorithm_words[] = {
	[SIGN_RSA_SHA256] = "rsa-sha256",
	[SIGN_ED25519_SHA256] = "ed25519-sha256",
};

enum {
	RSA_BITS_MIN = 1024,
	RSA_BITS_MAX = 8192,
	SEED_LEN = 32, /* of Ed25519: RFC 8032, 5.1.5 */
	LABEL_MAX = 63 /* RFC 1035, 2.3.4 */
};

/* --- reading --- */

/* Nobody is asked for a passphrase. */
static int
no_passphrase(char *to, int size, int writing, void *arg)
{
	(void)to;
	(void)size;
	(void)writing;
	(void)arg;
	return -1;
}

static const char *
why_not_pem(const char *text)
{
	if (strstr(text, "ENCRYPTED") != NULL)
		return "the key is encrypted with a passphrase: decrypt it "
		       "first (openssl pkey)";
	if (strstr(text, "PRIVATE KEY-----") == NULL)
		return "this is not a private key";
	return "the private key cannot be read: it is damaged, or not whole";
}

static EVP_PKEY *
read_pem(const char *text, size_t len, struct why *why)
{
	BIO *in = BIO_new_mem_buf(text, (int)len);
	EVP_PKEY *key = NULL;

	if (in != NULL)
		key = PEM_read_bio_PrivateKey(in, NULL, no_passphrase, NULL);
	BIO_free(in);
	if (key == NULL)
		why_set(why, FAIL_DATA, "%s", why_not_pem(text));
	return key;
}

/* A seed and the public key that belongs to it; the seed alone where there is
 * no more. */
static EVP_PKEY *
read_seed(const unsigned char *raw, size_t len)
{
	EVP_PKEY *key =
	    EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, raw, SEED_LEN);
	unsigned char public[SEED_LEN];
	size_t n = sizeof public;

	if (key != NULL && len == 2 * SEED_LEN &&
	    (EVP_PKEY_get_raw_public_key(key, public, &n) != 1 ||
		memcmp(public, raw + SEED_LEN, SEED_LEN) != 0)) {
		EVP_PKEY_free(key);
		return NULL;
	}
	return key;
}

/* base64, however it is broken into lines. */
static EVP_PKEY *
read_base64(const char *text, size_t len, struct why *why)
{
	struct buf packed = { 0 }, raw = { 0 };
	const unsigned char *at;
	EVP_PKEY *key = NULL;

	for (size_t i = 0; i < len; i++)
		if (strchr(" \t\r\n", text[i]) == NULL)
			buf_addc(&packed, text[i]);
	if (packed.len > 0 &&
	    base64_decode(packed.data, packed.len, "+/", &raw)) {
		at = (const unsigned char *)raw.data;
		key = raw.len == SEED_LEN || raw.len == 2 * SEED_LEN
			  ? read_seed(at, raw.len)
			  : d2i_AutoPrivateKey(NULL, &at, (long)raw.len);
	}
	buf_wipe(&packed);
	buf_wipe(&raw);
	if (key == NULL)
		why_set(why, FAIL_DATA, "this is not a private key");
	return key;
}

/* --- sense --- */

static int
judge_kind(struct signkey *k, EVP_PKEY *key, struct why *why)
{
	k->bits = EVP_PKEY_get_bits(key);
	switch (EVP_PKEY_get_base_id(key)) {
	case EVP_PKEY_ED25519:
		k->algorithm = SIGN_ED25519_SHA256;
		return 0;
	case EVP_PKEY_RSA:
		k->algorithm = SIGN_RSA_SHA256;
		break;
	default:
		return why_set(why, FAIL_DATA,
		    "a key of a kind that DKIM does not have: RSA and Ed25519 "
		    "are (RFC 8301, RFC 8463)");
	}
	if (k->bits < RSA_BITS_MIN)
		return why_set(why, FAIL_DATA,
		    "an RSA key of %d bits: verifiers ignore what is signed "
		    "with less than %d (RFC 8301, 3.2)",
		    k->bits, RSA_BITS_MIN);
	if (k->bits > RSA_BITS_MAX)
		return why_set(why, FAIL_DATA,
		    "an RSA key of %d bits: more than %d are not usable",
		    k->bits, RSA_BITS_MAX);
	return 0;
}

/* The public part, as DER of SubjectPublicKeyInfo (RFC 6376, 3.6.1), or the
 * bytes alone (RFC 8463, 4). */
static int
public_part(const struct signkey *k, EVP_PKEY *key, struct buf *out)
{
	unsigned char raw[SEED_LEN], *der = NULL;
	size_t n = sizeof raw;
	int len;

	if (k->algorithm == SIGN_ED25519_SHA256) {
		if (EVP_PKEY_get_raw_public_key(key, raw, &n) != 1)
			return -1;
		buf_add(out, raw, n);
		return 0;
	}
	len = i2d_PUBKEY(key, &der);
	if (len > 0)
		buf_add(out, der, (size_t)len);
	OPENSSL_free(der);
	return len > 0 ? 0 : -1;
}

static EVP_PKEY *
public_key(const struct signkey *k, const struct buf *part)
{
	const unsigned char *at = (const unsigned char *)part->data;

	if (k->algorithm == SIGN_ED25519_SHA256)
		return EVP_PKEY_new_raw_public_key(
		    EVP_PKEY_ED25519, NULL, at, part->len);
	return d2i_PUBKEY(NULL, &at, (long)part->len);
}

/* Signs a text, and verifies that with the public part alone. */
static bool
belong_together(const struct signkey *k, EVP_PKEY *key, const struct buf *part)
{
	static const unsigned char text[] = "any text";
	const EVP_MD *md =
	    k->algorithm == SIGN_RSA_SHA256 ? EVP_sha256() : NULL;
	EVP_PKEY *public = public_key(k, part);
	EVP_MD_CTX *sign = EVP_MD_CTX_new(), *verify = EVP_MD_CTX_new();
	unsigned char signature[RSA_BITS_MAX / 8];
	size_t len = sizeof signature;
	bool good =
	    public != NULL && sign != NULL && verify != NULL &&
	    EVP_DigestSignInit(sign, NULL, md, NULL, key) == 1 &&
	    EVP_DigestSign(sign, signature, &len, text, sizeof text) == 1 &&
	    EVP_DigestVerifyInit(verify, NULL, md, NULL, public) == 1 &&
	    EVP_DigestVerify(verify, signature, len, text, sizeof text) == 1;

	EVP_MD_CTX_free(sign);
	EVP_MD_CTX_free(verify);
	EVP_PKEY_free(public);
	return good;
}

/* --- writing --- */

static int
write_pem(EVP_PKEY *key, struct buf *out)
{
	/* What is freed is overwritten: BUF_MEM_free(3). */
	BIO *to = BIO_new(BIO_s_secmem());
	char *data;
	long len = 0;

	if (to != NULL &&
	    PEM_write_bio_PrivateKey(to, key, NULL, NULL, 0, NULL, NULL) == 1) {
		len = BIO_get_mem_data(to, &data);
		if (len > 0)
			buf_add(out, data, (size_t)len);
	}
	BIO_free(to);
	return len > 0 ? 0 : -1;
}

/* What the verifiers look up (RFC 6376, 3.6.1). */
static void
write_dns(struct signkey *k, const struct buf *part)
{
	buf_addf(&k->dns, "v=DKIM1; k=%s; p=",
	    k->algorithm == SIGN_RSA_SHA256 ? "rsa" : "ed25519");
	base64_encode(part->data, part->len, true, &k->dns);
}

static int
take_key(struct signkey *k, EVP_PKEY *key, struct why *why)
{
	struct buf part = { 0 };
	int r = judge_kind(k, key, why);

	if (r == 0 && (public_part(k, key, &part) == -1 ||
			  !belong_together(k, key, &part)))
		r = why_set(why, FAIL_DATA,
		    "what this key signs does not verify: it is damaged");
	if (r == 0 && write_pem(key, &k->pem) == -1)
		r = why_set(why, FAIL_DATA, "the key cannot be written");
	if (r == 0)
		write_dns(k, &part);
	buf_free(&part);
	return r;
}

int
signkey_read(struct signkey *k, const char *text, size_t len, struct why *why)
{
	struct buf copy = { 0 };
	EVP_PKEY *key = NULL;
	int r = -1;

	*k = (struct signkey){ 0 };
	if (len > SIGNKEY_FILE_MAX)
		return why_set(why, FAIL_DATA, "%zu bytes are not a key", len);
	buf_add(&copy, text, len);
	if (memchr(buf_str(&copy), '\0', copy.len) != NULL)
		why_set(why, FAIL_DATA, "this is not a private key");
	else if (strstr(buf_str(&copy), "-----BEGIN ") != NULL)
		key = read_pem(copy.data, copy.len, why);
	else
		key = read_base64(buf_str(&copy), copy.len, why);
	if (key != NULL)
		r = take_key(k, key, why);
	EVP_PKEY_free(key);
	ERR_clear_error();
	buf_wipe(&copy);
	return r;
}

void
signkey_free(struct signkey *k)
{
	buf_wipe(&k->pem);
	buf_free(&k->dns);
	*k = (struct signkey){ 0 };
}

/* Letters, digits and "-" inside; "_" is not allowed, but in use. */
static bool
is_label(const char *s, size_t len)
{
	if (len == 0 || len > LABEL_MAX || s[0] == '-' || s[len - 1] == '-')
		return false;
	for (size_t i = 0; i < len; i++)
		if (!((s[i] >= 'a' && s[i] <= 'z') ||
			(s[i] >= 'A' && s[i] <= 'Z') ||
			(s[i] >= '0' && s[i] <= '9') || s[i] == '-' ||
			s[i] == '_'))
			return false;
	return true;
}

bool
signkey_selector(const char *selector)
{
	size_t len;

	for (;;) {
		len = strcspn(selector, ".");
		if (!is_label(selector, len))
			return false;
		if (selector[len] == '\0')
			return true;
		selector += len + 1;
	}
}
