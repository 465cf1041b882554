/* In place of hil_secret.c in a program that was built without libsodium. */
#include <string.h>

#include "hil_secret.h"

pbl_status hil_secret_load(hil_secret *out, const char *path, pbl_error *err) {
  out->n = 0;
  return pbl_fail(err, PBL_CONFIG,
                  "secret: %s cannot be used: this program was built without libsodium; install "
                  "libsodium-dev and build again",
                  path);
}

void hil_secret_wipe(hil_secret *s) {
  memset(s, 0, sizeof *s);
}

bool hil_secret_available(void) {
  return false;
}

void hil_secret_nonce(uint8_t nonce[PBL_HIL_NONCE_BYTES]) {
  memset(nonce, 0, PBL_HIL_NONCE_BYTES);
}

/* Never reached: there is no secret. */
void hil_secret_mac(uint8_t mac[PBL_HIL_MAC_BYTES], const hil_secret *s, const char *role,
                    const uint8_t client_nonce[PBL_HIL_NONCE_BYTES],
                    const uint8_t server_nonce[PBL_HIL_NONCE_BYTES]) {
  (void)s, (void)role, (void)client_nonce, (void)server_nonce;
  memset(mac, 0, PBL_HIL_MAC_BYTES);
}

bool hil_secret_equal(const uint8_t a[PBL_HIL_MAC_BYTES], const uint8_t b[PBL_HIL_MAC_BYTES]) {
  (void)a, (void)b;
  return false;
}
