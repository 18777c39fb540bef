import pytest

from promptseg.parity.fixtures import FixtureError, Name


def test_names_say_what_a_fixture_is():
    assert Name.parse("focalclick_segformerB0_S2__net") == Name("focalclick", "segformerB0_S2", "net")
    assert Name.parse("ritm_hrnet18s__leak") == Name("ritm", "hrnet18s", "leak")
    assert Name.parse("sam_vit_b") == Name("sam", "vit_b", "prompts")
    assert Name.parse("protocol_sam_vit_b") == Name("sam", "vit_b", "protocol")
    assert Name.parse("protocol_sam_vit_b_oracle") == Name("sam", "vit_b", "protocol_oracle")
    assert Name.parse("protocol_simpleclick_vit_xtiny") == Name("simpleclick", "vit_xtiny", "protocol")
    for variant in ("sam2.1_hiera_tiny", "sam2_hiera_base_plus", "edgetam", "medsam2_hiera_t512"):
        assert Name.parse(variant) == Name("sam2", variant, "prompts")
    assert Name.parse("sam3_tracker") == Name("sam3", "sam3", "prompts")
    assert Name.parse("medsam_vit_b") == Name("medsam", "vit_b", "prompts")
    assert Name.parse("sam_med2d_vit_b") == Name("sam_med2d", "vit_b", "prompts")
    assert Name.parse("scribbleprompt_unet_nf192_res128") == Name("scribbleprompt_unet", "nf192_res128", "prompts")
    for name in (
        "ritm_hrnet18s",
        "ritm_hrnet18s__paper",
        "ritm__seq",
        "yolo_v8__net",
        "sam2.1_hiera_",
        "sam2_large",
        "sam3",
        "medsam",
        "protocol_",
        "sam_",
        "protocol",
    ):
        with pytest.raises(FixtureError, match="the name is not understood; known are ritm_VARIANT__"):
            Name.parse(name)
