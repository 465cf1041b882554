"""What a host computes for a device (docs/device.md), and the seeds of `pbitloop compare`."""
import math

MASK = (1 << 64) - 1

def _splitmix(state):
    state = state + 0x9E3779B97F4A7C15 & MASK
    z = (state ^ state >> 30) * 0xBF58476D1CE4E5B9 & MASK
    z = (z ^ z >> 27) * 0x94D049BB133111EB & MASK
    return state, z ^ z >> 31


def _xoshiro(s):
    """One word of xoshiro128++; s is changed."""
    word = (s[0] + s[3] << 7 | (s[0] + s[3] & 0xFFFFFFFF) >> 25) + s[0] & 0xFFFFFFFF
    t = s[1] << 9 & 0xFFFFFFFF
    s[2] ^= s[0]; s[3] ^= s[1]; s[1] ^= s[2]; s[0] ^= s[3]; s[2] ^= t
    s[3] = (s[3] << 11 | s[3] >> 21) & 0xFFFFFFFF
    return word


def _seeded(seed):
    seed, a = _splitmix(seed & MASK)
    seed, b = _splitmix(seed)
    return [a & 0xFFFFFFFF, a >> 32, b & 0xFFFFFFFF, b >> 32]


def generator_states(n, seed):
    """n states of xoshiro128++, each 2^64 words behind the one before."""
    polynomial = 0x77F2DB5B6FA035C3F542D2D38764000B
    states, s = [], _seeded(seed)
    for _ in range(n):
        states.append(list(s))
        total = [0, 0, 0, 0]
        for k in range(128):
            if polynomial >> k & 1:
                total = [x ^ y for x, y in zip(total, s)]
            _xoshiro(s)
        s = total
    return states


def case_seed(seed, case, stream):
    """Seed of a stream of `pbitloop compare`: 0 generators, 1 starting states of the device."""
    state = seed * 0x9E3779B97F4A7C15 + 16 * case + stream & MASK
    return _splitmix(_splitmix(state)[0])[1]


def activation_table(size=1024, range_log2=4, bits=24):
    return [math.floor(2**bits / (1 + math.exp(k * 2**range_log2 / size)) + 0.5) for k in range(size)]


def rbm_words(weights, visible_bias, hidden_bias, integer=5, frac=6):
    """Weight memory of a model over -1, +1: rounded half away from zero, clipped."""
    import numpy as np
    w = np.block([[np.asarray(weights), np.reshape(visible_bias, (-1, 1))],
                  [np.reshape(hidden_bias, (1, -1)), np.zeros((1, 1))]]).astype(float) * 2**frac
    w = np.sign(w) * np.floor(np.abs(w) + 0.5)
    return np.clip(w, -2**(integer + frac), 2**(integer + frac) - 1).astype(int)


def starting_states(words, chains, seed):
    """Those of `pbitloop compare`: random, all +1, all -1, a valley; and so on."""
    import numpy as np
    rng, n_v, n_h = _seeded(seed), words.shape[0] - 1, words.shape[1] - 1
    states = np.array([[1 if _xoshiro(rng) >> 31 else -1 for _ in range(n_v + n_h)]
                       for _ in range(chains)])
    states[1::4], states[2::4] = 1, -1
    for s in states[3::4]:
        for _ in range(8):
            s[n_v:] = np.where(words[n_v, :n_h] + s[:n_v] @ words[:n_v, :n_h] >= 0, 1, -1)
            s[:n_v] = np.where(words[:n_v, n_h] + words[:n_v, :n_h] @ s[n_v:] >= 0, 1, -1)
    return states
