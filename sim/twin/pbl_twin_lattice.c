/* The lattice fabric: its memories, and half-sweeps in the order of steps and cells. */
#include "pbl_twin_lattice.h"

#include <stdlib.h>
#include <string.h>

#include "pbl_clones.h"
#include "pbl_lattice.h"

static bool colour_open(const pbl_twin_lattice *lat, pbl_twin_colour *c, size_t contexts) {
  const size_t degree = (size_t)lat->degree, n = (size_t)lat->n_sites;
  const size_t row = lat->compact ? n : (size_t)lat->side * (size_t)lat->blocks * PBL_TWIN_GROUP;
  const size_t bits = (size_t)lat->groups * (size_t)lat->steps;
  c->weights = pbl_twin_zeroed(row * degree, sizeof *c->weights);
  c->constant = pbl_twin_zeroed(row, sizeof *c->constant);
  c->field = pbl_twin_zeroed(n, sizeof *c->field);
  c->masks = pbl_twin_zeroed(contexts * (size_t)lat->side * lat->stride, sizeof *c->masks);
  c->bits = pbl_twin_zeroed(contexts * bits, sizeof *c->bits);
  c->clamp = pbl_twin_zeroed(bits, sizeof *c->clamp);
  c->source = pbl_twin_zeroed((size_t)lat->side * degree, sizeof *c->source);
  return c->weights && c->constant && c->field && c->masks && c->bits && c->clamp && c->source;
}

/* The neighbours of a row's sites are one row, shifted: the first site's neighbour begins it. */
static void find_sources(const pbl_twin_lattice *lat, const pbl_hw *hw, int colour) {
  const int row_sites = lat->side / 2;
  for (int i = 0; i < lat->side * lat->degree; i++) {
    const int k =
        pbl_lattice_neighbour(&hw->lattice, colour, i / lat->degree * row_sites, i % lat->degree);
    lat->colour[colour].source[i] = (uint32_t)((size_t)(k / row_sites) * lat->stride +
                                               (size_t)(k % row_sites) * (size_t)lat->lanes);
  }
}

bool pbl_twin_lattice_open(pbl_twin *t) {
  const pbl_hw *hw = &t->hw;
  pbl_twin_lattice *lat = calloc(1, sizeof *lat);
  t->lattice = lat;
  if (!lat) return false;
  lat->side = hw->lattice.side;
  lat->degree = pbl_hw_degree(hw);
  lat->sites = hw->lattice.sites;
  lat->lanes = hw->lanes;
  lat->n_sites = hw->n_visible;
  lat->cells = pbl_hw_cells(hw);
  lat->groups = t->n_groups;
  lat->steps = lat->n_sites / lat->sites;
  lat->width = lat->side / 2 * lat->lanes;
  lat->blocks = (lat->width + PBL_TWIN_GROUP - 1) / PBL_TWIN_GROUP;
  lat->stride = 2 * (size_t)lat->width + PBL_TWIN_GROUP;
  lat->compact = lat->lanes % PBL_TWIN_GROUP == 0;
  const size_t elements = (size_t)lat->n_sites * (size_t)lat->lanes + PBL_TWIN_GROUP;
  lat->fields = pbl_twin_zeroed(elements, sizeof *lat->fields);
  lat->spread = pbl_twin_zeroed(elements, sizeof *lat->spread);
  const size_t contexts = (size_t)pbl_hw_contexts(hw);
  if (!pbl_twin_shared_open(t, (size_t)lat->steps)) return false;
  if (!lat->fields || !lat->spread || !colour_open(lat, &lat->colour[0], contexts) ||
      !colour_open(lat, &lat->colour[1], contexts))
    return false;
  find_sources(lat, hw, 0);
  find_sources(lat, hw, 1);
  return true;
}

void pbl_twin_lattice_close(pbl_twin_lattice *lat) {
  if (!lat) return;
  for (int c = 0; c < 2; c++) {
    free(lat->colour[c].weights);
    free(lat->colour[c].constant);
    free(lat->colour[c].field);
    free(lat->colour[c].masks);
    free(lat->colour[c].bits);
    free(lat->colour[c].clamp);
    free(lat->colour[c].source);
  }
  free(lat->fields);
  free(lat->spread);
  free(lat);
}

/* One site's D weights and its field, from its place in the weight memory. */
static void pack_site(pbl_twin_lattice *lat, pbl_twin_colour *c, int k, const int32_t *words) {
  const int degree = lat->degree, row_sites = lat->side / 2;
  uint32_t constant = (uint32_t)words[degree];
  for (int d = 0; d < degree; d++) constant -= (uint32_t)words[d];
  c->field[k] = words[degree];
  c->field_sum += words[degree];
  c->has_field = c->has_field || words[degree] != 0;
  if (lat->compact) {
    c->constant[k] = constant;
    memcpy(c->weights + (size_t)k * (size_t)degree, words, (size_t)degree * sizeof *words);
    return;
  }
  const size_t first_block = (size_t)(k / row_sites) * (size_t)lat->blocks;
  for (int l = 0; l < lat->lanes; l++) {
    const int e = k % row_sites * lat->lanes + l;
    const size_t block = first_block + (size_t)(e / PBL_TWIN_GROUP);
    const size_t within = (size_t)(e % PBL_TWIN_GROUP);
    c->constant[block * PBL_TWIN_GROUP + within] = constant;
    for (int d = 0; d < degree; d++)
      c->weights[(block * (size_t)degree + (size_t)d) * PBL_TWIN_GROUP + within] =
          (uint32_t)words[d];
  }
}

static void pack_clamps(const pbl_twin *t, const pbl_twin_lattice *lat, int colour) {
  const pbl_twin_colour *c = &lat->colour[colour];
  memset(c->clamp, 0, (size_t)lat->groups * (size_t)lat->steps * sizeof *c->clamp);
  for (int e = 0; e < lat->n_sites * lat->lanes; e++) {
    if (!t->clamp[colour * lat->n_sites + e / lat->lanes]) continue;
    const int step = e / lat->cells, cell = e % lat->cells;
    uint16_t *mask = &c->clamp[cell / PBL_TWIN_GROUP * lat->steps + step];
    *mask = (uint16_t)(*mask | 1u << cell % PBL_TWIN_GROUP);
  }
}

void pbl_twin_lattice_pack(pbl_twin *t, bool weights) {
  pbl_twin_lattice *lat = t->lattice;
  for (int colour = 0; colour < 2; colour++) {
    pbl_twin_colour *c = &lat->colour[colour];
    pack_clamps(t, lat, colour);
    if (weights) {
      c->has_field = false;
      c->field_sum = 0;
      for (int k = 0; k < lat->n_sites; k++)
        pack_site(lat, c, k,
                  t->words + (size_t)(colour * lat->n_sites + k) * (size_t)(lat->degree + 1));
    }
    for (int context = 0; !lat->states_spread && context < pbl_hw_contexts(&t->hw); context++)
      pbl_twin_lattice_spread(lat, colour, context);
  }
  lat->states_spread = true;
}

void pbl_twin_lattice_set_state(pbl_twin *t, int context, int pbit, uint32_t lanes) {
  pbl_twin_lattice *lat = t->lattice;
  const int colour = pbit >= lat->n_sites, k = pbit - colour * lat->n_sites;
  for (int l = 0; l < lat->lanes; l++) {
    const int cell = k % lat->sites * lat->lanes + l;
    uint16_t *bits =
        pbl_twin_lattice_bits(lat, colour, context, cell / PBL_TWIN_GROUP) + k / lat->sites;
    const uint16_t bit = (uint16_t)(1u << cell % PBL_TWIN_GROUP);
    *bits = (uint16_t)((*bits & ~bit) | (lanes >> l & 1 ? bit : 0));
  }
  lat->states_spread = false;
}

void pbl_twin_lattice_frame(const pbl_twin *t, int context, uint32_t *to) {
  const pbl_twin_lattice *lat = t->lattice;
  uint64_t held = 0;
  int n_held = 0;
  for (int i = 0; i < 2 * lat->steps * lat->groups; i++) {
    const int colour = i / (lat->steps * lat->groups), group = i % lat->groups;
    const int step = i / lat->groups % lat->steps;
    const int left = lat->cells - group * PBL_TWIN_GROUP;
    held |= (uint64_t)pbl_twin_lattice_bits(lat, colour, context, group)[step] << n_held;
    n_held += left < PBL_TWIN_GROUP ? left : PBL_TWIN_GROUP;
    if (n_held >= 32) {
      *to++ = (uint32_t)held;
      held >>= 32;
      n_held -= 32;
    }
  }
  if (n_held > 0) *to = (uint32_t)held;
}

/* Updates of one group of cells in steps first <= n < end; the capture of step `watch`. */
static pbl_twin_job run_group(pbl_twin *t, const pbl_twin_activation *act, int colour, int context,
                              int group, int first, int end, int watch) {
  const pbl_twin_lattice *lat = t->lattice;
  const int left = lat->cells - group * PBL_TWIN_GROUP;
  pbl_twin_job job = {
      .n_targets = lat->steps,
      .clamp = lat->colour[colour].clamp + group * lat->steps,
      .activation = act,
      .betas = pbl_twin_betas(act, group),
      .words = t->shared ? t->shared + group * PBL_TWIN_GROUP : NULL,
      .words_stride = pbl_twin_shared_stride(t),
      .lane_mask = (uint16_t)((1u << (left < PBL_TWIN_GROUP ? left : PBL_TWIN_GROUP)) - 1),
      .watch = watch,
      .bits = pbl_twin_lattice_bits(lat, colour, context, group),
      .generator = t->generator + (size_t)group * 4 * PBL_TWIN_GROUP,
      .fields = (int32_t *)lat->fields + group * PBL_TWIN_GROUP,
      .field_stride = (size_t)lat->cells,
  };
  t->kernel->update(&job, first, end);
  pbl_twin_collect(t, &job, colour == 0);
  for (int i = 0; i < PBL_TWIN_GROUP && i < left; i++) {
    const int lane = (group * PBL_TWIN_GROUP + i) % lat->lanes;
    t->energy[context * lat->lanes + lane] -= job.energy[i];
  }
  return job;
}

typedef struct {
  int group, within, step; /* -1: not in this half-sweep */
} place;

static place probed(const pbl_twin *t, int colour, int context) {
  const pbl_twin_lattice *lat = t->lattice;
  const uint32_t replica = t->probe_select >> 16;
  const int k = (int)(t->probe_select & 0xFFFFu) - colour * lat->n_sites;
  if (replica >= (uint32_t)t->hw.replicas || (int)replica / lat->lanes != context || k < 0 ||
      k >= lat->n_sites)
    return (place){-1, -1, -1};
  const int cell = k % lat->sites * lat->lanes + (int)replica % lat->lanes;
  return (place){cell / PBL_TWIN_GROUP, cell % PBL_TWIN_GROUP, k / lat->sites};
}

static void run(pbl_twin *t, const pbl_twin_activation *act, int colour, int context) {
  const place at = probed(t, colour, context);
  for (int g = 0; g < t->lattice->groups; g++) {
    const int watch = g == at.group ? at.step : -1;
    const pbl_twin_job job = run_group(t, act, colour, context, g, 0, t->lattice->steps, watch);
    if (watch >= 0) pbl_twin_record_probe(t, &job, at.within);
  }
}

/* The same with every update reported: step by step, cell by cell. */
static void run_traced(pbl_twin *t, const pbl_twin_activation *act, int colour, int context,
                       int half) {
  const pbl_twin_lattice *lat = t->lattice;
  const place at = probed(t, colour, context);
  for (int i = 0; i < lat->steps * lat->groups; i++) {
    const int n = i / lat->groups, g = i % lat->groups;
    const pbl_twin_job job = run_group(t, act, colour, context, g, n, n + 1, n);
    if (g == at.group && n == at.step) pbl_twin_record_probe(t, &job, at.within);
    for (int l = 0; l < PBL_TWIN_GROUP && g * PBL_TWIN_GROUP + l < lat->cells; l++) {
      const int cell = g * PBL_TWIN_GROUP + l;
      const pbl_twin_update u = {
          .half = half,
          .context = context,
          .lane = cell % lat->lanes,
          .pbit = colour * lat->n_sites + n * lat->sites + cell / lat->lanes};
      pbl_twin_trace_update(t, &job, l, u);
    }
  }
}

/* Sum of h over the sites that are +1, of one lane. */
PBL_CLONES static int64_t sum_up(const int32_t *field, const uint32_t *up, int n, int lanes) {
  int64_t sum = 0;
  if (lanes == 1) {
    for (int i = 0; i < n; i++) sum += (int32_t)((uint32_t)field[i] & up[i]);
  } else {
    for (int i = 0; i < n; i++)
      sum += (int32_t)((uint32_t)field[i] & up[(size_t)i * (size_t)lanes]);
  }
  return sum;
}

/* The energy's sum of h * state over a colour, of each lane. */
static void subtract_fields(pbl_twin *t, int colour, int context) {
  const pbl_twin_lattice *lat = t->lattice;
  const pbl_twin_colour *c = &lat->colour[colour];
  if (!c->has_field) return;
  const int row_sites = lat->side / 2;
  const uint32_t *masks = c->masks + (size_t)context * (size_t)lat->side * lat->stride;
  for (int l = 0; l < lat->lanes; l++) {
    int64_t up = 0;
    for (int y = 0; y < lat->side; y++)
      up += sum_up(c->field + y * row_sites, masks + (size_t)y * lat->stride + l, row_sites,
                   lat->lanes);
    t->energy[context * lat->lanes + l] -= 2 * up - c->field_sum;
  }
}

/* E = -(sum of field * state over the colour updated last + sum of h * state over the other). */
void pbl_twin_lattice_half_sweep(pbl_twin *t, const pbl_twin_activation *act, int context, int half,
                                 bool last) {
  const int colour = half == 1 ? 0 : 1;
  pbl_twin_lattice_fields(t->lattice, colour, context);
  memset(t->energy + context * t->hw.lanes, 0, (size_t)t->hw.lanes * sizeof *t->energy);
  for (int n = 0; t->shared && n < t->lattice->steps; n++) pbl_twin_shared_draw(t, (size_t)n, NULL);
  if (t->trace) {
    run_traced(t, act, colour, context, half);
  } else {
    run(t, act, colour, context);
  }
  pbl_twin_lattice_spread(t->lattice, colour, context);
  if (last) subtract_fields(t, 1 - colour, context);
}
