"""What is true in a world: how often each model is right, however it is adapted.

A world is drawn from its seed. Eight kinds of worlds take turns, so that any eight seeds in a row
hold one of each: `REGIMES`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, logit, ndtr

from cosmosql.identity import seed_of

Array = NDArray[np.float64]

REGIMES = (
    "power",
    "exponential",
    "late",
    "crossing",
    "plateau",
    "humped",
    "ties",
    "chance",
)
"""Saturating by a power or exponentially; fine-tuning that switches on late; models whose curves
cross; a rise that stops at once; a rise that turns into a fall (a shape that no curve family of the
engine has); candidates that are nearly equal; a task that nobody can do."""

WRONG = "humped"
"""The regime whose curves belong to no class that the engine knows."""

SIZES = ("small", "large")
LABELS = ("amber", "blue", "coral", "denim", "ebony", "fawn", "green", "hazel")

SHARED, OWN, RUN = np.sqrt([0.55, 0.25, 0.2])
"""Weights of what makes an answer wrong: the row is hard for everybody; it is hard for a model in
one way of adapting it; this one run happens to miss it."""

NODES, WEIGHTS = np.polynomial.hermite_e.hermegauss(15)


@dataclass(frozen=True, slots=True, kw_only=True)
class Curve:
    """Accuracy over an amount of examples: from `floor`, at none, towards `ceiling`."""

    shape: str
    floor: float
    ceiling: float
    scale: float
    rate: float = 1.0

    def at(self, amount: float) -> float:
        return self.floor + (self.ceiling - self.floor) * self.share(amount)

    def share(self, amount: float) -> float:
        """Of the way from floor to ceiling; a hump goes back down after its top."""
        along = max(amount, 0.0) / self.scale
        match self.shape:
            case "power":
                return float(1 - (1 + along) ** -self.rate)
            case "exponential":
                return float(-np.expm1(-along))
            case "late":
                return float(along**3 / (1 + along**3))
            case "plateau":
                return float(min(1.0, np.log1p(along) / np.log(2)))
            case "humped":
                return float(along * np.exp(1 - along))
            case shape:
                raise ValueError(f"no curve has the shape {shape}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """How a model was adapted. `way`: zero_shot, random, retrieved (so many `shots`), or tuned: on
    `rows` train rows of which training saw `seen`, each as often as it came."""

    size: str
    way: str
    shots: int = 0
    rows: int = 0
    seen: float = 0.0
    rank: int = 8
    learning_rate: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Skills:
    """A model of the world. `best_rate`: the learning rate that it takes; twice that already
    harms. `gain`: how much of a row one pass at that rate teaches."""

    shown: Mapping[str, Curve]
    tuned: Curve
    best_rate: float
    gain: float
    spread: Mapping[str, float]
    """Deviation between runs of one setting, in logits."""
    signal: float
    """How far apart the labels lie in the embeddings."""
    blurred: float
    """Share of rows whose embedding tells nothing of the label."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Law:
    """Everything that a world's seed decides."""

    seed: int
    regime: str
    labels: tuple[str, ...]
    skills: Mapping[str, Skills]

    def accuracy(self, setting: Setting) -> float:
        """Of a run of this setting that is neither lucky nor unlucky."""
        skills = self.skills[setting.size]
        if setting.way != "tuned":
            way = "random" if setting.way == "zero_shot" else setting.way
            return inside(skills.shown[way].at(setting.shots))
        hot = setting.learning_rate / skills.best_rate
        passes = setting.seen / setting.rows if setting.rows else 0.0
        taught = -np.expm1(-passes * skills.gain * min(hot, 1.0) ** 0.7 * (setting.rank / 8) ** 0.1)
        level = skills.tuned.at(setting.rows * taught)
        floor = skills.tuned.floor
        return inside(floor + (level - floor) / (1 + max(0.0, hot - 2) ** 2))

    def spread(self, setting: Setting) -> float:
        return self.skills[setting.size].spread[setting.way]

    def accuracy_of_run(self, setting: Setting, run: object) -> float:
        """Of one run; `run` names its seed."""
        rng = np.random.default_rng(seed_of("run", self.seed, setting.size, setting.way, run))
        return float(self.lucky(setting, rng.standard_normal()))

    def expected(self, setting: Setting) -> float:
        """The mean over runs: the truth that a choice is judged by."""
        return float(WEIGHTS @ self.lucky(setting, NODES) / WEIGHTS.sum())

    def lucky(self, setting: Setting, luck: Array | float) -> Array:
        level = logit(self.accuracy(setting))
        return np.asarray(expit(level + self.spread(setting) * np.asarray(luck)))

    def right(self, setting: Setting, run: object, places: NDArray[np.int64]) -> Array:
        """By how much the answer to each row (by its number) is right, as a difference of
        quantiles; below zero it is wrong."""
        normal = SHARED * latent(self.seed, "rows")[places]
        normal += OWN * latent(self.seed, "own", setting.size, setting.way)[places]
        normal += RUN * latent(self.seed, "run", setting.size, setting.way, run)[places]
        return np.asarray(self.accuracy_of_run(setting, run) - ndtr(normal))


MOST_ROWS = 4_096


@lru_cache(maxsize=256)
def latent(*parts: object) -> Array:
    """Standard normal values by a row's number, shape (MOST_ROWS,)."""
    return np.random.default_rng(seed_of("latent", *parts)).standard_normal(MOST_ROWS)


def inside(accuracy: float) -> float:
    return float(np.clip(accuracy, 0.005, 0.995))


@lru_cache(maxsize=64)
def law_of(seed: int) -> Law:
    """The world of a seed; its regime is the seed modulo eight."""
    rng = np.random.default_rng(seed_of("world", seed))
    regime = REGIMES[seed % len(REGIMES)]
    labels = LABELS[: int(rng.choice([2, 4, 8]))]
    chance = 1 / len(labels)
    top = rng.uniform(0.6, 0.97)
    skills = {}
    for size in SIZES:
        better = size == "large"
        ceiling = min(0.98, top + (rng.uniform(0.0, 0.06) if better else 0.0))
        floor = chance + rng.uniform(0.0, 0.4) * (ceiling - chance)
        skills[size] = draw_skills(rng, regime, chance, floor, ceiling, better)
    return Law(seed=seed, regime=regime, labels=labels, skills=skills)


def draw_skills(
    rng: np.random.Generator, regime: str, chance: float, floor: float, ceiling: float, better: bool
) -> Skills:
    """One model. In worlds of ties all curves have ended, within half a point of each other, long
    before they are asked; in worlds of chance they never leave it."""

    def curve(way: str, scale: float, top: float) -> Curve:
        shape = regime if regime in ("power", "exponential", "plateau", "humped") else "power"
        if regime == "late" and way == "tuned":
            shape = "late"
        if regime == "ties":
            shape, top, scale = "exponential", ceiling + rng.uniform(-0.0025, 0.0025), scale / 8
        if regime == "crossing" and better:
            scale *= 6
        return Curve(
            shape=shape,
            floor=chance if regime == "chance" else floor,
            ceiling=chance if regime == "chance" else max(top, floor),
            scale=scale,
            rate=rng.uniform(0.5, 1.4),
        )

    return Skills(
        shown={
            "random": curve("random", rng.uniform(1.5, 12), ceiling - rng.uniform(0.05, 0.25)),
            "retrieved": curve("retrieved", rng.uniform(0.5, 8), ceiling - rng.uniform(0.0, 0.15)),
        },
        tuned=curve("tuned", rng.uniform(20, 160), ceiling + rng.uniform(-0.05, 0.02)),
        best_rate=float(np.exp(rng.uniform(np.log(1e-3), np.log(6e-3)))),
        gain=rng.uniform(0.5, 3.0),
        spread={
            "zero_shot": 0.0,
            "random": rng.uniform(0.05, 0.25),
            "retrieved": 0.0,
            "tuned": rng.uniform(0.05, 0.3),
        },
        signal=0.0 if regime == "chance" else rng.uniform(0.8, 2.0),
        blurred=float(np.clip(1 - ceiling + rng.uniform(-0.05, 0.1), 0.0, 0.9)),
    )
