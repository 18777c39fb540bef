"""The users of a run: who prompts besides the ideal one."""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from promptseg.config.explain import Mistake, about_path, dotted, nearest
from promptseg.config.facts import Config, Entries

IDEAL = "ideal"  # the name of the user whose prompts are cut from the truth
_KINDS = ("prompts", "noise", "like", "clickability")


def users_of(config: Config) -> list[str]:
    """Those of the run besides the ideal one, in its order."""
    return [name for name in config["prompts"]["users"] if name != IDEAL]


def recorded_users(config: Config) -> list[str]:
    """Those whose recorded prompts the run reads: its own, and whom others are like."""
    users = config["users"]
    named = [user for name in users_of(config) for user in (name, users[name].get("like")) if user]
    return [name for name in dict.fromkeys(named) if "prompts" in users[name]]


def about_users(config: Config) -> Entries:
    """What tables, figures and page say of the users of a run, the ideal one first: name -> {title}."""
    named = {IDEAL: {"title": "ideal user"}}
    return named | {name: {"title": config["users"][name]["title"]} for name in users_of(config)}


def user_entry(config: Config, name: str) -> dict[str, Any]:
    """What the prompts of a user depend on in its entry; where its files lie does not matter."""
    entry = config["users"][name]
    drawn = ("noise", "draws", "seed", "clickability")
    return {} if "prompts" in entry else {key: entry[key] for key in drawn if key in entry}


def own_of_users(config: Config) -> dict[str, dict[str, Any]]:
    """User to an entry with its files among the `options`, for `own_files.own_digests`."""
    found = {}
    for name in dict.fromkeys([*users_of(config), *recorded_users(config)]):
        entry = config["users"][name]
        maps = str(Path(entry["clickability"].partition("{")[0] + "_").parent) if "clickability" in entry else ""
        named = {"prompts": entry.get("prompts"), "maps": maps}
        found[name] = {"options": {key: value for key, value in named.items() if value}}
    return found


def mistaken_users(config: Mapping[str, Any]) -> Iterator[Mistake]:
    """What the schema cannot say of users, of a configuration that fits it."""
    users = config["users"]
    if IDEAL in users:
        yield Mistake(
            ("users", IDEAL), f"users.{IDEAL}: this name stands for the user who sees the truth: choose another."
        )
    if IDEAL not in config["prompts"]["users"]:
        text = f"prompts.users: add {IDEAL!r}, with whom all others are compared."
        yield Mistake(("prompts", "users"), text)
    folders: dict[str, str] = {}
    for index, name in enumerate(config["prompts"]["users"]):
        if (other := folders.setdefault(name.casefold(), name)) != name:
            text = f"prompts.users names {other!r} and {name!r}, which differ in capitals alone: rename one."
            yield Mistake(("prompts", "users", index), text)
        if name not in users and name != IDEAL:
            among = (
                nearest(name, [IDEAL, *users])
                or f" Add an entry for it, or choose among: {', '.join([IDEAL, *users])}."
            )
            text = f"prompts.users names {name!r}, which is not an entry of users:.{among}"
            yield Mistake(("prompts", "users", index), text)
    for name, entry in users.items():
        yield from _mistaken(name, entry, users)


def missing_prompts(config: Mapping[str, Any]) -> Iterator[Mistake]:
    """Files of recorded prompts of the run that are not there."""
    for name in recorded_users(config):
        for index, path in enumerate(config["users"][name]["prompts"]):
            if not Path(path).exists():
                where = ("users", name, "prompts", index)
                yield Mistake(where, f"{dotted(where)}: there is no file or folder {path}.{about_path(path)}")


def _mistaken(name: str, entry: Mapping[str, Any], users: Mapping[str, Any]) -> Iterator[Mistake]:
    where = ("users", name)
    kinds = [kind for kind in _KINDS if kind in entry]
    if not kinds:
        yield Mistake(where, f"{dotted(where)}: say who it is, by one of {', '.join(_KINDS)}.")
    for one, other in (("prompts", "noise"), ("prompts", "like"), ("prompts", "clickability"), ("noise", "like")):
        if {one, other} <= set(kinds):
            yield Mistake(where, f"{dotted(where)}: {one} and {other} exclude each other: take one of them out.")
    if "clickability" in entry:
        useless = [key for key in ("bias", "spread") if entry.get("noise", {}).get(key)]
        if useless:
            yield Mistake(
                where, f"{dotted(where)}: with clickability, noise.{useless[0]} would not matter: take it out."
            )
        at = (*where, "clickability")
        if "{image}" not in entry["clickability"]:
            yield Mistake(
                at, f"{dotted(at)}: {entry['clickability']!r} needs {{image}} where the name of the image goes."
            )
        if re.search(r"[{}]", re.sub(r"\{(image|task)\}", "", entry["clickability"])):
            text = f"{dotted(at)}: {entry['clickability']!r}: only {{image}} and {{task}} may stand in braces."
            yield Mistake(at, text)
    noise = entry.get("noise", {})
    bias, spread = noise.get("bias", 0), noise.get("spread", 0)
    if spread and 0 <= bias <= 1 and spread**2 >= bias * (1 - bias):
        most = (bias * (1 - bias)) ** 0.5
        of_spread = (*where, "noise", "spread")
        yield Mistake(
            of_spread,
            f"{dotted(of_spread)}: with a bias of {bias:g} it has to be less than {most:.3g}; give `bias`, too.",
        )
    like = entry.get("like")
    if like is not None and "prompts" not in users.get(like, {}):
        at = (*where, "like")
        recorded = [one for one in users if "prompts" in users[one]]
        yield Mistake(at, f"{dotted(at)}: {like!r} is no user with recorded prompts.{nearest(like, recorded)}")
