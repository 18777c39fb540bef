"""The batched engine: every prompt of every object, in few large batches, with the next clicks computed meanwhile.

Images are handled in groups. All single prompts and first clicks of a group form one batch; then the trajectories of
all its objects, protocols and selections advance together, one batch per click. Two groups are under way at any time:
while one is with the method, worker threads compute the next clicks of the other. Which images form a group depends on
the table of images alone, so results do not depend on timing.
"""

import time
from collections import defaultdict, deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from typing import Any, Literal

import numpy as np
from pycocotools import mask as coco

from promptseg.core.errors import PromptsegError
from promptseg.core.prefetch import prefetched
from promptseg.core.vocabulary import EVERYTHING, ITERATIVE, SELECTIONS, SINGLE_MODES
from promptseg.methods import Candidates, Method, Proposals, Query
from promptseg.predict.answers import WrongAnswer, checked, checked_proposals, listed, require_bytes
from promptseg.predict.embeddings import EmbeddingCache
from promptseg.predict.failures import Failures
from promptseg.predict.plan import Cost, Item, Plan, ProtocolKey, Target, leaks, modes_of
from promptseg.predict.trajectories import Answer, Ask, Search, Single, Trajectory, prediction
from promptseg.preprocess.images import LabelledImage, pixel_digest

# Pixels of objects in a group of images, and of masks in a batch: they bound memory where images are large.
GROUP_PIXELS = 2**26
BATCH_PIXELS = 2**27
CLICK_THREADS = 2


def _proposal_rows(image_id: str, found: Proposals) -> list[dict[str, Any]]:
    columns = zip(found.codes, found.scores.tolist(), found.stability.tolist(), coco.area(found.codes), strict=True)
    return [
        {"image_id": image_id, "candidate": k, "score": score, "stability": stability, "area": int(area), "rle": code}
        for k, (code, score, stability, area) in enumerate(columns)
    ]


class Group:
    """Images under way together."""

    def __init__(self, items: Sequence[Item], method: Method, plan: Plan):
        self.items, self.method, self.plan = items, method, plan
        self.futures: list[Future[None]] = []
        self.finished = False
        self.singles: list[Single] = []
        self.trajectories: list[Trajectory] = []
        self.searches: dict[Item, list[Search]] = defaultdict(list)
        self._new = True
        for item in items:
            if not item.rows:  # else it could not be encoded, and its rows say so
                self._plan_item(item)

    def _plan_item(self, item: Item) -> None:
        last: dict[tuple[ProtocolKey, str], Trajectory] = {}
        for target in item.targets:
            modes = modes_of(target, self.method)
            self.singles += [Single(item, target, mode) for mode in modes if mode in SINGLE_MODES]
            if EVERYTHING in modes:
                self.searches[item].append(Search(item, target))
            for key, protocol in self.plan.protocols.items() if ITERATIVE in modes else ():
                for selection in self.plan.selections if self.method.candidates > 1 else SELECTIONS[:1]:
                    after = last.get((key, selection)) if leaks(self.method, protocol) else None
                    trajectory = Trajectory(item, target, key, self.plan, self.method, selection, after)
                    last[key, selection] = trajectory
                    self.trajectories.append(trajectory)

    def wait(self) -> None:
        """Wait until all answers so far were taken."""
        for future in self.futures:
            future.result()
        self.futures.clear()

    def asks(self) -> list[Ask]:
        """What to ask the method now, equal prompts once; nothing when the group is done."""
        found: dict[Any, Ask] = {}

        def add(user: Single | Trajectory, name: str, take: Callable[[Answer], None], query: Query) -> None:
            box = None if query.prompt.box is None else query.prompt.box.tobytes()
            prompt = (query.prompt.points.tobytes(), query.prompt.labels.tobytes(), box)
            key = (id(user.item), *prompt, id(query.previous), query.refine, query.multimask, id(query.truth))
            size = user.item.image.labels.shape
            found.setdefault(key, Ask(query, name, [], size, self.method.candidates)).takers.append(take)

        for single in self.singles if self._new else ():
            for index, prompt in enumerate(single.prompts):
                take = partial(single.take, index)
                name = f"{single.target.object_id} {single.mode}"
                truth = self._truth(single.target)
                multimask = self._multimask(self.plan.multimask)
                add(single, name, take, Query(single.item.encoded, prompt, multimask=multimask, truth=truth))
        self._new = False
        for trajectory in self.trajectories:
            if trajectory.ready():
                name = f"{trajectory.target.object_id} click {len(trajectory.clicks)}"
                query = Query(
                    trajectory.item.encoded,
                    trajectory.prompt(),
                    trajectory.previous(),
                    trajectory.protocol.refinement or not self.method.refines,
                    self._multimask(trajectory.protocol.multimask),
                    self._truth(trajectory.target),
                )
                add(trajectory, name, trajectory.take, query)
        return list(found.values())

    def _multimask(self, wanted: Literal["always", "official"]) -> Literal["always", "official"]:
        """What is wanted, where it may make a difference: so that click models are asked once for all protocols."""
        return wanted if self.method.candidates > 1 or self.method.mask_feedback else "always"

    def _truth(self, target: Target) -> np.ndarray | None:
        return target.truth if self.method.needs_truth else None

    def finish(self) -> None:
        """Put the rows of each image together, in the order of its objects."""
        parts: dict[tuple[int, str], list[dict[str, Any]]] = defaultdict(list)
        searches = [search for of_item in self.searches.values() for search in of_item]
        users: list[Single | Trajectory | Search] = [*self.singles, *self.trajectories, *searches]
        for part in users:
            parts[id(part.item), part.target.object_id] += part.rows()
        for item in self.items:
            if not item.rows:
                item.rows = [row for target in item.targets for row in parts[id(item), target.object_id]]
        self.finished = True


class Runner:
    """Asks one method about one image after another.

    Args:
        cache: of embeddings; it is left alone by methods that are not `cacheable`.
        label: the method's name and adapter, for what is said of its failures; its class if empty.

    Attributes:
        failures: what could not be answered; see `Failures.conclude`.
    """

    def __init__(self, method: Method, plan: Plan, cache: EmbeddingCache | None = None, label: str = ""):
        self.method = method
        self.plan = plan
        self.cache = cache if method.cacheable else None
        self.cost = Cost()
        self.failures = Failures(label or f"{type(method).__module__}:{type(method).__qualname__}", plan.strict)

    def run(self, images: Iterable[tuple[LabelledImage, Sequence[Target]]]) -> Iterator[Item]:
        """Answer every prompt of every object.

        Args:
            images: images with their objects, in the order of the table. They are read ahead of time.

        Yields:
            The images in the same order, with their rows.
        """
        groups = self._groups(prefetched(images))
        under_way: deque[Group] = deque()
        with ThreadPoolExecutor(CLICK_THREADS) as pool:
            while True:
                while len(under_way) < 2 and (items := next(groups, None)):
                    under_way.append(Group(self._encode(items), self.method, self.plan))
                if not under_way:
                    return
                for group in under_way:
                    self._advance(group, pool)
                while under_way and under_way[0].finished:
                    for item in under_way.popleft().items:
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

    def _encode(self, items: list[Item]) -> list[Item]:
        for item in items:
            start = time.perf_counter()
            try:
                item.encoded = self._encoded(item.image.pixels)
                if isinstance(item.encoded, np.ndarray) and item.encoded.dtype == np.uint8:
                    item.as_encoded = item.encoded.copy()
            except Exception as error:
                asked = [(target.object_id, mode) for target in item.targets for mode in modes_of(target, self.method)]
                self.failures.asked += len(asked)
                reason = self.failures.status(error, item.image.image_id, len(asked))
                item.rows = [prediction(name, mode, status=reason) for name, mode in asked]
            self.cost.encode_seconds += time.perf_counter() - start
            self.cost.images += 1
            self.cost.objects += len(item.targets)
        return items

    def _encoded(self, pixels: np.ndarray) -> Any:
        if self.cache is None:
            return self.method.encode(pixels)
        key = pixel_digest(pixels)
        if (stored := self.cache.get(key)) is not None:
            return self.method.unpack(stored, pixels)
        encoded = self.method.encode(pixels)
        self.cache.put(key, require_bytes(self.method.pack(encoded)))
        return encoded

    def _advance(self, group: Group, pool: ThreadPoolExecutor) -> None:
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

    def _propose(self, group: Group) -> None:
        """The mode `everything`: once per image, however many objects are looked for."""
        for item, searches in group.searches.items():
            start = time.perf_counter()
            answer: Proposals | str
            self.failures.asked += 1
            try:
                found = self.method.everything(item.encoded, item.image.pixels, self.plan.grid)
                answer = checked_proposals(found, item.image.labels.shape)
            except Exception as error:
                answer = self.failures.status(error, f"{item.image.image_id} {EVERYTHING}")
            self.cost.everything_seconds += time.perf_counter() - start
            if isinstance(answer, Proposals):
                item.proposals = _proposal_rows(item.image.image_id, answer)
            for search in searches:
                search.take(answer)

    def _require_unchanged(self, items: Iterable[Item]) -> None:
        """Answers to later prompts of an image that was changed would depend on those before."""
        for item in items:
            if item.as_encoded is not None and not np.array_equal(item.as_encoded, item.encoded):
                raise PromptsegError(
                    f"{self.failures.label} changed `query.image` of {item.image.image_id} in place, from which later "
                    "prompts are answered. Copy it first: image = query.image.copy()"
                )

    def _ask(self, asks: Sequence[Ask]) -> list[Candidates | str]:
        """Answers in order; after a failed batch each query is asked alone, and a reason stands in for a failure."""
        start = time.perf_counter()
        answers = None
        try:
            answers = listed(self.method.predict([ask.query for ask in asks]), len(asks))
        except WrongAnswer as error:
            return [self.failures.status(error, ask.name) for ask in asks]
        except Exception as error:
            if len(asks) == 1:
                return [self.failures.status(error, asks[0].name)]
            self.failures.of_batch(error, len(asks))
        finally:
            self.cost.decode_seconds += time.perf_counter() - start
        if answers is None:
            return [self._ask([ask])[0] for ask in asks]
        self.cost.prompts += len(asks)
        return [self._checked(ask, answer) for ask, answer in zip(asks, answers, strict=True)]

    def _checked(self, ask: Ask, answer: object) -> Candidates | str:
        try:
            return checked(answer, ask.size, self.method.candidates)
        except WrongAnswer as error:
            return self.failures.status(error, ask.name)
