/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/*
 * Signing keys: which the server takes, the public key that it shows, those that
 * it makes for a domain by itself, and the zone that it wants. As recorded.
 */
#include "standin/stalwart.h"

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"
#include "core/str.h"

static const char HOST[] = "mail.real.test";

static const char *
text(const json_t *v, const char *member)
{
	return json_string_value(json_object_get(v, member));
}

static bool
is_rsa(const json_t *signature)
{
	const char *type = text(signature, "@type");

	return type != NULL && strstr(type, "Rsa") != NULL;
}

/* The key of a signature; NULL if it is not of the type that the signature
 * says. */
static EVP_PKEY *
key_of(const json_t *signature)
{
	const char *pem =
	    text(json_object_get(signature, "privateKey"), "secret");
	BIO *bio = pem == NULL ? NULL : BIO_new_mem_buf(pem, -1);
	EVP_PKEY *key =
	    bio == NULL ? NULL : PEM_read_bio_PrivateKey(bio, NULL, NULL, NULL);
	int wanted = is_rsa(signature) ? EVP_PKEY_RSA : EVP_PKEY_ED25519;

	BIO_free(bio);
	if (key != NULL && EVP_PKEY_base_id(key) != wanted) {
		EVP_PKEY_free(key);
		key = NULL;
	}
	return key;
}

/* As it stands in the zone: of RSA the whole SubjectPublicKeyInfo, of Ed25519
 * the 32 bytes. Base64; the caller's to free. */
static char *
public_key(const json_t *signature)
{
	EVP_PKEY *key = key_of(signature);
	unsigned char raw[64], *der = NULL;
	size_t len = sizeof raw;
	char *out;
	int n;

	if (key == NULL)
		return xstrdup("");
	if (is_rsa(signature)) {
		n = i2d_PUBKEY(key, &der);
	} else {
		(void)EVP_PKEY_get_raw_public_key(key, raw, &len);
		n = (int)len;
	}
	out = xcalloc(1, (size_t)n * 2 + 8);
	(void)EVP_EncodeBlock((unsigned char *)out, der == NULL ? raw : der, n);
	OPENSSL_free(der);
	EVP_PKEY_free(key);
	return out;
}

json_t *
dkim_check(const json_t *signature)
{
	EVP_PKEY *key = key_of(signature);
	char why[256];

	if (key != NULL) {
		EVP_PKEY_free(key);
		return NULL;
	}
	(void)snprintf(why, sizeof why,
	    "Failed to validate DKIM signature: DKIM build error "
	    "(dkim.build-error): reason = Cryptography layer error: %s, "
	    "details = Failed to build %s key",
	    is_rsa(signature) ? "UnexpectedError" : "InvalidEncoding",
	    is_rsa(signature) ? "RSA" : "ED25519");
	return set_error("invalidProperties", why, NULL);
}

void
dkim_show(json_t *signature)
{
	char *key = public_key(signature);

	(void)json_object_set_new(signature, "publicKey", json_string(key));
	(void)json_object_set_new(
	    signature, "createdAt", json_string("2026-11-28T15:32:55Z"));
	free(key);
}

/* --- the server's own keys --- */

static char *
new_key(bool rsa)
{
	static size_t made;
	EVP_PKEY *key =
	    rsa ? rsa_key(made++) : EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
	BIO *bio = BIO_new(BIO_s_mem());
	char *data = NULL, *pem;
	long len;

	(void)PEM_write_bio_PKCS8PrivateKey(
	    bio, key, NULL, NULL, 0, NULL, NULL);
	len = BIO_get_mem_data(bio, &data);
	pem = xmemdup(data, (size_t)len);
	BIO_free(bio);
	EVP_PKEY_free(key);
	return pem;
}

static void
make_key(enum type t, const char *domain, bool rsa)
{
	char *pem = new_key(rsa);
	json_t *ids = json_object(), *error = NULL, *value,
	       *body = json_pack("{s:s, s:s, s:s, s:{s:s, s:s}}", "@type",
		   rsa ? "Dkim1RsaSha256" : "Dkim1Ed25519Sha256", "domainId",
		   domain, "selector",
		   rsa ? "v1-rsa-20261128" : "v1-ed25519-20261128",
		   "privateKey", "@type", "Text", "secret", pem);

	value = generic_create(t, body, ids, &error);
	if (value != NULL)
		(void)object_store(NULL, t, value, &error);
	json_decref(value);
	json_decref(error);
	json_decref(body);
	json_decref(ids);
	free(pem);
}

/* A real server does so within two seconds; here it is done when somebody
 * looks. */
void
dkim_make_keys(enum type t)
{
	struct object *o;
	size_t at = 0;

	while ((o = object_next(TYPE_DOMAIN, &at)) != NULL) {
		const char *how =
		    text(json_object_get(o->value, "dkimManagement"), "@type");

		if (o->has_keys || how == NULL || strcmp(how, "Automatic") != 0)
			continue;
		o->has_keys = true;
		make_key(t, o->id, true);
		make_key(t, o->id, false);
	}
}

/* --- the zone --- */

/* A text of DNS in strings of at most 255 bytes. */
static void
put_text(struct buf *out, const char *s)
{
	size_t len = strlen(s);

	if (len <= 255) {
		buf_addf(out, "\"%s\"\n", s);
		return;
	}
	buf_adds(out, "(\n");
	for (size_t at = 0; at < len; at += 255)
		buf_addf(out, "    \"%.255s\"\n", s + at);
	buf_adds(out, ")\n");
}

static void
put_key(struct buf *out, const char *domain, const json_t *signature)
{
	char *key = public_key(signature), *record;

	record = xasprintf("v=DKIM1; k=%s; h=sha256; p=%s",
	    is_rsa(signature) ? "rsa" : "ed25519", key);
	buf_addf(out, "%s._domainkey.%s. IN TXT ", text(signature, "selector"),
	    domain);
	put_text(out, record);
	free(record);
	free(key);
}

/* Services that are found by SRV records, and their ports. */
static const struct {
	const char *name;
	int port;
} services[] = { { "caldavs", 443 }, { "carddavs", 443 }, { "imaps", 993 },
	{ "jmap", 443 }, { "pop3s", 995 }, { "submissions", 465 } };

char *
dkim_zone(const struct object *o)
{
	int t = generic_type("DkimSignature");
	const char *domain = text(o->value, "name");
	struct buf b = { 0 };
	const struct object *k;
	size_t at = 0;

	if (t != -1)
		dkim_make_keys((enum type)t);
	while (t != -1 && (k = object_next((enum type)t, &at)) != NULL)
		if (strcmp(text(k->value, "domainId"), o->id) == 0)
			put_key(&b, domain, k->value);
	buf_addf(&b, "%s. IN TXT \"v=spf1 mx -all\"\n", domain);
	buf_addf(&b, "%s. IN MX 10 %s.\n", domain, HOST);
	buf_addf(&b,
	    "_dmarc.%s. IN TXT \"v=DMARC1; p=reject; "
	    "rua=mailto:postmaster@%s\"\n",
	    domain, domain);
	for (size_t i = 0; i < sizeof services / sizeof *services; i++)
		buf_addf(&b, "_%s._tcp.%s. IN SRV 0 1 %d %s.\n",
		    services[i].name, domain, services[i].port, HOST);
	buf_addf(&b, "mta-sts.%s. IN CNAME %s.\n", domain, HOST);
	buf_addf(&b, "_mta-sts.%s. IN TXT \"v=STSv1; id=1\"\n", domain);
	buf_addf(&b,
	    "_smtp._tls.%s. IN TXT \"v=TLSRPTv1; "
	    "rua=mailto:postmaster@%s\"\n",
	    domain, domain);
	buf_addf(&b, "ua-auto-config.%s. IN CNAME %s.\n", domain, HOST);
	buf_addf(&b, "_ua-auto-config.%s. IN TXT \"v=UAAC1; a=sha256; d=x\"\n",
	    domain);
	buf_addf(&b, "autoconfig.%s. IN CNAME %s.\n", domain, HOST);
	buf_addf(&b, "autodiscover.%s. IN CNAME %s.\n", domain, HOST);
	return b.data;
}
