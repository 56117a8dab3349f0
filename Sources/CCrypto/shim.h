// SHA-256 in one call looks its implementation up anew each time, behind a lock; the calls that don't are deprecated.
#define OPENSSL_SUPPRESS_DEPRECATED
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <openssl/sha.h>
