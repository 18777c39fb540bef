"""What reruns after a change of what a dataset's volumes depend on."""

import nibabel as nib
import numpy as np

from support.projects import TINY, Project


def test_volumes_and_images_depend_on_what_they_are_made_of(tmp_path):
    project = Project.create(tmp_path / "project")
    labels = np.zeros((8, 9, 6), np.uint8)
    labels[2:5, 3:6, 2:4] = 1
    for folder, array in (("images", labels * 90), ("masks", labels)):
        (project.path / "data" / "body" / folder).mkdir(parents=True)
        nib.save(nib.Nifti1Image(array, np.eye(4)), project.path / "data" / "body" / folder / "a.nii.gz")
    entry = {"source": {"kind": "folder", "path": "data/body"}, "tasks": {"thing": [1]}, "volumes": True}
    made = [f"results/datasets/body/{name}.parquet" for name in ("images", "volumes")]

    def configure(**changes):
        run = {"datasets": ["body"], "methods": ["perfect"]}
        project.configure({**TINY, "run": run, "datasets": {"body": {**entry, **changes}}})

    configure()
    project.run(*made)
    configure(volumes={"parts": True})
    assert project.planned(*made) == {"build_volumes": 1}
    configure(sampling={"every": 2})
    assert project.planned(*made) == {"preprocess": 1}
