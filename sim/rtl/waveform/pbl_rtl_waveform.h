// The clocks of a window to an FST file. Part of the shim of variants with waveforms alone.
//
// A window that begins before its trigger, or with it, needs clocks that are gone when the trigger
// is seen. So a second model of the variant follows the first one, as many clocks behind as the
// window begins before its trigger: it gets what was on the pins of the first, and does the same
// again, which is checked clock by clock. It is the follower that is written to the file. A window
// behind its trigger is written from the first model.
#ifndef PBL_RTL_WAVEFORM_H
#define PBL_RTL_WAVEFORM_H

#include <sys/stat.h>

#include <cerrno>
#include <deque>
#include <memory>
#include <string>
#include <utility>

#include "Vpbit.h"
#include "Vpbit___024root.h"
#include "pbl_waveform.h"
#include "verilated.h"
#include "verilated_fst_c.h"

// Inputs of one clock, and a sum over what came out of it.
struct PinsOfClock {
  uint32_t wdata, sum;
  uint16_t awaddr, araddr, bits;

  static PinsOfClock of(const Vpbit &t) {
    PinsOfClock p{};
    p.wdata = t.s_axil_wdata;
    p.awaddr = t.s_axil_awaddr;
    p.araddr = t.s_axil_araddr;
    p.bits = static_cast<uint16_t>(
        t.rst_ni | t.s_axil_awvalid << 1 | t.s_axil_wvalid << 2 | t.s_axil_bready << 3 |
        t.s_axil_arvalid << 4 | t.s_axil_rready << 5 | t.m_axis_tready << 6 |
        t.m_axis_telemetry_tready << 7 | t.m_axis_trace_tready << 8 | t.s_axil_wstrb << 9);
    p.sum = sum_of(t);
    return p;
  }

  void apply(Vpbit *t) const {
    const auto bit = [this](int k) { return static_cast<uint8_t>(bits >> k & 1); };
    t->s_axil_wdata = wdata;
    t->s_axil_awaddr = awaddr;
    t->s_axil_araddr = araddr;
    t->rst_ni = bit(0);
    t->s_axil_awvalid = bit(1);
    t->s_axil_wvalid = bit(2);
    t->s_axil_bready = bit(3);
    t->s_axil_arvalid = bit(4);
    t->s_axil_rready = bit(5);
    t->m_axis_tready = bit(6);
    t->m_axis_telemetry_tready = bit(7);
    t->m_axis_trace_tready = bit(8);
    t->s_axil_wstrb = static_cast<uint8_t>(bits >> 9 & 0xF);
  }

  static uint32_t sum_of(const Vpbit &t) {
    uint32_t s = t.m_axis_tdata;
    s = s * 0x9E3779B1u + t.m_axis_telemetry_tdata;
    s = s * 0x9E3779B1u + t.s_axil_rdata;
    s = s * 0x9E3779B1u + (t.m_axis_tvalid | t.s_axil_rvalid << 1 | t.s_axil_bvalid << 2 |
                           t.irq_o << 3 | t.m_axis_telemetry_tvalid << 4);
    return s * 0x9E3779B1u + t.rootp->pbit_top__DOT__triggers__DOT__events_q;
  }
};

class Waveform {
 public:
  // Whether the clocks that are written may be gone when they are asked for.
  static bool needs_follower(const pbl_waveform_window &w) {
    return w.trigger != PBL_TRIGGER_START && w.from <= 0;
  }

  // lead: must stay where it is; follower: just as lead was after reset, or null.
  Waveform(const pbl_waveform_window &w, Vpbit *lead, std::unique_ptr<VerilatedContext> context,
           std::unique_ptr<Vpbit> follower)
      : window_(w),
        path_(w.path),
        lead_(lead),
        context_(std::move(context)),
        follower_(std::move(follower)) {
    record_ = {};
    delay_ = w.from < 0 ? static_cast<uint64_t>(-w.from) : 0;
    if (w.trigger == PBL_TRIGGER_START) trigger(1);
  }

  // A model's scopes are taken from the context that the thread used last, which must be its own.
  ~Waveform() {
    fst_.reset();
    if (!follower_) return;
    Verilated::threadContextp(context_.get());
    follower_.reset();
    Verilated::threadContextp(lead_->contextp());
  }

  // Around the rising edge that makes cycles() `cycle`.
  void before_edge(uint64_t cycle) {
    if (!follower_ && in_window(cycle)) write(lead_, 10 * cycle - 5);
  }
  void after_edge(uint64_t cycle) try {
    if (done_) return;
    if (!record_.triggered) watch(cycle);
    if (!follower_) {
      if (in_window(cycle)) write_edge(lead_, cycle);
    } else {
      waiting_.push_back(PinsOfClock::of(*lead_));
      if (waiting_.size() > delay_) follow(cycle - delay_);
    }
  } catch (...) {
    stop(ENOMEM);
  }

  void finish(pbl_waveform_record *record, uint64_t cycle) {
    // clocks of the window that the follower has not reached
    while (!done_ && follower_ && record_.triggered && !waiting_.empty())
      follow(cycle + 1 - waiting_.size());
    stop(0);
    *record = record_;
  }

 private:
  void trigger(uint64_t cycle) {
    record_.triggered = 1;
    record_.trigger_cycle = cycle;
    first_ = static_cast<int64_t>(cycle) + window_.from;
    end_ = static_cast<int64_t>(cycle) + window_.to;
    if (end_ <= 1) stop(0);
  }

  // The number-th time that the event begins.
  void watch(uint64_t cycle) {
    const bool now =
        lead_->rootp->pbit_top__DOT__triggers__DOT__events_q >> (window_.trigger - 1) & 1;
    if (now && !before_ && ++count_ == window_.number) trigger(cycle);
    before_ = now;
  }

  bool in_window(uint64_t cycle) const {
    const auto c = static_cast<int64_t>(cycle);
    return !done_ && record_.triggered && c >= first_ && c < end_;
  }

  void follow(uint64_t cycle) {
    const PinsOfClock p = waiting_.front();
    waiting_.pop_front();
    Vpbit *t = follower_.get();
    const bool wanted = in_window(cycle);
    p.apply(t);
    t->clk_i = 0;
    t->eval();
    if (wanted) write(t, 10 * cycle - 5);
    t->clk_i = 1;
    t->eval();
    if (PinsOfClock::sum_of(*t) != p.sum) return stop(-1);
    if (wanted) write_edge(t, cycle);
  }

  void write_edge(Vpbit *t, uint64_t cycle) {
    write(t, 10 * cycle);
    if (record_.n_cycles++ == 0) record_.first_cycle = cycle;
    if (static_cast<int64_t>(cycle) + 1 == end_) stop(0);
  }

  void write(Vpbit *t, uint64_t time) {
    if (!fst_) {
      fst_ = std::make_unique<VerilatedFstC>();
      t->trace(fst_.get(), 99);
      errno = 0;
      fst_->open(path_.c_str());
      if (!fst_->isOpen()) return stop(errno ? errno : EIO);
    }
    time_ = time;
    fst_->dump(time);
  }

  void stop(int error) {
    if (done_) return;
    done_ = true;
    record_.error = error;
    if (fst_ && fst_->isOpen()) {
      fst_->dump(time_ + 4);  // so that the last clock has a width
      fst_->close();
    }
    waiting_.clear();
    struct stat st;
    if (record_.n_cycles > 0 && stat(path_.c_str(), &st) == 0)
      record_.file_bytes = static_cast<uint64_t>(st.st_size);
  }

  pbl_waveform_window window_;
  std::string path_;
  Vpbit *lead_;
  std::unique_ptr<VerilatedContext> context_;
  std::unique_ptr<Vpbit> follower_;
  std::unique_ptr<VerilatedFstC> fst_;
  std::deque<PinsOfClock> waiting_;  // clocks that the follower has before it
  uint64_t delay_ = 0, count_ = 0, time_ = 0;
  int64_t first_ = 0, end_ = 0;  // clocks of the window
  bool before_ = false, done_ = false;
  pbl_waveform_record record_{};
};

#endif
