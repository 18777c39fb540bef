"""Images under way together: who asks about them, what is known of the answers, and what is left to ask."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any

import numpy as np
from pycocotools import mask as coco

from promptseg.core import masks
from promptseg.core.vocabulary import EVERYTHING, ITERATIVE, SELECTIONS, SINGLE_MODES
from promptseg.methods import Method, Proposals, Query
from promptseg.predict.kept import Kept, answers_of
from promptseg.predict.plan import Item, Plan, ProtocolKey, Target, leaks, modes_of
from promptseg.predict.singles import Single
from promptseg.predict.trajectories import Trajectory, prediction, signed
from promptseg.predict.under_way import Question, Taker, UnderWay


def proposal_rows(image_id: str, found: Proposals) -> list[dict[str, Any]]:
    """Rows of predict.tables.PROPOSALS of one image."""
    columns = zip(found.codes, found.scores.tolist(), found.stability.tolist(), coco.area(found.codes), strict=True)
    return [
        {"image_id": image_id, "candidate": k, "score": score, "stability": stability, "area": int(area), "rle": code}
        for k, (code, score, stability, area) in enumerate(columns)
    ]


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
            found["stability"] = float(answer.stability[best])
        else:
            found = {"rle": masks.encode(np.zeros_like(self.target.truth))}
        self._row = prediction(self.target.object_id, EVERYTHING, **found)

    def rows(self) -> list[dict[str, Any]]:
        """One row."""
        return [self._row]


class Group(UnderWay):
    """Images under way together in an ordinary run.

    Args:
        kept: answers of an earlier job, which are not asked again; None where they are of no use.
    """

    def __init__(self, items: Sequence[Item], method: Method, plan: Plan, kept: Kept | None):
        super().__init__(items, method)
        self.plan = plan
        self.singles: list[Single] = []
        self.trajectories: list[Trajectory] = []
        self.searches: dict[Item, list[Search]] = defaultdict(list)
        self._new = True
        for item in items:
            self._plan_item(item)
            if kept is not None:
                self._take_kept(item, kept)
        users: list[Single | Trajectory] = [*self.singles, *self.trajectories]
        self.reused = sum("rle" in row for user in users if user.finished for row in user.rows())

    def _plan_item(self, item: Item) -> None:
        last: dict[tuple[ProtocolKey, str, str], Trajectory] = {}
        for target in item.targets:
            modes = modes_of(target, self.method)
            self.singles += [Single(item, target, mode) for mode in modes if mode in SINGLE_MODES]
            if EVERYTHING in modes:
                self.searches[item].append(Search(item, target))
            for key, protocol in self.plan.protocols.items() if ITERATIVE in modes else ():
                for selection in self.plan.selections if self.method.candidates > 1 else SELECTIONS[:1]:
                    own = (key, selection, target.annotator)
                    after = last.get(own) if leaks(self.method, protocol) else None
                    trajectory = Trajectory(item, target, key, self.plan, self.method, selection, after)
                    last[own] = trajectory
                    self.trajectories.append(trajectory)

    def _take_kept(self, item: Item, kept: Kept) -> None:
        known = answers_of(kept, item, self.method.says("looks_at_pixels"))
        several = self.method.candidates > 1 or self.method.mask_feedback
        for single in self.singles:
            if single.item is item and (one := known[single.target.object_id]):
                single.take_rows(one.single(single.mode, self.plan, several))
        for trajectory in self.trajectories:
            if trajectory.item is item and (one := known[trajectory.target.object_id]):
                rows = one.trajectory(trajectory.protocol, trajectory.selection)
                trajectory.replay(rows, one.same_user(self.plan), kept.stateful)
        found = kept.proposals(item.image.image_id, list(known.values()), self.plan.grid)
        if item in self.searches and found is not None:
            self.found[item] = found

    def unanswered(self) -> list[Item]:
        """Those with a prompt, a click or a search that is still to be asked."""
        users: list[Single | Trajectory] = [*self.singles, *self.trajectories]
        asking = {id(user.item) for user in users if not user.finished}
        asking |= {id(item) for item in self.searches if item not in self.found}
        return [item for item in self.items if id(item) in asking]

    def prompts(self, item: Item) -> int:
        """One for each mode of each object."""
        return sum(len(modes_of(target, self.method)) for target in item.targets)

    def drop(self, item: Item, reason: str) -> None:
        """A row for each mode of each object says why."""
        item.rows = [
            row
            for target in item.targets
            for mode in modes_of(target, self.method)
            for row in signed([prediction(target.object_id, mode, status=reason)], target)
        ]
        self.singles = [single for single in self.singles if single.item is not item]
        self.trajectories = [trajectory for trajectory in self.trajectories if trajectory.item is not item]
        self.searches.pop(item, None)

    def questions(self) -> Iterator[Question]:
        """Single prompts at first, and the next click of each trajectory that has one."""
        for single in self.singles if self._new else ():
            if single.finished:
                continue
            for index, prompt in enumerate(single.prompts):
                multimask, truth = self.multimask(self.plan.multimask), self.truth(single.target)
                query = Query(single.item.encoded, prompt, multimask=multimask, truth=truth)
                name = f"{single.target.object_id} {single.mode}"
                yield Question(single.item, name, query, partial(single.take, index))
        self._new = False
        for trajectory in self.trajectories:
            if trajectory.ready():
                query = Query(
                    trajectory.item.encoded,
                    trajectory.prompt(),
                    trajectory.previous(),
                    trajectory.protocol.refinement or not self.method.refines,
                    self.multimask(trajectory.protocol.multimask),
                    self.truth(trajectory.target),
                )
                name = f"{trajectory.target.object_id} click {len(trajectory.clicks)}"
                yield Question(trajectory.item, name, query, trajectory.take)

    def searching(self) -> dict[Item, list[Taker]]:
        """The objects of each image that is asked in the mode `everything`."""
        return {item: [search.take for search in searches] for item, searches in self.searches.items()}

    def finish(self) -> None:
        """Rows in the order of objects, and of each object those of single prompts first."""
        parts: dict[int, list[dict[str, Any]]] = defaultdict(list)
        searches = [search for of_item in self.searches.values() for search in of_item]
        users: list[Single | Trajectory | Search] = [*self.singles, *self.trajectories, *searches]
        for part in users:
            parts[id(part.target)] += signed(part.rows(), part.target)
        for item in self.items:
            if not item.rows:
                item.rows = [row for target in item.targets for row in parts[id(target)]]
        self.finished = True
