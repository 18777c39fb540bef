import pytest
import yaml

from promptseg.core.errors import PromptsegError
from promptseg.training.settings import recipe, recipes


def test_the_shipped_recipes_name_all_four_networks():
    assert list(recipes()) == ["sam_small", "ritm_small", "simpleclick_small", "focalclick_small"]
    one = recipe("ritm_small")
    assert one.stage(0).size == 64
    assert one.stage(one.steps - 1) == one.stages[-1]


def test_a_wrong_recipe_is_explained(tmp_path):
    path = tmp_path / "training.yaml"
    content = {"family": "sam", "variant": "small", "learning_rate": 1e-3, "stages": []}
    path.write_text(yaml.safe_dump({"networks": {"mine": content}}))
    with pytest.raises(PromptsegError, match=r"networks\.mine\.stages"):
        recipes(path)
    with pytest.raises(PromptsegError, match="There is no file"):
        recipes(tmp_path / "none.yaml")
    with pytest.raises(PromptsegError, match="choose among sam_small"):
        recipe("unknown")
