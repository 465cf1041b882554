#include "hil_secret.h"

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static pbl_status check_file(const struct stat *s, const char *path, pbl_error *err) {
  if (!S_ISREG(s->st_mode))
    return pbl_fail(err, PBL_CONFIG, "secret: %s is not a regular file", path);
  if (s->st_uid != geteuid() && s->st_uid != 0)
    return pbl_fail(err, PBL_CONFIG, "secret: %s belongs to another user (uid %u)", path,
                    (unsigned)s->st_uid);
  if (s->st_mode & 077)
    return pbl_fail(err, PBL_CONFIG,
                    "secret: %s can be used by others (mode %03o); run chmod 600 %s", path,
                    (unsigned)(s->st_mode & 0777), path);
  if (s->st_size < HIL_SECRET_MIN || s->st_size > HIL_SECRET_MAX)
    return pbl_fail(err, PBL_CONFIG, "secret: %s has %lld bytes, %d to %d are asked for", path,
                    (long long)s->st_size, HIL_SECRET_MIN, HIL_SECRET_MAX);
  return PBL_OK;
}

pbl_status hil_secret_load(hil_secret *out, const char *path, pbl_error *err) {
  struct stat s;
  out->n = 0;
  if (sodium_init() < 0) return pbl_fail(err, PBL_CONFIG, "secret: libsodium does not start");
  const int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (fd < 0 || fstat(fd, &s) != 0) {
    const int e = errno;
    if (fd >= 0) close(fd);
    return pbl_fail(err, PBL_CONFIG, "secret: cannot read %s: %s", path, strerror(e));
  }
  pbl_status st = check_file(&s, path, err);
  const ssize_t n = st ? 0 : read(fd, out->bytes, sizeof out->bytes);
  close(fd);
  if (st) return st;
  if (n < HIL_SECRET_MIN) return pbl_fail(err, PBL_CONFIG, "secret: cannot read %s", path);
  out->n = (size_t)n;
  return PBL_OK;
}

void hil_secret_wipe(hil_secret *s) {
  sodium_memzero(s, sizeof *s);
}

bool hil_secret_available(void) {
  return true;
}

void hil_secret_nonce(uint8_t nonce[PBL_HIL_NONCE_BYTES]) {
  randombytes_buf(nonce, PBL_HIL_NONCE_BYTES);
}

void hil_secret_mac(uint8_t mac[PBL_HIL_MAC_BYTES], const hil_secret *s, const char *role,
                    const uint8_t client_nonce[PBL_HIL_NONCE_BYTES],
                    const uint8_t server_nonce[PBL_HIL_NONCE_BYTES]) {
  static const char domain[] = "pbitloop hil 1 ";
  crypto_auth_hmacsha256_state state;
  crypto_auth_hmacsha256_init(&state, s->bytes, s->n);
  crypto_auth_hmacsha256_update(&state, (const unsigned char *)domain, sizeof domain - 1);
  crypto_auth_hmacsha256_update(&state, (const unsigned char *)role, strlen(role));
  crypto_auth_hmacsha256_update(&state, client_nonce, PBL_HIL_NONCE_BYTES);
  crypto_auth_hmacsha256_update(&state, server_nonce, PBL_HIL_NONCE_BYTES);
  crypto_auth_hmacsha256_final(&state, mac);
  sodium_memzero(&state, sizeof state);
}

bool hil_secret_equal(const uint8_t a[PBL_HIL_MAC_BYTES], const uint8_t b[PBL_HIL_MAC_BYTES]) {
  return sodium_memcmp(a, b, PBL_HIL_MAC_BYTES) == 0;
}
