/* Contrastive divergence with persistent chains. Spins are -1 and +1; a sample is a frame of
 * N_PBITS x N_LANES bits, visible p-bits first, the bits of the lanes beside each other. */
#include "firmware.h"

#include <stdbool.h>

#include "pbl_regs.h"

#define SWEEPS 4u
#define FRAME_WORDS ((N_PBITS * N_LANES + 31u) / 32u)
#define MODEL_FRACTION 16
#define DEVICE_FRACTION 6
#define RATE 5000 /* of 2^16: step per unit of the difference of the means */
#define LIMIT (31 << (MODEL_FRACTION - 2)) /* of s[5][6], with room */
#define PATIENCE_NS 100000000u

static const uint32_t patterns[] = FIRMWARE_PATTERNS;

static void put(const firmware_cpu *cpu, uint32_t base, uint32_t reg, uint32_t value) {
  cpu->store(cpu->platform, base + reg, value);
}

static uint32_t get(const firmware_cpu *cpu, uint32_t base, uint32_t reg) {
  return cpu->load(cpu->platform, base + reg);
}

static void select_target(const firmware_cpu *cpu, uint32_t base, uint32_t target) {
  put(cpu, base, PBL_REG_IMG_SELECT, target);
  put(cpu, base, PBL_REG_IMG_ADDRESS, 0);
}

static int32_t model_word(const firmware_cpu *cpu, uint32_t k) {
  return (int32_t)cpu->load(cpu->platform, MODEL_ADDRESS + 4u * k);
}

/* Rounded from the model's 16 fraction bits to those of the device. */
static void upload_weights(const firmware_cpu *cpu, uint32_t base) {
  const int shift = MODEL_FRACTION - DEVICE_FRACTION;
  select_target(cpu, base, 0);
  for (uint32_t k = 0; k < (N_VISIBLE + 1) * (N_HIDDEN + 1); k++)
    put(cpu, base, PBL_REG_IMG_DATA,
        (uint32_t)((model_word(cpu, k) + (1 << (shift - 1))) >> shift));
}

/* Table, clamps, states, generators: once. */
static bool start_device(const firmware_cpu *cpu, uint32_t base, bool clamped) {
  uint32_t noise = clamped ? 0x12345678u : 0x9ABCDEF0u;
  if (get(cpu, base, PBL_REG_ID) != PBL_RESET_ID) return false;
  select_target(cpu, base, 1);
  for (uint32_t k = 0; k < TABLE_WORDS; k++)
    put(cpu, base, PBL_REG_IMG_DATA, cpu->load(cpu->platform, TABLE_ADDRESS + 4u * k));
  select_target(cpu, base, 2);
  for (uint32_t p = 0; p < N_PBITS; p++) put(cpu, base, PBL_REG_IMG_DATA, clamped && p < N_VISIBLE);
  select_target(cpu, base, 3);
  for (uint32_t p = 0; p < N_PBITS; p++) {
    uint32_t lanes = 0;
    for (uint32_t l = 0; l < N_LANES; l++) lanes |= (patterns[l % 6] >> (p % N_VISIBLE) & 1u) << l;
    put(cpu, base, PBL_REG_IMG_DATA, lanes);
  }
  select_target(cpu, base, 4);
  for (uint32_t k = 0; k < 4 * (N_LANES + 1); k++) {
    noise = noise * 1664525u + 1013904223u;
    put(cpu, base, PBL_REG_IMG_DATA, noise ^ noise >> 15);
  }
  put(cpu, base, PBL_REG_BETA, 1u << 12);
  put(cpu, base, PBL_REG_SWEEPS, SWEEPS);
  put(cpu, base, PBL_REG_SAMPLE_EVERY, 1);
  put(cpu, base, PBL_REG_IRQ_ENABLE, PBL_IRQ_ENABLE_DONE_MASK);
  return true;
}

/* Both devices run at the same time; the timer is the watchdog. */
static firmware_result sample(const firmware_cpu *cpu) {
  uint32_t missing = LINE_CLAMPED | LINE_FREE;
  for (uint32_t d = 0; d < 2; d++) {
    const uint32_t base = d ? FREE_BASE : CLAMPED_BASE;
    cpu->store(cpu->platform, DMA_DESTINATION(d), SAMPLES_ADDRESS(d));
    put(cpu, base, PBL_REG_CTRL, PBL_CTRL_START_MASK);
  }
  cpu->store(cpu->platform, TIMER_ALARM, PATIENCE_NS);
  while (missing) {
    const uint32_t lines = cpu->wait_for_interrupt(cpu->platform);
    for (uint32_t d = 0; d < 2; d++) {
      if (!(lines & missing & (d ? LINE_FREE : LINE_CLAMPED))) continue;
      put(cpu, d ? FREE_BASE : CLAMPED_BASE, PBL_REG_IRQ_STATUS, PBL_IRQ_STATUS_DONE_MASK);
      missing &= ~(d ? LINE_FREE : LINE_CLAMPED);
    }
    if (lines & LINE_TIMER) return FIRMWARE_LATE;
  }
  cpu->store(cpu->platform, TIMER_ALARM, 0);
  for (uint32_t d = 0; d < 2; d++) {
    if (cpu->load(cpu->platform, DMA_WORDS(d)) != SWEEPS * FRAME_WORDS) return FIRMWARE_LOST;
  }
  return FIRMWARE_TRAINED;
}

/* Lanes in which p-bit p of that sample is up. */
static uint32_t lanes_of(const uint32_t *frame, uint32_t p) {
  const uint32_t bit = p * N_LANES, word = bit / 32u, shift = bit % 32u;
  uint64_t two = frame[word];
  if (word + 1 < FRAME_WORDS) two |= (uint64_t)frame[word + 1] << 32;
  return (uint32_t)(two >> shift) & ((1u << N_LANES) - 1u);
}

static uint32_t count(uint32_t bits) {
  uint32_t n = 0;
  for (; bits; bits &= bits - 1) n++;
  return n;
}

/* Adds the sum over lanes of s_i s_j, or of s_i alone, to every word of the model's layout. */
static void add_sums(int32_t *sum, const uint32_t *frame, int32_t sign) {
  const uint32_t all = (1u << N_LANES) - 1u;
  for (uint32_t i = 0; i <= N_VISIBLE; i++) {
    for (uint32_t j = 0; j <= N_HIDDEN; j++) {
      uint32_t differs;
      if (i == N_VISIBLE && j == N_HIDDEN) continue;
      const uint32_t v = i < N_VISIBLE ? lanes_of(frame, i) : all;
      const uint32_t h = j < N_HIDDEN ? lanes_of(frame, N_VISIBLE + j) : all;
      differs = (v ^ h) & all;
      sum[i * (N_HIDDEN + 1) + j] += sign * ((int32_t)N_LANES - 2 * (int32_t)count(differs));
    }
  }
}

static void learn(const firmware_cpu *cpu, int32_t rate) {
  int32_t sum[(N_VISIBLE + 1) * (N_HIDDEN + 1)] = {0};
  uint32_t frame[FRAME_WORDS];
  for (uint32_t d = 0; d < 2; d++) {
    for (uint32_t t = 0; t < SWEEPS; t++) {
      for (uint32_t k = 0; k < FRAME_WORDS; k++)
        frame[k] = cpu->load(cpu->platform, SAMPLES_ADDRESS(d) + 4u * (t * FRAME_WORDS + k));
      add_sums(sum, frame, d ? -1 : 1);
    }
  }
  for (uint32_t k = 0; k < (N_VISIBLE + 1) * (N_HIDDEN + 1); k++) {
    int32_t w = model_word(cpu, k) + rate * sum[k] / (int32_t)(N_LANES * SWEEPS);
    if (w > LIMIT) w = LIMIT;
    if (w < -LIMIT) w = -LIMIT;
    cpu->store(cpu->platform, MODEL_ADDRESS + 4u * k, (uint32_t)w);
  }
}

/* Falls in steps, so that the noise of 12 chains averages out. */
static int32_t rate_of(uint32_t n) {
  return n < FIRMWARE_UPDATES / 2 ? RATE : n < FIRMWARE_UPDATES * 3 / 4 ? RATE / 4 : RATE / 16;
}

firmware_result firmware_main(const firmware_cpu *cpu) {
  if (!start_device(cpu, CLAMPED_BASE, true) || !start_device(cpu, FREE_BASE, false))
    return FIRMWARE_NO_DEVICE;
  /* small weights, all different, so that the hidden p-bits do not learn the same */
  for (uint32_t k = 0; k < (N_VISIBLE + 1) * (N_HIDDEN + 1); k++)
    cpu->store(cpu->platform, MODEL_ADDRESS + 4u * k,
               k % (N_HIDDEN + 1) < N_HIDDEN && k / (N_HIDDEN + 1) < N_VISIBLE
                   ? (uint32_t)((int32_t)(k * 7919u % 16384u) - 8192)
                   : 0u);
  for (uint32_t n = 0; n < FIRMWARE_UPDATES; n++) {
    upload_weights(cpu, CLAMPED_BASE);
    upload_weights(cpu, FREE_BASE);
    const firmware_result result = sample(cpu);
    if (result != FIRMWARE_TRAINED) return result;
    learn(cpu, rate_of(n));
  }
  return FIRMWARE_TRAINED;
}
