// A Verilated pbit_top behind the C interface of pbl_rtl_api.h. Compiled together with the model
// into one shared object per hardware variant. Exceptions end here.
#include <memory>
#include <new>
#include <vector>

#include "Vpbit.h"
#include "pbl_regs.h"
#include "pbl_rtl_api.h"
#include "pbl_rtl_clock.h"
#include "verilated.h"
#ifdef PBL_SAVABLE
#include "pbl_rtl_state.h"
#endif
#ifdef PBL_WAVEFORM
#include "pbl_rtl_waveform.h"
#endif

double sc_time_stamp() {
  return 0;
}

namespace {

constexpr size_t kBufferWords = size_t{1} << 20;
constexpr unsigned kBusLimit = 1000;  // clocks until a bus access counts as lost

// The receiver of one stream: words that have arrived and not been read yet.
struct Receiver {
  std::vector<uint32_t> words;
  std::vector<uint8_t> last;
  size_t head = 0;
  unsigned permille = 1000;
  uint64_t throttle_state = 1;

  bool full() const { return words.size() - head >= kBufferWords; }

  // xorshift64*: decides on which clocks a throttled receiver is ready
  bool ready() {
    if (full()) return false;
    if (permille >= 1000) return true;
    throttle_state ^= throttle_state >> 12;
    throttle_state ^= throttle_state << 25;
    throttle_state ^= throttle_state >> 27;
    return ((throttle_state * 0x2545F4914F6CDD1Dull) >> 40) % 1000 < permille;
  }

  void take(uint32_t word, uint8_t is_last) {
    words.push_back(word);
    last.push_back(is_last);
  }

  void clear() {
    words.clear();
    last.clear();
    head = 0;
  }

  void throttle(unsigned new_permille, uint64_t seed) {
    permille = new_permille;
    throttle_state = seed ? seed : 1;
  }

  size_t read(uint32_t *dst, uint8_t *dst_last, size_t max_words) {
    size_t n = 0;
    for (; n < max_words && head < words.size(); n++, head++) {
      dst[n] = words[head];
      if (dst_last) dst_last[n] = last[head];
    }
    if (head == words.size()) clear();
    return n;
  }
};

struct Instance {
  std::unique_ptr<VerilatedContext> context;
  std::unique_ptr<Vpbit> top;
  uint64_t cycles = 0;
  Receiver samples, telemetry, trace;
  bool traces = false;  // built with a trace port
  uint64_t reset_seed = 0;
#ifdef PBL_WAVEFORM
  std::unique_ptr<Waveform> waveform;
  ~Instance() {
    waveform.reset();
    if (top) Verilated::threadContextp(context.get());
  }
#endif

  bool full() const {
    return samples.full() || telemetry.full() || trace.full();
  }

  // Of a variant with waveforms: around the next rising edge, and just after it.
  void before_edge() {
#ifdef PBL_WAVEFORM
    if (waveform) waveform->before_edge(cycles + 1);
#endif
  }
  void after_edge() {
    cycles++;
#ifdef PBL_WAVEFORM
    if (waveform) waveform->after_edge(cycles);
#endif
  }

  // Waveforms show it.
  void low_half() {
#ifndef PBL_WAVEFORM
    if (lower_clock(top->rootp, 0)) return;
#endif
    top->clk_i = 0;
    top->eval();
    before_edge();
  }

  void clock() {
    Vpbit *t = top.get();
    t->m_axis_tready = samples.ready();
    t->m_axis_telemetry_tready = telemetry.ready();
    if (traces) t->m_axis_trace_tready = trace.ready();
    low_half();
    if (t->m_axis_tvalid && t->m_axis_tready) samples.take(t->m_axis_tdata, t->m_axis_tlast);
    if (t->m_axis_telemetry_tvalid && t->m_axis_telemetry_tready) {
      telemetry.take(t->m_axis_telemetry_tdata, t->m_axis_telemetry_tlast);
    }
    if (traces && t->m_axis_trace_tvalid && t->m_axis_trace_tready) {
      trace.take(t->m_axis_trace_tdata, t->m_axis_trace_tlast);
    }
    t->clk_i = 1;
    t->eval();
    after_edge();
  }
};

Instance *self(void *p) {
  return static_cast<Instance *>(p);
}

int read32(void *p, uint32_t *value, uint32_t address);

void *create(uint64_t reset_seed) {
  try {
    auto s = std::make_unique<Instance>();
    s->context = std::make_unique<VerilatedContext>();
    s->context->randReset(2);
#ifdef PBL_WAVEFORM
    s->context->traceEverOn(true);
#endif
    s->reset_seed = reset_seed;
    s->context->randSeed(static_cast<int>((reset_seed ^ (reset_seed >> 32)) & 0x7fffffff) | 1);
    s->top = std::make_unique<Vpbit>(s->context.get());
    Vpbit *t = s->top.get();
    t->s_axil_awvalid = t->s_axil_wvalid = t->s_axil_bready = 0;
    t->s_axil_arvalid = t->s_axil_rready = 0;
    t->s_axil_wstrb = 0xF;
    t->rst_ni = 1;
    t->clk_i = 0;
    t->eval();
    s->clock();
    t->rst_ni = 0;
    for (int i = 0; i < 4; i++) s->clock();
    t->rst_ni = 1;
    s->clock();
    uint32_t options = 0;
    s->traces = read32(s.get(), &options, PBL_REG_CAPS_OPTIONS) == PBL_RTL_OKAY &&
                (options & PBL_CAPS_OPTIONS_TRACE_MASK) != 0;
    s->cycles = 0;
    s->samples.clear();
    s->telemetry.clear();
    return s.release();
  } catch (...) {
    return nullptr;
  }
}

void destroy(void *p) {
  if (p) self(p)->top->final();
  delete self(p);
}

int write32(void *p, uint32_t address, uint32_t value) try {
  Instance *s = self(p);
  Vpbit *t = s->top.get();
  t->s_axil_awaddr = address & 0xFFF;
  t->s_axil_wdata = value;
  t->s_axil_awvalid = t->s_axil_wvalid = t->s_axil_bready = 1;
  for (unsigned i = 0; i < kBusLimit; i++) {
    t->clk_i = 0;
    t->eval();
    const bool aw = t->s_axil_awready, w = t->s_axil_wready, done = t->s_axil_bvalid;
    const int response = t->s_axil_bresp;
    s->clock();
    if (aw) t->s_axil_awvalid = 0;
    if (w) t->s_axil_wvalid = 0;
    if (done) {
      t->s_axil_bready = 0;
      return response;
    }
  }
  t->s_axil_awvalid = t->s_axil_wvalid = t->s_axil_bready = 0;
  return PBL_RTL_NO_RESPONSE;
} catch (...) {
  return PBL_RTL_NO_RESPONSE;
}

int read32(void *p, uint32_t *value, uint32_t address) try {
  Instance *s = self(p);
  Vpbit *t = s->top.get();
  t->s_axil_araddr = address & 0xFFF;
  t->s_axil_arvalid = t->s_axil_rready = 1;
  for (unsigned i = 0; i < kBusLimit; i++) {
    t->clk_i = 0;
    t->eval();
    const bool ar = t->s_axil_arready, done = t->s_axil_rvalid;
    const int response = t->s_axil_rresp;
    const uint32_t data = t->s_axil_rdata;
    s->clock();
    if (ar) t->s_axil_arvalid = 0;
    if (done) {
      t->s_axil_rready = 0;
      *value = data;
      return response;
    }
  }
  t->s_axil_arvalid = t->s_axil_rready = 0;
  return PBL_RTL_NO_RESPONSE;
} catch (...) {
  return PBL_RTL_NO_RESPONSE;
}

void advance(void *p, uint64_t max_cycles) try {
  Instance *s = self(p);
  for (uint64_t n = 0; n < max_cycles && !s->full(); n++) {
    s->clock();
    if (s->top->irq_o) break;
  }
} catch (...) {
}

size_t stream_read(void *p, uint32_t *words, uint8_t *last, size_t max_words) {
  return self(p)->samples.read(words, last, max_words);
}

size_t telemetry_read(void *p, uint32_t *words, uint8_t *last, size_t max_words) {
  return self(p)->telemetry.read(words, last, max_words);
}

int has_trace(const void *p) {
  return static_cast<const Instance *>(p)->traces;
}

size_t trace_read(void *p, uint32_t *words, uint8_t *last, size_t max_words) {
  return self(p)->trace.read(words, last, max_words);
}

uint64_t cycles(const void *p) {
  return static_cast<const Instance *>(p)->cycles;
}

void stream_throttle(void *p, unsigned permille, uint64_t seed) {
  self(p)->samples.throttle(permille, seed);
  self(p)->telemetry.throttle(permille, ~seed);  // on other clocks than the samples'
  self(p)->trace.throttle(permille, seed ^ 0x5851F42D4C957F2Dull);
}

int irq(const void *p) {
  return static_cast<const Instance *>(p)->top->irq_o;
}

void get_pins(pbl_rtl_outputs *out, const Instance *s) {
  const Vpbit *t = s->top.get();
  *out = {};
  out->awready = t->s_axil_awready;
  out->wready = t->s_axil_wready;
  out->bresp = t->s_axil_bresp;
  out->bvalid = t->s_axil_bvalid;
  out->arready = t->s_axil_arready;
  out->rdata = t->s_axil_rdata;
  out->rresp = t->s_axil_rresp;
  out->rvalid = t->s_axil_rvalid;
  out->irq = t->irq_o;
  out->tdata = t->m_axis_tdata;
  out->tvalid = t->m_axis_tvalid;
  out->tlast = t->m_axis_tlast;
  out->telemetry_tdata = t->m_axis_telemetry_tdata;
  out->telemetry_tvalid = t->m_axis_telemetry_tvalid;
  out->telemetry_tlast = t->m_axis_telemetry_tlast;
  if (!s->traces) return;
  out->trace_tdata = t->m_axis_trace_tdata;
  out->trace_tvalid = t->m_axis_trace_tvalid;
  out->trace_tlast = t->m_axis_trace_tlast;
}

void pins(void *p, pbl_rtl_outputs *out, const pbl_rtl_inputs *in, int edge) try {
  Instance *s = self(p);
  Vpbit *t = s->top.get();
  t->rst_ni = in->rst_n & 1;
  t->s_axil_awaddr = in->awaddr & 0xFFF;
  t->s_axil_awvalid = in->awvalid & 1;
  t->s_axil_wdata = in->wdata;
  t->s_axil_wstrb = in->wstrb & 0xF;
  t->s_axil_wvalid = in->wvalid & 1;
  t->s_axil_bready = in->bready & 1;
  t->s_axil_araddr = in->araddr & 0xFFF;
  t->s_axil_arvalid = in->arvalid & 1;
  t->s_axil_rready = in->rready & 1;
  t->m_axis_tready = in->tready & 1;
  t->m_axis_telemetry_tready = in->telemetry_tready & 1;
  if (s->traces) t->m_axis_trace_tready = in->trace_tready & 1;
  t->clk_i = 0;
  t->eval();
  if (edge) {
    s->before_edge();
    t->clk_i = 1;
    t->eval();
    s->after_edge();
  }
  get_pins(out, s);
} catch (...) {
}

#ifdef PBL_WAVEFORM
int waveform_begin(void *p, const pbl_waveform_window *w) try {
  Instance *s = self(p);
  std::unique_ptr<VerilatedContext> context;
  std::unique_ptr<Vpbit> follower;
  if (Waveform::needs_follower(*w)) {
    const std::unique_ptr<Instance> second(self(create(s->reset_seed)));
    if (!second) return ENOMEM;
    context = std::move(second->context);
    follower = std::move(second->top);
  }
  s->waveform =
      std::make_unique<Waveform>(*w, s->top.get(), std::move(context), std::move(follower));
  return 0;
} catch (...) {
  return ENOMEM;
}

void waveform_end(void *p, pbl_waveform_record *record) {
  Instance *s = self(p);
  *record = {};
  if (s->waveform) s->waveform->finish(record, s->cycles);
  s->waveform.reset();
}
#else
constexpr decltype(pbl_rtl_api::waveform_begin) waveform_begin = nullptr;
constexpr decltype(pbl_rtl_api::waveform_end) waveform_end = nullptr;
#endif

#ifdef PBL_SAVABLE
int save(void *p, Take take, void *user) try {
  Instance *s = self(p);
  Save os(take, user);
  os << s->cycles;
  for (Receiver *r : {&s->samples, &s->telemetry, &s->trace}) {
    const uint64_t n = r->words.size(), head = r->head;
    const uint32_t permille = r->permille;
    os << n << head << permille << r->throttle_state;
    os.write(r->words.data(), n * sizeof r->words[0]);
    os.write(r->last.data(), n);
  }
  os << *s->top;
  return os.result();
} catch (...) {
  return -1;
}

int restore(void *p, const void *bytes, size_t n_bytes) try {
  Instance *s = self(p);
  Restore os(static_cast<const uint8_t *>(bytes), n_bytes);
  os >> s->cycles;
  for (Receiver *r : {&s->samples, &s->telemetry, &s->trace}) {
    uint64_t n = 0, head = 0;
    uint32_t permille = 0;
    os >> n >> head >> permille >> r->throttle_state;
    if (n > n_bytes || head > n) return 0;
    r->words.resize(n);
    r->last.resize(n);
    r->head = head;
    r->permille = permille;
    os.read(r->words.data(), n * sizeof r->words[0]);
    os.read(r->last.data(), n);
  }
  os >> *s->top;
  return os.at_end();
} catch (...) {
  return 0;
}
#else
constexpr decltype(pbl_rtl_api::save) save = nullptr;
constexpr decltype(pbl_rtl_api::restore) restore = nullptr;
#endif

const pbl_rtl_api kApi = {
    PBL_RTL_API_VERSION, create,       destroy,    write32, read32,          advance, stream_read,
    telemetry_read,      has_trace,    trace_read, cycles,  stream_throttle, irq,     pins,
    waveform_begin,      waveform_end, save,       restore};

}  // namespace

extern "C" __attribute__((visibility("default"))) const pbl_rtl_api *pbl_rtl_api_get(void) {
  return &kApi;
}
