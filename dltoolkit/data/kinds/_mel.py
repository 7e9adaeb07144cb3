"""Bands of frequencies as the ear hears them."""

import functools

import numpy as np


@functools.lru_cache(maxsize=8)
def mel_matrix(rate: int, fft: int, mels: int) -> np.ndarray:
    """Triangles on the mel scale, from 0 Hz to half the rate.

    Args:
        rate: Samples a second.
        fft: Length of the Fourier transform.
        mels: Number of bands.

    Returns:
        numpy.ndarray: float32 ``(fft // 2 + 1, mels)``, each triangle with height 1.

    References:
        O'Shaughnessy (1987), "Speech communication": mel = 2595 log10(1 + f / 700), as in the HTK toolkit.
    """
    top = 2595.0 * np.log10(1.0 + rate / 2 / 700.0)
    corners = 700.0 * (10.0 ** (np.linspace(0.0, top, mels + 2) / 2595.0) - 1.0)
    hertz = np.linspace(0.0, rate / 2, fft // 2 + 1)[:, None]
    low, peak, high = corners[:-2], corners[1:-1], corners[2:]
    return np.clip(
        np.minimum((hertz - low) / (peak - low), (high - hertz) / (high - peak)), 0.0, None
    ).astype("float32")
