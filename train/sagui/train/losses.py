"""What training makes small, and how much each photo counts in it."""

from typing import Any

import keras
import numpy as np
import numpy.typing as npt
from keras import ops

from sagui.train.errors import DatasetError
from sagui.train.recipe.choices import LossChoice, Regularization, Task

Floats = npt.NDArray[Any]
_Tensor = Any  # Keras ships no types.

# As near to 1 as a probability gets in the focal loss: at 1, roots (gamma < 1) have no slope.
_NEARLY_CERTAIN = -1e-7


def make_loss(choice: LossChoice, regularization: Regularization, task: Task) -> keras.losses.Loss:
    """Makes the loss of a recipe, from truth and logits ``(batch, labels)``.

    Label smoothing spreads a share of the truth over all classes (Szegedy et al., CVPR 2016,
    https://arxiv.org/abs/1512.00567, section 7); with several labels, over "yes" and "no" of each.

    Args:
        choice: Resolved: ``name`` is filled in.
        regularization: Resolved: ``label_smoothing`` is filled in.
        task: Whether logits become probabilities by softmax or, with several labels, by sigmoid.

    Raises:
        ValueError: A choice is not resolved, or the loss is of the other task.
    """
    smoothing = regularization.label_smoothing
    if choice.name is None or smoothing is None:
        raise ValueError(f"loss.name and regularization.label_smoothing must be filled in first: {choice}")
    match choice.name, task:
        case "cross-entropy", "single-label":
            return keras.losses.CategoricalCrossentropy(from_logits=True, label_smoothing=smoothing)
        case "binary-cross-entropy", "multi-label":
            return keras.losses.BinaryCrossentropy(from_logits=True, label_smoothing=smoothing)
        case "focal", _:
            return Focal(choice.gamma, task, smoothing)
        case "mean-squared-error", _:
            return SquaredError(task, smoothing)
        case _:
            raise ValueError(f"{choice.name} is not a loss of the task {task}")


class _OnLogits(keras.losses.Loss):  # type: ignore[misc]  # Keras ships no types
    """What losses on logits share: the task, and a smoothed truth."""

    def __init__(self, task: Task, label_smoothing: float, **options: Any) -> None:  # noqa: ANN401 (Keras' own)
        super().__init__(**options)
        self.task = task
        self.label_smoothing = label_smoothing

    def smoothed(self, truth: _Tensor) -> _Tensor:
        """Spreads the share over what may be true: every label, or yes and no."""
        among = ops.shape(truth)[-1] if self.task == "single-label" else 2
        return truth * (1 - self.label_smoothing) + self.label_smoothing / ops.cast(among, truth.dtype)

    def get_config(self) -> dict[str, Any]:
        """What it takes to make it again."""
        return {**super().get_config(), "task": self.task, "label_smoothing": self.label_smoothing}


@keras.saving.register_keras_serializable("sagui")
class Focal(_OnLogits):
    """Cross-entropy in which photos that are easy count little: ``-(1 - p) ** gamma * log(p)`` of what is true.

    Lin et al., ICCV 2017, https://arxiv.org/abs/1708.02002, equation 4, without the class weight alpha: see
    `photo_weights`. A truth between 0 and 1 (smoothed, mixed) takes that share of the term.

    Keras' own ones work on probabilities. There a photo that is surely wrong (logits 20 apart) has no gradient with
    softmax, and one that is surely right has NaN with sigmoid and gamma < 1 (tried with Keras 3.15).
    """

    def __init__(
        self,
        gamma: float = 2.0,
        task: Task = "single-label",
        label_smoothing: float = 0.0,
        name: str = "focal",
        **options: Any,  # noqa: ANN401 (Keras' own)
    ) -> None:
        super().__init__(task, label_smoothing, name=name, **options)
        self.gamma = gamma

    def call(self, y_true: _Tensor, y_pred: _Tensor) -> _Tensor:
        """Gives the loss of each photo ``(batch,)``: summed over its labels, or their mean if it may have several."""
        truth = self.smoothed(y_true)
        if self.task == "single-label":
            log_p = ops.log_softmax(y_pred, axis=-1)
            doubt = -ops.expm1(ops.minimum(log_p, _NEARLY_CERTAIN))
            return -ops.sum(truth * ops.power(doubt, self.gamma) * log_p, axis=-1)
        log_yes, log_no = ops.log_sigmoid(y_pred), ops.log_sigmoid(-y_pred)
        yes = ops.exp(self.gamma * log_no) * log_yes
        no = ops.exp(self.gamma * log_yes) * log_no
        return -ops.mean(truth * yes + (1 - truth) * no, axis=-1)

    def get_config(self) -> dict[str, Any]:
        """What it takes to make it again."""
        return {**super().get_config(), "gamma": self.gamma}


@keras.saving.register_keras_serializable("sagui")
class SquaredError(_OnLogits):
    """Mean squared error of the probabilities: the Brier score, divided by the number of labels.

    Brier, "Verification of forecasts expressed in terms of probability", Monthly Weather Review 78, 1950.
    """

    def __init__(
        self,
        task: Task = "single-label",
        label_smoothing: float = 0.0,
        name: str = "mean_squared_error",
        **options: Any,  # noqa: ANN401 (Keras' own)
    ) -> None:
        super().__init__(task, label_smoothing, name=name, **options)

    def call(self, y_true: _Tensor, y_pred: _Tensor) -> _Tensor:
        """Gives the loss of each photo ``(batch,)``."""
        probabilities = ops.softmax(y_pred, axis=-1) if self.task == "single-label" else ops.sigmoid(y_pred)
        return ops.mean(ops.square(probabilities - self.smoothed(y_true)), axis=-1)


def photo_weights(truth: Floats, weights: Floats, choice: LossChoice) -> npt.NDArray[np.float32]:
    """Says how much each photo counts in the loss.

    A class of ``n_class`` among ``n`` photos weighs ``n / (labels * n_class)``, scikit-learn's "balanced"
    (https://scikit-learn.org/stable/modules/generated/sklearn.utils.class_weight.compute_class_weight.html). A photo
    with several labels takes the mean of theirs; one without any takes 1.

    Args:
        truth: ``(photos, labels)``, 0 or 1.
        weights: The photos' own ``(photos,)``, 0 or more.
        choice: Which of the two count.

    Returns:
        ``(photos,)``, with a mean of 1, so that the learning rate means the same with and without.

    Raises:
        DatasetError: A weight is negative or no number, or all are 0.
        ValueError: There is not one weight for each photo.
    """
    if truth.ndim != 2 or weights.shape != truth.shape[:1]:  # noqa: PLR2004 (photos and labels)
        raise ValueError(f"truth {truth.shape} and weights {weights.shape}: one weight for each photo is needed")
    counted = np.ones(len(truth))
    if choice.class_weights == "balanced":
        counted *= _balanced(truth)
    if choice.sample_weights:
        if not np.all(np.isfinite(weights) & (weights >= 0)):
            raise DatasetError("a photo's weight is negative or no number; write 0 or more for each photo")
        counted *= weights
    total = counted.sum()
    if total == 0:
        raise DatasetError("every photo weighs 0, so nothing can be learned; give some of them a weight above 0")
    return np.asarray(counted * (len(counted) / total), np.float32)


def _balanced(truth: Floats) -> Floats:
    photos, labels = truth.shape
    # A class that no photo has is looked up by none.
    by_class = photos / (labels * np.maximum(truth.sum(axis=0, dtype=np.float64), 1))
    own = truth.sum(axis=1, dtype=np.float64)
    return np.asarray(np.divide(truth @ by_class, own, out=np.ones(photos), where=own > 0))


def penalize(model: keras.Model, l1: float, l2: float) -> None:
    """Adds ``l1 * sum |w| + l2 * sum w ** 2`` of each kernel that learns to the model's loss.

    Kernels are those of convolutions and dense layers; biases and normalization stay free. The penalty sits on the
    variables: models that share layers share it, and a saved model comes back without it.

    Args:
        model: Built; with both penalties 0 it is left as it is. Layers must be frozen or not before.
        l1: See above; with ``l2``, an elastic net (Zou and Hastie, 2005).
        l2: See above.
    """
    if l1 == l2 == 0:
        return
    for variable in model.trainable_variables:
        if variable.name.endswith("kernel"):
            variable.regularizer = keras.regularizers.L1L2(l1=l1, l2=l2)
