"""Names of settings."""

import pytest

from promptseg.core.settings import setting_id


@pytest.mark.parametrize(
    ("setting", "name"),
    [
        (("mode1", "first"), "mode1.first"),
        (("mode4", "oracle", 0, ""), "mode4.oracle"),
        (("everything", "first"), "everything.first"),
        (("iterative", "first", 5, "corrected"), "iterative.corrected.5.first"),
        (("iterative", "first", 5, "as_released", "repeat_clicks"), "iterative.as_released~repeat_clicks.5.first"),
    ],
)
def test_settings_have_names(setting, name):
    assert setting_id(*setting) == name
