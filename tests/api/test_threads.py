"""One model asked by many threads at once: each gets the answers that it would get alone, to the bit."""

from __future__ import annotations

import os
import random
import sys
import threading
import warnings
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from PIL import Image

from nncli import Classifier, ImageClassifier, load
from nncli.features.settings.color_histogram import ColorHistogram
from nncli.features.settings.deep_patches import DeepPatches
from nncli.features.settings.hog import Hog
from nncli.features.settings.patches import Patches
from nncli.features.settings.pca import Pca
from nncli.model.file import write_model
from nncli.model.predictor import MANY
from nncli.network.parameters import Parameters
from tests.export.models import COLOR, THREE, featured_model
from tests.fixtures import random_model, random_pixels

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from nncli.model.file import Model

    Call = Callable[[], object]

THREADS = 8
N_CALLS = 25
"""Calls of a thread: what the others do in the meantime is always something else."""


def photos_model() -> Model:
    """All feature blocks, mirrored images, an ensemble: everything that the recipe `photos` may choose, and more."""
    patches = Patches(size=4, count=12, grid=2), DeepPatches(size=3, count=4, pool=2, deep_size=2, deep_count=3)
    model = featured_model((*patches, Hog(cell=5), ColorHistogram(bins=3), Pca(components=4)))
    parameters = Parameters(model.layer_dims, n_members=3)
    parameters.flat[:] = np.random.default_rng(8).standard_normal(parameters.flat.size) / 4
    return replace(model, parameters=parameters, test_time_augmentation="mirror", temperature=1.5)


MODELS = {
    "plain": lambda: random_model(THREE, (20, 10), image_format=COLOR),
    "two classes, layer normalization": lambda: random_model(image_format=COLOR, normalization="layer", n_members=2),
    "photos": photos_model,
}


def public_calls(classifier: Classifier, folder: Path) -> list[Call]:
    """Every public method on images in every form, a few and many at a time; each returns what can be compared."""
    estimator = ImageClassifier()
    estimator.classifier_, estimator.classes_ = classifier, np.array(classifier.classes)
    images = random_pixels(40, COLOR).reshape(-1, *COLOR.shape)
    y = estimator.predict(images)
    y[::3] = classifier.classes[0]
    paths = []
    for i, suffix in enumerate((".png", ".jpg", ".tif", ".gif", ".webp", ".bmp") * 2):
        paths.append(str(folder / f"{i}{suffix}"))
        Image.fromarray(images[i]).resize((30, 20)).save(paths[-1])
    paths.append(str(folder / "missing.png"))
    contents = [(folder / "0.png").read_bytes(), (folder / "1.jpg").read_bytes()]
    write_model(folder / "model.npz", classifier.model)
    calls: list[Call] = [
        lambda: load(folder / "model.npz").predict_proba(images[:2]).tobytes(),
        lambda: estimator.predict(images[:20]).tobytes(),
        lambda: estimator.score(images[:20], y[:20]),
        lambda: classifier.predict(paths),
        lambda: classifier.predict(paths[:4] * (MANY // 4)),
        lambda: classifier.predict(contents),
        lambda: classifier.predict(list(images[:9])),
        lambda: classifier.predict(Image.fromarray(images[0])),
    ]
    for m in (1, 1, 2, 5, 20):
        part = images[m : 2 * m]
        calls.append(lambda part=part: classifier.predict_proba(part).tobytes())  # type: ignore[misc]
        calls.append(lambda part=part: estimator.predict_proba(part[:, ::2]).tobytes())  # type: ignore[misc]
    calls += [lambda path=path: classifier.predict(path) for path in paths]  # type: ignore[misc]
    return calls


@pytest.fixture(autouse=True)
def _switched_often() -> Iterator[None]:
    """Threads take turns fifty times as often as usual."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-4)
    yield
    sys.setswitchinterval(before)


def answers_of_threads(calls: list[Call]) -> list[list[tuple[int, object]]]:
    """What each thread got: numbers of calls, in an order of its own, and their answers."""
    answers: list[list[tuple[int, object]]] = [[] for _ in range(THREADS)]
    together = threading.Barrier(THREADS)

    def ask(own: list[tuple[int, object]], seed: int) -> None:
        order = random.Random(seed).choices(range(len(calls)), k=N_CALLS)  # noqa: S311
        together.wait()
        own.extend((i, calls[i]()) for i in order)

    threads = [threading.Thread(target=ask, args=(own, seed)) for seed, own in enumerate(answers)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return answers


@pytest.mark.parametrize("make", MODELS.values(), ids=list(MODELS))
def test_every_answer_is_that_of_a_single_thread(make: Callable[[], Any], tmp_path: Path) -> None:
    """Of every public method, on images in memory and in files, and the process's own settings are as before."""
    calls = public_calls(Classifier(make()), tmp_path)
    expected = [call() for call in calls]
    settings = list(warnings.filters), os.fstat(2)
    answers = answers_of_threads(calls)
    assert [N_CALLS] * THREADS == [len(own) for own in answers]
    wrong = [i for own in answers for i, answer in own if answer != expected[i]]
    assert [] == wrong
    assert settings == (list(warnings.filters), os.fstat(2))
