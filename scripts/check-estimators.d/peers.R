# Reads FOLDER/SET.csv (draws x chains), prints "SET PEER QUANTITY VALUE" lines.
folder <- commandArgs(trailingOnly = TRUE)[1]
say <- function(set, peer, quantity, value) {
  cat(set, peer, quantity, format(as.numeric(value), digits = 17), "\n")
}
has <- function(package) suppressWarnings(suppressMessages(requireNamespace(package, quietly = TRUE)))
peers <- c(posterior = has("posterior"), coda = has("coda"), mcmc = has("mcmc"))
for (name in names(peers)) if (!peers[[name]]) cat("-", paste0("r-cran-", name), "missing 0\n")

for (file in sort(list.files(folder, pattern = "[.]csv$", full.names = TRUE))) {
  set <- sub("[.]csv$", "", basename(file))
  x <- as.matrix(read.csv(file, header = FALSE))
  dimnames(x) <- NULL
  if (peers[["posterior"]]) {
    p <- "r-cran-posterior"
    capped <- function(expr) suppressWarnings(expr)
    say(set, p, "ess_basic", capped(posterior::ess_basic(x)))
    say(set, p, "ess_basic_unsplit", capped(posterior::ess_basic(x, split = FALSE)))
    say(set, p, "ess_bulk", capped(posterior::ess_bulk(x)))
    say(set, p, "ess_tail", capped(posterior::ess_tail(x)))
    say(set, p, "ess_sd", capped(posterior::ess_sd(x)))
    say(set, p, "rhat", posterior::rhat_basic(x))
    say(set, p, "rhat_unsplit", posterior::rhat_basic(x, split = FALSE))
    say(set, p, "rhat_rank", posterior::rhat(x))
    say(set, p, "mcse_mean", capped(posterior::mcse_mean(x)))
  }
  if (peers[["mcmc"]]) {
    s <- mcmc::initseq(x[, 1])
    say(set, "r-cran-mcmc", "sigma2_positive", s$var.pos)
    say(set, "r-cran-mcmc", "sigma2_monotone", s$var.dec)
    say(set, "r-cran-mcmc", "sigma2_convex", s$var.con)
  }
  if (peers[["coda"]]) {
    say(set, "r-cran-coda", "effective_size", sum(coda::effectiveSize(coda::mcmc.list(
      lapply(seq_len(ncol(x)), function(k) coda::mcmc(x[, k]))))))
  }
}
