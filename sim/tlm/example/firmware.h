/* Firmware of the example platform (docs/systemc.md): trains a restricted Boltzmann machine with
 * two p-bit devices, one that holds the data in its clamped visible p-bits and one that runs free.
 * Plain C that sees only addresses; the platform gives the three accesses a processor has. */
#ifndef FIRMWARE_H
#define FIRMWARE_H

#include <stdint.h>

/* Memory map */
#define MEMORY_BASE 0x00000000u
#define MEMORY_BYTES 0x00010000u
#define CLAMPED_BASE 0x10000000u
#define FREE_BASE 0x10010000u
#define DMA_BASE 0x10020000u
#define TIMER_BASE 0x10030000u

/* In memory: activation table (written by the platform before reset is released), samples of the
 * two devices, and what the firmware leaves behind: weights, 16 fraction bits, as the rows of the
 * device's weight memory. */
#define TABLE_ADDRESS (MEMORY_BASE + 0x1000u)
#define SAMPLES_ADDRESS(device) (MEMORY_BASE + 0x4000u + 0x4000u * (device))
#define MODEL_ADDRESS (MEMORY_BASE + 0x100u)

/* DMA: one channel per device, 16 bytes apart. Writing DESTINATION clears WORDS. */
#define DMA_DESTINATION(device) (DMA_BASE + 16u * (device))
#define DMA_WORDS(device) (DMA_BASE + 16u * (device) + 4u)

/* Timer: NOW counts nanoseconds; ALARM, nanoseconds from now, raises its line; 0: off. */
#define TIMER_NOW (TIMER_BASE + 0u)
#define TIMER_ALARM (TIMER_BASE + 4u)

#define LINE_CLAMPED 1u
#define LINE_FREE 2u
#define LINE_TIMER 4u

#define N_VISIBLE 4u /* pictures of 2 x 2 pixels: bars in one direction */
#define N_HIDDEN 4u
#define N_PBITS (N_VISIBLE + N_HIDDEN)
#define N_LANES 12u /* two replicas for each of the 6 pictures */
#define TABLE_WORDS 1024u
#define FIRMWARE_UPDATES 1000u
#define FIRMWARE_PATTERNS \
  { 0x0u, 0xFu, 0x3u, 0xCu, 0x5u, 0xAu }

typedef struct {
  void *platform;
  uint32_t (*load)(void *platform, uint32_t address);
  void (*store)(void *platform, uint32_t address, uint32_t value);
  uint32_t (*wait_for_interrupt)(void *platform); /* lines that are high */
} firmware_cpu;

typedef enum {
  FIRMWARE_TRAINED = 0,
  FIRMWARE_NO_DEVICE, /* no p-bit device where one should be */
  FIRMWARE_LATE,      /* a device did not end its run before the timer */
  FIRMWARE_LOST       /* words of the samples are missing */
} firmware_result;

firmware_result firmware_main(const firmware_cpu *cpu);

#endif
