"""Speed of making numbers of texts, beside Keras's TextVectorization in batches, in one process and one run.

The texts are the shipped reviews. Both start from the same texts and end with the same array in memory; Keras's layer has
the same settings and is run over batches in a parallel tf.data map. Asked: at least as fast.

    python bench/text.py [--times N] [--repeats N]
"""

import argparse
import functools
import statistics
import time

import numpy as np
import pandas as pd

from dltoolkit import Schema, data, preprocessing
from dltoolkit._keras import keras, tf

BATCH = 256
MODES = {"sequence": "int", "tf-idf": "tf_idf"}
MAX_TOKENS = 5_000


def timed(work):
    """Seconds of one call, seconds of all cores together, and what came."""
    started, busy = time.perf_counter(), time.process_time()
    result = work()
    return time.perf_counter() - started, time.process_time() - busy, result


def vectorised(layer, texts):
    """What TextVectorization gives, batch by batch."""
    batches = tf.data.Dataset.from_tensor_slices(texts).batch(BATCH)
    parts = batches.map(layer, num_parallel_calls=tf.data.AUTOTUNE).prefetch(tf.data.AUTOTUNE)
    return np.concatenate(list(parts.as_numpy_iterator()))


def compared(frame, mode, repeats):
    """Seconds for each way; a column of texts, from the frame to the array."""
    text = next(c for c, role in Schema.infer(frame, "score").roles.items() if role == "text")
    schema = Schema.infer(frame[[text, "score"]], "score")
    options = preprocessing.TextOptions(
        mode=mode, length=200, max_tokens=MAX_TOKENS, standardise="lower-and-strip-punctuation"
    )
    length = 200 if mode == "sequence" else None
    texts = frame[text].to_numpy(object)
    times = {name: [] for name in ("fit, ours", "adapt, Keras", "transform, ours", "TextVectorization")}
    for turn in range(repeats):
        layer = keras.layers.TextVectorization(
            max_tokens=MAX_TOKENS, output_mode=MODES[mode], output_sequence_length=length
        )
        batches = tf.data.Dataset.from_tensor_slices(texts).batch(BATCH)
        *took, ours = timed(functools.partial(preprocessing.fit, frame, schema, text=options))
        times["fit, ours"].append(took)
        times["adapt, Keras"].append(timed(functools.partial(layer.adapt, batches))[:2])
        ways = {
            "transform, ours": functools.partial(ours.transform, frame),
            "TextVectorization": functools.partial(vectorised, layer, texts),
        }
        # One pass of each is not counted, and they take turns in going first: who first asks for the memory of a large
        # result waits until the system has cleared it, for longer than the work itself takes.
        came = {name: work() for name, work in ways.items()}
        for name in sorted(ways, reverse=turn % 2 == 1):
            came[name] = None
            *took, came[name] = timed(ways[name])
            times[name].append(took)
    (feature,), expected = came["transform, ours"].values(), came["TextVectorization"]
    same = (feature != 0).mean() / (expected != 0).mean()
    return times, f"{feature.shape}, Keras {expected.shape}; share of filled cells {same:.3f} times Keras's"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--times", type=int, default=4, help="how often the reviews are repeated")
    parser.add_argument("--repeats", type=int, default=5)
    options = parser.parse_args()
    frame = pd.concat([data.load("reviews")] * options.times, ignore_index=True)
    for mode in MODES:
        times, shapes = compared(frame, mode, options.repeats)
        table = pd.DataFrame(
            {
                name: (statistics.median(wall), min(wall), max(wall), statistics.median(busy))
                for name, (wall, busy) in ((name, zip(*pairs, strict=True)) for name, pairs in times.items())
            },
            index=["median", "min", "max", "CPU"],
        ).T
        table["thousand texts/s"] = len(frame) / table["median"] / 1e3
        print(f"{mode}: {len(frame):,} reviews, {options.repeats} repeats, {shapes}")
        print(table.round(3).to_string())
        wall = table["median"]["TextVectorization"] / table["median"]["transform, ours"]
        busy = table["CPU"]["TextVectorization"] / table["CPU"]["transform, ours"]
        print(f"transform: {wall:.2f} times TextVectorization ({busy:.2f} by CPU time), asked: 1.0")


if __name__ == "__main__":
    main()
