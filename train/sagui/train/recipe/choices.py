"""Everything a person may choose about a training, as data.

Each key carries the sentence that `sagui train --explain` prints. A key whose default is None is filled in by
`sagui.train.recipe.resolve`, from what learns and from the backbone.
"""

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

Task = Literal["single-label", "multi-label"]
Fit = Literal["squash", "crop", "pad"]
Views = Literal["none", "mirror", "flips", "dihedral"]
Pooling = Literal["average", "max", "flatten"]
Activation = Literal["softmax", "sigmoid"]
Initialization = Literal["glorot-uniform", "glorot-normal", "he-uniform", "he-normal"]
OptimizerName = Literal["sgd", "momentum", "nesterov", "adagrad", "rmsprop", "adadelta", "adam", "adamw"]
ScheduleName = Literal["constant", "step", "exponential", "linear", "cosine", "plateau"]
LossName = Literal["cross-entropy", "binary-cross-entropy", "focal", "mean-squared-error"]
Blocks = Annotated[int, Meta(ge=0)] | Literal["all"]


class BackboneChoice(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The network that sees; `[backbone]`."""

    name: Annotated[str, Meta(description="The network to start from; docs/training.md lists them.")] = (
        "efficientnet-lite0"
    )
    weights: Annotated[
        str | None,
        Meta(description="Its weights: imagenet, none (random numbers), or a file; imagenet where there are some."),
    ] = None
    alpha: Annotated[
        float, Meta(gt=0, le=2, description="Width multiplier of MobileNet V1 and V2: fewer filters, faster.")
    ] = 1.0
    padding: Annotated[
        Literal["paper", "same", "valid"],
        Meta(description="Borders of LeNet-5, AlexNet and the VGG-style net: as in the paper, kept, or cut off."),
    ] = "paper"
    downsample: Annotated[
        Literal["paper", "pooling", "stride"],
        Meta(description="How those three shrink their maps: as in the paper, by pooling, or by strided convolution."),
    ] = "paper"


class InputChoice(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What photos are brought to; `[input]`."""

    size: Annotated[
        Annotated[int, Meta(ge=28, le=1024)] | None,
        Meta(description="Height and width of the network's input, in pixels; the backbone's own if it is left out."),
    ] = None
    fit: Annotated[
        Fit, Meta(description="How a photo becomes square: squashed, its middle cropped, or padded with black.")
    ] = "squash"


class SplitChoice(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which photos are for what; `[split]`."""

    test: Annotated[
        float, Meta(gt=0, lt=1, description="Share of the photos that is kept for the one test at the end.")
    ] = 0.25
    validation: Annotated[
        float, Meta(gt=0, lt=1, description="Share of the rest on which the best epoch is chosen.")
    ] = 0.15
    near_duplicates: Annotated[
        bool, Meta(description="Keep photos that look nearly the same on one side of the split.")
    ] = True
    burst_seconds: Annotated[
        float,
        Meta(ge=0, description="Keep photos of one camera taken within so many seconds together (EXIF); 0 does not."),
    ] = 2.0
    folds: Annotated[
        int, Meta(ge=0, le=50, description="Cross-validate with so many folds before the training; 0 does not.")
    ] = 0


class HeadChoice(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What turns feature maps into scores; `[head]`."""

    pooling: Annotated[
        Pooling | None, Meta(description="How maps become a vector: their average, their maximum, or every value.")
    ] = None
    dense: Annotated[
        tuple[Annotated[int, Meta(ge=1, le=65536)], ...] | None,
        Meta(description="Sizes of hidden dense layers before the last one; none for a pretrained backbone."),
    ] = None
    dropout: Annotated[
        Annotated[float, Meta(ge=0, lt=1)] | None,
        Meta(description="Share of a dense layer's inputs that is set to zero in each step (Srivastava et al., 2014)."),
    ] = None
    batch_norm: Annotated[
        bool, Meta(description="Normalize each hidden dense layer's outputs over the batch (Ioffe and Szegedy, 2015).")
    ] = False
    activation: Annotated[
        Activation | None,
        Meta(description="Softmax for one label per photo, sigmoid for several; follows the task if it is left out."),
    ] = None


class Regularization(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What keeps weights and scores modest; `[regularization]`."""

    l1: Annotated[float, Meta(ge=0, description="Penalty on the sum of absolute weights; with l2, an elastic net.")] = (
        0.0
    )
    l2: Annotated[float, Meta(ge=0, description="Penalty on the sum of squared weights.")] = 0.0
    label_smoothing: Annotated[
        Annotated[float, Meta(ge=0, lt=1)] | None,
        Meta(description="Share of the truth that is spread over all classes (Szegedy et al., CVPR 2016, section 7)."),
    ] = None
    weight_decay: Annotated[
        Annotated[float, Meta(ge=0, lt=1)] | None,
        Meta(description="Share by which weights shrink each step, times the learning rate (Loshchilov, ICLR 2019)."),
    ] = None


class OptimizerChoice(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How weights follow the gradient; `[optimizer]`."""

    name: Annotated[OptimizerName | None, Meta(description="The rule that turns gradients into steps.")] = None
    learning_rate: Annotated[
        Annotated[float, Meta(gt=0, le=100)] | None,
        Meta(description="Size of the steps, at their largest; `sagui train --find-lr` measures a good one."),
    ] = None
    momentum: Annotated[
        float, Meta(ge=0, lt=1, description="How much of the last step goes on in the next; momentum and nesterov.")
    ] = 0.9
    clip_norm: Annotated[
        Annotated[float, Meta(ge=0)] | None,
        Meta(description="The longest a step's gradient may be, so that one odd batch spoils nothing; 0 for any."),
    ] = None
    average: Annotated[
        Annotated[float, Meta(ge=0, lt=1)] | None,
        Meta(description="Keep a moving average of the weights with this momentum (Polyak, 1992); 0 does not."),
    ] = None


class Schedule(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How the learning rate changes; `[schedule]`."""

    name: Annotated[ScheduleName | None, Meta(description="The curve the learning rate follows.")] = None
    warmup_epochs: Annotated[
        Annotated[float, Meta(ge=0)] | None,
        Meta(description="Epochs in which it climbs from a tenth to its peak; cosine only."),
    ] = None
    every_epochs: Annotated[float, Meta(gt=0, description="Epochs between two steps; step only.")] = 10.0
    factor: Annotated[
        float,
        Meta(gt=0, lt=1, description="What it is multiplied by: at a step, each epoch (exponential), on a plateau."),
    ] = 0.5
    patience: Annotated[int, Meta(ge=1, description="Epochs without a better validation loss that make a plateau.")] = 5
    floor: Annotated[
        float, Meta(ge=0, lt=1, description="Where it ends, as a share of its peak; linear, cosine and plateau.")
    ] = 0.0


class LossChoice(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is made small; `[loss]`."""

    name: Annotated[
        LossName | None,
        Meta(description="Cross-entropy for one label, binary cross-entropy for several; focal and squares for both."),
    ] = None
    gamma: Annotated[
        float, Meta(ge=0, le=10, description="How little easy photos count in the focal loss (Lin et al., ICCV 2017).")
    ] = 2.0
    class_weights: Annotated[
        Literal["none", "balanced"],
        Meta(description="Whether rare classes count as much as common ones in sum."),
    ] = "none"
    sample_weights: Annotated[
        bool, Meta(description="Whether a photo's weight (a CSV column, ELPV's certainty) counts in the loss.")
    ] = True


class TrainingChoice(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What learns, and for how long; `[training]`."""

    blocks: Annotated[
        Blocks | None,
        Meta(description="Blocks of the backbone that learn with the head, counted from its end: 0 is a linear probe."),
    ] = None
    head: Annotated[
        Literal["fresh", "probe"],
        Meta(description="Whether blocks start to learn with a new head, or with one that a linear probe has trained."),
    ] = "fresh"
    epochs: Annotated[
        Annotated[int, Meta(ge=1, le=100_000)] | None,
        Meta(description="How often each photo is learned from, at most."),
    ] = None
    patience: Annotated[
        Annotated[int, Meta(ge=1)] | None,
        Meta(description="Epochs without a better validation accuracy (or the same at less loss) that end it."),
    ] = None
    batch_size: Annotated[
        Annotated[int, Meta(ge=1, le=65536)] | None, Meta(description="How many photos each step learns from.")
    ] = None
    target_accuracy: Annotated[
        Annotated[float, Meta(gt=0, le=1)] | None,
        Meta(description="Stop as soon as the validation accuracy reaches this; without it, train on."),
    ] = None
    tensorboard: Annotated[
        bool, Meta(description="Write TensorBoard events into the run folder; needs sagui[tensorboard].")
    ] = False
    mixed_precision: Annotated[
        Literal["auto", "on", "off"],
        Meta(description="Compute in 16-bit floats where that is faster; auto does so on GPUs alone."),
    ] = "auto"


class Augmentation(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Changed copies of each photo that mean the same; `[augmentation]`."""

    views: Annotated[
        Views,
        Meta(description="Exact copies: none, mirrored, all flips, or dihedral (flips and right-angle turns)."),
    ] = "mirror"
    copies: Annotated[
        Annotated[int, Meta(ge=1, le=64)] | None,
        Meta(description="Random copies of each photo that are kept where a frozen trunk sees them first."),
    ] = None
    rotation: Annotated[float, Meta(ge=0, le=180, description="Turned by up to so many degrees to either side.")] = 0.0
    shift: Annotated[float, Meta(ge=0, le=0.5, description="Moved by up to this share of the side.")] = 0.0
    zoom: Annotated[float, Meta(ge=0, le=0.9, description="Enlarged or shrunk by up to this share.")] = 0.0
    brightness: Annotated[
        float, Meta(ge=0, le=1, description="Made lighter or darker by up to this share of white.")
    ] = 0.0
    contrast: Annotated[float, Meta(ge=0, le=1, description="Contrast raised or lowered by up to this share.")] = 0.0
    colour: Annotated[float, Meta(ge=0, le=1, description="Hue turned and saturation changed by up to this share.")] = (
        0.0
    )
    noise: Annotated[
        float, Meta(ge=0, le=0.5, description="Gaussian noise with up to this deviation, as a share of white.")
    ] = 0.0
    blur: Annotated[float, Meta(ge=0, le=10, description="Gaussian blur with a deviation of up to so many pixels.")] = (
        0.0
    )
    cutout: Annotated[
        float,
        Meta(ge=0, le=0.9, description="A grey square of up to this share of the side (DeVries and Taylor, 2017)."),
    ] = 0.0
    mixup: Annotated[
        float,
        Meta(
            ge=0, le=10, description="Two photos and their labels are mixed, by Beta(mixup, mixup) (Zhang, ICLR 2018)."
        ),
    ] = 0.0


class Recipe(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A training, but for its photos."""

    task: Annotated[
        Task | None,
        Meta(description="Whether a photo has one label, or any number of them; as the photos' table says."),
    ] = None
    seed: Annotated[
        int,
        Meta(
            ge=0, le=2**31 - 1, description="Of the split and of all that is random; the same seed, the same weights."
        ),
    ] = 0
    initialization: Annotated[
        Initialization,
        Meta(description="Random start of layers without pretrained weights: Glorot (Xavier, 2010) or He (2015)."),
    ] = "glorot-uniform"
    backbone: BackboneChoice = BackboneChoice()
    input: InputChoice = InputChoice()
    split: SplitChoice = SplitChoice()
    head: HeadChoice = HeadChoice()
    training: TrainingChoice = TrainingChoice()
    optimizer: OptimizerChoice = OptimizerChoice()
    schedule: Schedule = Schedule()
    loss: LossChoice = LossChoice()
    regularization: Regularization = Regularization()
    augmentation: Augmentation = Augmentation()
