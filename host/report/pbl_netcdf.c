#include "pbl_netcdf.h"

#include <netcdf.h>
#include <netcdf_mem.h>
#include <netcdf_meta.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "pbl_file.h"

#define FEW 64 /* values that compress well */
#define LOOK_AT 4096
#define FIRST_BYTES 65536

/* One file being written; the first library error is kept and stops what follows. */
typedef struct {
  int file, code;
  const char *doing;
  const pbl_netcdf_chains *c;
} writer;

static void step(writer *w, const char *doing, int code) {
  if (w->code != NC_NOERR) return;
  w->code = code;
  w->doing = doing;
}

static void put_text(writer *w, int group, const char *name, const char *text) {
  if (w->code) return;
  step(w, "attribute", nc_put_att_text(group, NC_GLOBAL, name, strlen(text), text));
}

static void put_int(writer *w, int group, const char *name, int value) {
  if (w->code) return;
  step(w, "attribute", nc_put_att_int(group, NC_GLOBAL, name, NC_INT, 1, &value));
}

/* The attributes of ArviZ's schema, then ours. */
static void put_attributes(writer *w, int group) {
  char seed[24];
  const pbl_netcdf_chains *c = w->c;
  snprintf(seed, sizeof seed, "%llu", (unsigned long long)c->seed);
  put_text(w, group, "created_at", "1970-01-01T00:00:00+00:00");
  put_text(w, group, "creation_library", "pbitloop");
  put_text(w, group, "creation_library_version", c->version);
  put_text(w, group, "creation_library_language", "C");
  put_text(w, group, "inference_library", c->sampler);
  put_text(w, group, "inference_library_version", c->version);
  put_int(w, group, "tuning_steps", c->burn_in_sweeps);
  put_int(w, group, "sweeps_per_draw", c->sweeps_per_draw);
  put_text(w, group, "seed", seed);
  put_text(w, group, "case", c->case_name);
}

/* Judged by the first draws. */
static int takes_few_values(const double *x, size_t n) {
  double met[FEW];
  size_t n_met = 0;
  for (size_t k = 0; k < n && k < LOOK_AT; k++) {
    size_t i = 0;
    while (i < n_met && met[i] != x[k]) i++;
    if (i < n_met) continue;
    if (n_met == FEW) return 0;
    met[n_met++] = x[k];
  }
  return 1;
}

static void define_variable(writer *w, int *id, int group, const pbl_netcdf_variable *v,
                            const int dims[2]) {
  if (w->code) return;
  step(w, v->name, nc_def_var(group, v->name, NC_DOUBLE, 2, dims, id));
  /* p-bits shrink to almost nothing; energies by a tenth, for most of the time of the file */
  if (w->code || !takes_few_values(v->x, w->c->n_chains * w->c->n_draws)) return;
  step(w, "compression", nc_def_var_deflate(group, *id, 1, 1, 1));
}

static void put_coordinate(writer *w, int group, int id, size_t n) {
  int *count = w->code ? NULL : malloc(n * sizeof *count);
  if (w->code) return;
  if (!count) {
    step(w, "coordinate", NC_ENOMEM);
    return;
  }
  for (size_t k = 0; k < n; k++) count[k] = (int)k;
  step(w, "coordinate", nc_put_var_int(group, id, count));
  free(count);
}

/* Defines everything of a group before its data: otherwise the library switches between its two
 * modes, which moves bytes about. */
static void put_group(writer *w, const char *name, const pbl_netcdf_variable *v, size_t n) {
  int group = 0, dims[2] = {0, 0}, coordinates[2] = {0, 0};
  int *ids = calloc(n, sizeof *ids);
  if (!ids) step(w, name, NC_ENOMEM);
  if (!w->code) step(w, name, nc_def_grp(w->file, name, &group));
  put_attributes(w, group);
  if (!w->code) step(w, "chain", nc_def_dim(group, "chain", w->c->n_chains, &dims[0]));
  if (!w->code) step(w, "draw", nc_def_dim(group, "draw", w->c->n_draws, &dims[1]));
  if (!w->code) step(w, "chain", nc_def_var(group, "chain", NC_INT, 1, &dims[0], &coordinates[0]));
  if (!w->code) step(w, "draw", nc_def_var(group, "draw", NC_INT, 1, &dims[1], &coordinates[1]));
  for (size_t k = 0; k < n && !w->code; k++) define_variable(w, &ids[k], group, &v[k], dims);
  put_coordinate(w, group, coordinates[0], w->c->n_chains);
  put_coordinate(w, group, coordinates[1], w->c->n_draws);
  for (size_t k = 0; k < n && !w->code; k++)
    step(w, v[k].name, nc_put_var_double(group, ids[k], v[k].x));
  free(ids);
}

static void put_file(writer *w) {
  const pbl_netcdf_variable *energy = NULL;
  for (size_t k = 0; k < w->c->n_variables; k++)
    if (strcmp(w->c->variables[k].name, "energy") == 0) energy = &w->c->variables[k];
  put_attributes(w, w->file);
  put_group(w, "posterior", w->c->variables, w->c->n_variables);
  if (energy) put_group(w, "sample_stats", energy, 1);
}

static pbl_status library_error(const writer *w, const char *path, pbl_error *err) {
  const pbl_status s = w->code == NC_ENOMEM ? PBL_NO_MEMORY : PBL_IO;
  return pbl_fail(err, s, "%s: netCDF, %s: %s", path, w->doing, nc_strerror(w->code));
}

static pbl_status check(const char *path, const pbl_netcdf_chains *c, pbl_error *err) {
  if (!path || !c || !c->variables || !c->n_chains || !c->n_draws || !c->n_variables)
    return pbl_fail(err, PBL_INVALID, "netCDF: give a path, chains, draws and variables");
  if (c->n_draws > INT32_MAX || c->n_chains > INT32_MAX)
    return pbl_fail(err, PBL_INVALID, "%s: %zu chains of %zu draws; at most 2^31 - 1", path,
                    c->n_chains, c->n_draws);
  return PBL_OK;
}

const char *pbl_netcdf_version(void) {
  return NC_VERSION;
}

/* The library writes into memory: what HDF5 could not write to a full disk it tries again when the
 * program ends, and crashes. */
pbl_status pbl_netcdf_write(const char *path, const pbl_netcdf_chains *c, pbl_error *err) {
  pbl_status s = check(path, c, err);
  if (s != PBL_OK) return s;
  writer w = {.c = c};
  NC_memio file = {.memory = NULL};
  step(&w, "creating", nc_create_mem(path, NC_NETCDF4, FIRST_BYTES, &w.file));
  const int created = !w.code;
  put_file(&w);
  if (created) {
    const int closed = nc_close_memio(w.file, &file);
    step(&w, "closing", closed);
  }
  s = w.code ? library_error(&w, path, err) : pbl_replace_file(path, file.memory, file.size, err);
  free(file.memory);
  return s;
}
