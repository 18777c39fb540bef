"""Embeddings of images kept between runs, in one SQLite file for each method and dataset."""

import hashlib
import logging
import sqlite3
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from promptseg.core.provenance import versions

logger = logging.getLogger(__name__)


class EmbeddingCache:
    """Bytes by the digest of an image and of everything else that they depend on.

    The file is a by-product: it may be deleted at any time, and one that is damaged is replaced. Old embeddings stay
    in it when weights or code change; they are never found again.

    Args:
        path: of the file.
        depends_on: what embeddings depend on besides the image: digests of the weights and of the code that prepares
            and encodes images, precision, device. JSON-like.
    """

    def __init__(self, path: Path, depends_on: Mapping[str, Any]):
        self.path = path
        facts = {**depends_on, **versions(["torch", "segment-anything-py"])}
        self._prefix = repr(sorted(facts.items())).encode()
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            self._open()
        except sqlite3.DatabaseError as error:
            self._replace(error)

    def _open(self) -> None:
        # The engine asks from one thread at a time, which need not be the one that opened the file.
        self._file = sqlite3.connect(self.path, timeout=60, check_same_thread=False)
        self._file.execute("CREATE TABLE IF NOT EXISTS embeddings (key BLOB PRIMARY KEY, digest BLOB, content BLOB)")
        self._file.commit()

    def _replace(self, error: Exception) -> None:
        logger.warning("%s is no readable cache of embeddings (%s) and is replaced", self.path, error)
        with suppress(AttributeError, sqlite3.Error):
            self._file.close()
        self.path.unlink(missing_ok=True)
        self._open()

    def _key(self, image_sha256: str) -> bytes:
        return hashlib.sha256(self._prefix + image_sha256.encode()).digest()

    def get(self, image_sha256: str) -> bytes | None:
        """The embedding of an image, or None if it is not there or damaged."""
        try:
            query = "SELECT digest, content FROM embeddings WHERE key = ?"
            row = self._file.execute(query, (self._key(image_sha256),)).fetchone()
        except sqlite3.OperationalError as error:  # locked, or a disk that cannot be read just now
            logger.warning("%s cannot be asked for an embedding: %s", self.path, error)
            return None
        except sqlite3.DatabaseError as error:
            self._replace(error)
            return None
        return row[1] if row and hashlib.sha256(row[1]).digest() == row[0] else None

    def put(self, image_sha256: str, content: bytes) -> None:
        """Keep the embedding of an image, if the disk allows it."""
        row = (self._key(image_sha256), hashlib.sha256(content).digest(), content)
        try:
            with self._file:
                self._file.execute("INSERT OR REPLACE INTO embeddings VALUES (?, ?, ?)", row)
        except sqlite3.Error as error:
            logger.warning("%s cannot keep an embedding: %s", self.path, error)

    def close(self) -> None:
        """Close the file."""
        self._file.close()
