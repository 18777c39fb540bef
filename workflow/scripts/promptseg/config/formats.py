"""Which files hold images, by the ends of their names, and the data files of those that are only a header."""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path

PICTURES: Mapping[str, tuple[str, ...]] = {
    "PNG": (".png",),
    "JPEG": (".jpg", ".jpeg"),
    "BMP": (".bmp",),
    "GIF": (".gif",),
    "WebP": (".webp",),
    "JPEG 2000": (".jp2", ".j2k"),
    "PNM": (".pgm", ".ppm", ".pbm", ".pnm"),
}
FORMATS: Mapping[str, tuple[str, ...]] = {
    "NIfTI": (".nii", ".nii.gz"),
    "NRRD": (".nrrd", ".nhdr"),
    "MetaImage": (".mha", ".mhd"),
    "MGH": (".mgh", ".mgz"),
    "Analyze": (".hdr", ".hdr.gz"),
    "TIFF": (".tif", ".tiff"),
    **PICTURES,
    "DICOM": (".dcm", ".dicom", ".ima"),  # whose files need no suffix
}
READABLE = tuple(suffix for suffixes in FORMATS.values() for suffix in suffixes)
# Of an Analyze or NIfTI pair: stand for the pair where a pattern names them, and are no images of their own.
PAIRED = (".img", ".img.gz")

_MOST = 100_000  # data files of one header
_LINES = 10_000  # of a header
_LONGEST = 2**20  # bytes of a line of a header


def suffix_of(name: str) -> str:
    """The suffix of a file that can be read, as it is written, `.nii.gz` in one piece; empty for others."""
    found = [name[-len(suffix) :] for suffix in READABLE if name.lower().endswith(suffix)]
    return max(found, key=len, default="")


def companions(path: Path) -> list[Path]:
    """The other files that an image file needs, sorted: the data files that its header names, the other of a pair.

    NRRD, MetaImage, and pairs of Analyze and NIfTI with the .mat file of SPM. What a header names need not exist.
    """
    if not path.name.lower().endswith((*FORMATS["Analyze"], *PAIRED)):
        return sorted(set(data_files(path)))
    stem = re.sub(r"\.(hdr|img)(\.gz)?$", "", path.name, flags=re.IGNORECASE)
    suffixes = (*FORMATS["Analyze"], *PAIRED, ".mat")
    others = (path.with_name(stem + (end.upper() if path.suffix.isupper() else end)) for end in suffixes)
    return sorted(other for other in others if other != path and (other.is_file() or other.is_symlink()))


def data_files(header: Path) -> list[Path]:
    """The files that hold the values, in the order in which they follow each other; none if the header's own does.

    Those of NRRD (`data file`: one, a list, or a pattern with numbers) and MetaImage (`ElementDataFile`, likewise).
    Relative names start at the header's folder. A header that cannot be read names none.
    """
    name = header.name.lower()
    if not name.endswith((*FORMATS["NRRD"], *FORMATS["MetaImage"])):
        return []
    key = r"data ?file:" if name.endswith(FORMATS["NRRD"]) else r"ElementDataFile\s*="
    try:
        return [header.parent / file for file in _named(header_lines(header), key)]
    except (OSError, ValueError):
        return []


def header_lines(path: Path) -> Iterator[str]:
    """The lines of a header of text, stripped, without end where values follow it in the same file."""
    with path.open("rb") as stream:
        for _ in range(_LINES):
            line = stream.readline(_LONGEST)
            if not line:
                return
            yield line.decode(errors="replace").strip()


def _named(lines: Iterator[str], key: str) -> Iterator[str]:
    """The data files that the lines of a header name."""
    for line in lines:
        found = re.match(key, line, re.IGNORECASE)
        if found:
            value = line[found.end() :].strip()
            numbered = re.fullmatch(r"([^%]*%\d{0,3}[diu][^%]*?)\s+(-?\d+)\s+(-?\d+)\s+(-?\d+)(\s+\d+)?", value)
            if re.fullmatch(r"LIST(\s+\d+D?)?", value, re.IGNORECASE):
                yield from filter(None, lines)
            elif numbered:
                first, last, step = (int(numbered[group]) for group in (2, 3, 4))
                numbers = range(first, last + (1 if step > 0 else -1), step)[:_MOST]
                yield from (numbered[1] % number for number in numbers)
            elif value.upper() != "LOCAL":
                yield value
            return
        if not line:
            return  # what follows are the values
