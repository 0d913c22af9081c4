#pragma once

// OpenSSL 3 from Debian. Macros that Swift cannot import are wrapped here.

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
