// The SystemC kernel of this process and the places for devices in it. Exceptions end here.
#include <tlm_utils/simple_initiator_socket.h>
#include <tlm_utils/tlm_quantumkeeper.h>

#include <algorithm>
#include <cstdlib>
#include <memory>
#include <new>
#include <thread>
#include <vector>

#include "pbl_tlm_target.h"

extern "C" {
#include "pbl_tlm.h"
}

// libsystemc asks for it; this program has its own main.
int __attribute__((weak)) sc_main(int, char **) {
  return 0;
}

namespace {

using sc_core::sc_time;

constexpr size_t kQueueWords = size_t{1} << 20;

// The receiver of one stream: words that have arrived and not been read yet.
struct queue : tlm::tlm_analysis_if<pbl::stream_word> {
  std::vector<pbl::stream_word> words;
  size_t head = 0;

  void write(const pbl::stream_word &word) override { words.push_back(word); }
  bool full() const { return words.size() - head >= kQueueWords; }

  void clear() {
    words.clear();
    head = 0;
  }

  size_t read(uint32_t *dst, uint8_t *last, size_t max_words) {
    const size_t n = std::min(max_words, words.size() - head);
    for (size_t k = 0; k < n; k++) {
      dst[k] = words[head + k].data;
      if (last) last[k] = words[head + k].last;
    }
    head += n;
    if (head == words.size()) clear();
    return n;
  }
};

// One device with its initiator.
struct place {
  tlm_utils::simple_initiator_socket<place, 32> socket;
  pbl::tlm_target target;
  sc_core::sc_signal<bool> irq;
  queue samples, telemetry, trace;
  tlm_utils::tlm_quantumkeeper keeper;
  sc_time quantum;
  bool taken = false;

  explicit place(unsigned k)
      : socket(("initiator" + std::to_string(k)).c_str()),
        target(("device" + std::to_string(k)).c_str(), sc_time(PBL_TLM_PERIOD_NS, sc_core::SC_NS)),
        irq(("irq" + std::to_string(k)).c_str()) {
    socket.bind(target.socket);
    target.irq.bind(irq);
    target.samples.bind(samples);
    target.telemetry.bind(telemetry);
    target.trace.bind(trace);
  }

  bool full() const { return samples.full() || telemetry.full() || trace.full(); }

  void pass(const sc_time &time) {
    keeper.inc(time);
    if (keeper.need_sync()) keeper.sync();
  }
};

// What the host's thread of the simulation is to do next.
struct job {
  place *where = nullptr;
  bool is_access = false;
  tlm::tlm_command command = tlm::TLM_READ_COMMAND;
  uint32_t address = 0, value = 0;
  uint64_t clocks = 0;
  tlm::tlm_response_status response = tlm::TLM_INCOMPLETE_RESPONSE;
};

class host : public sc_core::sc_module {
 public:
  std::vector<std::unique_ptr<place>> places;
  const std::thread::id thread = std::this_thread::get_id();

  SC_HAS_PROCESS(host);
  explicit host(sc_core::sc_module_name name) : sc_module(name) {
    for (unsigned k = 0; k < PBL_TLM_DEVICES; k++) places.push_back(std::make_unique<place>(k));
    SC_THREAD(serve);
  }

  // Runs the kernel until the job is done; everything then waits for the next one.
  void perform(job *j) {
    m_job = j;
    m_go.notify(sc_core::SC_ZERO_TIME);
    sc_core::sc_start();
  }

 private:
  void serve() {
    while (true) {
      wait(m_go);
      place *p = m_job->where;
      tlm::tlm_global_quantum::instance().set(p->quantum);
      if (m_job->is_access)
        access(m_job);
      else
        advance(m_job);
    }
  }

  static void access(job *j) {
    tlm::tlm_generic_payload payload;
    sc_time delay = j->where->keeper.get_local_time();
    payload.set_command(j->command);
    payload.set_address(j->address);
    payload.set_data_ptr(reinterpret_cast<unsigned char *>(&j->value));
    payload.set_data_length(4);
    payload.set_streaming_width(4);
    payload.set_byte_enable_ptr(nullptr);
    payload.set_dmi_allowed(false);
    payload.set_response_status(tlm::TLM_INCOMPLETE_RESPONSE);
    j->where->socket->b_transport(payload, delay);
    j->response = payload.get_response_status();
    j->where->pass(delay - j->where->keeper.get_local_time());
  }

  // In steps of what is left of the quantum, so that the kernel's time follows.
  static void advance(job *j) {
    place *p = j->where;
    const sc_time period = p->target.period();
    while (j->clocks > 0 && !p->full()) {
      const sc_time left = p->quantum - p->keeper.get_local_time();
      const uint64_t room = left > period ? static_cast<uint64_t>(left / period) : 1;
      const uint64_t asked = std::min(j->clocks, room), done = p->target.run(asked);
      j->clocks -= done;
      p->pass(static_cast<double>(done) * period);
      if (done < asked || p->target.level()) return;
    }
  }

  job *m_job = nullptr;
  sc_core::sc_event m_go;
};

// The kernel cannot be taken down and set up again: made by the first open, kept to the end.
host *kernel(pbl_error *err) {
  static host *made = nullptr;
  if (!made) {
    if (sc_core::sc_is_running() || sc_core::sc_get_status() != sc_core::SC_ELABORATION) {
      pbl_fail(err, PBL_DEVICE, "tlm: this process already runs a SystemC simulation of its own");
      return nullptr;
    }
    setenv("SC_COPYRIGHT_MESSAGE", "DISABLE", 0);  // standard output belongs to the results
    made = new host("pbitloop");
    sc_core::sc_start(sc_core::SC_ZERO_TIME);  // every process now waits for its event
  }
  if (made->thread != std::this_thread::get_id()) {
    pbl_fail(err, PBL_DEVICE, "tlm: all devices must be used by the thread that opened the first");
    return nullptr;
  }
  return made;
}

struct device {
  pbl_device base;
  pbl_device *model;
  place *where;
};

device *self(pbl_device *dev) {
  return reinterpret_cast<device *>(dev);
}

const device *self(const pbl_device *dev) {
  return reinterpret_cast<const device *>(dev);
}

pbl_status perform(job *j, pbl_error *err) try {
  host *h = kernel(err);
  if (!h) return PBL_DEVICE;
  h->perform(j);
  return PBL_OK;
} catch (const std::exception &e) {
  return pbl_fail(err, PBL_DEVICE, "tlm: SystemC: %s", e.what());
}

pbl_status access(pbl_device *dev, tlm::tlm_command command, uint32_t address, uint32_t *value,
                  pbl_error *err) {
  job j;
  j.where = self(dev)->where;
  j.is_access = true;
  j.command = command;
  j.address = address;
  j.value = *value;
  const pbl_status st = perform(&j, err);
  if (st) return st;
  *value = j.value;
  if (j.response == tlm::TLM_OK_RESPONSE) return PBL_OK;
  tlm::tlm_generic_payload named;
  named.set_response_status(j.response);
  return pbl_fail(err, j.response == tlm::TLM_GENERIC_ERROR_RESPONSE ? PBL_TIMEOUT : PBL_DEVICE,
                  "tlm: %s of register 0x%03x: %s",
                  command == tlm::TLM_READ_COMMAND ? "read" : "write", address,
                  named.get_response_string().c_str());
}

pbl_status read32(pbl_device *dev, uint32_t *value, uint32_t address, pbl_error *err) {
  uint32_t word = 0;
  const pbl_status st = access(dev, tlm::TLM_READ_COMMAND, address, &word, err);
  if (!st) *value = word;
  return st;
}

pbl_status write32(pbl_device *dev, uint32_t address, uint32_t value, pbl_error *err) {
  return access(dev, tlm::TLM_WRITE_COMMAND, address, &value, err);
}

pbl_status advance(pbl_device *dev, uint64_t max_cycles, pbl_error *err) {
  job j;
  j.where = self(dev)->where;
  j.clocks = max_cycles;
  return perform(&j, err);
}

pbl_status stream_read(pbl_device *dev, uint32_t *dst, uint8_t *last, size_t max_words,
                       size_t *n_words, pbl_error *) {
  *n_words = self(dev)->where->samples.read(dst, last, max_words);
  return PBL_OK;
}

pbl_status telemetry_read(pbl_device *dev, uint32_t *dst, uint8_t *last, size_t max_words,
                          size_t *n_words, pbl_error *) {
  *n_words = self(dev)->where->telemetry.read(dst, last, max_words);
  return PBL_OK;
}

pbl_status trace_read(pbl_device *dev, uint32_t *dst, uint8_t *last, size_t max_words,
                      size_t *n_words, pbl_error *err) {
  const pbl_status st = pbl_device_trace_read(self(dev)->model, dst, last, 0, n_words, err);
  if (!st) *n_words = self(dev)->where->trace.read(dst, last, max_words);
  return st;
}

uint64_t cycles(const pbl_device *dev) {
  return self(dev)->where->target.cycles();
}

bool irq(const pbl_device *dev) {
  return self(dev)->where->target.level();
}

pbl_status throttle(pbl_device *dev, unsigned permille, uint64_t seed, pbl_error *err) {
  pbl_device *model = self(dev)->model;
  if (model->ops->stream_throttle) return model->ops->stream_throttle(model, permille, seed, err);
  return pbl_fail(err, PBL_DEVICE, "tlm: the model has no throttle");
}

void close_device(pbl_device *dev) {
  device *d = self(dev);
  if (d->where) {
    d->where->target.attach(nullptr, nullptr);
    d->where->taken = false;
  }
  if (d->model) d->model->ops->close(d->model);
  delete d;
}

const pbl_device_ops kOps = {
    "tlm",  close_device, read32, write32, stream_read, telemetry_read, trace_read, advance,
    cycles, throttle,     irq,    nullptr, nullptr,     nullptr,        nullptr};

pbl_status take_place(device *d, uint64_t quantum_ns, pbl_error *err) {
  host *h = kernel(err);
  if (!h) return PBL_DEVICE;
  for (auto &p : h->places) {
    if (p->taken) continue;
    const pbl_status st = p->target.attach(d->model, err);
    if (st) return st;
    p->taken = true;
    p->quantum = sc_time(static_cast<double>(quantum_ns), sc_core::SC_NS);
    p->samples.clear();
    p->telemetry.clear();
    p->trace.clear();
    tlm::tlm_global_quantum::instance().set(p->quantum);
    p->keeper.reset();
    d->where = p.get();
    return PBL_OK;
  }
  return pbl_fail(err, PBL_DEVICE, "tlm: %d devices are open in this process, and no more fit",
                  PBL_TLM_DEVICES);
}

}  // namespace

extern "C" const char *pbl_tlm_version(void) {
  return SC_VERSION;
}

extern "C" pbl_status pbl_tlm_available(pbl_error *) {
  return PBL_OK;
}

extern "C" pbl_status pbl_tlm_open(pbl_device **out, pbl_device *model, const pbl_tlm_options *opt,
                                   pbl_error *err) try {
  const uint64_t quantum_ns = opt && opt->quantum_ns ? opt->quantum_ns : 10000;
  device *d = new device{{&kOps}, model, nullptr};
  pbl_status st = PBL_OK;
  if (quantum_ns > 1000000000)
    st = pbl_fail(err, PBL_INVALID, "tlm: quantum of %llu ns: 1 to 1e9",
                  static_cast<unsigned long long>(quantum_ns));
  if (!st) st = take_place(d, quantum_ns, err);
  if (st)
    close_device(&d->base);
  else
    *out = &d->base;
  return st;
} catch (const std::exception &e) {
  return pbl_fail(err, PBL_DEVICE, "tlm: %s", e.what());
}
