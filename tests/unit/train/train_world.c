#include "train_world.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

int train_set_up(void **state) {
  train_world *w = calloc(1, sizeof *w);
  const char *tmp = getenv("TMPDIR");
  if (!w) return -1;
  snprintf(w->root, sizeof w->root, "%s/pbl-train-XXXXXX", tmp ? tmp : "/tmp");
  if (!mkdtemp(w->root)) return -1;
  snprintf(w->folder, sizeof w->folder, "%s/a/run", w->root);
  bars_3x3(w->images);
  *state = w;
  return 0;
}

static void remove_run(const char *folder) {
  static const char *const names[] = {"checkpoint/state.bin",
                                      "checkpoint",
                                      "log.csv",
                                      "model.yaml",
                                      "weights.npy",
                                      "visible_bias.npy",
                                      "hidden_bias.npy",
                                      "data_vh.npy",
                                      "data_v.npy",
                                      "data_h.npy",
                                      ""};
  char path[512];
  for (size_t k = 0; k < sizeof names / sizeof *names; k++) {
    snprintf(path, sizeof path, "%s/%s", folder, names[k]);
    remove(path);
  }
}

int train_tear_down(void **state) {
  train_world *w = *state;
  char path[320];
  remove_run(w->folder);
  snprintf(path, sizeof path, "%s/other", w->root);
  remove_run(path);
  snprintf(path, sizeof path, "%s/a", w->root);
  remove(path);
  remove(w->root);
  free(w);
  return 0;
}

pbl_train_options train_options(int epochs) {
  pbl_train_options o = pbl_train_default();
  o.n_hidden = 9;
  o.learning_rate = 0.02;
  o.weight_decay = 0.02;
  o.batch_size = BARS;
  o.n_chains = 100; /* no multiple of 16 */
  o.initial_scale = 0.05;
  o.epochs = epochs;
  o.threads = 1;
  o.checkpoint_every = 50;
  o.log_every = 100;
  o.ais_chains = 0;
  o.ais_temperatures = 0;
  return o;
}

pbl_status train_run(pbl_rbm **m, const train_world *w, const char *folder,
                     const pbl_train_options *o, pbl_ais_report *ais, pbl_progress *p,
                     pbl_error *err) {
  return pbl_train_rbm(m, w->images, BARS, w->images, BARS, 9, o, folder, ais, p, err);
}

bool train_stop(pbl_progress *self, const char *what, uint64_t done, uint64_t total) {
  (void)what, (void)total;
  return done != ((train_stopper *)self)->stop_at;
}
