import pytest

from promptseg.parity.fixtures import FixtureError, Name


def test_names_say_what_a_fixture_is():
    assert Name.parse("focalclick_segformerB0_S2__net") == Name("focalclick", "segformerB0_S2", "net")
    assert Name.parse("ritm_hrnet18s__leak") == Name("ritm", "hrnet18s", "leak")
    assert Name.parse("sam_vit_b") == Name("sam", "vit_b", "prompts")
    assert Name.parse("protocol_sam_vit_b") == Name("sam", "vit_b", "protocol")
    assert Name.parse("protocol_sam_vit_b_oracle") == Name("sam", "vit_b", "protocol_oracle")
    assert Name.parse("protocol_simpleclick_vit_xtiny") == Name("simpleclick", "vit_xtiny", "protocol")
    for name in ("ritm_hrnet18s", "ritm_hrnet18s__paper", "ritm__seq", "yolo_v8__net", "protocol_", "sam_", "protocol"):
        with pytest.raises(FixtureError, match="the name is not understood; known are ritm_VARIANT__"):
            Name.parse(name)
