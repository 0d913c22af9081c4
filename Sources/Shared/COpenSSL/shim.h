#pragma once

// OpenSSL 3 from Debian. Macros that Swift cannot import are wrapped here.

#include <openssl/bio.h>
#include <openssl/decoder.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

static const uint64_t atoll_tls_no_compression = SSL_OP_NO_COMPRESSION;
static const uint64_t atoll_tls_no_renegotiation = SSL_OP_NO_RENEGOTIATION;
static const uint64_t atoll_tls_no_ssl3 = SSL_OP_NO_SSLv3;
static const uint64_t atoll_tls_no_tls10 = SSL_OP_NO_TLSv1;
static const uint64_t atoll_tls_no_tls11 = SSL_OP_NO_TLSv1_1;
static const uint64_t atoll_tls_no_tls12 = SSL_OP_NO_TLSv1_2;
static const uint64_t atoll_tls_no_tls13 = SSL_OP_NO_TLSv1_3;
static const uint64_t atoll_tls_prefer_server_ciphers = SSL_OP_CIPHER_SERVER_PREFERENCE;

/// How every context of ours behaves: writes may stop in the middle and go on from another address, and idle
/// connections hold no record buffers.
static inline void atoll_tls_set_modes(SSL_CTX *context) {
    SSL_CTX_set_mode(context, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
                                  SSL_MODE_RELEASE_BUFFERS);
}

static inline void atoll_tls_set_session_cache(SSL_CTX *context, long mode, long size, long timeout_seconds) {
    SSL_CTX_set_session_cache_mode(context, mode);
    SSL_CTX_sess_set_cache_size(context, size);
    SSL_CTX_set_timeout(context, timeout_seconds);
}

static inline void atoll_tls_set_client_session_cache(SSL_CTX *context) {
    SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
}

static inline void atoll_tls_set_automatic_dh(SSL_CTX *context) {
    SSL_CTX_set_dh_auto(context, 1);
}

/// Groups for key exchange in OpenSSL's notation, the best first; 1 if it takes them.
static inline long atoll_tls_set_groups(SSL_CTX *context, const char *groups) {
    return SSL_CTX_set1_groups_list(context, groups);
}

/// The group that keys were exchanged in; empty before the handshake, and where there was none.
static inline const char *atoll_tls_group_name(SSL *session) {
    long group = SSL_get_negotiated_group(session);
    const char *name = group > 0 ? SSL_group_to_name(session, (int)group) : NULL;
    return name == NULL ? "" : name;
}

static inline void atoll_tls_set_server_name_callback(SSL_CTX *context, int (*callback)(SSL *, int *, void *),
                                                      void *argument) {
    SSL_CTX_set_tlsext_servername_callback(context, callback);
    SSL_CTX_set_tlsext_servername_arg(context, argument);
}

static inline long atoll_tls_set_server_name(SSL *session, const char *name) {
    return SSL_set_tlsext_host_name(session, name);
}

/// Takes over the keys that session tickets are sealed with, so that they survive a change of context.
static inline void atoll_tls_copy_ticket_keys(SSL_CTX *from, SSL_CTX *to) {
    unsigned char keys[256];
    long count = SSL_CTX_get_tlsext_ticket_keys(from, NULL, 0);
    if (count <= 0 || count > (long)sizeof keys) { return; }
    if (SSL_CTX_get_tlsext_ticket_keys(from, keys, count) == 1) { SSL_CTX_set_tlsext_ticket_keys(to, keys, count); }
    OPENSSL_cleanse(keys, sizeof keys);
}

static inline void atoll_bio_set_retry_read(BIO *bio) {
    BIO_set_retry_read(bio);
}

static inline void atoll_bio_clear_retry(BIO *bio) {
    BIO_clear_retry_flags(bio);
}

/// The parameters for Diffie-Hellman in a PEM file; NULL if they cannot be had.
static inline EVP_PKEY *atoll_tls_read_dh_parameters(const char *path) {
    EVP_PKEY *key = NULL;
    BIO *file = BIO_new_file(path, "r");
    if (file == NULL) { return NULL; }
    OSSL_DECODER_CTX *decoder =
        OSSL_DECODER_CTX_new_for_pkey(&key, "PEM", NULL, "DH", OSSL_KEYMGMT_SELECT_DOMAIN_PARAMETERS, NULL, NULL);
    if (decoder != NULL && !OSSL_DECODER_from_bio(decoder, file)) { key = NULL; }
    OSSL_DECODER_CTX_free(decoder);
    BIO_free(file);
    return key;
}
