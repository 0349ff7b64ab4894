"""Image formats that people bring and that are not always read: how each is known, and what helps.

A file is known by its name (for a folder, where no file is opened) or by its first bytes (when it is decoded):

    AVIF                    read where Pillow has it
    HEIC, JPEG XL           read where the extra `heic` or `jxl` is installed
    everything else here    never read; the words say what to save instead

References:
    ISO base media file format (ISO/IEC 14496-12, 4.3): the box `ftyp` and its brands.
    JPEG XL (ISO/IEC 18181-2), JPEG 2000 (ISO/IEC 15444-1, annex I): the signature boxes.
"""

from __future__ import annotations

import importlib.util
import re
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from nncli.data.image.image_format import IMAGE_SUFFIXES
from nncli.machine.extras import install_command

if TYPE_CHECKING:
    from collections.abc import Mapping

_EXPORT = "save it as JPEG or PNG"


@dataclass(frozen=True)
class Kind:
    """A format that is read under a condition, or never.

    Attributes:
        name: What people call it.
        suffixes: Endings of its files, in lower case.
        signature: Of its first bytes.
        way_out: What to do with one such file, without a full stop.
        module: Whatever has to be there for it to be read; empty where nothing helps.
        extra: The extra of this package that installs the module, if one does.
    """

    name: str
    suffixes: tuple[str, ...]
    signature: re.Pattern[bytes]
    way_out: str = _EXPORT
    module: str = ""
    extra: str = ""

    @property
    def is_read(self) -> bool:
        """Whether this installation reads it."""
        return bool(self.module) and _exists(self.module)

    @property
    def phrase(self) -> str:
        """One such file, with its article."""
        name = self.name if self.name.endswith(("page", "video")) else f"{self.name} file"
        return f"{'an' if name[:2] in _VOWEL_SOUNDS else 'a'} {name}"

    @property
    def advice(self) -> str:
        """Advice for one such file that is not read."""
        return f"{_install(self.extra)}, or {self.way_out}" if self.extra else self.way_out


@cache
def _install(extra: str) -> str:
    """See `install_command`, which takes a while, and there may be many files to advise on."""
    return install_command(extra)


def _box(brands: str) -> re.Pattern[bytes]:
    """A file whose box `ftyp` has one of the major brands."""
    return re.compile(rb"....ftyp(?:%s)" % brands.encode(), re.DOTALL)


_VOWEL_SOUNDS = ("AV", "EP", "Op", "IC", "HT", "SV")
"""AVIF, EPS, OpenEXR, ICO, HTML, SVG."""

_RAW = "export it from the camera's program as JPEG or TIFF"

KINDS = (
    Kind("AVIF", (".avif", ".avifs"), _box("avif|avis|(?:mif1|msf1).{0,80}?avi[fs]"), module="PIL._avif"),
    Kind(
        *("HEIC", (".heic", ".heif", ".hif"), _box("hei[cxms]|hev[cxms]|mif1|msf1")),
        module="pillow_heif",
        extra="heic",
    ),
    Kind(
        *("JPEG XL", (".jxl",), re.compile(rb"\xff\x0a|\0\0\0\x0cJXL \r\n\x87\n", re.DOTALL)),
        module="pillow_jxl",
        extra="jxl",
    ),
    Kind(
        "JPEG 2000",
        (".jp2", ".j2k", ".j2c", ".jpc", ".jpf", ".jpx", ".jpm"),
        re.compile(rb"\0\0\0\x0cjP  \r\n\x87\n|\xff\x4f\xff\x51", re.DOTALL),
    ),
    Kind("JPEG XR", (".jxr", ".wdp", ".hdp"), re.compile(rb"II\xbc")),
    Kind("SVG", (".svg", ".svgz"), re.compile(rb"\s*<(?:svg\b|(?:\?xml|!--|!DOCTYPE svg).{0,4000}?<svg\b)", re.DOTALL)),
    Kind("PDF", (), re.compile(rb"%PDF-")),
    Kind("EPS", (), re.compile(rb"%!PS|\xc5\xd0\xd3\xc6")),
    Kind("Photoshop", (".psd", ".psb"), re.compile(rb"8BPS")),
    Kind("DICOM", (".dcm", ".dicom"), re.compile(rb".{128}DICM", re.DOTALL)),
    Kind("OpenEXR", (".exr",), re.compile(rb"v/1\x01")),
    Kind("Radiance HDR", (".hdr",), re.compile(rb"#\?(?:RADIANCE|RGBE)")),
    Kind("ICO", (".ico", ".cur"), re.compile(rb"\0\0[\x01\x02]\0[^\0]\0", re.DOTALL)),
    Kind("QOI", (".qoi",), re.compile(rb"qoif")),
    Kind("FITS", (".fits", ".fit"), re.compile(rb"SIMPLE  =")),
    Kind("HDF5", (), re.compile(rb"\x89HDF\r\n")),
    Kind("NumPy", (), re.compile(rb"\x93NUMPY")),
    Kind("ZIP", (), re.compile(rb"PK\x03\x04"), "unpack it first"),
    Kind("video", (), _box("isom|iso[2-9]|mp4[12]|qt  |M4V |avc1|dash"), "save its frames as JPEG or PNG"),
    Kind("HTML page", (), re.compile(rb"\s*<(?:!doctype html|html)\b", re.IGNORECASE), "download the image itself"),
    Kind(
        "camera RAW",
        (
            *(".dng", ".cr2", ".cr3", ".crw", ".nef", ".nrw", ".arw", ".srf", ".sr2", ".orf", ".rw2", ".raf", ".pef"),
            *(".srw", ".rwl", ".3fr", ".iiq", ".kdc", ".dcr", ".mrw", ".x3f", ".erf", ".raw"),
        ),
        re.compile(rb"FUJIFILMCCD-RAW|....ftypcrx |IIR[OS]|MMOR|IIU\0|FOVb|\0MRM|II\*\0....CR\x02", re.DOTALL),
        _RAW,
    ),
)
"""In the order in which the first bytes are tried."""

SIGNATURE_BYTES = 4096
"""How much of a file the signatures look at."""


@cache
def _exists(module: str) -> bool:
    try:
        return importlib.util.find_spec(module) is not None
    except ImportError:  # its package is missing
        return False


@cache
def image_suffixes() -> tuple[str, ...]:
    """Endings of the files that a folder is searched for, in lower case: those always read, and those read here."""
    return (*IMAGE_SUFFIXES, *(suffix for kind in KINDS if kind.is_read for suffix in kind.suffixes))


def kind_of_content(data: bytes) -> Kind | None:
    """The kind of a file that begins with `data`, or None for one that is none of `KINDS`."""
    head = data[:SIGNATURE_BYTES]
    return next((kind for kind in KINDS if kind.signature.match(head)), None)


def kind_of_name(name: str) -> Kind | None:
    """The kind that the ending of `name` tells, or None."""
    return _by_suffix().get("." + name.lower().rpartition(".")[2]) if "." in name else None


@cache
def _by_suffix() -> Mapping[str, Kind]:
    return {suffix: kind for kind in KINDS for suffix in kind.suffixes}


def unread_kind(name: str) -> Kind | None:
    """The kind of a file that is an image by its name but is not read here; None for any other file."""
    kind = kind_of_name(name)
    return None if kind is None or kind.is_read else kind


def ignored_note(kind: Kind, count: int, first: str = "") -> str:
    """A line about files of a kind that a folder holds and that are not read.

    Args:
        kind: What they are.
        count: How many there are, from 1.
        first: A few of their names, for people to find them.
    """
    files = "file" if count == 1 else "files"
    advice = kind.advice if count == 1 else kind.advice.replace(" it ", " them ")
    return f"{count:,} {kind.name} {files} ignored{': ' + first if first else ''}; {advice}"
