"""The gradient check of a training that is about to begin: its network, its batch, its targets, its settings."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nncli.network.gradient_check import check_gradients
from nncli.training.mixing import example_weights, smooth

if TYPE_CHECKING:
    from nncli.network.gradient_check import Checked
    from nncli.training.loop import Trainer


def check_trainer(trainer: Trainer, n_examples: int, n_entries: int, layer: int | None = None) -> list[Checked]:
    """Check the derivatives on the first examples of the first batch; see `check_gradients`.

    Args:
        trainer: Fresh, in float64, of one network. Its parameters are moved a little.
        n_examples: m.
        n_entries: Entries to try of each vector.
        layer: The layer to check; all by default.
    """
    settings, parameters = trainer.settings, trainer.parameters
    X, Y = next(iter(trainer.training_set.shuffled(settings.seed, 0, 0, lambda _m: slice(None))))
    X, targets = X[:, :n_examples].copy(), Y[..., :n_examples]
    weights = None if settings.class_weights is None else example_weights(settings.class_weights, targets)
    if trainer.training_set.weights is not None:
        own = trainer.training_set.weights[:n_examples]
        weights = own if weights is None else own * weights
    if settings.label_smoothing:
        targets = smooth(targets, settings.label_smoothing, parameters.layer_dims[-1], X.dtype)
    return check_gradients(
        parameters,
        X,
        targets,
        activation=settings.activation,
        l2=settings.l2,
        dropout=settings.dropout,
        example_weights=weights,
        loss=settings.loss,
        n_entries=n_entries,
        layer=layer,
        seed=settings.seed,
    )
