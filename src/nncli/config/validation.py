"""From the tree to values, with everything that is wrong told at once.

Three steps: which options are written, what they hold, and whether that goes together. A problem is told once: what has
been refused (a misspelt key too) stays in the tables as `Refused`, and the later steps pass over it.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from nncli.config.nodes import Entry, Mapping, Node, Refused, Scalar, Sequence
from nncli.config.options import OPTIONS, SECTIONS, DataConfig
from nncli.config.places import Place, Problem, shortened
from nncli.config.recipes import likely_defaults
from nncli.config.suggestions import nearest_key, nearest_section
from nncli.config.values import InvalidError, read
from nncli.features.settings import PIXELS, misfit
from nncli.features.settings.looks import seen_shape
from nncli.option import REQUIRED, either

if TYPE_CHECKING:
    from collections.abc import Sequence as Many

    from nncli.config.overrides import Override


def written_options(tree: Node, problems: list[Problem]) -> dict[str, Entry]:
    """Step 1: the options that the file holds, by key ("training.epochs")."""
    if not isinstance(tree, Mapping):
        if not isinstance(tree, Refused):
            problems.append(Problem(tree.place, f"a config consists of the sections {', '.join(SECTIONS)}"))
        return _refused(tree.place, "")
    misspelt: dict[str, Entry] = {}
    written: dict[str, Entry] = {}
    for section, (place, body) in tree.entries.items():
        if section not in SECTIONS:
            misspelt |= _unknown_at_top(section, place, body, problems)
        elif isinstance(body, Mapping):
            for name, entry in body.entries.items():
                key = f"{section}.{name}"
                if key in OPTIONS:
                    written[key] = entry
                else:
                    misspelt |= _unknown(section, name, entry.key_place, problems)
        elif not (isinstance(body, Scalar) and body.value is None):  # a section may be empty
            if not isinstance(body, Refused):
                problems.append(Problem(body.place, f"{section} is a section; its keys go on the lines below it"))
            misspelt |= _refused(place, section)
    return misspelt | written


def apply_overrides(written: dict[str, Entry], overrides: Many[Override], problems: list[Problem]) -> None:
    """Put the values of the command line in the place of those of the file; of two for one key the later counts."""
    for override in overrides:
        key = override.key
        if key in OPTIONS:
            written[key] = Entry(override.place, override.read(problems))
        elif key in SECTIONS:
            example = next(option for option in OPTIONS if option.startswith(key))
            problems.append(Problem(override.place, f"{key} is a section; set one of its keys, such as {example}"))
        else:
            section, _, name = key.rpartition(".")
            nearest = nearest_key(section, name, OPTIONS)
            hint = f"Did you mean '{nearest}'?" if nearest else "`nncli schema` lists every key"
            problems.append(Problem(override.place, f"unknown key '{shortened(key)}'. {hint}"))
            if nearest:
                written.setdefault(nearest, Entry(override.place, Refused(override.place)))


def read_values(written: dict[str, Entry], whole: Place, problems: list[Problem]) -> dict[str, Any]:
    """Step 2: the value of every option, written or default; what cannot be read is missing in the result."""
    values: dict[str, Any] = {}
    defaults = likely_defaults(_recipe(written))
    for key, option in OPTIONS.items():
        if key in written:
            try:
                values[key] = read(option.kind, key, written[key].node)
            except InvalidError as error:
                problems += error.problems
        elif option.default is REQUIRED:
            problems.append(Problem(whole, f"{key} is missing: {option.doc}"))
        else:
            values[key] = defaults.get(key, option.default)
    return values


def _recipe(written: dict[str, Entry]) -> object:
    """Value written for `training.recipe`; whether there is such a recipe is checked elsewhere."""
    node = written["training.recipe"].node if "training.recipe" in written else None
    return node.value if isinstance(node, Scalar) else None


def check_together(values: dict[str, Any], written: dict[str, Entry], problems: list[Problem]) -> None:
    """Step 3: options that exclude each other."""
    for key, entry in written.items():
        if key in values and (ignored := why_ignored(key, values)):
            problems.append(Problem(entry.key_place, ignored))
    if _check_features(values, written, problems):
        _check_input_layer(values, written, problems)
    _check_range(values, written, problems)
    _check_warmup(values, written, problems)
    _check_task(values, written, problems)
    _check_batch_size(values, written, problems)
    _check_patterns(values, written, problems)


def why_ignored(key: str, values: dict[str, Any]) -> str | None:
    """The message for an option that nothing would read beside these values, None for one that counts."""
    only = OPTIONS[key].only
    selector = only.selector_of(key) if only else ""
    if only is None or values.get(selector, only.values[0]) in only.values:
        return None
    way_out = only.hint or f"remove it, or change {selector}"
    return f"{key} is only used with {only.selector} {either(only.values)}, not with {values[selector]}; {way_out}"


def _check_features(values: dict[str, Any], written: dict[str, Entry], problems: list[Problem]) -> bool:
    """Every block fits the images, and what is no pixel is not scaled like one; returns whether the blocks fit."""
    key = "data.features"
    size, color, features = (values.get(each) for each in ("data.image_size", "data.color", key))
    if not (size and color and features):
        return False
    looks = values.get("data.looks") or "whole"
    shape = seen_shape(DataConfig(Path(), image_size=size, color=color).shape, looks)
    found = []
    if key in written:
        node = written[key].node
        places = [item.place for item in node.items] if isinstance(node, Sequence) else [node.place]
        reasons = [block.misfit(shape) for block in features]
        found = [Problem(place, f"{key}: {why}") for place, why in zip(places, reasons, strict=True) if why]
        if not found and (why := misfit(features, shape)):
            found = [Problem(node.place, f"{key}: {why}")]
    if features != PIXELS and values.get("data.scaling") == "zero_one":
        place = written["data.scaling"].key_place
        problems.append(Problem(place, "data.scaling zero_one is for pixels alone; other features need standardize"))
    if features == PIXELS and looks != "whole":
        message = f"data.looks {looks} is for learned features, not for pixels alone; remove it, or write data.features"
        problems.append(Problem(written["data.looks"].node.place, message))
    problems += found
    return not found


def _check_input_layer(values: dict[str, Any], written: dict[str, Entry], problems: list[Problem]) -> None:
    """The first layer has one unit for each value of an image."""
    keys = "network.layer_dims", "data.image_size", "data.color", "data.features"
    dims, size, color, features = (values.get(key) for key in keys)
    if not (dims and size and color and features) or dims[0] == "auto":
        return
    looks: Any = values.get("data.looks") or "whole"
    length = DataConfig(Path(), image_size=size, color=color, features=features, looks=looks).n_features
    if dims[0] != length:
        node = written["network.layer_dims"].node
        place = node.items[0].place if isinstance(node, Sequence) else node.place
        images = f"{size[0]}x{size[1]} {color} images have {length:,} values"
        if features != PIXELS:
            images = f"the feature column has {length:,} entries"
        problems.append(Problem(place, f"network.layer_dims starts with {dims[0]} but {images}; write auto"))


def _check_task(values: dict[str, Any], written: dict[str, Entry], problems: list[Problem]) -> None:
    """To keep the epoch of the best accuracy is for classes."""
    task, monitor = values.get("data.task", "classification"), "training.monitor"
    if task != "classification" and monitor in written and values.get(monitor) == "accuracy":
        message = f"{monitor} accuracy is of classes; a {task} has loss, or last"
        problems.append(Problem(written[monitor].node.place, message))


def _check_range(values: dict[str, Any], written: dict[str, Entry], problems: list[Problem]) -> None:
    """The value that becomes black is the smaller one."""
    key = "data.range"
    chosen = values.get(key)
    if isinstance(chosen, tuple) and chosen[0] >= chosen[1]:
        message = f"{key} is [{chosen[0]:g}, {chosen[1]:g}]; the smaller number comes first"
        problems.append(Problem(written[key].node.place, message))


def _check_warmup(values: dict[str, Any], written: dict[str, Entry], problems: list[Problem]) -> None:
    """The warm-up leaves epochs to train in."""
    key = "training.warmup_epochs"
    warmup, epochs = values.get(key), values.get("training.epochs")
    if warmup and epochs and warmup >= epochs and not why_ignored(key, values):
        message = f"{key} is {warmup}, but must be less than training.epochs, which is {epochs}"
        problems.append(Problem(written[key].node.place, message))


def _check_batch_size(values: dict[str, Any], written: dict[str, Entry], problems: list[Problem]) -> None:
    """Batch normalization has something to average over."""
    if values.get("network.normalization") == "batch" and values.get("training.batch_size") == 1:
        place = (written.get("network.normalization") or written["training.batch_size"]).node.place
        message = "network.normalization batch needs a training.batch_size of at least 2; layer works with 1"
        problems.append(Problem(place, message))


def _check_patterns(values: dict[str, Any], written: dict[str, Entry], problems: list[Problem]) -> None:
    """Patterns that are to be trained are there; those of a recipe are not known yet."""
    key, features = "training.pattern_epochs", values.get("data.features")
    if not features or not values.get(key) or key not in written or why_ignored(key, values):
        return
    if "data.features" not in written and values.get("training.recipe", "plain") != "plain":
        return
    if all(block.kind != "deep_patches" for block in features):
        message = f"{key} trains the patterns of deep_patches; remove it, or add that block to data.features"
        problems.append(Problem(written[key].key_place, message))


def _unknown_at_top(name: str, place: Place, body: Node, problems: list[Problem]) -> dict[str, Entry]:
    """Report a key at the top level that is no section; returns the options that were probably meant."""
    if not isinstance(body, Mapping):
        return _unknown("", name, place, problems)
    section = nearest_section(name, SECTIONS)
    hint = f"Did you mean '{section}'?" if section else f"The sections are {', '.join(SECTIONS)}"
    problems.append(Problem(place, f"unknown key '{shortened(name)}'. {hint}"))
    return _refused(place, section) if section else {}


def _unknown(section: str, name: str, place: Place, problems: list[Problem]) -> dict[str, Entry]:
    """Report a key that is no option; returns the option that was probably meant."""
    nearest = nearest_key(section, name, OPTIONS)
    near_section, _, near_name = (nearest or "").partition(".")
    if name in SECTIONS:
        hint = f"{name}: is a section of its own; check the indentation"
    elif nearest is None:
        hint = "`nncli schema` lists every key"
    elif near_section == section:
        hint = f"Did you mean '{near_name}'?"
    elif near_name == name:
        hint = f"It belongs under {near_section}:"
    else:
        hint = f"Did you mean '{nearest}'?"
    problems.append(Problem(place, f"unknown key '{shortened(f'{section}.{name}' if section else name)}'. {hint}"))
    return {nearest: Entry(place, Refused(place))} if nearest else {}


def _refused(place: Place, section: str) -> dict[str, Entry]:
    """Every option of a section (or of all) as one that has been reported already."""
    return {key: Entry(place, Refused(place)) for key in OPTIONS if key.startswith(section)}
