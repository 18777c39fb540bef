"""Our methods against recorded outputs of the reference: `python -m promptseg.parity DIR`.

A fixture is an `.npz` file of inputs and of what the reference network, predictor or click loop made of them. Its
weights are generated (`parity.generated_weights`), so that no checkpoint is needed and the answers can be compared
number by number.
"""
