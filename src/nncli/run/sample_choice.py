"""The part of the image format that training images decide: the range of 16-bit values, the background of transparency.

Both are decided once; the run's config and the model say what came of it, and prediction never looks again.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

    from nncli.config import ConfigFile
    from nncli.data.source import ImageSource

AUTO = "auto"
LEFT_OPEN = ("data.range", "data.background")
"""Keys that may be `auto`."""


def apply_samples(
    config_file: ConfigFile, source: ImageSource, paths: Sequence[str]
) -> tuple[ConfigFile, tuple[str, ...]]:
    """The config without `auto` in `LEFT_OPEN`, and a line about each that is not as ever.

    Args:
        config_file: As written, with its recipe.
        source: The images.
        paths: Those to train on.
    """
    data, notes = config_file.config.data, []
    chosen: dict[str, Any] = {}
    if data.range == AUTO:
        values = source.look_at_values(paths)
        chosen["data.range"] = found = values.chosen() or "full"
        if found != "full":
            notes.append(f"{values}: data.range is [{found[0]}, {found[1]}]")
    if data.background == AUTO:
        from nncli.data.samples import background_with_contrast

        n, n_looked_at, luma = source.look_at_transparency(paths)
        chosen["data.background"] = background = background_with_contrast(luma)
        if n:
            found = f"{n} of {n_looked_at} images looked at are transparent, with a mean gray of {luma:.0f}"
            notes.append(f"{found}: data.background is {background}")
    return config_file.with_values(chosen) if chosen else config_file, tuple(notes)
