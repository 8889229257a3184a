"""Networks without branches: blocks of convolutions, each of which may end with a pooling.

How they treat borders and how they shrink their maps can be chosen, so that the papers' ways can be compared.
"""

from dataclasses import dataclass, replace
from itertools import count
from typing import Any, Literal

import keras
from keras import layers

from sagui.train.backbones.input_shape import require_size
from sagui.train.backbones.port import Options
from sagui.train.backbones.scratch.convolution import batch_normalize, normalize

Padding = Literal["same", "valid"]


@dataclass(frozen=True)
class Convolution:
    """A convolution and the activation after it."""

    filters: int
    kernel: int
    stride: int = 1
    padding: Padding = "same"


@dataclass(frozen=True)
class Pooling:
    """What makes maps smaller without weights."""

    kind: Literal["average", "max"]
    size: int
    stride: int
    padding: Padding = "valid"


Step = Convolution | Pooling
Block = tuple[Step, ...]


@dataclass(frozen=True)
class PlainNetwork:
    """A network as its paper describes it.

    Attributes:
        name: What a recipe calls it.
        blocks: Its steps, in order; a block's pooling is its last step.
        activation: After each convolution.
        normalized: Whether batch normalization comes between a convolution and its activation.
    """

    name: str
    blocks: tuple[Block, ...]
    activation: Literal["relu", "tanh"] = "relu"
    normalized: bool = False

    def build(self, input_shape: tuple[int, int, int], options: Options) -> keras.Model:
        """See `sagui.train.backbones.port.Backbone`.

        Raises:
            RecipeError: The photos are too small for these options.
        """
        what = f'{self.name} with backbone.padding = "{options.padding}"'
        require_size(what, input_shape, self.smallest_side(options), ', or backbone.padding to "same"')
        photos = keras.Input(input_shape, name="photos")
        x = normalize(photos)
        for number, block in enumerate(self._blocks(options), 1):
            x = self._block(x, block, f"block{number}")
        return keras.Model(photos, x, name=self.name)

    def smallest_side(self, options: Options) -> int:
        """The smallest photo, in pixels, of which something is left at the end."""
        return next(side for side in count(1) if self._side_after(side, options) > 0)

    def _side_after(self, side: int, options: Options) -> int:
        for step in (step for block in self._blocks(options) for step in block):
            side = _side_after(side, step)
        return side

    def _blocks(self, options: Options) -> tuple[Block, ...]:
        """The paper's blocks, changed as chosen."""
        blocks = self.blocks
        if options.downsample == "stride":
            blocks = tuple(_with_strides(block) for block in blocks)
        if options.downsample == "pooling":
            blocks = tuple(_with_pooling(block) for block in blocks)
        if options.padding != "paper":
            blocks = tuple(tuple(replace(step, padding=options.padding) for step in block) for block in blocks)
        return blocks

    def _block(self, x: Any, block: Block, name: str) -> Any:  # noqa: ANN401 (Keras ships no types)
        for number, step in enumerate(block, 1):
            last = number == len(block)
            x = self._step(x, step, f"{name}_{number}", f"{name}_out" if last else None)
        return x

    def _step(self, x: Any, step: Step, name: str, end: str | None) -> Any:  # noqa: ANN401
        if isinstance(step, Pooling):
            pool = layers.MaxPooling2D if step.kind == "max" else layers.AveragePooling2D
            return pool(step.size, step.stride, step.padding, name=end or f"{name}_pool")(x)
        biased = not self.normalized  # normalization would subtract the bias
        x = layers.Conv2D(step.filters, step.kernel, step.stride, step.padding, use_bias=biased, name=f"{name}_conv")(x)
        if self.normalized:
            x = batch_normalize(x, f"{name}_bn")
        return layers.Activation(self.activation, name=end or f"{name}_{self.activation}")(x)


def _side_after(side: int, step: Step) -> int:
    """Dumoulin and Visin, "A guide to convolution arithmetic for deep learning", relationships 2 and 6."""
    if step.padding == "same":
        return -(-side // step.stride)
    size = step.kernel if isinstance(step, Convolution) else step.size
    return (side - size) // step.stride + 1 if side >= size else 0


def _with_strides(block: Block) -> Block:
    """Lets the convolution before a pooling take its stride (Springenberg et al., ICLR workshop 2015)."""
    *before, last = block
    if not isinstance(last, Pooling):
        return block
    *before, convolution = before
    return (*before, replace(convolution, stride=convolution.stride * last.stride))


def _with_pooling(block: Block) -> Block:
    """Lets convolutions see every place, and pools what their strides would have skipped."""
    steps: list[Step] = []
    for step in block:
        if isinstance(step, Convolution) and step.stride > 1:
            steps += [replace(step, stride=1), Pooling("max", step.stride, step.stride)]
        else:
            steps.append(step)
    return tuple(steps)
