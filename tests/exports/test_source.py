"""Names of files."""

from promptseg.exports.source import file_names


def test_file_names_are_of_200_characters_at_most():
    long = "x" * 200
    found = file_names([f"{long}/1", f"{long}/2", f"..{long}", "a/b", "a?B", "..", "ü"])
    assert list(found.values()) == [long, f"{long}_2", f"{long}_3", "a_b", "a_B_2", "_", "__2"]
