"""How a scene looks: grey levels by region, texture, blur, bias field, noise, window."""

import cv2
import numpy as np

from promptseg.training.regions import Scene
from promptseg.training.shapes import noise


def _levels(rng: np.random.Generator, kinds: list[str]) -> np.ndarray:
    """(n,) float32 grey level of every region; equal kinds have about equal levels."""
    names = sorted(set(kinds))
    choice = rng.random()
    if choice < 0.35:  # anything
        level = {name: rng.uniform(0, 1) for name in names}
    elif choice < 0.55:  # a few levels only, so that different tissues look the same
        few = rng.uniform(0, 1, int(rng.integers(3, 6)))
        level = {name: float(rng.choice(few)) + rng.normal(0, 0.02) for name in names}
    else:  # soft tissues that differ little
        base, spread = rng.uniform(0.25, 0.75), rng.uniform(0.04, 0.2)
        level = {name: base + rng.normal(0, spread) for name in names}
        for extremes in ("bone", "gas0", "gas", "lung", "fat", "fluid", "kind0"):
            if extremes in level and rng.random() < 0.75:
                level[extremes] = rng.choice([rng.uniform(-0.1, 0.2), rng.uniform(0.8, 1.2)])
        if "bone" in level and rng.random() < 0.6:
            level |= {"bone": rng.uniform(0.8, 1.3), "fat": base - rng.uniform(0.1, 0.35), "gas": 0.0, "lung": 0.0}
    if rng.random() < 0.75:
        level["outside"] = rng.uniform(0, 0.08)
    jitter = rng.choice([0.0, 0.015, 0.04])
    return np.array([level[kind] + rng.normal(0, jitter) for kind in kinds], np.float32)


def appearance(scene: Scene) -> np.ndarray:
    """(s, s) uint8 image of a scene."""
    rng, size, labels = scene.rng, scene.size, scene.labels
    count = len(scene.kinds)
    image = _levels(rng, scene.kinds)[labels]
    if rng.random() < 0.8:  # texture by region, in two grains
        for cells in (rng.uniform(0.12, 0.6), rng.uniform(0.03, 0.15)):
            strength = (rng.uniform(0, 1, count) ** 3 * rng.uniform(0, 0.18)).astype(np.float32)
            if rng.random() < 0.5:
                strength[0] = 0
            image = image + strength[labels] * noise(rng, size, cells * size, 2)
    sharp = rng.random() < 0.75
    image = cv2.GaussianBlur(image, (0, 0), float(rng.uniform(0.3, 1.0) if sharp else rng.uniform(1, 2.5)))
    if rng.random() < 0.15:  # borders that fade here and there
        blurred = cv2.GaussianBlur(image, (0, 0), float(rng.uniform(2, 0.03 * size + 2)))
        share = np.clip(0.5 + noise(rng, size, 4), 0, 1)
        image = image + share * (blurred - image)
    if rng.random() < 0.5:  # bias field of a coil, or depth
        image = image * np.exp(noise(rng, size, rng.uniform(2, 4)) * np.float32(rng.uniform(0, 0.3)))
    image = _noisy(rng, image.astype(np.float32))
    if rng.random() < 0.35:  # coarser pixels than the image has
        side = max(24, round(size / rng.uniform(1.2, 3.5)))
        small = cv2.resize(image, (side, side), interpolation=cv2.INTER_AREA)
        image = cv2.resize(small, (size, size), interpolation=int(rng.choice([cv2.INTER_LINEAR, cv2.INTER_CUBIC])))
    if rng.random() < 0.15:
        image = image + rng.uniform(0.3, 1.5) * (image - cv2.GaussianBlur(image, (0, 0), 1.5))
    return _windowed(rng, image)


def _noisy(rng: np.random.Generator, image: np.ndarray) -> np.ndarray:
    """A float32 image in about 0..1 with the noise of some device, or of none."""
    size, choice = len(image), rng.random()
    if choice < 0.2:
        return image
    grain = rng.standard_normal((size, size), np.float32)
    if rng.random() < 0.5:
        grain = np.asarray(cv2.GaussianBlur(grain, (0, 0), float(rng.uniform(0.5, 1.5))), np.float32)
        grain /= grain.std()
    amount = np.float32(0.15 * rng.uniform(0, 1) ** 2)
    if choice < 0.55:
        image = image + amount * grain
    elif choice < 0.7:  # speckle
        image = image * (1 + 2 * amount * grain)
    elif choice < 0.85:  # Poisson, as good as normal where counts are not small
        image = image + amount * grain * np.sqrt(np.clip(image, 0, 2))
    else:  # Rice, of magnitude images
        image = np.hypot(image + amount * grain, amount * rng.standard_normal((size, size), np.float32))
    if rng.random() < 0.08:  # stripes
        turn, waves = rng.uniform(0, np.pi), rng.uniform(4, size / 4)
        rows, columns = np.mgrid[:size, :size].astype(np.float32) / size
        phase = (rows * np.sin(turn) + columns * np.cos(turn)) * 2 * np.pi * waves
        image = image + np.float32(rng.uniform(0.01, 0.06)) * np.sin(phase)
    return image


def _windowed(rng: np.random.Generator, image: np.ndarray) -> np.ndarray:
    """(s, s) uint8: the grey levels between two limits, sometimes inverted, rarely with little contrast."""
    low, high = np.percentile(image, (rng.uniform(0, 2), rng.uniform(97, 100)))
    if rng.random() < 0.25:  # a narrower window
        width = max(high - low, 1e-3)
        low, high = low + width * rng.uniform(0, 0.3), high - width * rng.uniform(0, 0.3)
    image = np.clip((image - low) / max(high - low, 1e-3), 0, 1)
    if rng.random() < 0.4:
        image = image ** np.float32(np.exp(rng.normal(0, 0.3)))
    if rng.random() < 0.06:
        image = 1 - image
    if rng.random() < 0.15:
        image = rng.uniform(0, 0.3) + image * rng.uniform(0.3, 0.7)
    return np.clip(image * 255 + 0.5, 0, 255).astype(np.uint8)
