// Verilator's streams of a model's state, to a function and from memory. Only in variants that were
// compiled for snapshots (--savable). Part of pbl_rtl_shim.cpp.
#ifndef PBL_RTL_STATE_H
#define PBL_RTL_STATE_H

#include <cstring>
#include <stdexcept>

#include "verilated_save.h"

namespace {

using Take = int (*)(void *user, const void *bytes, size_t n);

class Save final : public VerilatedSerialize {
 public:
  Save(Take take, void *user) : take_(take), user_(user) { m_isOpen = true; }
  void flush() override {
    if (!result_) result_ = take_(user_, m_bufp, static_cast<size_t>(m_cp - m_bufp));
    m_cp = m_bufp;
  }
  int result() {
    flush();
    return result_;
  }

 private:
  Take take_;
  void *user_;
  int result_ = 0;
};

// The stream asks for more than it takes: behind the end there are zeros for it.
class Restore final : public VerilatedDeserialize {
 public:
  Restore(const uint8_t *bytes, size_t n) : bytes_(bytes), left_(n) {
    m_isOpen = true;
    m_endp = m_bufp;
  }
  void fill() override {
    if (m_cp > m_endp || (left_ == 0 && m_cp == m_endp)) throw std::length_error("state");
    const size_t held = static_cast<size_t>(m_endp - m_cp);
    std::memmove(m_bufp, m_cp, held);
    const size_t room = bufferSize() - held, n = left_ < room ? left_ : room;
    std::memcpy(m_bufp + held, bytes_, n);
    std::memset(m_bufp + held + n, 0, room - n);
    bytes_ += n;
    left_ -= n;
    m_cp = m_bufp;
    m_endp = m_bufp + held + n;
  }
  bool at_end() const { return left_ == 0 && m_cp == m_endp; }

 private:
  const uint8_t *bytes_;
  size_t left_;
};

}  // namespace

#endif
