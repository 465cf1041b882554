/* The shared secret of server and client: HMAC-SHA-256 over both nonces, by libsodium, which is
 * optional. Internal to sim/hil. */
#ifndef HIL_SECRET_H
#define HIL_SECRET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "pbl_error.h"
#include "pbl_hil_frame.h"

#define HIL_SECRET_MIN 16
#define HIL_SECRET_MAX 1024

typedef struct {
  uint8_t bytes[HIL_SECRET_MAX];
  size_t n; /* 0: none */
} hil_secret;

/* The whole file. CONFIG when it is not a regular file, belongs to another user, can be read by
 * others, has fewer than 16 or more than 1024 bytes, or when the program was built without
 * libsodium. */
pbl_status hil_secret_load(hil_secret *out, const char *path, pbl_error *err);
void hil_secret_wipe(hil_secret *s);
bool hil_secret_available(void); /* built with libsodium */

/* Random bytes; zeros without libsodium, where no secret can be loaded anyway. */
void hil_secret_nonce(uint8_t nonce[PBL_HIL_NONCE_BYTES]);
/* role: "client" or "server", so that neither proof can be sent back as the other. */
void hil_secret_mac(uint8_t mac[PBL_HIL_MAC_BYTES], const hil_secret *s, const char *role,
                    const uint8_t client_nonce[PBL_HIL_NONCE_BYTES],
                    const uint8_t server_nonce[PBL_HIL_NONCE_BYTES]);
/* In a time that does not depend on where they differ. */
bool hil_secret_equal(const uint8_t a[PBL_HIL_MAC_BYTES], const uint8_t b[PBL_HIL_MAC_BYTES]);

#endif
