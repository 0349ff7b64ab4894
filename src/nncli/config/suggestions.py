"""The nearest thing to what was written: for typing errors, and for the words that other tools use."""

from __future__ import annotations

from difflib import get_close_matches
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

SECTION_WORDS = {
    "dataset": "data",
    "images": "data",
    "model": "network",
    "net": "network",
    "architecture": "network",
    "train": "training",
    "optimization": "training",
    "hyperparameters": "training",
}

KEY_WORDS = {
    "data.path": "dataset data_dir data_path folder dir directory root root_dir train_dir image_dir images",
    "data.image_size": "size img_size imgsz input_size input_shape target_size resolution image_shape",
    "data.color": "colour color_mode channels mode grayscale",
    "data.resize": "resize_mode resize_method fit interpolation",
    "data.scaling": "scale normalize normalise rescale preprocessing",
    "data.validation_split": "val_split valid_pct val_size test_size val_ratio validation_size validation_fraction",
    "network.layer_dims": "hidden_layers hidden_layer_sizes layers layer_sizes layers_dims dims hidden hidden_units",
    "network.activation": "activation_function nonlinearity act",
    "network.normalization": "batch_norm batchnorm batch_normalization bn layer_norm layernorm layer_normalization",
    "network.initialization": "init initializer kernel_initializer weight_init weights_init initialisation",
    "network.initialization_scale": "init_scale init_std std",
    "network.project": "pca n_components projection whiten",
    "network.dropout": "dropout_rate drop_rate dropout_prob keep_prob p",
    "training.epochs": "n_epochs num_epochs max_epochs nb_epoch max_iter num_iterations iterations",
    "training.batch_size": "batch bs mini_batch_size minibatch_size minibatch",
    "training.optimizer": "optim optimiser solver",
    "training.learning_rate": "lr lr0 base_lr learning_rate_init eta alpha",
    "training.momentum": "beta mu",
    "training.beta1": "beta_1 betas",
    "training.beta2": "beta_2 rho",
    "training.epsilon": "eps",
    "training.weight_decay": "wd decay",
    "training.l2": "l2_lambda lambd lambda l2_penalty l2_regularization regularization weight_penalty",
    "training.schedule": "scheduler lr_scheduler lr_schedule learning_rate_schedule lr_policy",
    "training.step_epochs": "step_size lr_step decay_epochs",
    "training.step_factor": "gamma decay_rate lr_decay drop_factor",
    "training.warmup_epochs": "warmup warm_up",
    "training.gradient_clip_norm": "clip_norm clipnorm grad_clip gradient_clip max_grad_norm gradient_clip_val clip",
    "training.ensemble": "n_models n_networks ensemble_size members",
    "training.label_smoothing": "smoothing",
    "training.mixing": "mixup cutmix cutout",
    "training.mixing_probability": "mixup_prob cutmix_prob mix_prob",
    "training.mixing_alpha": "mixup_alpha cutmix_alpha",
    "training.class_weights": "class_weight pos_weight",
    "training.patience": "early_stopping early_stopping_patience n_iter_no_change",
    "training.monitor": "metric metrics",
    "training.seed": "random_state random_seed manual_seed",
    "training.precision": "dtype float_type",
}
"""Names of our keys in other tools."""

VALUE_WORDS = {
    "gradient_descent": "sgd gd vanilla",
    "momentum": "sgd_momentum heavy_ball",
    "nesterov": "nag",
    "grayscale": "gray grey greyscale l bw",
    "pad": "letterbox contain",
    "crop": "cover center_crop",
    "stretch": "squash squish",
    "zero_one": "minmax min_max unit",
    "standardize": "standard zscore z_score mean_std",
    "xavier": "glorot",
    "he": "kaiming",
    "normal": "gaussian random",
    "sigmoid": "logistic",
    "leaky_relu": "lrelu leaky",
    "one_cycle": "onecycle 1cycle",
    "constant": "none fixed const",
    "step": "steplr multistep",
    "accuracy": "acc val_acc val_accuracy",
    "loss": "val_loss",
    "float32": "single fp32 32 float",
    "float64": "double fp64 64",
    "skip": "ignore warn",
    "error": "raise fail stop strict",
    "full": "all",
}
"""Names of our values in other tools."""


def nearest_word(written: str, words: Iterable[str]) -> str | None:
    """The one of `words` that was probably meant, or None."""
    words = list(words)
    plain = _plain(written)
    if plain in words:
        return plain
    for word in words:
        if plain in VALUE_WORDS.get(word, "").split():
            return word
    return _closest(plain, words)


def nearest_section(written: str, sections: Collection[str]) -> str | None:
    """The section that was probably meant, or None."""
    plain = _plain(written)
    return plain if plain in sections else SECTION_WORDS.get(plain) or _closest(plain, sections)


def nearest_key(section: str, written: str, keys: Collection[str]) -> str | None:
    """The key that was probably meant.

    Args:
        section: where `written` stands; "" for the top level.
        written: a key that does not exist there.
        keys: all there are, each with its section: "training.epochs".

    Returns:
        One of `keys`, or None if nothing comes near.
    """
    plain = _plain(written)
    here: dict[str, str] = {}
    elsewhere: dict[str, str] = {}
    for key in keys:
        its_section, _, name = key.partition(".")
        (here if its_section == section else elsewhere)[name] = key
    for names in (here, elsewhere):
        if plain in names:
            return names[plain]
    for key, words in KEY_WORDS.items():
        if plain in words.split():
            return key
    for names in (here, elsewhere):
        if nearest := _closest(plain, names):
            return names[nearest]
    return None


def _plain(written: str) -> str:
    return written.strip().lower().replace("-", "_").replace(" ", "_")


def _closest(written: str, words: Iterable[str]) -> str | None:
    return next(iter(get_close_matches(written, list(words), n=1, cutoff=0.65)), None)
