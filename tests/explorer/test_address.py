"""Addresses of states of the explorer."""

import pytest

from promptseg.explorer.address import address


def test_a_state_is_behind_the_hash():
    state = address(datasets=["heart", "chest"], tasks=["heart:left ventricle"], settings=["mode1.first"], sort="gap")
    assert state == "explorer/index.html#d=heart,chest&t=heart:left%20ventricle&s=mode1.first&sort=gap"


def test_an_object_of_two_methods_after_a_click():
    state = address(object="heart/p1/a&b=1,2#:tumour", side_by_side=["sam", "ritm"], click=3)
    assert state == "explorer/index.html#o=heart/p1/a%26b%3D1%2C2%23:tumour&w=sam,ritm&k=3"


def test_ranges_may_be_open():
    ranges = {"iou": (None, 0.5), "area": (1234567, None), "nsd": (0.1, 0.25)}
    assert address(ranges) == "explorer/index.html#r.iou=..0.5&r.area=1234567..&r.nsd=0.1..0.25"


def test_what_is_empty_is_left_out():
    assert address(datasets=[], patient="") == "explorer/index.html"
    assert address(versus="sam@mode1.first", methods=[]) == "explorer/index.html#vs=sam@mode1.first"


def test_an_unknown_key_is_a_mistake():
    with pytest.raises(KeyError):
        address(colour="red")
