"""Users of a configuration: which there are, what their jobs depend on, and what is said of mistakes."""

import pytest

from promptseg.config import users


def config(*names, **entries):
    titled = {name: {"title": name, "draws": 5, "seed": 1, **entry} for name, entry in entries.items()}
    return {"prompts": {"users": ["ideal", *names]}, "users": titled}


def said(found):
    return [mistake.text for mistake in found]


READERS = {"prompts": ["a.json"]}


def test_who_is_there():
    found = config("noisy", noisy={"like": "readers"}, readers=READERS, idle=READERS)
    assert users.users_of(found) == ["noisy"]
    assert users.recorded_users(found) == ["readers"]
    assert list(users.about_users(found)) == ["ideal", "noisy"]


def test_a_job_depends_on_draws_and_not_on_where_files_lie():
    found = config("readers", "noisy", readers=READERS, noisy={"noise": {"bias": 0.2}})
    assert users.user_entry(found, "readers") == {}
    assert users.user_entry(found, "noisy") == {"noise": {"bias": 0.2}, "draws": 5, "seed": 1}
    mapped = config("mapped", mapped={"clickability": "maps/{image}_{task}.png"})
    assert users.own_of_users(mapped) == {"mapped": {"options": {"maps": "maps"}}}
    assert users.own_of_users(found)["readers"] == {"options": {"prompts": ["a.json"]}}


@pytest.mark.parametrize(
    ("found", "text"),
    [
        (
            config("reader", readers=READERS),
            "prompts.users names 'reader', which is not an entry of users:. Did you",
        ),
        (config("zzz"), "Add an entry for it, or choose among: ideal."),
        ({**config(), "prompts": {"users": ["a"]}, "users": {"a": READERS}}, "prompts.users: add 'ideal', with whom"),
        (config(ideal=READERS), "users.ideal: this name stands for the user who sees the truth"),
        (config("a", "A", a=READERS, A=READERS), "prompts.users names 'a' and 'A', which differ in capitals alone"),
        (config("Ideal", Ideal=READERS), "prompts.users names 'ideal' and 'Ideal', which differ in capitals alone"),
        (config(a={}), "users.a: say who it is, by one of prompts, noise, like, clickability."),
        (config(a={**READERS, "noise": {}}), "users.a: prompts and noise exclude each other"),
        (config(a={"noise": {}, "like": "b"}, b=READERS), "users.a: noise and like exclude each other"),
        (config(a={"like": "b"}, b={"noise": {}}), "users.a.like: 'b' is no user with recorded prompts."),
        (config(a={"clickability": "m/{image}.png", "noise": {"bias": 0.1}}), "noise.bias would not matter"),
        (config(a={"clickability": "m/{image}_{tsk}.png"}), "only {image} and {task} may stand in braces"),
        (config(a={"clickability": "m/{image}_{.png"}), "only {image} and {task} may stand in braces"),
        (config(a={"noise": {"spread": 0.2}}), "users.a.noise.spread: with a bias of 0 it has to be less than 0"),
        (config(a={"noise": {"bias": 0.5, "spread": 0.5}}), "with a bias of 0.5 it has to be less than 0.5"),
        (config(a={"clickability": "m/one.png"}), "users.a.clickability: 'm/one.png' needs {image}"),
    ],
)
def test_mistakes(found, text):
    assert any(text in one for one in said(users.mistaken_users(found)))


def test_files_that_are_not_there_are_said_of_users_of_the_run(tmp_path):
    (tmp_path / "b.json").touch()
    entry = {"prompts": [str(tmp_path / "a.json"), str(tmp_path / "b.json")]}
    (text,) = said(users.missing_prompts(config("readers", readers=entry, idle={"prompts": ["c.json"]})))
    assert text.startswith("users.readers.prompts.0: there is no file or folder")
