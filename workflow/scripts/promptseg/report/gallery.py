"""The figures of a page: thumbnails by category, and each figure in full size once, which loads when it is opened."""

import base64
import io
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from docutils.core import publish_parts
from markupsafe import Markup
from PIL import Image

from promptseg.core.settings import setting_id
from promptseg.core.titles import Titles, titled
from promptseg.figures.catalogue import FIGURES, Figure, declared
from promptseg.report.grid import explored

# Of the pictures inside a page. The files beside it are exact; in WebP of this quality no difference is seen at twice
# their size, and a page takes half of the bytes.
FULL = {"format": "WEBP", "quality": 88, "method": 2}
THUMB = {"format": "WEBP", "quality": 70, "method": 2}
THUMB_SIZE = (440, 300)  # pixels: twice the size on the page, for dense displays; of taller figures the upper part


def caption_html(path: Path) -> Markup:
    """A caption in reStructuredText as HTML.

    Raises:
        docutils.utils.SystemMessage: it is not valid.
    """
    settings = {"halt_level": 2, "file_insertion_enabled": False, "raw_enabled": False, "smart_quotes": False}
    parts = publish_parts(path.read_text(encoding="utf-8"), writer="html5", settings_overrides=settings)
    return Markup(parts["body"])


def picture(path: Path) -> dict[str, Any]:
    """A figure as data URIs.

    Args:
        path: PNG file.

    Returns:
        {full, width, height, thumb}: the figure, its size in pixels, and a picture of at most THUMB_SIZE pixels of its
        upper part.
    """
    with Image.open(path) as stored:
        full = stored.convert("RGB")
    width, height = THUMB_SIZE
    small = full.crop((0, 0, full.width, min(full.height, full.width * height // width)))
    small.thumbnail(THUMB_SIZE, Image.Resampling.LANCZOS)
    size = {"width": full.width, "height": full.height}
    return {"full": _data_uri(full, FULL), "thumb": _data_uri(small, THUMB), **size}


def _data_uri(image: Image.Image, options: Mapping[str, Any]) -> str:
    stream = io.BytesIO()
    image.save(stream, **options)
    return f"data:image/webp;base64,{base64.b64encode(stream.getvalue()).decode('ascii')}"


def gallery(
    paths: Sequence[Path], names: Titles, endings: Sequence[str], clicks: int = 0, threads: int = 1
) -> list[dict[str, Any]]:
    """The figures that were drawn by their categories, both in the order of the declarations.

    Args:
        paths: PNG files of declared figures.
        names: datasets, methods and protocols: name -> {title}.
        endings: of the files of each figure.
        clicks: after how many clicks the explorer shows a protocol; 0 if figures do not lead there.
        threads: that make the pictures.

    Returns:
        {category, figures}, each figure a {name, title, caption, links, full, width, height, thumb}: the stem of its
        files, its heading, its caption as HTML, (text, address) of what belongs to it, and see `picture`.
    """
    known = {path.stem: path for path in paths}
    with ThreadPoolExecutor(threads) as pool:  # Pillow works on several at a time
        pictures = dict(zip(known, pool.map(picture, known.values()), strict=True))
    shelves: dict[str, list[dict[str, Any]]] = {}
    for figure in FIGURES.values():
        caption = caption_html(figure.caption_file)
        for stem, value in _drawn(figure, list(known)):
            title = f"{figure.title}: {titled(names, value)}" if value else figure.title
            links = [(ending.upper(), f"../figures/{stem}.{ending}") for ending in sorted(endings)]
            links += [(name, f"../tables/{name}") for name in figure.tables.split()]
            links += [("explorer", _to_explorer(figure, value, clicks))] if clicks and _has_objects(figure) else []
            shown = {"name": stem, "title": title, "caption": caption, "links": links, **pictures[stem]}
            shelves.setdefault(figure.category, []).append(shown)
    return [{"category": category, "figures": figures} for category, figures in shelves.items()]


def _drawn(figure: Figure, stems: Sequence[str]) -> Iterator[tuple[str, str]]:
    """The files of a figure, and the dataset, method or protocol of each."""
    return ((stem, value) for stem in stems for of, value in [declared(stem)] if of == figure)


def _has_objects(figure: Figure) -> bool:
    """Whether the explorer has what a figure shows: it knows nothing of volumes, published values and times."""
    return figure.needs != "volumes" and figure.category != "Speed" and not figure.stem.endswith("_published")


def _to_explorer(figure: Figure, value: str, clicks: int) -> str:
    if figure.each == "protocol":
        return explored(settings=[setting_id("iterative", "first", clicks, value)])
    return explored(**{f"{figure.each}s": [value]}) if value else explored()
