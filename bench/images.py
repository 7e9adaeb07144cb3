"""Speed of pictures: from JPEG files to batches, from the cache, and varied, each beside what one would write otherwise.

The files are crops of two photos that come with scikit-learn, turned over at random, written as JPEG. Asked, in one run:
files to batches at least as fast as a parallel tf.data map written by hand, and at least 3 times as fast as
image_dataset_from_directory with Keras's layers for each picture; a second pass from the cache at least 10 times as fast as
the first; flip, turn, zoom and contrast at least 2 times as fast as Keras's layers, with equal statistics of what comes
out; and a pass over 4 times as much data as the cache may hold that takes no more memory than the cache might.

    python bench/images.py [--files N --height H --width W] [--size S] [--repeats N] [--cache-mb N]
"""

import argparse
import functools
import math
import pathlib
import statistics
import subprocess
import sys
import tempfile
import threading
import time

import numpy as np
import pandas as pd
import psutil
from PIL import Image
from sklearn.datasets import load_sample_images

from dltoolkit import Problem, Schema, data, preprocessing
from dltoolkit._keras import keras, tf

BATCH = 64
CLASSES = ("left", "right")
AUTO = tf.data.AUTOTUNE
CASES = ((1000, 256, 256), (1000, 375, 500), (200, 1200, 1600))  # files, height, width
VARIED = {"flip": "horizontal", "rotate": 0.1, "zoom": 0.2, "contrast": 0.2}


def write_photos(folder, files, height, width):
    """JPEG files of one size, two classes in sub-folders; where they are larger than the photos, these are enlarged."""
    photos, random = load_sample_images().images, np.random.default_rng(0)
    grow = max(1, math.ceil(height / photos[0].shape[0]), math.ceil(width / photos[0].shape[1]))
    photos = [np.asarray(Image.fromarray(p).resize((grow * p.shape[1], grow * p.shape[0]))) for p in photos]
    for name in CLASSES:
        pathlib.Path(folder, name).mkdir()
    for i in range(files):
        photo = photos[random.integers(len(photos))]
        top, left = (
            random.integers(0, have - size + 1)
            for have, size in zip(photo.shape, (height, width), strict=False)
        )
        crop = photo[top : top + height, left : left + width][:, :: random.choice([-1, 1])]
        Image.fromarray(crop).save(pathlib.Path(folder, CLASSES[i % 2], f"{i:05d}.jpg"), quality=90)


def passed(batches):
    """Seconds of one pass, and seconds of all cores together."""
    started, busy = time.perf_counter(), time.process_time()
    for _ in batches:
        pass
    return time.perf_counter() - started, time.process_time() - busy


def layers():
    """What Keras's guides stack for the same variation; a pair, because one number would never lower the contrast."""
    return [
        keras.layers.RandomFlip("horizontal"),
        keras.layers.RandomRotation(VARIED["rotate"]),
        keras.layers.RandomZoom(VARIED["zoom"]),
        keras.layers.RandomContrast((VARIED["contrast"],) * 2),
    ]


def through(stack, images):
    return functools.reduce(lambda x, layer: layer(x, training=True), stack, images)


def by_hand(frame, size, *, antialias=False):
    """A parallel map as TensorFlow's performance guide writes it; without `antialias` it skips pixels where it shrinks."""

    def read(path, label):
        image = tf.io.decode_jpeg(tf.io.read_file(path), channels=3)
        return tf.image.resize(image, (size, size), antialias=antialias) / 255.0, label

    labels = (frame["label"] == CLASSES[1]).to_numpy("float32")
    files = tf.data.Dataset.from_tensor_slices((frame["image"].to_numpy(str), labels))
    return files.map(read, num_parallel_calls=AUTO).batch(BATCH).prefetch(AUTO)


def by_directory(folder, size):
    """Keras's image_dataset_from_directory, with its layers for each picture."""
    pictures = keras.utils.image_dataset_from_directory(
        folder, image_size=(size, size), batch_size=None, shuffle=False, verbose=False
    )
    stack = [*layers(), keras.layers.Rescaling(1 / 255)]
    return pictures.map(lambda image, label: (through(stack, image), label)).batch(BATCH).prefetch(AUTO)


def loading(folder, options):
    """Seconds of a pass over the files, for each way; ours is made anew each time, so that nothing is kept."""
    frame = data.read_images(folder)
    problem, size = Problem.infer(frame, "label"), (options.size,) * 2
    ours = preprocessing.fit(
        frame, Schema.infer(frame, "label"), image=preprocessing.ImageOptions(size=size, colour="rgb")
    )
    augment = preprocessing.ImageAugmentation(**VARIED)
    make = functools.partial(ours.dataset, frame, BATCH, problem=problem)
    ways = {
        "ours": make,
        "tf.data by hand": lambda: by_hand(frame, options.size),
        "tf.data by hand, antialias": lambda: by_hand(frame, options.size, antialias=True),
        "ours, varied": lambda: make(augment=augment),
        "by directory, varied": lambda: by_directory(folder, options.size),
    }
    times = {name: [] for name in [*ways, "ours, from the cache"]}
    passed(make(augment=augment).take(2))  # compiles once; a service does so at its start
    for _ in range(options.repeats):
        for name, way in ways.items():
            batches = way()
            times[name].append(passed(batches))
            if name == "ours":
                times["ours, from the cache"].append(passed(batches))
    return times


def varying(size, repeats):
    """Seconds and statistics of the variation alone, over pictures in memory."""
    photos, random = load_sample_images().images, np.random.default_rng(0)
    tops = random.integers(0, 427 - size, 1024)
    lefts = random.integers(0, 640 - size, 1024)
    pictures = np.stack(
        [photos[i % 2][t : t + size, x : x + size] for i, (t, x) in enumerate(zip(tops, lefts, strict=True))]
    )
    setting, stack = preprocessing.ImageAugmentation(**VARIED), layers()
    batches = tf.data.Dataset.from_tensor_slices(pictures).batch(BATCH).enumerate()
    ways = {
        "one step": batches.map(lambda k, x: setting.apply(x, tf.stack([k, k])), num_parallel_calls=AUTO),
        "stock layers": batches.map(lambda k, x: through(stack, x), num_parallel_calls=AUTO),
    }
    times, told = {name: [] for name in ways}, {}
    for name, way in ways.items():
        out = np.concatenate(list(way.as_numpy_iterator()))
        spread = out.std(axis=(1, 2, 3))
        told[name] = {
            "mean": out.mean(),
            "std": out.std(),
            "std of pictures' means": out.mean(axis=(1, 2, 3)).std(),
            "mean of pictures' stds": spread.mean(),
            "std of pictures' stds": spread.std(),
        }
    for _ in range(repeats):
        for name, way in ways.items():
            times[name].append(passed(way))
    return times, pd.DataFrame(told)


def bounded(folder, cache_mb, size):
    """In a process of its own: two passes over 4 times the cache's limit; prints what memory they took."""
    frame = data.read_images(folder)
    schema = Schema.infer(frame, "label")
    ours = preprocessing.fit(frame, schema, image=preprocessing.ImageOptions(size=(size, size), colour="rgb"))
    limit = cache_mb << 20
    rows = 4 * limit // (size * size * 3)
    many = frame.iloc[np.arange(rows) % len(frame)].reset_index(drop=True)
    passed(ours.dataset(frame.head(4 * BATCH), BATCH))
    batches = ours.dataset(many, BATCH, memory_limit=limit)
    with Watched() as memory:
        (first, _), (second, _) = passed(batches), passed(batches)
    print(
        f"{rows:,} pictures, {rows * size * size * 3 / 2**20:.0f} MB, cache limited to {cache_mb} MB: at most "
        f"{memory.most:.0f} MB above the {memory.before:.0f} MB before (asked: {cache_mb}); passes of {first:.1f} s and "
        f"{second:.1f} s"
    )


class Watched:
    """The most memory that this process holds meanwhile, in MB, looked at every 10 ms."""

    def __enter__(self):
        self.most, self._over = 0.0, threading.Event()
        self.before = self._now()
        self._thread = threading.Thread(target=self._watch)
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._over.set()
        self._thread.join()

    def _now(self):
        return psutil.Process().memory_info().rss / 2**20

    def _watch(self):
        while not self._over.wait(0.01):
            self.most = max(self.most, self._now() - self.before)


def told(times, n):
    """Print a table of the passes."""
    table = pd.DataFrame(
        {
            name: (statistics.median(wall), min(wall), max(wall), statistics.median(busy))
            for name, (wall, busy) in ((name, zip(*pairs, strict=True)) for name, pairs in times.items())
        },
        index=["median", "min", "max", "CPU"],
    ).T
    table["pictures/s"] = (n / table["median"]).round()
    print(table.round(3).to_string())


def ratio(times, other, ours):
    """How many times as fast ours is: the median over pairs of passes, then the best passes, then by CPU time.

    Where the machine is shared, or its cores are lent by a host, a pass now and then gets one core alone: the best passes
    and the CPU time tell more then.
    """
    wall, busy = (
        statistics.median(t[i] / o[i] for t, o in zip(times[other], times[ours], strict=True)) for i in (0, 1)
    )
    best = min(wall for wall, _ in times[other]) / min(wall for wall, _ in times[ours])
    return f"{wall:.2f} times {other} (best passes {best:.2f}, CPU time {busy:.2f})"


def from_files(case, options):
    """One size of files: to batches, from the cache, and varied."""
    files, height, width = case
    with tempfile.TemporaryDirectory() as folder:
        write_photos(folder, files, height, width)
        kb = np.mean([file.stat().st_size for file in pathlib.Path(folder).rglob("*.jpg")]) / 1024
        side = options.size
        print(f"{files:,} JPEG files, {height} x {width}, {kb:.0f} KB each, to {side} x {side}")
        times = loading(folder, options)
    told(times, files)
    print(f"files to batches: {ratio(times, 'tf.data by hand', 'ours')}, asked: 1.0")
    print(f"    where both resize as well: {ratio(times, 'tf.data by hand, antialias', 'ours')}")
    print(f"files to varied batches: {ratio(times, 'by directory, varied', 'ours, varied')}, asked: 3")
    print(f"second pass: {ratio(times, 'ours', 'ours, from the cache')}, asked: 10\n")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "--files", type=int, help="of one size; else a small, a middle and a large size are tried"
    )
    parser.add_argument("--height", type=int, default=375)
    parser.add_argument("--width", type=int, default=500)
    parser.add_argument("--size", type=int, default=128, help="side that pictures are brought to")
    parser.add_argument("--repeats", type=int, default=7)
    parser.add_argument("--cache-mb", type=int, default=256)
    parser.add_argument("--bounded", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.bounded:
        bounded(options.bounded, options.cache_mb, options.size)
        return
    cases = [(options.files, options.height, options.width)] if options.files else CASES
    for case in cases:
        from_files(case, options)
    times, statistics_of = varying(options.size, options.repeats)
    told(times, 1024)
    print(statistics_of.round(1).to_string())
    print(f"variation: {ratio(times, 'stock layers', 'one step')}, asked: 2")
    with tempfile.TemporaryDirectory() as folder:
        write_photos(folder, *cases[0])
        command = [sys.executable, __file__, "--bounded", folder, "--cache-mb", str(options.cache_mb)]
        subprocess.run([*command, "--size", str(options.size)], check=True)


if __name__ == "__main__":
    main()
