"""A file of subjects, each with one fault: what a user's own file may hold. It imports nothing of ours."""

SOURCE = """
import random
import warnings

import numpy as np


def good(z):
    return (np.maximum(z, 0) + np.log1p(np.exp(-np.abs(z)))).astype(z.dtype)


def softplus(function):
    return {"softplus": function, "formats": ("float64",)}


def pair_of(loss, both):
    return {"loss": loss, "loss_and_gradient": both, "formats": ("float64",)}


naive = softplus(lambda z: np.log(1 + np.exp(z)))
raises = softplus(lambda z: 1 / 0)
raises_at_infinity = softplus(lambda z: good(z) if np.isfinite(z).all() else 1 / 0)
lists = softplus(lambda z: good(z).tolist())
widens = {"softplus": lambda z: good(z.astype(float)), "formats": ("float32",)}
flattens = softplus(lambda z: np.atleast_1d(good(z)))
swaps_shape = softplus(lambda z: good(z[::-1]) if z.ndim == 2 else good(z))
swallows_nan = softplus(lambda z: np.nan_to_num(good(z), nan=1.0, posinf=np.inf))
spreads_nan = softplus(lambda z: good(z) * (np.nan if np.isnan(z).any() else 1))
wrong_limit = softplus(lambda z: np.where(z == np.inf, 1e308, good(z)))
negative_zero = {
    "sigmoid": lambda z: np.where(z == -np.inf, -0.0, 1 / (1 + np.exp(-z))), "formats": ("float64",)
}
by_length = softplus(lambda z: good(z) if len(np.ravel(z)) < 9 else np.nextafter(good(z), np.inf))
by_neighbour = softplus(
    lambda z: np.nextafter(good(z), np.where(np.max(z, initial=0) > 700, np.inf, good(z)))
)
by_stride = softplus(lambda z: good(z) if z.flags.c_contiguous else np.nextafter(good(z), np.inf))
by_chance = softplus(lambda z: good(z) * (1 + 2.0**-52 * np.random.default_rng().integers(0, 2, z.shape)))


def writes(z):
    result = good(z)
    z += 1
    return result


writes = softplus(writes)


def seeds(z):
    np.random.seed(1)
    random.seed(1)
    return good(z)


seeds = softplus(seeds)


def error_state(z):
    np.seterr(over="ignore" if np.geterr()["over"] != "ignore" else "warn")
    return good(z)


error_state = softplus(error_state)


def warns(z):
    warnings.warn("be careful")
    return good(z)


warns = softplus(warns)


def prints(z):
    print("hello")
    return good(z)


prints = softplus(prints)


def loss(z, t):
    return t * good(-z) + (1 - t) * good(z)


def both(z, t):
    return loss(z, t) * (1 + 2.0**-30), 1 / (1 + np.exp(-z)) - t


disagrees = pair_of(loss, both)
only_both = {"loss_and_gradient": both, "formats": ("float64",)}


def doubled(z, t, weight=1):
    return loss(z, t) * weight * np.where(np.asarray(weight) == 3, 2, 1)


weighs_wrong = {"loss": doubled, "formats": ("float64",), "keywords": ("weight",)}
masks_nothing = {
    "loss": lambda z, t, weight=1: loss(z, t) * weight, "formats": ("float64",), "keywords": ("weight",)
}
"""
