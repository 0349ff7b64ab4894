"""Sources of images that are no files of their own: members of an archive, cells of a table."""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from nncli.data.cache import load_cached
from nncli.data.image.decoding import ImageError, decode_image
from nncli.data.loading import BadImage, LoadedImages
from nncli.data.looks import LOOK, Looks, evenly_chosen, looks_of
from nncli.data.source import ImageSource
from nncli.errors import DataError
from nncli.text import counted

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from numpy.typing import NDArray

    from nncli.data.image.image_format import ImageFormat
    from nncli.data.layout.archive import Archive


@dataclass(frozen=True)
class PackedImages(ImageSource):
    """Images whose contents lie within something else.

    Attributes:
        packed: The archive that holds them, or what each file would hold, by name.
    """

    packed: Archive | Mapping[str, bytes] | None = None

    def contents(self, paths: Sequence[str]) -> Iterator[tuple[str, bytes | str]]:
        """Name and contents of each image, in any order; a reason as text where it cannot be read."""
        if self.packed is None:
            return
        if isinstance(self.packed, dict):
            yield from ((path, self.packed[path]) for path in paths)
        else:
            start = len(self.packed.path) + 1  # type: ignore[union-attr]
            for name, content in self.packed.contents([path[start:] for path in paths]):  # type: ignore[union-attr]
                yield f"{self.packed.path}/{name}", content  # type: ignore[union-attr]

    def opened(self, paths: Sequence[str]) -> Iterator[tuple[str, str | bytes]]:
        """See `ImageSource.opened`; a damaged image has no bytes."""
        for path, content in self.contents(paths):
            yield path, content if isinstance(content, bytes) else b""

    def in_reading_order(self, paths: Sequence[str]) -> Sequence[int]:
        """See `ImageSource.in_reading_order`."""
        if self.packed is None or isinstance(self.packed, dict):
            return range(len(paths))
        start = len(self.packed.path) + 1  # type: ignore[union-attr]
        place = {path: i for i, path in enumerate(paths)}
        names = self.packed.in_order([path[start:] for path in paths])  # type: ignore[union-attr]
        return [place[f"{self.packed.path}/{name}"] for name in names]  # type: ignore[union-attr]

    def look_at(self, paths: Sequence[str]) -> Looks | None:
        """As of files."""
        import io

        from PIL import Image

        rows, sizes, chosen = [], [], evenly_chosen(paths)
        for _, content in self.contents(chosen):
            try:
                rows.append(decode_image(content if isinstance(content, bytes) else b"", LOOK))
                with Image.open(io.BytesIO(content)) as image:  # type: ignore[arg-type]
                    sizes.append(image.size)
            except (ImageError, OSError, SyntaxError, ValueError):
                continue
        return looks_of(rows, sizes, lambda larger: self._load(chosen, larger).pixels)

    def load(
        self,
        paths: Sequence[str],
        image_format: ImageFormat,
        on_progress: Callable[[int], None] | None = None,
        on_note: Callable[[str], None] = lambda _note: None,
        *,
        cached: bool = False,
        part: str = "",
    ) -> LoadedImages:
        """As of files."""
        if cached:
            state = self._state()
            return load_cached(
                paths, image_format, self.root, on_progress, on_note, load=self._load, state=state, part=part
            )
        return self._load(paths, image_format, on_progress)

    def _state(self) -> str:
        """Other text after any change to the images: path, size and times of their archive, else a digest of them."""
        if isinstance(self.packed, dict):
            digest = hashlib.blake2b(digest_size=16)
            for name, content in self.packed.items():
                digest.update(f"{name}\0{len(content)}\0".encode())
                digest.update(content)
            return digest.hexdigest()
        status = os.stat(self.root)  # noqa: PTH116
        return f"{os.path.realpath(self.root)}\0{status.st_size} {status.st_mtime_ns} {status.st_ctime_ns}"

    def _load(
        self,
        paths: Sequence[str],
        image_format: ImageFormat,
        on_progress: Callable[[int], None] | None = None,
        *,
        pixels: NDArray[np.uint8] | None = None,
    ) -> LoadedImages:
        if pixels is None:
            try:
                pixels = np.empty((len(paths), image_format.n_features), np.uint8)
            except MemoryError as error:
                raise DataError(
                    f"more than fits into memory: {counted(len(paths), 'image')} of {image_format}"
                ) from error
        place = {path: i for i, path in enumerate(paths)}
        bad: dict[int, BadImage] = {}
        for path, content in self.contents(paths):
            try:
                if isinstance(content, str):
                    raise ImageError(content)
                pixels[place[path]] = decode_image(content, image_format)
            except ImageError as error:
                bad[place[path]] = BadImage(path, str(error))
            if on_progress:
                on_progress(1)
        kept = np.array([i for i in range(len(paths)) if i not in bad], np.intp)
        if bad:
            for row, i in enumerate(kept):
                pixels[row] = pixels[i]
        return LoadedImages(pixels[: len(kept)], kept, tuple(bad[i] for i in sorted(bad)))
