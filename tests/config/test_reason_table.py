"""docs/reasons.md is what the code says, and every reason can be told by its name."""

from promptseg.config.reason_table import COMMAND, all_reasons, document
from promptseg.config.schema import SCRIPTS
from promptseg.core import reasons, value_reasons
from promptseg.core.reason import METHOD_FAILED, USER_STOPS, Reason, reason_in


def test_the_table_is_up_to_date():
    text = (SCRIPTS.parents[1] / "docs" / "reasons.md").read_text()
    assert text == document(), f"the reasons have changed; run: {COMMAND}"


def test_names_are_short_and_different():
    modules = (reasons, value_reasons)
    declared = [value for module in modules for value in vars(module).values() if isinstance(value, Reason)]
    declared += [METHOD_FAILED, USER_STOPS]
    assert len(all_reasons()) == len(declared)
    for reason in declared:
        assert reason_in(reason.status("a.nii is empty")) == reason.name
        assert len(reason.name) <= 30, reason.name
        assert reason.meaning.endswith("."), reason.name
        assert not reason.remedy.endswith("."), reason.name


def test_no_text_of_the_table_is_taken_for_markup():
    """Outside code, GitHub would swallow `<name>` and take stars for emphasis; a bar ends a cell."""
    for reason in all_reasons().values():
        for text in (reason.meaning, reason.remedy):
            plain = "".join(text.split("`")[::2])
            assert not set("<*|") & set(plain), reason.name
            assert "|" not in text, reason.name
