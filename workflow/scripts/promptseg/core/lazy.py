"""An array whose parts are made when somebody asks for them."""

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from numpy.lib.mixins import NDArrayOperatorsMixin


class LazyArray(NDArrayOperatorsMixin):
    """Made part by part along the first axis, each once; all of them for whatever needs the whole.

    What can be done with an array can be done with it.

    Args:
        part: makes one by its number.
        shape, dtype: of the whole.
    """

    def __init__(self, part: Callable[[int], Any], shape: tuple[int, ...], dtype: Any):
        self._part, self.shape, self.dtype = part, shape, np.dtype(dtype)
        self._made: dict[int, Any] = {}

    def __len__(self) -> int:
        return self.shape[0]

    def __getitem__(self, key: Any) -> Any:
        if not isinstance(key, (int, np.integer)):
            return np.asarray(self)[key]
        number = range(len(self))[key]
        if number not in self._made:
            self._made[number] = self._part(number)
        return self._made[number]

    def __iter__(self) -> Iterator[Any]:
        return (self[number] for number in range(len(self)))

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        return np.array(list(self), dtype or self.dtype).reshape(self.shape)

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, **options: Any) -> Any:
        arrays = (np.asarray(one) if isinstance(one, LazyArray) else one for one in inputs)
        return getattr(ufunc, method)(*arrays, **options)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return getattr(np.asarray(self), name)
