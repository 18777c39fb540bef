"""The batched engine: every prompt of every object, in few large batches, with the next clicks computed meanwhile.

Images are handled in groups. All single prompts and first clicks of a group form one batch; then the trajectories of
all its objects, protocols and selections advance together, one batch per click. Two groups are under way at any time:
while one is with the method, worker threads draw the masks of the other and find its next clicks. Which images form a
group depends on the table of images alone, so results do not depend on timing.
"""

import time
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np

from promptseg.core.errors import PromptsegError
from promptseg.core.prefetch import prefetched
from promptseg.core.vocabulary import EVERYTHING
from promptseg.methods import Candidates, Method, Proposals
from promptseg.predict.answers import ENCODED, WrongAnswer, checked, checked_proposals, listed, require_bytes
from promptseg.predict.embeddings import EmbeddingCache
from promptseg.predict.failures import Failures
from promptseg.predict.groups import Group, proposal_rows
from promptseg.predict.kept import Kept
from promptseg.predict.plan import Cost, Item, Plan, Target
from promptseg.predict.trajectories import Ask
from promptseg.predict.under_way import UnderWay
from promptseg.preprocess.images import LabelledImage, pixel_digest

# Pixels of objects in a group of images, and of masks in a batch: they bound memory where images are large.
GROUP_PIXELS = 2**26
BATCH_PIXELS = 2**27


class Runner:
    """Asks one method about one image after another.

    Args:
        cache: of embeddings; it is left alone by methods that are not `cacheable`.
        kept: answers of an earlier job, which are not asked again; None where they are of no use.
        label: the method's name and adapter, for what is said of its failures; its class if empty.
        threads: of the job: one asks the method, the others draw masks and find next clicks meanwhile, one of them at
            least; results do not depend on them.

    Attributes:
        asked: rows of predict.tables.ASKED, where `kept` is given.
        stateful: whether an answer had a state, here or in the earlier job.
        failures: what could not be answered; see `Failures.conclude`.
    """

    def __init__(
        self,
        method: Method,
        plan: Plan,
        cache: EmbeddingCache | None = None,
        label: str = "",
        kept: Kept | None = None,
        threads: int = 1,
    ):
        self.method = method
        self.plan = plan
        self.cache = cache if method.cacheable else None
        self.kept = kept
        # One more would take a sixth more of the processor's time at two threads, because they wait for one another.
        self.workers = max(1, threads - 1)
        self.asked: list[dict[str, Any]] = []
        self.stateful = kept is not None and kept.stateful
        self.cost = Cost()
        self.failures = Failures(label or f"{type(method).__module__}:{type(method).__qualname__}", plan.strict)

    def begin(self, items: Sequence[Item]) -> UnderWay:
        """A group of images, and what is asked about them."""
        return Group(items, self.method, self.plan, self.kept)

    def run(self, images: Iterable[tuple[LabelledImage, Sequence[Target]]]) -> Iterator[Item]:
        """Answer every prompt of every object.

        Args:
            images: images with their objects, in the order of the table. They are read ahead of time.

        Yields:
            The images in the same order, with their rows.

        Raises:
            PromptsegError: the method ended the process, or see `Failures`.
        """
        with self.failures.no_exit("prompt"):
            yield from self._run(images)

    def _run(self, images: Iterable[tuple[LabelledImage, Sequence[Target]]]) -> Iterator[Item]:
        groups = self._groups(prefetched(images))
        under_way: deque[UnderWay] = deque()
        with ThreadPoolExecutor(self.workers) as pool:
            while True:
                while len(under_way) < 2 and (items := next(groups, None)):
                    under_way.append(self._encode(self.begin(items)))
                if not under_way:
                    return
                for group in under_way:
                    self._advance(group, pool)
                while under_way and under_way[0].finished:
                    for item in under_way.popleft().items:
                        self.asked += item.asked
                        self.cost.predictions += sum("rle" in row for row in item.rows)
                        yield item

    def _groups(self, images: Iterable[tuple[LabelledImage, Sequence[Target]]]) -> Iterator[list[Item]]:
        group: list[Item] = []
        pixels = 0
        for image, targets in images:
            size = image.labels.size * len(targets)
            if group and (len(group) == self.method.images_at_once or pixels + size > GROUP_PIXELS):
                yield group
                group, pixels = [], 0
            group.append(Item(image, targets))
            pixels += size
        if group:
            yield group

    def _encode(self, group: UnderWay) -> UnderWay:
        """Encode the images about which something is left to ask."""
        self.cost.images += len(group.items)
        self.cost.objects += sum(len(item.targets) for item in group.items)
        self.cost.reused += group.reused
        self.failures.asked += group.reused
        waiting, most = group.unanswered(), self.method.encodes_at_once
        for first in range(0, len(waiting), most):
            self._encode_some(group, waiting[first : first + most])
        return group

    def _encode_some(self, group: UnderWay, items: Sequence[Item]) -> None:
        """Encode images at once; after a failure fewer."""
        start = time.perf_counter()
        parts: list[Sequence[Item]] = []
        try:
            for item, encoded in zip(items, self._encoded([self._shown(item.image) for item in items]), strict=True):
                item.encoded = encoded
                if isinstance(encoded, np.ndarray) and encoded.dtype == np.uint8:
                    item.as_encoded = encoded.copy()
        except Exception as error:
            if len(items) > 1 and not isinstance(error, WrongAnswer):
                parts = self.failures.parts(error, items, "images")
            for item in () if parts else items:
                asked = group.prompts(item)
                self.failures.asked += asked
                group.drop(item, self.failures.status(error, item.image.image_id, asked))
        self.cost.encode_seconds += time.perf_counter() - start
        self.cost.encodings += len(items) if not parts else 0
        for part in parts:
            self._encode_some(group, part)

    def _shown(self, image: LabelledImage) -> np.ndarray:
        """The pixels, as far as the method says that it looks at them."""
        return image.pixels if self.method.says("looks_at_pixels") else np.zeros_like(image.pixels)

    def _encoded(self, pixels: Sequence[np.ndarray]) -> list[Any]:
        if self.cache is None:
            return self._encode_all(pixels)
        keys = [pixel_digest(one) for one in pixels]
        stored = [self.cache.get(key) for key in keys]
        missing = [one for one, content in zip(pixels, stored, strict=True) if content is None]
        fresh = iter(self._encode_all(missing) if missing else [])
        found = []
        for key, content, one in zip(keys, stored, pixels, strict=True):
            if content is None:
                found.append(next(fresh))
                self.cache.put(key, require_bytes(self.method.pack(found[-1])))
            else:
                found.append(self.method.unpack(content, one))
        return found

    def _encode_all(self, pixels: Sequence[np.ndarray]) -> list[Any]:
        return listed(self.method.encode_all(pixels), len(pixels), ENCODED)

    def _advance(self, group: UnderWay, pool: ThreadPoolExecutor) -> None:
        """One batch for a group, split where its masks would take too much memory."""
        group.wait()
        waiting = deque(group.asks())
        if not waiting:
            if not group.finished:
                self._propose(group)
                self._require_unchanged(group.items)
                group.finish()
            return
        while waiting:
            batch = [waiting.popleft()]
            pixels = batch[0].pixels
            while waiting and (pixels := pixels + waiting[0].pixels) <= BATCH_PIXELS:
                batch.append(waiting.popleft())
            self.failures.asked += len(batch)
            answers = self._ask(batch)
            group.wait()  # for the batch before, whose masks are freed before the next are made
            group.futures = [pool.submit(ask.give, candidates) for ask, candidates in zip(batch, answers, strict=True)]

    def _propose(self, group: UnderWay) -> None:
        """The mode `everything`: once per image, however many objects are looked for."""
        for item, takers in group.searching().items():
            start = time.perf_counter()
            answer: Proposals | str
            self.failures.asked += 1
            try:
                found = group.found.get(item) or self.method.everything(
                    item.encoded, self._shown(item.image), self.plan.grid
                )
                answer = checked_proposals(found, item.image.labels.shape)
            except Exception as error:
                answer = self.failures.status(error, f"{item.image.image_id} {EVERYTHING}")
            self.cost.everything_seconds += time.perf_counter() - start
            if isinstance(answer, Proposals):
                item.proposals = proposal_rows(item.image.image_id, answer)
            for take in takers:
                take(answer)

    def _require_unchanged(self, items: Iterable[Item]) -> None:
        """Answers to later prompts of an image that was changed would depend on those before."""
        for item in items:
            if item.as_encoded is not None and not np.array_equal(item.as_encoded, item.encoded):
                raise PromptsegError(
                    f"{self.failures.label} changed `query.image` of {item.image.image_id} in place, from which later "
                    "prompts are answered. Copy it first: image = query.image.copy()"
                )

    def _ask(self, asks: Sequence[Ask]) -> list[Candidates | str]:
        """Answers in order; after a failed batch fewer are asked at once, and a reason stands in for a failure."""
        start = time.perf_counter()
        answers = None
        try:
            answers = listed(self.method.predict([ask.query for ask in asks]), len(asks))
        except WrongAnswer as error:
            return [self.failures.status(error, ask.name) for ask in asks]
        except Exception as error:
            if len(asks) == 1:
                return [self.failures.status(error, asks[0].name)]
            parts = self.failures.parts(error, asks)
        finally:
            self.cost.decode_seconds += time.perf_counter() - start
        if answers is None:
            return [answer for part in parts for answer in self._ask(part)]
        self.cost.prompts += len(asks)
        return [self._checked(ask, answer) for ask, answer in zip(asks, answers, strict=True)]

    def _checked(self, ask: Ask, answer: object) -> Candidates | str:
        try:
            found = checked(answer, ask.size, self.method.candidates)
            self.stateful |= found.states is not None
            return found
        except WrongAnswer as error:
            return self.failures.status(error, ask.name)
