"""The batched engine: every prompt of every object, in few large batches, with the next clicks computed meanwhile.

Images are handled in groups. All single prompts and first clicks of a group form one batch; then the trajectories of
all its objects, protocols and selections advance together, one batch a click. Two groups are under way at any time:
while one is with the method, worker threads compute the next clicks of the other. Which images form a group depends on
the table of images alone, so results do not depend on timing.
"""

import logging
import time
from collections import defaultdict, deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from threading import Lock
from typing import Any

import numpy as np
from pycocotools import mask as coco

from promptseg.core import masks
from promptseg.core.errors import PromptsegError
from promptseg.core.prefetch import prefetched
from promptseg.core.vocabulary import BOX_MODES, EVERYTHING, SELECTIONS, SINGLE_MODES
from promptseg.methods import Candidates, Grid, Method, Prompt, Proposals, Query
from promptseg.predict.embeddings import EmbeddingCache
from promptseg.preprocess.images import LabelledImage, pixel_digest
from promptseg.prompts.clicks import Click, Protocol, next_click
from promptseg.prompts.modes import applies

# Pixels of objects in a group of images, and of masks in a batch: they bound memory where images are large.
GROUP_PIXELS = 2**26
BATCH_PIXELS = 2**27
CLICK_THREADS = 2


@dataclass(frozen=True)
class Plan:
    """What is asked of the method.

    Attributes:
        tasks: task name to the label values that form its object.
        clicks: length of the iterative trajectories.
        protocols: name to protocol.
        selections: those that trajectories follow, as far as they make a difference for the method.
        grid: for the mode `everything`.
        strict: stop at the first prompt that a method cannot answer, instead of recording it.
    """

    tasks: Mapping[str, Sequence[int]]
    clicks: int = 9
    protocols: Mapping[str, Protocol] = field(default_factory=lambda: {"corrected": Protocol()})
    selections: Sequence[str] = SELECTIONS
    tie_break: str = "random"
    seed: int = 0
    strict: bool = False
    grid: Grid = field(default_factory=Grid)


@dataclass
class Cost:
    """Seconds spent in the method and counts, for `throughput.json`."""

    encode_seconds: float = 0.0
    decode_seconds: float = 0.0
    everything_seconds: float = 0.0  # mode everything, the encoding of crops included
    images: int = 0
    objects: int = 0
    prompts: int = 0  # asked of the method; equal prompts are asked once
    predictions: int = 0


@dataclass(frozen=True)
class Target:
    """One object of an image: its truth and its prompts by mode."""

    object_id: str
    truth: np.ndarray
    prompts: Mapping[str, Mapping[str, Any]]


@dataclass(eq=False)
class Item:
    """One image with its objects.

    Attributes:
        encoded: what the method made of it.
        rows: the result (tables.PREDICTIONS).
        proposals: all masks of the mode `everything` (tables.PROPOSALS).
    """

    image: LabelledImage
    targets: Sequence[Target]
    encoded: Any = None
    rows: list[dict[str, Any]] = field(default_factory=list)
    proposals: list[dict[str, Any]] = field(default_factory=list)


class Answer:
    """What the method said to one prompt, for all who asked the same; a text is the reason why it failed."""

    def __init__(self, candidates: Candidates | str):
        self.candidates = candidates
        self.next_clicks: dict[Any, Click | None] = {}
        self._codes: dict[int, dict[str, Any]] = {}
        self._best: dict[int, int] = {}

    def coded(self, index: int) -> dict[str, Any]:
        """Columns candidate, score and rle of one candidate."""
        assert isinstance(self.candidates, Candidates)
        if index not in self._codes:
            scores = self.candidates.scores
            self._codes[index] = {
                "candidate": index,
                "score": None if scores is None else float(scores[index]),
                "rle": masks.encode(self.candidates.masks[index]),
            }
        return self._codes[index]

    def select(self, selection: str, truth: np.ndarray) -> int:
        """Index of the candidate that a selection takes."""
        assert isinstance(self.candidates, Candidates)
        if selection == "oracle":
            if id(truth) not in self._best:
                self._best[id(truth)] = masks.best_candidate(self.candidates.masks, truth)
            return self._best[id(truth)]
        if selection == "best_score" and self.candidates.scores is not None:
            return int(np.argmax(self.candidates.scores))
        return 0


class Single:
    """One object prompted in one of modes 1 to 5."""

    def __init__(self, item: Item, target: Target, mode: str):
        self.item, self.target, self.mode = item, target, mode
        self.prompts = _prompts_of(target.prompts[mode])
        self._answers: dict[int, Answer] = {}
        self._rows: list[dict[str, Any]] = []
        self._lock = Lock()  # the boxes of mode 4 may be answered in several threads

    def take(self, index: int, answer: Answer) -> None:
        """Keep the answer to one prompt until all are there; then only their code is kept."""
        with self._lock:
            self._answers[index] = answer
            if len(self._answers) == len(self.prompts):
                self._rows = self._code([self._answers[index] for index in range(len(self.prompts))])
                self._answers.clear()

    def _code(self, answers: Sequence[Answer]) -> list[dict[str, Any]]:
        for answer in answers:
            if isinstance(answer.candidates, str):
                return [_row(self.target.object_id, self.mode, status=answer.candidates)]
        parts = [answer.candidates for answer in answers if isinstance(answer.candidates, Candidates)]
        joined = answers[0] if len(parts) == 1 else Answer(_join(parts))
        return [_row(self.target.object_id, self.mode, **joined.coded(index)) for index in range(len(parts[0].masks))]

    def rows(self) -> list[dict[str, Any]]:
        """A row for each candidate, or one for a failure."""
        return self._rows


class Trajectory:
    """One object clicked under one protocol, following one selection.

    `after` is the trajectory whose last state this one inherits, and for which it therefore waits.
    """

    def __init__(self, item: Item, target: Target, name: str, plan: Plan, selection: str, after: "Trajectory | None"):
        x, y = target.prompts["iterative"]["points"][0]
        self.item, self.target, self.name, self.plan, self.selection = item, target, name, plan, selection
        self.protocol = plan.protocols[name]
        self.after = after
        self.clicks = [Click(int(x), int(y), True)]
        self.state: Any = None
        self.finished = False
        self._rows: list[dict[str, Any]] = []

    def ready(self) -> bool:
        """Whether there is a click to give to the method now."""
        return not self.finished and (self.after is None or self.after.finished)

    def previous(self) -> Any:
        """The state that goes with the next click."""
        return self.after.state if self.after and len(self.clicks) == 1 else self.state

    def take(self, answer: Answer) -> None:
        """Record the answer to the last click and think of the next one."""
        click = self.clicks[-1]
        row = _row(
            self.target.object_id,
            "iterative",
            protocol=self.name,
            selection=self.selection,
            step=len(self.clicks),
            click_x=click.x,
            click_y=click.y,
            click_label=int(click.positive),
        )
        self._rows.append(row)
        if isinstance(answer.candidates, str):
            row["status"] = answer.candidates
            self.finished = True
            return
        index = answer.select(self.selection, self.target.truth)
        row |= answer.coded(index)
        if self.protocol.previous_mask != "reset" and answer.candidates.states is not None:
            self.state = answer.candidates.states[index]
        following = self._next_click(answer, index) if len(self.clicks) < self.plan.clicks else None
        if following is None:
            self.finished = True
        else:
            self.clicks.append(following)

    def _next_click(self, answer: Answer, index: int) -> Click | None:
        assert isinstance(answer.candidates, Candidates)
        key = (self.target.object_id, self.protocol, index)
        if key not in answer.next_clicks:
            answer.next_clicks[key] = next_click(
                self.target.truth,
                answer.candidates.masks[index],
                self.clicks,
                self.item.image.labels,
                self.protocol,
                tie_break=self.plan.tie_break,
                seed=self.plan.seed,
                object_id=self.target.object_id,
            )
        return answer.next_clicks[key]

    def rows(self) -> list[dict[str, Any]]:
        """A row for each click.

        Once nothing is left to correct, or the method failed, the last row is repeated without a click. (The study's
        script then clicks a random pixel of the image.)
        """
        last = self._rows[-1]
        nothing = {"click_x": None, "click_y": None, "click_label": None}
        rest = range(last["step"] + 1, self.plan.clicks + 1)
        return self._rows + [last | nothing | {"step": step} for step in rest]


class Search:
    """One object looked for among the masks that the method finds in its image by itself (mode everything)."""

    def __init__(self, item: Item, target: Target):
        self.item, self.target = item, target
        self._row: dict[str, Any] = {}

    def take(self, answer: Proposals | str) -> None:
        """Choose the mask that overlaps best; an image without masks gives an empty one."""
        found: dict[str, Any]
        if isinstance(answer, str):
            found = {"status": answer}
        elif answer.codes:
            overlaps = coco.iou(answer.codes, [masks.encode(self.target.truth)], [False])[:, 0]
            best = masks.best_overlap(overlaps)
            found = {"candidate": best, "score": float(answer.scores[best]), "rle": answer.codes[best]}
        else:
            found = {"rle": masks.encode(np.zeros_like(self.target.truth))}
        self._row = _row(self.target.object_id, EVERYTHING, **found)

    def rows(self) -> list[dict[str, Any]]:
        """One row."""
        return [self._row]


@dataclass(frozen=True)
class Ask:
    """One prompt for the method, and who waits for its answer."""

    query: Query
    name: str
    takers: list[Callable[[Answer], None]]
    pixels: int

    def give(self, candidates: Candidates | str) -> None:
        """Hand the answer to all takers; runs in a worker thread."""
        answer = Answer(candidates)
        for take in self.takers:
            take(answer)


def _prompts_of(row: Mapping[str, Any]) -> list[Prompt]:
    """Prompts of one mode: all points in one prompt, but every box in its own."""
    no_points = (np.zeros((0, 2), np.int32), np.zeros(0, np.int8))
    if row["mode"] in BOX_MODES:
        return [Prompt(*no_points, box=np.asarray(box, np.int32)) for box in row["boxes"]]
    points = np.asarray([list(point) for point in row["points"]], np.int32)
    return [Prompt(points, np.asarray(row["point_labels"], np.int8))]


def _clicks_prompt(clicks: Sequence[Click]) -> Prompt:
    points = np.array([(click.x, click.y) for click in clicks], np.int32)
    return Prompt(points, np.array([click.positive for click in clicks], np.int8))


def _join(parts: Sequence[Candidates]) -> Candidates:
    """One answer of several (mode 4): masks united candidate by candidate, as in the study; scores averaged."""
    scores = [part.scores for part in parts if part.scores is not None]
    return Candidates(np.logical_or.reduce([part.masks for part in parts]), np.mean(scores, axis=0) if scores else None)


def _row(object_id: str, mode: str, **values: Any) -> dict[str, Any]:
    selection = {"selection": "oracle"} if mode == EVERYTHING else {}  # other modes name it, or leave it to scoring
    return {"object_id": object_id, "mode": mode, "step": 0, "status": "ok", **selection, **values}


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
        last: dict[tuple[str, str], Trajectory] = {}
        for target in item.targets:
            modes = modes_of(target, self.method)
            self.singles += [Single(item, target, mode) for mode in modes if mode in SINGLE_MODES]
            if EVERYTHING in modes:
                self.searches[item].append(Search(item, target))
            for name, protocol in self.plan.protocols.items() if "iterative" in modes else ():
                for selection in self.plan.selections if self.method.candidates > 1 else SELECTIONS[:1]:
                    after = last.get((name, selection)) if protocol.previous_mask == "leak" else None
                    trajectory = Trajectory(item, target, name, self.plan, selection, after)
                    last[name, selection] = trajectory
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
            key = (id(user.item), *prompt, id(query.previous), query.refine, id(query.truth))
            pixels = user.item.image.labels.size * self.method.candidates
            found.setdefault(key, Ask(query, name, [], pixels)).takers.append(take)

        for single in self.singles if self._new else ():
            for index, prompt in enumerate(single.prompts):
                take = partial(single.take, index)
                name = f"{single.target.object_id} {single.mode}"
                add(single, name, take, Query(single.item.encoded, prompt, truth=self._truth(single.target)))
        self._new = False
        for trajectory in self.trajectories:
            if trajectory.ready():
                name = f"{trajectory.target.object_id} click {len(trajectory.clicks)}"
                query = Query(
                    trajectory.item.encoded,
                    _clicks_prompt(trajectory.clicks),
                    trajectory.previous(),
                    trajectory.protocol.refinement or not self.method.refines,
                    self._truth(trajectory.target),
                )
                add(trajectory, name, trajectory.take, query)
        return list(found.values())

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


def modes_of(target: Target, method: Method) -> list[str]:
    """The modes of an object that a method can answer."""
    return [mode for mode in target.prompts if applies(mode, method.prompt_types)]


class Runner:
    """Asks one method about one image after another."""

    def __init__(self, method: Method, plan: Plan, cache: EmbeddingCache | None = None):
        self.method = method
        self.plan = plan
        self.cache = cache
        self.cost = Cost()

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
                        self.cost.predictions += len(item.rows)
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
            except Exception as error:
                reason = self._failure(error, item.image.image_id)
                item.rows = [
                    _row(target.object_id, mode, status=reason)
                    for target in item.targets
                    for mode in modes_of(target, self.method)
                ]
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
        self.cache.put(key, self.method.pack(encoded))
        return encoded

    def _advance(self, group: Group, pool: ThreadPoolExecutor) -> None:
        """One batch for a group, split where its masks would take too much memory."""
        group.wait()
        waiting = deque(group.asks())
        if not waiting:
            if not group.finished:
                self._propose(group)
                group.finish()
            return
        while waiting:
            batch = [waiting.popleft()]
            pixels = batch[0].pixels
            while waiting and (pixels := pixels + waiting[0].pixels) <= BATCH_PIXELS:
                batch.append(waiting.popleft())
            answers = self._ask([ask.query for ask in batch], [ask.name for ask in batch])
            group.wait()  # for the batch before, whose masks are let go before the next are made
            group.futures = [pool.submit(ask.give, candidates) for ask, candidates in zip(batch, answers, strict=True)]

    def _propose(self, group: Group) -> None:
        """The mode `everything`: once an image, whatever the number of objects that are looked for."""
        for item, searches in group.searches.items():
            start = time.perf_counter()
            answer: Proposals | str
            try:
                answer = self.method.everything(item.encoded, item.image.pixels, self.plan.grid)
            except Exception as error:
                answer = self._failure(error, f"{item.image.image_id} {EVERYTHING}")
            self.cost.everything_seconds += time.perf_counter() - start
            if isinstance(answer, Proposals):
                item.proposals = _proposal_rows(item.image.image_id, answer)
            for search in searches:
                search.take(answer)

    def _ask(self, queries: list[Query], names: Sequence[str]) -> list[Candidates | str]:
        """Answers in order; after a failed batch each query is asked alone, and a reason stands in for a failure."""
        start = time.perf_counter()
        try:
            answers = list(self.method.predict(queries))
            self.cost.prompts += len(queries)
            return list(answers)
        except Exception as error:
            if len(queries) == 1:
                return [self._failure(error, names[0])]
        finally:
            self.cost.decode_seconds += time.perf_counter() - start
        return [self._ask([query], [name])[0] for query, name in zip(queries, names, strict=True)]

    def _failure(self, error: Exception, where: str) -> str:
        reason = f"failed: {type(error).__name__}: {error}".splitlines()[0]
        if self.plan.strict:
            raise PromptsegError(f"{where}: {reason} (strict: true stops at the first failure)") from error
        logging.exception("%s: %s", where, reason)
        return reason
